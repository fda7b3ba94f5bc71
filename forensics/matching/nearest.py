"""Which copy of a group is nearest to the source: an inference from what copying takes away, never a fact.

Copying crops, shortens, shrinks and re-encodes; it adds nothing of the scene. So each criterion names copies that are
*not* nearest, with the figures. What no criterion excludes is nearest; when all are excluded the reasons conflict, and
nothing is named. Similarity itself has no direction and plays no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from forensics.model.match import Match, Segment

FULL = 0.97
"""Share of a picture's area that counts as all of it: a fitted outline is true to a percent on each side."""

LEAST_CROP = 0.5
"""Share of a picture above which a part of it is taken for a crop. A smaller part may as well be the source, set as an
inset into another picture: geometry cannot tell the two apart."""

LESS_LENGTH_S = 1.0
"""Seconds of footage that a copy must lack: the ends of stretches are known to some tenths of a second."""

SAME_SPEED = 0.02
"""Deviation from speed 1 up to which lengths may be compared."""

FEWER_PIXELS = 0.95
"""A picture of less than this share of the largest is smaller; encoders round sides to 8 or 16."""

LOWER_RATE = 0.75
"""Bits a second below this share of the highest, at equal codec and size: what one encoder gives for one film varies
by less."""

REWRITERS = ("Lavf", "Lavc", "HandBrake")
"""Beginnings of encoder tags of programs that write files anew; no camera of a drone or telephone writes them."""


class Criterion(StrEnum):
    """What copying takes away, or when a copy was seen."""

    EXTENT = "extent of the picture"
    LENGTH = "length of the footage"
    RESOLUTION = "resolution"
    GENERATION = "generation"
    POSTED = "time of posting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file of a group. ``length_s`` is its footage of this group in seconds; ``posted`` the earliest known posting
    time in seconds UTC; ``bordered`` whether bars or a frame surround its picture. Unknown is None.
    """

    id: str
    label: str
    length_s: float
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    bit_rate: int | None = None
    encoder: str | None = None
    essence: str | None = None
    bordered: bool = False
    posted: int | None = None

    @property
    def pixels(self) -> int | None:
        """Pixels of a frame."""
        return self.width * self.height if self.width and self.height else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One criterion: which copies it excludes, and why, in a sentence with its figures."""

    criterion: Criterion
    excludes: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The inference: ``ids`` is empty when it cannot be told, several when they hold the same encoded pictures.
    ``doubts`` are sentences on what the reasons could not use.
    """

    ids: tuple[str, ...]
    statement: str
    reasons: tuple[Reason, ...]
    doubts: tuple[str, ...] = ()


class _Inside(NamedTuple):
    """The picture of one copy lies inside that of another, on this share of it; ``crop`` when it must be a crop."""

    narrow: Copy
    wide: Copy
    share: float
    crop: bool


def nearest(copies: Sequence[Copy], matches: Sequence[Match]) -> Nearest:
    """Compare the copies of one group; ``matches`` are those between them. The order of neither matters."""
    copies = sorted(copies, key=lambda copy: copy.id)
    inside = sorted(_insides({copy.id: copy for copy in copies}, matches), key=lambda each: each[2])
    found = (
        _extent(copies, inside),
        _length(copies, matches),
        _resolution(copies),
        _generation(copies),
        _posted(copies),
    )
    reasons = tuple(reason for reason in found if reason is not None)
    excluded = {item for reason in reasons for item in reason.excludes}
    left = [copy for copy in copies if copy.id not in excluded]
    framing = {each.wide.id for each in inside if not each.crop}
    told = bool(reasons) and len({copy.essence or copy.id for copy in left}) == 1
    told = told and not framing.intersection(copy.id for copy in left)
    return Nearest(
        ids=tuple(copy.id for copy in left) if told else (),
        statement=_statement(copies, left, reasons, told=told),
        reasons=reasons,
        doubts=tuple(sorted({_doubt(each) for each in inside if not each.crop})),
    )


def _doubt(inside: _Inside) -> str:
    narrow, wide = inside.narrow.label, inside.wide.label
    return (
        f"{narrow} fills {inside.share:.0%} of the picture of {wide}, which may show more of the scene or only frame it"
    )


def _statement(copies: Sequence[Copy], left: Sequence[Copy], reasons: Sequence[Reason], *, told: bool) -> str:
    if len(copies) < 2:
        return "only one file: nothing to compare"
    if not reasons:
        return "cannot be told: nothing that copying takes away tells the copies apart"
    if not left:
        return f"cannot be told: the reasons conflict ({', '.join(reason.criterion for reason in reasons)})"
    names = _named(left)
    if told:
        same = "is" if len(left) == 1 else "hold the same encoded pictures and are"
        return f"inference: {names} {same} nearest to the source among the files of this case"
    if len(left) == 1:
        return f"cannot be told: {names} may only frame the picture of another copy"
    return f"cannot be told between {names}: only the others are known to lack something"


def _named(copies: Sequence[Copy]) -> str:
    return " and ".join(sorted(copy.label for copy in copies))


def _reason(criterion: Criterion, copies: Sequence[Copy], found: Mapping[str, str]) -> Reason | None:
    """A reason from what was found against each copy."""
    if not found:
        return None
    said = "; ".join(f"{copy.label} {found[copy.id]}" for copy in copies if copy.id in found)
    return Reason(criterion=criterion, excludes=tuple(sorted(found)), text=said)


def _extent(copies: Sequence[Copy], inside: Sequence[_Inside]) -> Reason | None:
    """Copies whose picture is a crop of another's."""
    found: dict[str, str] = {}
    for each in inside:
        if each.crop and each.narrow.id not in found:
            found[each.narrow.id] = f"shows {each.share:.0%} of the picture of {each.wide.label}"
    return _reason(Criterion.EXTENT, copies, found)


