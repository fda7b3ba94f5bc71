"""Digests of the coded streams: a copy that was not encoded again has them too."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from forensics.media.commands import essence_filters, essence_streams
from forensics.model.media import Probe
from forensics.model.notice import Notice

_MAX_DIGEST_TEXT = 64 << 10
_DIGEST_LINE = re.compile(rb"(\d+),\w,SHA256=([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Essence:
    """SHA-256 over the coded data of one stream, in decoding order and without what remuxing changes: parameter
    sets, delimiters and ADTS headers. Equal digests mean that the stream was copied, not encoded again.
    """

    index: int
    kind: str
    codec: str
    packets: int | None
    sha256: str


class Digests:
    """Takes the lines that ffmpeg's streamhash muxer prints."""

    def __init__(self) -> None:
        self._text = b""

    def feed(self, data: bytes) -> None:
        """Take what arrived; text beyond what any file gives is left out."""
        if len(self._text) < _MAX_DIGEST_TEXT:
            self._text += data

    def told(self, probe: Probe, refusing: AbstractSet[str]) -> tuple[tuple[Essence, ...], tuple[Notice, ...]]:
        """The digests, but for streams of whose packets a filter among ``refusing`` refused some: theirs is over the
        rest, or over nothing, which is told in a notice.
        """
        found = {int(place): digest.decode("ascii") for place, digest in _DIGEST_LINE.findall(self._text)}
        whole, without = [], []
        for place, stream in enumerate(essence_streams(probe)):
            failed = essence_filters(stream.codec) & refusing
            if failed:
                message = f"Stream {stream.index} has no digest: {', '.join(sorted(failed))} refused packets."
                without.append(Notice(code="media.no_essence", message=message))
            elif place in found:
                codec = stream.codec or "unknown"
                whole.append(
                    Essence(
                        index=stream.index,
                        kind=stream.kind,
                        codec=codec,
                        packets=stream.packets,
                        sha256=found[place],
                    )
                )
        return tuple(whole), tuple(without)
