"""The keyframes of an evidence as pages show them: small pictures of what the store holds, with time and digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from forensics import media, report
from forensics.errors import ParserStopped
from forensics.model.manifest import Manifest
from forensics.model.notice import Notice
from pipelines.case import Case
from pipelines.facts import origin_of
from pipelines.readers import SHRUNK

KEYFRAMES_SHOWN = 24
"""Keyframes of one evidence on the page; the store holds all."""

SHOWN = (240, 62)
"""Long side in pixels and JPEG quality on a page of the case report: many to a page."""

PRINTED = (480, 80)
"""The same on paper: 75 mm wide, 160 dots an inch."""

TOGETHER = 32 << 20
"""Bytes of pictures that one reader is given: a jail costs 5 ms, as much as the decoding of a small one."""

Pictures = tuple[npt.NDArray[np.uint8] | None, ...]


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
    pictures = _pictures(case, evidence, min(most, len(listed)), PRINTED if paper else SHOWN)
    for number, keyframe in enumerate(listed if paper else listed[:most], start=1):
        if not isinstance(keyframe, dict):
            break
        ticks = int(str(keyframe["pts"]))
        views.append(
            report.KeyframeView(
                time_text=report.clock((ticks - zero) * num / den),
                pts_text=f"{ticks}*{num}/{den}",
                planes_sha256=str(keyframe["planes_sha256"]),
                jpeg=pictures[number - 1] if number <= most else None,
            )
        )
    return tuple(views)


def unread(views: Sequence[report.KeyframeView], most: int = KEYFRAMES_SHOWN) -> tuple[Notice, ...]:
    """A notice when pictures among the first ``most`` are in the store and cannot be read."""
    lost = sum(view.jpeg is None for view in views[:most])
    if not lost:
        return ()
    message = f"{lost} keyframes in the store cannot be read as pictures; they are left out here"
    return (Notice(code="store.keyframe", message=message),)


def _pictures(case: Case, evidence: str, count: int, form: tuple[int, int]) -> tuple[bytes | None, ...]:
    """The first pictures as JPEG, of the size and quality of ``form``; None for one that cannot be read."""
    long_side, quality = form
    small: list[npt.NDArray[np.uint8] | None] = []
    for together in _batches(case, evidence, count):
        small += _shrunk(together, long_side)
    return tuple(None if each is None else report.thumbnail(each, long_side, quality) for each in small)


def _batches(case: Case, evidence: str, count: int) -> Iterator[tuple[bytes, ...]]:
    """The files of the pictures, in groups of `TOGETHER` bytes or of one."""
    batch: list[bytes] = []
    for number in range(1, count + 1):
        data = case.store.path(evidence, f"derived/keyframes/{number:06d}.png").read_bytes()
        if batch and sum(map(len, batch)) + len(data) > TOGETHER:
            yield tuple(batch)
            batch = []
        batch.append(data)
    if batch:
        yield tuple(batch)


def _shrunk(pictures: Sequence[bytes], long_side: int) -> Pictures:
    """The pictures made small in a jail: the case may be somebody else's, and so may its pictures. One that stops the
    reader takes no other with it.
    """
    try:
        return media.read(SHRUNK, tuple(pictures), long_side)
    except ParserStopped:
        if len(pictures) == 1:
            return (None,)
        return tuple(picture for each in pictures for picture in _shrunk((each,), long_side))
