"""The page and the record beside a film of two files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import __version__, media, report
from forensics.model.finding import FindingStatus
from forensics.model.manifest import Json
from forensics.model.match import Segment
from forensics.model.notice import Notice
from pipelines.film_plan import Couple, Plan
from pipelines.side_by_side import Filmed

LIMITS = (
    "Demonstrative, not evidence: drawn from the two files, scaled and compressed again; not to be measured in.",
    "It shows no more than the finding says; a match does not say that a recording is authentic, nor who was first.",
    "The difference is of brightness, after the recorded transform alone, which is accurate to about a pixel.",
)
"""What no comparison shows; stands in its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What both tell: the couple, what was planned, what was made, with which programs. ``left_name`` and
    ``right_name`` are file names, for the page alone; ``again`` is the command that makes the same.
    """

    case: str
    couple: Couple
    planned: Plan
    film: report.FilmView
    filmed: Filmed
    left_name: str
    right_name: str
    again: str
    tools: media.Tools
    notices: tuple[Notice, ...]

    @property
    def programs(self) -> dict[str, str]:
        """What made it, by version: others may give other bytes."""
        return {
            "footage-forensics": __version__,
            "ffmpeg": self.tools.ffmpeg.banner,
            "ffmpeg SHA-256": self.tools.ffmpeg.sha256,
            "confinement": self.tools.confinement,
            **report.drawing_versions(),
        }


def page_of(told: Told) -> bytes:
    """The page (see `forensics.report.comparison`)."""
    couple, stored = told.couple, told.couple.stored
    decision, assessment = couple.match.decision, couple.match.assessment
    return report.render_comparison(
        report.ComparisonView(
            case=told.case,
            heading=report.heading(decision, assessment, rejected=stored is not None and stored.rejected),
            match=_match_view(told),
            left=couple.left,
            right=couple.right,
            left_name=told.left_name,
            right_name=told.right_name,
            query_first=couple.query_first,
            facts=told.filmed.facts,
            lines=couple.lines,
            takes=told.filmed.takes,
            film=told.film,
            again=told.again,
            commands=tuple(" ".join(_named(command)) for command in told.filmed.commands),
            versions=tuple(report.Row(label=name, value=value) for name, value in told.programs.items()),
            notices=told.notices,
        )
    )


def _match_view(told: Told) -> report.MatchView:
    couple, stored = told.couple, told.couple.stored
    names = (told.left_name, told.right_name) if couple.query_first else (told.right_name, told.left_name)
    return report.MatchView(
        match=couple.match,
        query=report.SideView(name=names[0], duration_s=couple.query_party.length_s),
        reference=report.SideView(name=names[1], duration_s=couple.reference_party.length_s),
        strip=(),
        finding_path=None if stored is None else f"findings/{stored.name}",
        finding_sha256=None if stored is None else stored.sha256,
        status=FindingStatus.MACHINE_ONLY if stored is None else stored.finding.status,
    )


def record_of(told: Told, page: bytes) -> dict[str, Json]:
    """The record as canonical values: numbers with a fraction are text."""
    return {
        "type": "demonstrative-comparison",
        "version": 1,
        "statement": report.BANNER,
        "case": told.case,
        "left": _party(told.couple.left),
        "right": _party(told.couple.right),
        **_match_fields(told.couple),
        "segments_shown": [_segment(segment, len(steps)) for segment, steps in told.planned.parts],
        "segments_of_the_match": len(told.couple.match.segments),
        "left_out_s": f"{told.planned.left_out_s:.3f}",
        "film": {
            "name": told.film.name,
            "sha256": told.film.sha256,
            "size": told.film.size,
            "frames": told.film.frames,
            "rate": told.film.rate,
            "stand_ins": told.filmed.stand_ins,
        },
        "page": {"sha256": hashlib.sha256(page).hexdigest(), "size": len(page)},
        "again": told.again,
        "commands": [list(_named(command)) for command in told.filmed.commands],
        "programs": dict(told.programs),
        "notices": [{"code": notice.code, "message": notice.message} for notice in told.notices],
        "limits": list(LIMITS),
    }


def _match_fields(couple: Couple) -> dict[str, Json]:
    match, stored = couple.match, couple.stored
    method: dict[str, Json] = {
        "name": match.method.name,
        "version": match.method.version,
        "params_sha256": match.method.params_sha256,
    }
    return {
        "query": match.query_id,
        "reference": match.reference_id,
        "decision": str(match.decision),
        "assessment": str(match.assessment),
        "method": method,
        "finding": None if stored is None else stored.sha256,
        "status": None if stored is None else str(stored.finding.status),
    }


def _segment(segment: Segment, frames: int) -> dict[str, Json]:
    return {
        "query_start_s": f"{segment.query_start_s:.6f}",
        "query_end_s": f"{segment.query_end_s:.6f}",
        "reference_start_s": f"{segment.reference_start_s:.6f}",
        "reference_end_s": f"{segment.reference_end_s:.6f}",
        "speed": f"{segment.speed:.6f}",
        "frames_shown": frames,
    }


def _party(party: report.Party) -> dict[str, Json]:
    return {
        "letter": party.letter,
        "name": party.name,
        "sha256": party.sha256,
        "length_s": f"{party.length_s:.6f}",
        "kept": party.kept,
    }


def _named(command: Sequence[str]) -> list[str]:
    """A command with its program by name: where it lies on this machine is nobody's business."""
    return [Path(command[0]).name, *command[1:]]
