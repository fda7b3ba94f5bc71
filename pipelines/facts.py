"""Readers of a manifest's facts, for those who show them to people."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from forensics.errors import ManifestError
from forensics.model.manifest import Facts, Json, Manifest
from forensics.model.media import MediaKind, Probe
from forensics.model.provenance import Appearance, BucketObject, Member, Post, SourceKind
from forensics.model.sound import SoundState


def duration_of(facts: Facts) -> float | None:
    """Seconds on the presentation clock: as the container says, or else up to the last frame; None for a still."""
    container = facts.exact.get("container")
    frames = facts.exact.get("frames")
    if not isinstance(container, dict) or not isinstance(frames, dict):
        return None
    try:
        return round(float(str(container["duration"])), 6)
    except ValueError:
        return round(float(_shown_at(container, frames)), 6)


def is_triage(facts: Facts) -> bool:
    """Whether only the sync frames were decoded: exact cuts and the frames between are not known."""
    return "triage" in facts.recipe


def probe_of(facts: Facts) -> Probe | None:
    """What the container of a video was found to be, without its tags; None for a still.

    Raises:
        ManifestError: the facts are not such as this program writes.
    """
    container = facts.exact.get("container")
    if not isinstance(container, dict):
        return None
    try:
        return msgspec.convert({**container, "tags": []}, Probe)
    except msgspec.ValidationError as error:
        raise ManifestError(
            f"the container facts cannot be read: {error}",
            hint="a newer program may have written them; replay derives the facts again",
        ) from error


def _shown_at(container: dict[str, Json], frames: dict[str, Json]) -> Fraction:
    origin = container["origin"]
    assert isinstance(origin, dict)
    ticks = int(str(frames["last_pts"])) - int(str(origin["pts"]))
    return ticks * Fraction(str(frames["time_base"]))


def origin_of(facts: Facts) -> tuple[int, tuple[int, int]]:
    """The presentation clock's zero in ticks, and seconds per tick as a fraction; a still has neither."""
    container = facts.exact.get("container")
    origin = container.get("origin") if isinstance(container, dict) else None
    if not isinstance(origin, dict) or not isinstance(origin.get("base"), dict):
        return 0, (1, 1)
    base = origin["base"]
    assert isinstance(base, dict)
    return int(str(origin["pts"])), (int(str(base["num"])), int(str(base["den"])))


def status_of(facts: Facts) -> str:
    """Whether its frames could be decoded: ``whole``, ``partial`` or ``undecodable``; ``triage`` where only the sync
    frames were.
    """
    if facts.exact.get("kind") == "undecodable":
        return "undecodable"
    if is_triage(facts):
        return "triage"
    frames = facts.exact.get("frames")
    return "partial" if isinstance(frames, dict) and frames.get("complete") is False else "whole"


def appearance_of(seen: dict[str, Json]) -> Appearance:
    """One appearance of a manifest's record."""
    post, bucket = seen.get("post"), seen.get("bucket")
    return Appearance(
        kind=SourceKind(str(seen["kind"])),
        path=str(seen["path"]),
        source=str(seen["source"]) if seen.get("source") else None,
        source_sha256=str(seen["source_sha256"]) if seen.get("source_sha256") else None,
        post=msgspec.convert(post, Post) if isinstance(post, dict) else None,
        member=_member(seen.get("archive")),
        bucket=msgspec.convert(bucket, BucketObject) if isinstance(bucket, dict) else None,
    )


def _member(found: Json) -> Member | None:
    if not isinstance(found, dict):
        return None
    modified = found.get("modified")
    return Member(
        archive_sha256=str(found["sha256"]),
        path=str(found["member"]),
        offset=int(str(found["offset"])),
        modified=None if modified is None else str(modified),
    )


def stream_lines(container: dict[str, Json]) -> Iterator[str]:
    """Yield one line for each stream of a container's facts."""
    streams = container.get("streams")
    for stream in streams if isinstance(streams, list) else []:
        if isinstance(stream, dict):
            size = f" {stream['width']}x{stream['height']}" if stream.get("width") else ""
            rate = f" {stream['frame_rate']} frames/s" if stream.get("frame_rate") else ""
            yield f"{stream.get('index')} {stream.get('kind')} {stream.get('codec')}{size}{rate}"


def sound_line(facts: Facts) -> str | None:
    """What is known of the sound of a video, in words; None for what is no video."""
    heard = facts.recipe.get("sound")
    if facts.exact.get("kind") != MediaKind.VIDEO:
        return None
    if not isinstance(heard, dict):
        return "not read: ingested before sound was"
    if heard["state"] != SoundState.READ:
        return f"{str(heard['state']).replace('_', ' ')}: {heard['reason']}"
    loudest = heard["loudest_db"]
    level = "every sample is zero" if loudest is None else f"loudest second {loudest} dB"
    flagged = f"{heard['silent']} silent, {heard['plain']} too even"
    return f"{heard['audible']} of {heard['words']} words can be compared ({flagged}); {level}"


def telemetry_entries(manifest: Manifest) -> list[dict[str, Json]]:
    """The telemetry facts of a manifest, one a sidecar, then one a track that the file itself carries."""
    entries = manifest.facts.exact.get("telemetry", [])
    beside = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    inside = [{**entry, "file": f"inside: {entry['source']}"} for entry in embedded_tracks(manifest) if entry["cues"]]
    return beside + inside


def embedded_tracks(manifest: Manifest) -> list[dict[str, Json]]:
    """What the file itself carries, as its facts have it: boxes and streams."""
    embedded = manifest.facts.recipe.get("embedded")
    tracks = embedded.get("tracks") if isinstance(embedded, dict) else None
    return [entry for entry in tracks if isinstance(entry, dict)] if isinstance(tracks, list) else []


_SHOWN_TAGS = {
    "classification": "security classification {}",
    "serial_number": "serial number {}",
    "platform_tail_number": "tail number {}",
    "mission": "mission {}",
    "checksums": "checksums {}",
    "consistent_with": "consistent with {}; anyone can imitate it",
}
"""What a person is told of the tags of a track, in this order: a marking of secrecy first."""


def carried_lines(manifest: Manifest) -> Iterator[str]:
    """What the file itself carries, in words: markings and names, then each clock with its basis."""
    for entry in embedded_tracks(manifest):
        source, clocks, tags = entry.get("source"), entry.get("clocks"), entry.get("tags")
        told = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
        for name, words in _SHOWN_TAGS.items():
            yield from (f"{source} {words.format(tag.get('value'))}" for tag in told if tag.get("name") == name)
        for clock in clocks if isinstance(clocks, list) else []:
            if isinstance(clock, dict):
                moment, basis = clock.get("utc") or clock.get("raw"), str(clock.get("basis")).replace("_", " ")
                yield f"{source} {clock.get('source')}: {moment} ({basis})"
