"""Telemetry in files beside a clip: kept with it, read in a jail, told as facts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from forensics import media
from forensics.errors import ParserStopped
from forensics.model.manifest import Json
from forensics.model.notice import Notice
from forensics.model.telemetry import Fix, Track
from pipelines.plain_facts import plain
from pipelines.readers import stopped, track_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A file beside the evidence: its name as found, its name in the store, its bytes."""

    found_as: str
    stored_as: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the sidecars hold: a fact for each, the tracks of those that could be read, what a reader must know."""

    facts: tuple[Json, ...]
    tracks: tuple[Track, ...]
    notices: tuple[Notice, ...]


def read_tracks(sidecars: tuple[Sidecar, ...], limits: media.Limits) -> Beside:
    """What each of them holds; of one that is of no format that is known, or that stopped its reader, a notice."""
    facts: list[Json] = []
    tracks: list[Track] = []
    notices: list[Notice] = []
    for sidecar in sidecars:
        digest = hashlib.sha256(sidecar.data).hexdigest()
        missing = Notice(
            code="telemetry.unknown_format", message=f"{sidecar.stored_as} is of no telemetry format that is known"
        )
        try:
            track = track_of(sidecar.found_as, sidecar.data, limits)
        except ParserStopped as error:
            track, missing = None, stopped(error, sidecar.stored_as)
        if track is None:
            notices.append(missing)
            facts.append({"file": sidecar.stored_as, "sha256": digest, "format": None})
            continue
        notices.extend(track.notices)
        facts.append(_track_facts(track, sidecar.stored_as, digest))
        tracks.append(track)
    return Beside(facts=tuple(facts), tracks=tuple(tracks), notices=tuple(notices))


def _track_facts(track: Track, file: str, digest: str) -> Json:
    located = track.located
    return {
        "file": file,
        "sha256": digest,
        "format": track.format,
        "family": track.family,
        "cues": track.cues,
        "fixes": len(located),
        "first": _sidecar_fix(located[0]) if located else None,
        "last": _sidecar_fix(located[-1]) if located else None,
        "clock_first": track.fixes[0].clock_as_written if track.fixes else None,
        "clock_last": track.fixes[-1].clock_as_written if track.fixes else None,
    }


def _sidecar_fix(fix: Fix) -> Json:
    """A fix as facts of sidecars have had it from the first version on: no sidecar declares UTC."""
    told = plain(msgspec.to_builtins(fix))
    assert isinstance(told, dict)
    return {name: value for name, value in told.items() if name != "utc"}
