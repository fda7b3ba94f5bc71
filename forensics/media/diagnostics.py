"""What ffmpeg says on stderr, counted line by line and never kept whole."""

from __future__ import annotations

import re

MAX_LINE = 2048
MAX_FIRST = 8
"""Lines kept word for word: the first ones name the fault, the rest repeats it."""

MAX_SPEAKERS = 64

_MESSAGE = re.compile(r"(?:\[(?P<part>[^\]@]+?)(?: @ [^\]]*)?\] )*\[(?P<level>[a-z]+)\] (?P<text>.*)")
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+|0x[0-9a-f]{8,}")
_DESCRIPTOR = re.compile(r"/dev/fd/\d+: ?")
_REFUSAL = re.compile(r"Option \w+ not found|Unrecognized option|Option not found|No such filter")
_MUXERS = frozenset({"rawvideo", "streamhash"})
"""They complain of clocks that jump back, which is told by the timestamps themselves."""
_OF_STREAM = re.compile(r"corrupt (?:input packet|decoded frame) in stream (\d+)")
"""ffmpeg itself on what the container or a decoder marks as broken."""
_STARVED = re.compile(r"alloc|get_buffer|memory", re.IGNORECASE)
_TRUNCATED = re.compile(r"partial file|ended prematurely|truncat|incomplete frame|Packet mismatch", re.IGNORECASE)
_CORRUPT = re.compile(r"corrupt|Invalid data|invalid", re.IGNORECASE)


class Diagnostics:
    """Counts of ``errors`` (faults that the decoder or the container reader reports) and ``truncations``; ``first``
    are the first messages without addresses, equal from run to run. ``refusal`` is a complaint about our own command
    line, which is not the file's fault. ``speakers`` are the parts of ffmpeg that reported errors. ``concerned`` is
    what each fault concerns: a part of ffmpeg, ``stream N``, or an empty text where the line does not tell, or tells of
    want of memory, for which the part that tells it need not be to blame.
    """

    def __init__(self) -> None:
        self.errors = 0
        self.truncations = 0
        self.first: list[str] = []
        self.refusal = ""
        self.speakers: set[str] = set()
        self.concerned: set[str] = set()
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take what arrived on stderr; a line longer than the cap is cut there."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:MAX_LINE]
        for line in lines:
            self._take(line[:MAX_LINE].decode("utf-8", "replace").strip())

    def close(self) -> None:
        """Take the last line even if it has no end."""
        self.feed(b"\n")

    def _take(self, line: str) -> None:
        found = _MESSAGE.match(line)
        if found is None or found["part"] in _MUXERS:
            return
        if found["part"] is None and _REFUSAL.search(found["text"]):
            self.refusal = self.refusal or found["text"]
        text = _DESCRIPTOR.sub("", _ADDRESS.sub("", found["text"]))
        serious = found["level"] in {"error", "fatal", "panic"} or _CORRUPT.search(text) is not None
        truncated = _TRUNCATED.search(text) is not None
        if not (serious or truncated):
            return
        self.errors += serious
        if found["part"] and len(self.speakers) < MAX_SPEAKERS:
            self.speakers.add(found["part"])
        self.concerned.add(_concern(found["part"], text) if len(self.concerned) < MAX_SPEAKERS else "")
        self.truncations += truncated
        if len(self.first) < MAX_FIRST:
            self.first.append(f"{found['part']}: {text}" if found["part"] else text)


def _concern(part: str | None, text: str) -> str:
    if _STARVED.search(text):
        return ""
    if part is None:
        stream = _OF_STREAM.search(text)
        return "" if stream is None else f"stream {stream[1]}"
    return part
