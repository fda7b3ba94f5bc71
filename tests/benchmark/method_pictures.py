"""The pictures of docs/method.md, drawn from the sample case by the matcher's own stages.

    python -m tests.benchmark.method_pictures --case demo-case --out docs/pictures

A case made from sample_media by `make demo` is all that is needed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics import media
from forensics.matching import examine as whole
from forensics.matching.candidates import Candidate
from forensics.matching.dense import shared_area
from forensics.matching.examine import REACH_S, tabulate
from forensics.matching.geometry import Fit
from forensics.matching.motion import CELLS, DETAIL_SIGMA, change, on_grid, shots
from forensics.matching.motion import _trial as trial_of
from forensics.matching.motion import _unlit as unlit
from forensics.matching.pairing import Pairing, Placed
from forensics.matching.params import PARAMS
from forensics.matching.reel import Reel
from forensics.matching.table import Table
from forensics.model.match import Match
from pipelines.case import Case, open_case
from pipelines.kit import Kit
from pipelines.library import Library
from pipelines.match import _Rank
from pipelines.surroundings import Surroundings
from pipelines.volumes import volumes_of

Image = npt.NDArray[np.uint8]

ORIGINAL = "DJI_0042.MP4"
COPY = "video_2025-05-19_10-12-30.mp4"
INK, LINE, GOOD, BAD = (40, 40, 40), (190, 190, 190), (150, 90, 20), (40, 40, 200)
FONT = cv2.FONT_HERSHEY_SIMPLEX
SHOWN_S = 4.0
"""Seconds of offset either side that the curves show."""


@dataclass(frozen=True)
class Compared:
    """One pair half-way: windows, the first fit, the table and what was found."""

    pairing: Pairing
    placed: Placed
    ours: Reel
    theirs: Reel
    table: Table
    match: Match


def compared(case: Case, query: str, reference: str) -> Compared:
    """Run the stages of one pair of the case, files by name."""
    tools = media.find_tools(Surroundings().search_path())
    library = Library(kit=Kit(tools=tools, limits=media.DEFAULT_LIMITS), references=volumes_of(case), queries=())
    names = {_name(case, volume.id): volume.id for volume in library.references}
    ranked = _Rank(library=library)(names[query]).candidates
    candidate = next(each for each in ranked if each.reference_id == names[reference])
    pairing, placed = _placed(library, candidate)
    seed = placed.seed
    ours = Reel(library.footage.stretch(candidate.query_id, seed.query_s - REACH_S, seed.query_s + REACH_S))
    theirs = Reel(library.footage.stretch(candidate.reference_id, seed.reference_s - 45.0, seed.reference_s + 45.0))
    table = tabulate(ours, theirs, placed.fit, seed.pose, (seed.query_s, seed.reference_s))
    match = whole(pairing.query, pairing.reference, candidate, library.footage)
    assert table is not None
    assert match is not None
    return Compared(pairing=pairing, placed=placed, ours=ours, theirs=theirs, table=table, match=match)


def _placed(library: Library, candidate: Candidate) -> tuple[Pairing, Placed]:
    pairing = Pairing(
        query=library.subjects[candidate.query_id],
        reference=library.subjects[candidate.reference_id],
        footage=library.footage,
        params=PARAMS,
    )
    placed = next(placed for seed in candidate.seeds if (placed := pairing.place(seed)) is not None)
    return pairing, placed


def _name(case: Case, evidence: str) -> str:
    return Path(str(case.manifest(evidence).record.appearances[0]["path"])).name


def fit_at(found: Compared, at: float) -> Fit:
    """The geometric fit at one moment of the aligned stretch."""
    fitted = found.pairing.fit_at(at, there(found, at), found.placed.seed.pose, found.placed.detector)
    assert fitted is not None
    return fitted


def there(found: Compared, at: float) -> float:
    """The original's time that the copy shows at ``at``."""
    segment = found.match.segments[0]
    return segment.reference_start_s + segment.speed * (at - segment.query_start_s)


def middle(found: Compared) -> float:
    """The moment half-way through the aligned stretch, seconds of the copy."""
    segment = found.match.segments[0]
    return (segment.query_start_s + segment.query_end_s) / 2


def geometry(found: Compared) -> Image:
    """Both pictures of one moment, points that fit one map joined, and what the copy shows outlined."""
    at = middle(found)
    fitted = fit_at(found, at)
    footage = found.pairing.footage
    left, right = footage.frame(found.pairing.query.id, at), footage.frame(found.pairing.reference.id, there(found, at))
    assert left is not None
    assert right is not None
    gap, height = 24, max(left[1].shape[0], right[1].shape[0])
    sheet = np.full((height, left[1].shape[1] + gap + right[1].shape[1], 3), 255, np.uint8)
    sheet[: left[1].shape[0], : left[1].shape[1]] = left[1][..., None]
    sheet[: right[1].shape[0], left[1].shape[1] + gap :] = right[1][..., None]
    shift = np.array([left[1].shape[1] + gap, 0], np.float32)
    for source, target in list(zip(fitted.source, fitted.target + shift, strict=True))[::6]:
        cv2.line(sheet, _point(source), _point(target), GOOD, 1, cv2.LINE_AA)
    rows, columns = left[1].shape
    corners = np.array([[0, 0, 1], [columns, 0, 1], [columns, rows, 1], [0, rows, 1]], float) @ fitted.matrix.T
    cv2.polylines(sheet, [np.round(corners + shift).astype(np.int32)], True, BAD, 2, cv2.LINE_AA)
    return sheet


