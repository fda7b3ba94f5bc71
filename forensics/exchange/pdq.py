"""PDQ hashes as text, one a line: what ThreatExchange's programs read and write.

Written bare, 64 hex digits of lower case a line: ``threatexchange match --hashes`` refuses anything more (its
cli/match_cmd.py and signal_type/pdq/signal.py). Read with what the C++ tools allow (pdq/cpp/io/hashio.cpp):
``hash=`` before the digits and, after a comma, a label, of which a quality (``87`` or ``quality=87``) is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.exchange.lines import MAX_LINE, Gathering, code_of, content_lines, first_lines, quality_of, text_of
from forensics.exchange.values import Algorithm, Hash, Listing

NAME = "pdq"
ALGORITHMS: tuple[Algorithm, ...] = (Algorithm.PDQ,)
WITH_QUALITY = False


def sniff(data: bytes) -> bool:
    """A line of the head begins with 64 hex digits."""
    return any(_hash(line) is not None for line in first_lines(data))


def read(data: bytes) -> Listing:
    """Read every line that holds a hash. Never raises for bad content."""
    gathering = Gathering()
    for number, line in content_lines(text_of(data)):
        if gathering.full:
            break
        hashed = _hash(line)
        if hashed is None:
            gathering.refuse(number, "no PDQ hash of 64 hex digits", line)
        else:
            gathering.take(number, hashed)
    return gathering.done()


def write(hashes: Sequence[Hash]) -> bytes:
    """One line a hash. Qualities and times have no place in it."""
    return "".join(f"{each.code.hex()}\n" for each in hashes).encode("ascii")


def _hash(line: str) -> Hash | None:
    if len(line) > MAX_LINE:
        return None
    digits, *labels = (part.strip() for part in line.split(","))
    code = code_of(digits.removeprefix("hash="), Algorithm.PDQ)
    if code is None:
        return None
    qualities = (quality_of(label.removeprefix("quality=")) for label in labels)
    return Hash(
        algorithm=Algorithm.PDQ, code=code, quality=next((each for each in qualities if each is not None), None)
    )
