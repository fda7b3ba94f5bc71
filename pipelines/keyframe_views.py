"""The keyframes of an evidence as pages show them: small pictures of what the store holds, with time and digest."""

from __future__ import annotations

import cv2
import numpy as np

from forensics import report
from forensics.model.manifest import Manifest
from pipelines.case import Case
from pipelines.facts import origin_of

KEYFRAMES_SHOWN = 24
"""Keyframes of one evidence on the page; the store holds all."""

SHOWN = (240, 62)
"""Long side in pixels and JPEG quality on a page of the case report: many to a page."""

PRINTED = (480, 80)
"""The same on paper: 75 mm wide, 160 dots an inch."""


def keyframes_kept(manifest: Manifest) -> int:
    """How many the store holds."""
    kept = manifest.facts.recipe.get("keyframes")
    return len(kept) if isinstance(kept, list) else 0


def keyframe_views(
    case: Case, evidence: str, manifest: Manifest, *, paper: bool = False, most: int = KEYFRAMES_SHOWN
) -> tuple[report.KeyframeView, ...]:
    """The first ``most`` keyframes of an evidence; for ``paper`` larger, and the others too, without
    their pictures.
    """
    kept = manifest.facts.recipe.get("keyframes")
    listed = kept if isinstance(kept, list) else []
    (zero, (num, den)) = origin_of(manifest.facts)
    views = []
    for number, keyframe in enumerate(listed if paper else listed[:most], start=1):
        if not isinstance(keyframe, dict):
            break
        ticks = int(str(keyframe["pts"]))
        views.append(
            report.KeyframeView(
                time_text=report.clock((ticks - zero) * num / den),
                pts_text=f"{ticks}*{num}/{den}",
                planes_sha256=str(keyframe["planes_sha256"]),
                jpeg=_small(case, evidence, number, PRINTED if paper else SHOWN) if number <= most else None,
            )
        )
    return tuple(views)


def _small(case: Case, evidence: str, number: int, form: tuple[int, int]) -> bytes | None:
    data = case.store.path(evidence, f"derived/keyframes/{number:06d}.png").read_bytes()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else report.thumbnail(np.asarray(picture, np.uint8), *form)