def _insides(copies: Mapping[str, Copy], matches: Sequence[Match]) -> Iterator[_Inside]:
    """Yield where the picture of one copy lies inside that of another, by the longest segment of each match."""
    for match in matches:
        query, reference = copies.get(match.query_id), copies.get(match.reference_id)
        segment = max(match.segments, key=_length_of, default=None)
        if query is None or reference is None or segment is None or segment.transform is None:
            continue
        crop, box = _area(segment.transform.crop), _area(segment.transform.box)
        if crop < FULL <= box:
            yield _Inside(query, reference, crop, crop >= LEAST_CROP and not reference.bordered)
        elif box < FULL <= crop:
            yield _Inside(reference, query, box, box >= LEAST_CROP and not query.bordered)


def _area(rectangle: tuple[float, float, float, float]) -> float:
    return (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1])


def _length_of(segment: Segment) -> float:
    return segment.query_end_s - segment.query_start_s


def _length(copies: Sequence[Copy], matches: Sequence[Match]) -> Reason | None:
    """Copies that hold less of the footage. Not compared where the speed was changed: slowed footage is longer."""
    if any(abs(part.speed - 1) > SAME_SPEED for match in matches for part in match.segments):
        return None
    longest = max(copy.length_s for copy in copies)
    found = {
        copy.id: f"holds {copy.length_s:.1f} s of the footage, the longest {longest:.1f} s"
        for copy in copies
        if copy.length_s < longest - LESS_LENGTH_S
    }
    return _reason(Criterion.LENGTH, copies, found)


def _resolution(copies: Sequence[Copy]) -> Reason | None:
    """Copies with fewer pixels. An enlargement has more, too: that is why it is one reason of several."""
    largest = max(copies, key=lambda copy: copy.pixels or 0)
    found = {
        copy.id: f"has {copy.width}x{copy.height} pixels, the largest {largest.width}x{largest.height}"
        for copy in copies
        if copy.pixels and largest.pixels and copy.pixels < largest.pixels * FEWER_PIXELS
    }
    return _reason(Criterion.RESOLUTION, copies, found)


def _generation(copies: Sequence[Copy]) -> Reason | None:
    """Copies with signs of another encoding: a rewriting program's tag where others have none, or far fewer bits."""
    found = {}
    rewritten = {copy.id for copy in copies if (copy.encoder or "").startswith(REWRITERS)}
    for copy in copies:
        if copy.id in rewritten and len(rewritten) < len(copies):
            found[copy.id] = f"was written by {copy.encoder}"
        best = max((other.bit_rate for other in copies if other.bit_rate and _alike(copy, other)), default=0)
        if copy.bit_rate and copy.bit_rate < best * LOWER_RATE:
            rate = f"has {copy.bit_rate // 1000} kbit/s where a copy of equal codec and size has {best // 1000}"
            found[copy.id] = f"{found[copy.id]} and {rate}" if copy.id in found else rate
    return _reason(Criterion.GENERATION, copies, found)


def _alike(copy: Copy, other: Copy) -> bool:
    return copy.codec is not None and (copy.codec, copy.width, copy.height) == (other.codec, other.width, other.height)


def _elapsed(seconds: int) -> str:
    """A stretch of time between two posts: exact, and in days and hours where seconds tell a person nothing."""
    if seconds < 3600:
        return f"{seconds} s"
    days, rest = divmod(seconds, 86_400)
    return f"{seconds} s ({days} d {rest // 3600} h {rest % 3600 // 60} min)"


def _posted(copies: Sequence[Copy]) -> Reason | None:
    """Copies first posted later than another. A file without a known posting time is not excluded by it."""
    earliest = min((copy.posted for copy in copies if copy.posted is not None), default=None)
    if earliest is None:
        return None
    found = {
        copy.id: f"was first posted {_elapsed(copy.posted - earliest)} after the earliest post"
        for copy in copies
        if copy.posted is not None and copy.posted > earliest
    }
    return _reason(Criterion.POSTED, copies, found)
