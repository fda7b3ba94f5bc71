"""Drone subtitle files (``.SRT``): one sample a cue, as written, with everything odd said and nothing mended.

The families and their shapes are in `srt_families`; how text becomes cues is in `srt_cues`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from forensics.model.notice import Notice
from forensics.model.telemetry import ClockBasis, ClockRecord, Fix, Track
from forensics.model.text import visible
from forensics.telemetry import srt_cues, track_checks
from forensics.telemetry.srt_cues import Cue, CueSheet
from forensics.telemetry.srt_families import Family, Raw, family_of
from forensics.telemetry.srt_values import MAX_LATITUDE, MAX_LONGITUDE, Faults
from forensics.telemetry.track_checks import Sample

FORMAT = "srt"

MAX_HOME_KM = 50
"""Kilometres between take-off and aircraft; beyond it either place, or the order of its numbers, is wrong."""

SHOWN_CHARACTERS = 200
"""Of a cue that no family knows, in the notice."""

_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*+\d{1,9}[ \t]*+\r?\n[ \t]*+\d{1,3}:\d{1,2}:\d{1,2}[,.]\d{1,3}[ \t]*+-->")


def sniff(head: bytes, name: str) -> bool:
    """Whether it is a subtitle file, by its ending or by its first two lines."""
    return name.lower().endswith(".srt") or _BEGINS.match(head) is not None


def read(data: bytes) -> Track:
    """Read a whole file. Its faults become notices of the track; nothing is raised.

    ``Track.cues`` counts every cue; ``Track.fixes`` has one sample for each cue that a family knows, with a position
    or without.
    """
    if len(data) > srt_cues.MAX_BYTES:
        message = f"larger than {srt_cues.MAX_BYTES >> 20} MiB; it was not read"
        return Track(format=FORMAT, family=None, cues=0, fixes=(), notices=(_notice("limit", message),))
    return read_sheet(srt_cues.split(data), FORMAT)


def read_sheet(sheet: CueSheet, format_name: str) -> Track:
    """The track of cues, whether they stood in a file of their own or in a text stream of a clip."""
    reading = _Reading()
    for number, cue in enumerate(sheet.cues):
        reading.add(number, cue)
    located = tuple(sample for sample in reading.samples if sample.fix.latitude is not None)
    return Track(
        format=format_name,
        family=reading.family,
        cues=len(sheet.cues),
        fixes=tuple(sample.fix for sample in reading.samples),
        axis_order_basis=reading.order_basis(located),
        home=reading.home,
        clocks=tuple(_clocks(reading.samples)),
        notices=(
            *_about_the_file(sheet),
            *reading.notices(sheet.cues),
            *_about_the_end(sheet),
            *track_checks.notices(reading.samples),
        ),
    )


def _clocks(samples: Sequence[Sample]) -> Iterator[ClockRecord]:
    """The wall clock of the cues, which no family gives a zone."""
    first = next((sample.clock for sample in samples if sample.clock is not None), None)
    if first is not None:
        yield ClockRecord(source="first cue with a clock", raw=first.text, basis=ClockBasis.LOCAL_UNKNOWN)


def _notice(code: str, message: str) -> Notice:
    return Notice(code=f"telemetry.{code}", message=message)


@dataclass(slots=True)
class _Reading:
    """The cues of one file as they are read."""

    samples: list[Sample] = field(default_factory=list)
    families: Counter[str] = field(default_factory=Counter)
    weak: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Family] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    unknown: list[int] = field(default_factory=list)
    ambiguous: int = 0
    half: int = 0
    zero: int = 0
    far: int = 0
    home: tuple[str, str] | None = None

    def add(self, number: int, cue: Cue) -> None:
        """Read one cue; one of no known family is counted, not read."""
        family = family_of(cue.text)
        if family is None:
            self.unknown.append(number)
            return
        (self.weak if family.weak else self.families)[family.name] += 1
        self.kinds.setdefault(family.name, family)
        raw = family.read(cue.text)
        self.ambiguous += raw.ambiguous
        latitude, longitude = self._position(raw)
        self._compare_home(raw, latitude, longitude)
        clock = self.faults.clock(cue.text)
        fix = Fix(
            cue=number,
            at_ms=cue.start_ms,
            clock_as_written=clock.text if clock else None,
            latitude=latitude,
            longitude=longitude,
            relative_altitude=None if raw.ambiguous else self.faults.metres(raw.relative),
            absolute_altitude=None if raw.ambiguous else self.faults.metres(raw.absolute),
        )
        self.samples.append(Sample(fix=fix, clock=clock))

    def _position(self, raw: Raw) -> tuple[str | None, str | None]:
        """Both degrees or neither: half a position is none, 0,0 is what DJI writes while it has no fix."""
        if raw.ambiguous:
            return None, None
        latitude = self.faults.degrees(raw.latitude, MAX_LATITUDE)
        longitude = self.faults.degrees(raw.longitude, MAX_LONGITUDE)
        if latitude is None or longitude is None:
            self.half += (raw.latitude is None) != (raw.longitude is None)
            return None, None
        if float(latitude) == 0 and float(longitude) == 0:
            self.zero += 1
            return None, None
        return latitude, longitude

    def _compare_home(self, raw: Raw, latitude: str | None, longitude: str | None) -> None:
        if raw.home is None:
            return
        silent = Faults()
        there = silent.degrees(raw.home[0], MAX_LATITUDE), silent.degrees(raw.home[1], MAX_LONGITUDE)
        if there[0] is None or there[1] is None or (float(there[0]) == 0 and float(there[1]) == 0):
            return
        self.home = self.home or (there[0], there[1])
        if latitude is None or longitude is None:
            return
        here = float(latitude), float(longitude)
        self.far += track_checks.distance_m(here, (float(there[0]), float(there[1]))) > MAX_HOME_KM * 1000

    @property
    def family(self) -> str | None:
        """The family of most cues; cues that lack their family's marks count only when there are no others."""
        votes = self.families or self.weak
        return min(votes, key=lambda name: (-votes[name], name)) if votes else None

    def order_basis(self, located: Sequence[Sample]) -> str | None:
        """How latitude was told from longitude: ``named``, ``value`` (one is beyond 90 degrees) or ``family``."""
        if not located or self.family is None:
            return None
        if self.kinds[self.family].order == "named":
            return "named"
        beyond = any(abs(float(sample.fix.longitude or 0)) > MAX_LATITUDE for sample in located)
        return "value" if beyond else "family"

    def notices(self, cues: Sequence[Cue]) -> list[Notice]:
        """What the cues as such have that a reader must know."""
        if not cues:
            return []
        if not self.samples:
            return [
                _notice(
                    "unknown_variant", f"none of {len(cues)} cues is of a known family; the first is {_shown(cues[0])}"
                )
            ]
        return [*self._about_families(cues), *self._about_values(len(cues))]

    def _about_families(self, cues: Sequence[Cue]) -> list[Notice]:
        found = []
        if self.unknown:
            first = self.unknown[0]
            message = f"{len(self.unknown)} of {len(cues)} cues are of no known family and were not read"
            found.append(_notice("undecoded_cues", f"{message}; the first is number {first}: {_shown(cues[first])}"))
        if len(self.families) > 1:
            parts = ", ".join(f"{name}: {times}" for name, times in sorted(self.families.items()))
            found.append(_notice("mixed_families", f"cues of more than one family ({parts}); two files joined?"))
        if self.family == "A-M":
            message = "that latitude comes first in this family is known from one file only"
            found.append(_notice("axis_order_inferred", message))
        return found

    def _about_values(self, cues: int) -> list[Notice]:
        found = [
            _notice(code, f"{times} of {cues} cues {words}")
            for times, code, words in (
                (
                    self.ambiguous,
                    "ambiguous",
                    "name a value twice, differently; their place and heights were not taken",
                ),
                (self.half, "half_position", "have one half of a position; it was not taken"),
                (self.zero, "no_fix", "are at 0,0, which drones write while they have no fix; it was not taken"),
                (self.far, "home_far", f"are more than {MAX_HOME_KM} km from the take-off place that they name"),
            )
            if times
        ]
        bad = ", ".join(f"{kind}: {times}" for kind, times in sorted(self.faults.counts.items()) if times)
        if bad:
            message = f"values that are no number, no date or out of range were left unknown ({bad})"
            found.append(_notice("value_invalid", message))
        if not self.zero and not any(sample.fix.latitude for sample in self.samples):
            found.append(_notice("no_position", "no cue has a position"))
        return found


