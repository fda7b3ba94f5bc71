"""Readers of a manifest's facts, for those who show them to people."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.manifest import Json, Manifest


def stream_lines(container: dict[str, Json]) -> Iterator[str]:
    """Yield one line for each stream of a container's facts."""
    streams = container.get("streams")
    for stream in streams if isinstance(streams, list) else []:
        if isinstance(stream, dict):
            size = f" {stream['width']}x{stream['height']}" if stream.get("width") else ""
            rate = f" {stream['frame_rate']} frames/s" if stream.get("frame_rate") else ""
            yield f"{stream.get('index')} {stream.get('kind')} {stream.get('codec')}{size}{rate}"


def telemetry_entries(manifest: Manifest) -> list[dict[str, Json]]:
    """The telemetry facts of a manifest, one a sidecar."""
    entries = manifest.facts.exact.get("telemetry", [])
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