def _point(place: npt.NDArray[np.float32]) -> tuple[int, int]:
    return int(place[0]), int(place[1])


def times(found: Compared) -> Image:
    """Frame against frame: dark where what changes agrees; the aligned stretch is the line."""
    values = np.clip(found.table.gains, 0.0, None)
    ink = 255 - np.asarray(255 * np.clip(values / np.quantile(values, 0.999), 0, 1), np.uint8)
    body = cv2.resize(ink, (640, 640 * ink.shape[0] // ink.shape[1]), interpolation=cv2.INTER_AREA)
    sheet = np.full((body.shape[0] + 60, 720, 3), 255, np.uint8)
    sheet[10 : 10 + body.shape[0], 70:710] = np.asarray(body)[..., None]
    cv2.rectangle(sheet, (70, 10), (710, 10 + body.shape[0]), LINE, 1)
    last_q, last_r = float(found.table.query_s[-1]), float(found.table.reference_s[-1])
    cv2.putText(sheet, f"original, 0 to {last_r:.1f} s", (300, body.shape[0] + 45), FONT, 0.5, INK, 1, cv2.LINE_AA)
    cv2.putText(sheet, "copy", (10, 30), FONT, 0.5, INK, 1, cv2.LINE_AA)
    cv2.putText(sheet, f"{last_q:.1f} s", (10, body.shape[0]), FONT, 0.45, INK, 1, cv2.LINE_AA)
    return sheet


def curve(found: Compared) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Agreement of what changes at each offset from the aligned one."""
    segment = found.match.segments[0]
    speed = segment.speed
    at = middle(found)
    held, around = fit_at(found, at), (at, there(found, at))
    aligned = around[1] - speed * at
    area = shared_area(held.matrix, found.ours.luma.shape[1:], found.theirs.luma.shape[1:])
    assert area is not None
    pose = found.placed.seed.pose
    pair = on_grid(found.ours, found.theirs, held.matrix, pose, area, CELLS, DETAIL_SIGMA, around)
    assert pair is not None
    chosen = (pair.query_s >= segment.query_start_s) & (pair.query_s <= segment.query_end_s)
    ours = unlit(change(pair.query, pair.query_s, 0.5, shots(pair.query)), pair.query)[chosen]
    theirs = unlit(change(pair.reference, pair.reference_s, 0.5, shots(pair.reference)), pair.reference)
    trial = trial_of(pair.query_s[chosen], ours, pair.reference_s, theirs, speed)
    offsets = np.arange(-SHOWN_S, SHOWN_S + 1e-9, 0.04)
    return offsets, np.array([trial.correlation(*trial.beside(aligned + offset)) for offset in offsets])


def motion(found: Compared) -> Image:
    """The agreement curve of a copy, with the threshold."""
    sheet = np.full((400, 720, 3), 255, np.uint8)
    across, down = (lambda s: int(70 + (s + SHOWN_S) / (2 * SHOWN_S) * 640)), (lambda v: int(250 - v * 230))
    for level in (0.0, PARAMS.clear_peak, 1.0):
        cv2.line(sheet, (70, down(level)), (710, down(level)), LINE, 1)
        cv2.putText(sheet, f"{level:.1f}", (30, down(level) + 5), FONT, 0.45, INK, 1, cv2.LINE_AA)
    offsets, values = curve(found)
    kept = np.isfinite(values)
    line = [(across(s), down(v)) for s, v in zip(offsets[kept], values[kept], strict=True)]
    cv2.polylines(sheet, [np.array(line, np.int32)], False, GOOD, 2, cv2.LINE_AA)
    for second in range(-4, 5, 2):
        cv2.putText(sheet, f"{second:+d} s" if second else "0", (across(second) - 14, 362), FONT, 0.45, INK, 1, 16)
    cv2.putText(sheet, "offset from the aligned one", (270, 388), FONT, 0.45, INK, 1, cv2.LINE_AA)
    cv2.putText(sheet, "needed for a match", (78, down(PARAMS.clear_peak) - 6), FONT, 0.45, INK, 1, cv2.LINE_AA)
    return sheet


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    case = open_case(chosen.case)
    copy = compared(case, COPY, ORIGINAL)
    sheets = {"geometry": geometry(copy), "times": times(copy), "motion": motion(copy)}
    for name, sheet in sheets.items():
        done, data = cv2.imencode(".png", sheet)
        assert done
        (chosen.out / f"{name}.png").write_bytes(data.tobytes())


if __name__ == "__main__":
    main()
