"""SubRip text taken apart into cues: by index and timecode lines, never by blank lines.

Drones write blank lines and stray numbers inside a cue (DJI Matrice 30) and two blank lines between cues (Phantom 4
Pro), so only a timecode line begins a cue, or, in a file without any timecode, an index line followed by a wall
clock. All work is linear in the file's size: possessive patterns, lines and cues of bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_BYTES = 64 << 20
"""Of one file: half an hour of the wordiest family (620 bytes a cue) at 60 cues a second; clips are shorter."""

MAX_CUES = 300_000
"""83 minutes at 60 cues a second, nearly twice the longest flight of a drone that writes them."""

MAX_LINE = 4096
"""Characters. The longest line of a known family has about 600; a longer one is no telemetry and is not searched."""

MAX_CUE = 16_384
"""Characters of one cue's text; the wordiest known has about 700."""

_TIMECODE = re.compile(r"[ \t]*+[\d:.,]++[ \t]*+-->[ \t]*+[\d:.,]++", re.ASCII)
_START = re.compile(r"[ \t]*+(\d{1,3}):([0-5]?\d):([0-5]?\d)[,.](\d{3})[ \t]*+-->", re.ASCII)
_INDEX = re.compile(r"[ \t]*+\d{1,9}[ \t]*+\Z", re.ASCII)
_INDEX_AND_CLOCK = re.compile(
    r"^[ \t]*+\d{1,9}[ \t]*+\n(?=[^\n]{0,60}\d{4}[.\-]\d{1,2}[.\-]\d)", re.ASCII | re.MULTILINE
)
_LONG_LINE = re.compile(rf"^[^\n]{{{MAX_LINE + 1}}}", re.MULTILINE)


_UNREADABLE = "\ufffd"


class Cue(NamedTuple):
    """One cue: ``start_ms`` on the file's own timeline (None without a valid timecode) and its text.

    The text ends with a newline, unless the file ended in the middle of its last line.
    """

    start_ms: int | None
    text: str


class _Head(NamedTuple):
    """Where a cue begins (its index line), where its text begins, and its timecode line if it has one."""

    first: int
    body: int
    timecode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CueSheet:
    """All cues of a file, and what the tokeniser had to leave out.

    ``timecoded`` tells whether there are timecodes at all; ``long_lines`` counts what is longer than `MAX_LINE` or
    `MAX_CUE`, ``nul_bytes`` the NULs (filler of a file that was not closed); ``dangling_index`` tells that the file
    ends with the number of a cue that never came; ``limited`` that reading stopped at `MAX_CUES`.
    """

    cues: tuple[Cue, ...]
    timecoded: bool
    long_lines: int
    nul_bytes: int
    dangling_index: bool
    limited: bool


def split(data: bytes) -> CueSheet:
    """Take a file's bytes apart. Undecodable bytes and NULs become U+FFFD, which no number or clock matches."""
    text = data.decode("utf-8-sig", "replace")
    nul_bytes = text.count("\0")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", _UNREADABLE)
    heads = list(_timecode_heads(text))
    timecoded = bool(heads)
    if not timecoded:
        heads = list(_clock_heads(text))
    long_lines = sum(1 for _ in _LONG_LINE.finditer(text))
    ends = [*(head.first for head in heads[1:]), len(text)][: len(heads)]
    bodies = [text[head.body : end] for head, end in zip(heads, ends, strict=True)]
    cues = [Cue(_start_ms(head.timecode), _bounded(body, long_lines)) for head, body in zip(heads, bodies, strict=True)]
    return CueSheet(
        cues=tuple(cues[:MAX_CUES]),
        timecoded=timecoded,
        long_lines=long_lines + sum(len(body) > MAX_CUE for body in bodies),
        nul_bytes=nul_bytes,
        dangling_index=bool(heads)
        and _INDEX.match(text[-MAX_LINE:].rstrip(" \t\n" + _UNREADABLE).rpartition("\n")[2]) is not None,
        limited=len(cues) > MAX_CUES,
    )


def _timecode_heads(text: str) -> Iterator[_Head]:
    """One head a timecode line; at most one more than `MAX_CUES` lines with an arrow are looked at."""
    at = text.find("-->")
    for _ in range(MAX_CUES + 1):
        if at < 0:
            return
        begin = text.rfind("\n", max(0, at - MAX_LINE), at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[begin:end] if end - begin <= MAX_LINE and (begin > 0 or at <= MAX_LINE) else ""
        if _TIMECODE.match(line):
            yield _Head(_index_before(text, begin), min(end + 1, len(text)), line)
        at = text.find("-->", end)


def _index_before(text: str, begin: int) -> int:
    """The start of the line before ``begin`` if it holds an index, else ``begin``."""
    above = text.rfind("\n", max(0, begin - 1 - MAX_LINE), max(0, begin - 1)) + 1
    return above if above < begin and _INDEX.match(text[above : begin - 1][:MAX_LINE]) else begin


def _clock_heads(text: str) -> Iterator[_Head]:
    for count, found in enumerate(_INDEX_AND_CLOCK.finditer(text)):
        if count > MAX_CUES:
            return
        yield _Head(found.start(), found.end(), None)


def _start_ms(timecode: str | None) -> int | None:
    found = None if timecode is None else _START.match(timecode)
    if found is None:
        return None
    hours, minutes, seconds, thousandths = (int(part) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _bounded(body: str, long_lines: int) -> str:
    body = body[:MAX_CUE]
    if not long_lines:
        return body
    return "".join(line for line in body.splitlines(keepends=True) if len(line) <= MAX_LINE)
