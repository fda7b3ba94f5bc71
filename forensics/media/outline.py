"""What headers say that ffprobe does not tell, read in one go: boxes, and where a file says that it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from forensics.media.ending import FileEnd
from forensics.media.ending_headers import asf_ending, ebml_ending, flv_ending, mxf_ending, riff_ending
from forensics.media.ending_marks import gif_ending, ogg_ending, program_ending
from forensics.media.ending_transport import transport_ending
from forensics.media.isobmff import Boxes, walk

ENDINGS: Mapping[str, Callable[[int], FileEnd | None]] = {
    "asf": asf_ending,
    "avi": riff_ending,
    "flv": flv_ending,
    "gif": gif_ending,
    "matroska": ebml_ending,
    "mpeg": program_ending,
    "mpegts": transport_ending,
    "mxf": mxf_ending,
    "ogg": ogg_ending,
}
"""Who tells how a file of each container ends, by ffprobe's name; ISO files have their boxes."""

_FRAGMENT, _FRAGMENT_INDEX = "moof", "mfra"
_ISO = "mov"
_WEAKLY_KNOWN = "mpegts"
"""One letter at even distances begins a transport stream: text may look like it."""


class Outline(NamedTuple):
    """Boxes of an ISO file, or None; and the ending of the file taken as each container that it begins like."""

    boxes: Boxes | None
    endings: tuple[tuple[str, FileEnd], ...]

    def ending(self, container: str) -> FileEnd:
        """How a file of ffprobe's format ``container`` ends; not counted where its first bytes are not the container's,
        so that nothing can be told.
        """
        names = container.split(",")
        if self.boxes is not None and _ISO in names:
            kinds = self.boxes.kinds
            return FileEnd(counted=_FRAGMENT not in kinds or _FRAGMENT_INDEX in kinds)
        return next((ending for name, ending in self.endings if name in names), FileEnd(counted=False))

    @property
    def cut_before_streams(self) -> str:
        """What is missing of a file in which no stream was found; empty when it is whole, or of no container that
        can be known by its first bytes.
        """
        return next((end.missing for name, end in self.endings if name != _WEAKLY_KNOWN), "")


UNKNOWN = Outline(None, ())
"""When the headers could not be read."""


def outline_of(handle: int) -> Outline:
    """The outline of the file that is open as ``handle``."""
    found = ((name, ending_of(handle)) for name, ending_of in ENDINGS.items())
    return Outline(walk(handle), tuple((name, ending) for name, ending in found if ending is not None))
