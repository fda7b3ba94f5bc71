"""The track that a drone wrote, of an evidence of a case or of a file outside any case.

1  open the bytes: the kept original and its sidecars, or the file as it lies
2  read telemetry beside it and inside it, exactly as at ingest
3  redact, if asked
4  lay it out in the form that was asked for
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forensics import media, telemetry
from forensics.errors import MediaError
from forensics.model.manifest import Json
from forensics.model.notice import Notice
from forensics.model.telemetry import SourcedTrack
from forensics.sources.opening import open_file, unreadable
from pipelines.case import Case
from pipelines.embedded import Embedded, leads, read_embedded
from pipelines.readers import is_telemetry, track_of

MAX_TELEMETRY_BYTES = 512 * 2**20
"""A file of telemetry alone is read whole; the largest of a day's flying stay below. A clip is never read whole."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Every track that was found, and what a reader must know. A track without any sample is no track."""

    tracks: tuple[SourcedTrack, ...]
    notices: tuple[Notice, ...]

    def redacted(self, rules: Sequence[str]) -> Tracks:
        """The same under rules that `telemetry.check_rules` knows; no sentence of a notice may tell what they hide."""
        if not rules:
            return self
        kept = tuple(Notice(code=notice.code, message="left out by redaction") for notice in self.notices)
        return Tracks(tracks=tuple(telemetry.redact(each, rules) for each in self.tracks), notices=kept)


def lay_out(found: Tracks, form: str) -> bytes:
    """The document of a form that `telemetry.OUTPUTS` names."""
    return telemetry.OUTPUTS[form](found.tracks)


def as_fields(sourced: SourcedTrack) -> dict[str, object]:
    """The fields of the JSON line of one track."""
    track, located = sourced.track, sourced.track.located
    return {
        "type": "track",
        "source": sourced.source,
        "source_sha256": sourced.sha256,
        "redacted": list(sourced.redacted),
        "format": track.format,
        "family": track.family,
        "cues": track.cues,
        "fixes": len(located),
        "first": [located[0].latitude, located[0].longitude] if located else None,
        "last": [located[-1].latitude, located[-1].longitude] if located else None,
        "clocks": [
            {"source": clock.source, "raw": clock.raw, "utc": clock.utc, "basis": clock.basis} for clock in track.clocks
        ],
        "notices": [{"code": notice.code, "message": notice.message} for notice in track.notices],
    }


def of_evidence(case: Case, evidence: str, tools: media.Tools, limits: media.Limits) -> Tracks:
    """The tracks of an evidence: of its sidecars first, then of what it carries.

    Raises:
        MediaError: it is no container, and no telemetry lies beside it.
        ToolError: ffmpeg or ffprobe cannot start.

    """
    beside: list[SourcedTrack] = []
    known = case.manifest(evidence).facts.exact.get("telemetry", [])
    for name in _names(known):
        data = case.store.path(evidence, name).read_bytes()
        track = track_of(name, data, limits)
        if track is not None:
            beside.append(SourcedTrack(source=name, sha256=hashlib.sha256(data).hexdigest(), track=track))
    handle = open_file(os.fspath(case.store.path(evidence, "original")))
    try:
        return _read(handle, "original", beside, tools, limits)
    finally:
        os.close(handle)


def _names(known: Json) -> tuple[str, ...]:
    """The sidecars that the facts name."""
    entries = known if isinstance(known, list) else []
    return tuple(str(entry["file"]) for entry in entries if isinstance(entry, dict))


def of_file(path: Path, tools: media.Tools, limits: media.Limits) -> Tracks:
    """The tracks of a telemetry file, a still or a clip outside any case. Nothing is written.

    Raises:
        InputError: there is no such regular file.
        MediaError: it is neither telemetry of a known format nor a container.
        ToolError: ffmpeg or ffprobe cannot start.

    """
    handle = open_file(os.fspath(path))
    try:
        return _read(handle, path.name, [], tools, limits)
    except OSError as err:
        raise unreadable(err) from err
    finally:
        os.close(handle)


def _read(handle: int, name: str, beside: list[SourcedTrack], tools: media.Tools, limits: media.Limits) -> Tracks:
    head = os.pread(handle, telemetry.HEAD_BYTES, 0)
    digest = _digest(handle)
    if is_telemetry(name, head, limits):
        found = _whole(handle, name, digest, limits)
        return _told([*beside, *found.tracks], found.notices)
    try:
        inside = _inside(handle, beside, tools, limits)
    except MediaError as error:
        if not beside:
            raise
        return _told(beside, (Notice(code=error.code, message=error.message),))
    carried = [SourcedTrack(source=f"{name} {each.source}", sha256=digest, track=each.track) for each in inside.carried]
    return _told([*beside, *carried], inside.notices)


def _inside(handle: int, beside: Sequence[SourcedTrack], tools: media.Tools, limits: media.Limits) -> Embedded:
    """What a clip carries, with the notices of telemetry inside and beside it that does not agree with it."""
    probed = media.probe(tools, handle, limits)
    inside = read_embedded(tools, handle, probed.probe, limits)
    found = leads(inside, probed.probe, [each.track for each in beside])
    return replace(inside, notices=(*probed.notices, *inside.copying, *found))


def _whole(handle: int, name: str, digest: str, limits: media.Limits) -> Tracks:
    size = os.fstat(handle).st_size
    if size > MAX_TELEMETRY_BYTES:
        raise MediaError(
            f"telemetry of {size} bytes is above the limit of {MAX_TELEMETRY_BYTES}", code="telemetry.limit"
        )
    track = track_of(name, b"".join(_chunks(handle, size)), limits)
    assert track is not None
    return Tracks(tracks=(SourcedTrack(source=name, sha256=digest, track=track),), notices=())


def _chunks(handle: int, size: int) -> Sequence[bytes]:
    return [os.pread(handle, _CHUNK, at) for at in range(0, size, _CHUNK)]


def _digest(handle: int) -> str:
    found = hashlib.sha256()
    at = 0
    while part := os.pread(handle, _CHUNK, at):
        found.update(part)
        at += len(part)
    return found.hexdigest()


def _told(tracks: Sequence[SourcedTrack], notices: Sequence[Notice]) -> Tracks:
    """The tracks that have samples, or the notices of why there are none."""
    kept = tuple(each for each in tracks if each.track.fixes)
    dropped = (notice for each in tracks if not each.track.fixes for notice in each.track.notices)
    more = (Notice(code="telemetry.no_track", message="it carries no track, and none lies beside it"),)
    own = (notice for each in kept for notice in each.track.notices)
    return Tracks(tracks=kept, notices=(*own, *dropped, *notices, *(() if kept else more)))