def _shown(cue: Cue) -> str:
    return f"'{visible(cue.text.strip()[:SHOWN_CHARACTERS])}'"


def _about_the_file(sheet: CueSheet) -> list[Notice]:
    found = []
    if not sheet.cues:
        found.append(_notice("no_cues", "holds no cue"))
    if sheet.long_lines:
        message = f"{sheet.long_lines} lines or cues are longer than any drone writes; what is beyond was not read"
        found.append(_notice("long_lines", message))
    if sheet.nul_bytes:
        found.append(_notice("nul_bytes", f"holds {sheet.nul_bytes} NUL bytes, as a file does that was not closed"))
    if sheet.limited:
        found.append(_notice("limit", f"reading stopped after {srt_cues.MAX_CUES} cues"))
    bad = sum(cue.start_ms is None for cue in sheet.cues)
    if sheet.cues and not sheet.timecoded:
        found.append(_notice("no_timecodes", "cues have no timecode; their place in the clip is unknown"))
    elif bad:
        found.append(_notice("timecode_invalid", f"{bad} of {len(sheet.cues)} cues have a timecode that is no time"))
    return found


def _about_the_end(sheet: CueSheet) -> list[Notice]:
    """A last cue that has less than the one before it was cut, as is one of which only the number is there."""
    if sheet.dangling_index:
        return [_notice("cut_last_cue", "ends with the number of a cue that is not there")]
    if len(sheet.cues) < 2:
        return []
    before, last = sheet.cues[-2].text, sheet.cues[-1].text
    unclosed = "</font>" in before and "</font>" not in last
    shorter = len(last.split()) < len(before.split()) and not last.endswith("\n")
    poorer = _raw(before).latitude is not None and _raw(last).latitude is None
    if unclosed or shorter or poorer:
        message = f"the last cue (number {len(sheet.cues) - 1}) has less than the one before it; the file was cut there"
        return [_notice("cut_last_cue", message)]
    return []


def _raw(text: str) -> Raw:
    family = family_of(text)
    return Raw() if family is None else family.read(text)
