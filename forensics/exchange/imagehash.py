"""Hashes of the package imagehash: 16 hex digits a line, as ``str()`` of its hashes gives them.

Digits alone do not say which hash they are. Written with the name after a comma (``c3d4…,phash``). Read with it, or
without: then as phash, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.exchange.lines import MAX_LINE, Gathering, code_of, content_lines, first_lines, text_of
from forensics.exchange.values import Algorithm, Hash, Listing
from forensics.model.notice import Notice

NAME = "imagehash"
ALGORITHMS: tuple[Algorithm, ...] = (Algorithm.PHASH, Algorithm.DHASH)
WITH_QUALITY = False


def sniff(data: bytes) -> bool:
    """A line of the head begins with 16 hex digits."""
    return any(_parts(line)[0] is not None for line in first_lines(data))


def read(data: bytes) -> Listing:
    """Read every line that holds a hash. Never raises for bad content."""
    gathering = Gathering()
    unnamed = 0
    for number, line in content_lines(text_of(data)):
        if gathering.full:
            break
        code, algorithm = _parts(line)
        if code is None:
            gathering.refuse(number, "no hash of 16 hex digits", line)
            continue
        unnamed += algorithm is None
        gathering.take(number, Hash(algorithm=algorithm or Algorithm.PHASH, code=code))
    if unnamed:
        message = f"{unnamed} lines do not say which hash they are; they are taken as phash"
        gathering.say(Notice(code="exchange.algorithm_assumed", message=message))
    return gathering.done()


def write(hashes: Sequence[Hash]) -> bytes:
    """One line a hash, with its name."""
    return "".join(f"{each.code.hex()},{each.algorithm}\n" for each in hashes).encode("ascii")


def _parts(line: str) -> tuple[bytes | None, Algorithm | None]:
    """The hash, and which one it is where one of the labels names it."""
    if len(line) > MAX_LINE:
        return None, None
    digits, *labels = (part.strip().lower() for part in line.split(","))
    named = next((each for each in ALGORITHMS if each in labels), None)
    return code_of(digits, Algorithm.PHASH), named
