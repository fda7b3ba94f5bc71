"""The real clips at hand, and how any two stretches of them are related."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

MAY_REPEAT = frozenset({"edited", "titles", "testcard"})
"""Tags of films that were cut together or drawn: a later shot may repeat an earlier one, picture for picture."""

SAMPLES = {
    "klv_ts/aphill_klv_10s.ts": ("aphill", "Kitware/kwiver", 9.0),
    "mp4_meta/motion.mp4": ("motion", "Kitware/kwiver", 11.4),
    "mp4_meta/sample-5s.mp4": ("sample5s", "mapillary/mapillary_tools", 5.7),
}
"""Filmed clips among the samples: name, publisher, seconds. The others are drawn, shorter than two seconds, or one of
the benchmark's sources again."""

SAME_FILE_APART_S = 0.5
OTHER_FILE_APART_S = 1.0
"""Stretches of one recording are certainly apart beyond this: in one file times are exact, and between two published
versions of one recording they are known to some tenths of a second."""


class Kinship(StrEnum):
    """What two clips have to do with one another. The first two are left out of a count of unrelated pairs."""

    COPY = "copies, or too near in time to tell"
    MAY_REPEAT = "two stretches of one edited or drawn film"
    RECORDING = "same recording, another time"
    PLACE = "same place or camera, another recording"
    PUBLISHER = "same publisher, another recording"
    UNRELATED = "unrelated"


LEFT_OUT = (Kinship.COPY, Kinship.MAY_REPEAT)
COUNTED = tuple(kind for kind in Kinship if kind not in LEFT_OUT)


@dataclass(frozen=True)
class Source:
    """One published file. Its second t is second ``t + offset_s`` of ``recording``; ``place`` names the group of
    sources that show one place or come from one camera, as far as is known, by the least source in it.
    """

    id: str
    path: Path
    sha256: str
    duration_s: float
    recording: str
    offset_s: float
    place: str
    publisher: str
    may_repeat: bool


@dataclass(frozen=True)
class Span:
    """A stretch of a source."""

    source: Source
    start_s: float
    end_s: float

    @property
    def on_recording(self) -> tuple[float, float]:
        """The stretch on the clock of its recording."""
        return self.start_s + self.source.offset_s, self.end_s + self.source.offset_s


def kinship(one: Span, other: Span) -> Kinship:
    """How two stretches are related; an exact rule, by what the list of sources says."""
    a, b = one.source, other.source
    if a.recording == b.recording:
        (start, end), (first, last) = one.on_recording, other.on_recording
        gap = max(first - end, start - last)
        if gap < (SAME_FILE_APART_S if a.id == b.id else OTHER_FILE_APART_S) - 1e-6:
            return Kinship.COPY
        return Kinship.MAY_REPEAT if a.may_repeat or b.may_repeat else Kinship.RECORDING
    if a.place == b.place:
        return Kinship.PLACE
    return Kinship.PUBLISHER if a.publisher == b.publisher else Kinship.UNRELATED


def real_sources(shared: Path) -> tuple[Source, ...]:
    """Every filmed clip, one of each digest, in the order of the list.

    SystemExit when a file is not the one that the list of sources names.
    """
    rows = listed(shared)
    clocks, places = recordings(rows), families(rows)
    out = []
    for row in rows:
        recording, offset = clocks[row["id"]]
        out.append(
            Source(
                id=row["id"],
                path=shared / "bench/sources" / row["file"],
                sha256=row["sha256"],
                duration_s=row["duration_s"],
                recording=recording,
                offset_s=offset,
                place=places[row["id"]],
                publisher=row["origin"],
                may_repeat=bool(MAY_REPEAT & set(row["tags"])),
            )
        )
    out += [_sample(shared / "samples" / name, *about) for name, about in SAMPLES.items()]
    for source in out:
        if hashlib.sha256(source.path.read_bytes()).hexdigest() != source.sha256:
            raise SystemExit(f"{source.path} is not the file that the list of sources names")
    return tuple({source.sha256: source for source in reversed(out)}.values())[::-1]


def listed(shared: Path) -> list[dict[str, Any]]:
    """The list of sources as it stands."""
    rows: list[dict[str, Any]] = json.loads((shared / "bench/sources/sources.json").read_text())
    return rows


def _sample(path: Path, name: str, publisher: str, duration_s: float) -> Source:
    return Source(
        id=name,
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        duration_s=duration_s,
        recording=name,
        offset_s=0.0,
        place=name,
        publisher=publisher,
        may_repeat=False,
    )


def recordings(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[str, float]]:
    """For each source the recording that it is of, and the second of the recording at which it begins.

    Cuts of one published file share its recording. A published copy (role ``wild``) is of its reference's recording,
    at the place that ``align`` gives, or from its beginning.
    """
    known: dict[str, tuple[str, float]] = {}
    rows = list(rows)
    for row in rows:
        if row["role"] != "wild":
            start = row["cut"][0] if row["cut"] else 0.0
            known[row["id"]] = (f"{row['origin']} {row['origin_path']}", float(start))
    for row in rows:
        if row["role"] == "wild":
            recording, offset = known[row["near"][0]]
            query_start, _, reference_start, _ = (row["align"] or [[0.0, 0.0, 0.0, 0.0]])[0]
            known[row["id"]] = (recording, offset + reference_start - query_start)
    return known


def families(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """For each source the least name among all that are joined to it by ``near`` or by one recording."""
    rows = list(rows)
    clocks = recordings(rows)
    group = {row["id"]: {row["id"]} for row in rows}
    for row in rows:
        same = [other["id"] for other in rows if clocks[other["id"]][0] == clocks[row["id"]][0]]
        for other in (*row["near"], *same):
            whole = group[row["id"]] | group[other]
            for member in whole:
                group[member] = whole
    return {name: min(members) for name, members in group.items()}
