"""The drawing of a track as a page shows it."""

from __future__ import annotations

from forensics import telemetry
from forensics.model.manifest import Json
from pipelines.case import Case


def sidecar_drawing(case: Case, evidence: str, entry: dict[str, Json]) -> str:
    """An SVG element of the places in a sidecar that the store keeps; empty for a track inside the evidence, which only
    the media tools can copy out, and for one without any place.

    Args:
        case: The case.
        evidence: Which evidence.
        entry: An entry of `facts.telemetry_entries`.
    """
    known = case.manifest(evidence).facts.exact.get("telemetry", [])
    if not isinstance(known, list) or entry not in known or not entry.get("fixes"):
        return ""
    name = str(entry["file"])
    track = telemetry.read_track(name, case.store.path(evidence, name).read_bytes())
    return "" if track is None else telemetry.track_drawing(track)
