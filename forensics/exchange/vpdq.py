"""vPDQ: the PDQ hashes of one video with quality and time.

Written as python-threatexchange reads it (extensions/vpdq/vpdq_util.py): a JSON list of ``"hex,quality,seconds"``, one
video a line. Read besides: lists of objects (``hash`` or ``pdq_hash``, ``quality``, ``frame_number``, ``timestamp``),
over one or many lines, and the lines ``frame,quality,hex,seconds`` of the C++ program (vpdq/cpp/io/vpdqio.cpp).
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence

from forensics.exchange.lines import (
    MAX_LINE,
    Gathering,
    code_of,
    content_lines,
    first_lines,
    milliseconds_of,
    quality_of,
    text_of,
)
from forensics.exchange.values import Algorithm, Hash, Listing
from forensics.model.notice import Notice

NAME = "vpdq"
ALGORITHMS: tuple[Algorithm, ...] = (Algorithm.PDQ,)
WITH_QUALITY = True

HASH_NAMES = ("pdq_hash", "hash", "hex", "pdq_hex")
"""What programs call the hash of a feature."""

MAX_BREAKS = 1000
"""Places where the JSON may break before reading ends: each may cost the reading of a thousand nested lists."""


class _GaveUp(ValueError):
    """Reading ended before the text did."""


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_LIST_ON_NEXT_LINE = re.compile(r"\n[ \t\r]*\[")


def sniff(data: bytes) -> bool:
    """A JSON list, or lines of the C++ program."""
    lines = first_lines(data)
    return bool(lines) and (lines[0].startswith("[") or any(_from_line(line) is not None for line in lines))


def read(data: bytes) -> Listing:
    """Read every feature that holds a hash. Never raises for bad content."""
    gathering = Gathering()
    text = text_of(data)
    if text.lstrip().startswith("["):
        _read_json(text, gathering)
    else:
        _read_lines(text, gathering)
    return gathering.done()


def write(hashes: Sequence[Hash]) -> bytes:
    """One video: one line. An unknown quality is written as 0 and an unknown time as 0.000, since both must stand."""
    features = [f"{each.code.hex()},{each.quality or 0},{_seconds(each.at_ms or 0)}" for each in hashes]
    return json.dumps(features, separators=(",", ":")).encode("ascii") + b"\n"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _read_lines(text: str, gathering: Gathering) -> None:
    for number, line in content_lines(text):
        if gathering.full:
            return
        hashed = _from_line(line)
        if hashed is None:
            gathering.refuse(number, "no vPDQ feature (frame,quality,hash,seconds)", line)
        else:
            gathering.take(number, hashed)


def _read_json(text: str, gathering: Gathering) -> None:
    line, counted = 1, 0
    for position, value in _elements(text):
        if position > counted:
            line, counted = line + text.count("\n", counted, position), position
        if gathering.full:
            return
        hashed = None if isinstance(value, ValueError) else _from_json(value)
        if isinstance(value, _GaveUp):
            message = f"the JSON breaks in {MAX_BREAKS} places; nothing after line {line} is used"
            gathering.say(Notice(code="exchange.limit", message=message))
        elif isinstance(value, ValueError):
            gathering.refuse(line, f"no JSON list of features ({value})", text[position : position + MAX_LINE])
        elif hashed is None:
            gathering.refuse(line, "no vPDQ feature", str(value)[:MAX_LINE])
        else:
            gathering.take(line, hashed)


def _elements(text: str) -> Iterator[tuple[int, object]]:
    """Yield each element of each JSON list with its position; where the JSON breaks, a ValueError, and then go on
    with the next line that begins a list.
    """
    position = _skip(text, 0)
    breaks = 0
    while position < len(text):
        try:
            position = yield from _list_elements(text, position)
        except (ValueError, RecursionError) as error:
            broken = max(position, min(error.pos, len(text)) if isinstance(error, json.JSONDecodeError) else position)
            breaks += 1
            yield broken, ValueError(type(error).__name__)
            found = _LIST_ON_NEXT_LINE.search(text, broken)
            if found is None:
                return
            if breaks == MAX_BREAKS:
                yield broken, _GaveUp()
                return
            position = found.end() - 1
        position = _skip(text, position)


def _list_elements(text: str, position: int) -> Generator[tuple[int, object], None, int]:
    """Yield the elements of the list that begins at ``position``; return where it ends."""
    if text[position] != "[":
        raise json.JSONDecodeError("no list", text, position)
    position = _skip(text, position + 1)
    if text[position : position + 1] == "]":
        return position + 1
    while True:
        value, end = _DECODER.raw_decode(text, position)
        yield position, value
        position = _skip(text, end)
        mark = text[position : position + 1]
        if mark == "]":
            return position + 1
        if mark != ",":
            raise json.JSONDecodeError("no comma", text, position)
        position = _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return position if found is None else found.end()


def _from_json(value: object) -> Hash | None:
    if isinstance(value, str):
        parts = value.split(",")
        return _feature(parts[0], parts[1], parts[2]) if len(parts) == 3 else None
    if not isinstance(value, dict):
        return None
    digits = next((value[name] for name in HASH_NAMES if isinstance(value.get(name), str)), None)
    return None if digits is None else _feature(digits, value.get("quality"), value.get("timestamp"))


def _from_line(line: str) -> Hash | None:
    parts = line.split(",") if len(line) <= MAX_LINE else []
    if len(parts) != 4:
        return None
    # The C++ program writes quality and then hash, the README of its Python binding prints hash and then quality.
    return _feature(parts[2], parts[1], parts[3]) or _feature(parts[1], parts[2], parts[3])


def _feature(digits: str, quality: object, seconds: object) -> Hash | None:
    code = code_of(digits.strip(), Algorithm.PDQ)
    if code is None:
        return None
    known = quality_of(quality.strip() if isinstance(quality, str) else quality)
    return Hash(algorithm=Algorithm.PDQ, code=code, quality=known, at_ms=milliseconds_of(seconds))
