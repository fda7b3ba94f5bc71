"""What a file holds beside the video that is decoded, and what it claims that cannot be: told, never followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from forensics.media.isobmff import Boxes
from forensics.model.media import Probe, Stream
from forensics.model.notice import Notice

IMPLAUSIBLE_S = 24 * 3600
"""A header that claims a day more than its frames fill does not describe them. Sound, a last frame that stands, and
rounding make hours at most."""

SHORT_S = Fraction(1, 4)
"""An FLV file whose pictures end so much before the stated length is told: writers round, and the last frame stands."""

IMPLAUSIBLE_SPAN_S = 30 * 24 * 3600
"""Frames a month apart are no recording: batteries and storage of cameras that film for weeks write many files."""

MIN_RHYTHM = 5
"""Timestamps that make a rhythm: three equal steps, and the one in question."""

_UNCOUNTED = frozenset({"mpegts", "mpeg"})
"""Containers in which nothing counts pictures that are stored out of the order in which they are shown."""

ENCRYPTED = frozenset({"encv", "enca", "drmi", "drms"})
"""Sample entries of encrypted tracks: ISO/IEC 14496-12, 8.12, and those of QuickTime's FairPlay."""


def stored_beside(probe: Probe) -> Iterator[Notice]:
    """Notices about streams with pictures that nobody decodes here."""
    video = [s for s in probe.streams if s.kind == "video" and s.index != probe.video]
    others = [s for s in video if not s.attached_picture]
    covers = len(video) - len(others)
    if others and probe.video is not None:
        places = ", ".join(str(s.index) for s in others)
        message = f"Only the video in stream {probe.video} is decoded; there is more video in streams {places}."
        yield Notice(code="media.other_video", message=message)
    if covers:
        message = f"A still picture (cover art) is stored beside the video, {covers} in all; it is not looked at."
        yield Notice(code="media.cover_picture", message=message)


def box_oddities(boxes: Boxes) -> Iterator[Notice]:
    """Notices about encrypted tracks and edit lists that are longer than what is read of them."""
    for track in boxes.tracks:
        for entry in sorted(ENCRYPTED & set(track.entries)):
            message = f"Track {track.id} is encrypted ({entry}): what is decoded of it is noise, or nothing."
            yield Notice(code="media.encrypted", message=message)
        if track.edits_stated > len(track.edits):
            message = (
                f"The edit list of track {track.id} states {track.edits_stated} entries, of which {len(track.edits)} "
                "are read: which frames players show is not known."
            )
            yield Notice(code="media.edit_list_cut", message=message)


def implausible_duration(probe: Probe, video: Stream, span: tuple[int, int] | None) -> Iterator[Notice]:
    """A notice when the claimed duration, or the clock of the frames itself, cannot be that of a recording.

    ``span`` are the smallest and largest timestamp of the decoded frames, None when none has any.
    """
    if span is None or video.time_base is None:
        return
    filled = Fraction(span[1] - span[0]) * video.time_base.fraction
    if filled > IMPLAUSIBLE_SPAN_S:
        message = f"The clock of the frames runs over {float(filled):.0f} seconds: it is not that of a recording."
        yield Notice(code="media.duration_implausible", message=message)
    elif (claimed := _longest(probe.duration, video.duration)) > filled + IMPLAUSIBLE_S:
        message = f"The header claims {float(claimed):.0f} seconds; the frames fill {float(filled):.3f}."
        yield Notice(code="media.duration_implausible", message=message)


def shorter_than_stated(probe: Probe, video: Stream, span: tuple[int, int] | None, frames: int) -> Iterator[Notice]:
    """A notice when the pictures of an FLV file end well before the length in its header: it was cut, or its sound
    goes on.

    Nothing in such a file counts its frames, so that one which was cut between two tags looks whole (Adobe Flash Video
    File Format Specification 10.1, E.3 and E.5: ``duration`` of onMetaData). ``span`` as for `implausible_duration`.
    """
    stated = _seconds(probe.duration)
    if probe.container != "flv" or span is None or video.time_base is None:
        return
    filled = Fraction(span[1] - span[0]) * video.time_base.fraction
    interval = filled / (frames - 1) if frames > 1 else Fraction(0)
    if stated - filled > max(SHORT_S, 2 * interval):
        message = f"The header states {float(stated):.3f} seconds; the last picture comes at {float(filled):.3f}."
        yield Notice(code="media.shorter_than_stated", message=message)


def gap_at_end(probe: Probe, latest: Sequence[int]) -> Iterator[Notice]:
    """A notice when the last picture of a stream that counts nothing comes late, after others in an even rhythm.

    Pictures that are shown between two others are stored after both: where a stream was cut between them and what they
    need, the rhythm breaks. ``latest`` are the timestamps of the last pictures, in their order.
    """
    if _UNCOUNTED.isdisjoint(probe.container.split(",")) or len(latest) < MIN_RHYTHM:
        return
    *steps, last = (after - before for before, after in pairwise(latest))
    if max(steps) - min(steps) <= 1 and 0 < 3 * max(steps) < 2 * last:
        message = (
            f"The last picture comes {last} ticks after the one before, all others {max(steps)}: some may be cut off."
        )
        yield Notice(code="media.end_unclear", message=message)


def _longest(*texts: str | None) -> Fraction:
    return max((_seconds(text) for text in texts), default=Fraction(0))


def _seconds(text: str | None) -> Fraction:
    """Seconds as ffprobe prints them; 0 for none, or what is no number."""
    try:
        return Fraction(text or 0)
    except ValueError:
        return Fraction(0)
