"""The case report: one HTML file that works offline, needs no script, and lets nothing foreign act.

Three walls: every value is escaped by the template engine; control and bidirectional characters are made visible;
a Content Security Policy (W3C CSP Level 3) in the page forbids every load and script. The policy does not stop a
``<meta http-equiv="refresh">``, so escaping stays the wall. No address in the page is built from input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from forensics.model.match import Decision, Joining, SameServerFile
from forensics.report import wording
from forensics.report.drawing import BAR_HEIGHT, GAP, WIDTH, Gaps, OverlapBar, overlap_bar, unmatched
from forensics.report.findings import sentences, tally
from forensics.report.groups import EARLIEST, RepostGroup, posting_time, repost_groups, standing
from forensics.report.markup import digest, foreign, picture, said, short
from forensics.report.style import policy, style_sheet
from forensics.report.text import visible
from forensics.report.values import AlignedPair, CaseReport, EvidenceView, MatchView, ServerFileView

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

PAIRS_A_ROW = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEntry:
    """An evidence with its place on the page (``e-1``) and the matches and groups that name it."""

    anchor: str
    view: EvidenceView
    groups: tuple[str, ...]
    matches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a panel: its evidence on this page, or None when the file was compared but not admitted."""

    id: str
    name: str
    duration_s: float | None
    entry: EvidenceEntry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A match or candidate with its number, both sides, the drawing and what lay outside."""

    anchor: str
    title: str
    view: MatchView
    query: Side
    reference: Side
    rows: tuple[tuple[AlignedPair, ...], ...]
    bar: OverlapBar | None
    gaps: Gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """A repost group with its number, its lasting name if it has one, and what joins it: matches, or the name of a
    server file alone. ``server_files`` are those that posts of its files name.
    """

    anchor: str
    title: str
    name: str | None
    group: RepostGroup
    panels: tuple[Panel, ...]
    links: tuple[SameServerFile, ...]
    server_files: tuple[ServerFileView, ...]
    pairs: int


def render_case(report: CaseReport) -> bytes:
    """Write the whole report as UTF-8 HTML. Equal values give equal bytes.

    Raises ValueError for a value that the page cannot show (see `forensics.report.values`).
    """
    style = style_sheet((TEMPLATES / "report.css").read_text(encoding="utf-8"), f"Case {report.case.id}")
    views = sorted(report.matches, key=_best_first)
    matches: list[Joining] = [view.match for view in views if not view.rejected]
    groups = repost_groups(report.evidence, [*matches, *report.links])
    entries = _evidence_entries(report.evidence, views, groups)
    panels = _panels(views, entries)
    counts = tally(report, groups)
    page = (
        environment()
        .get_template("case.html")
        .render(
            report=report,
            style=Markup(style),  # noqa: S704 our own file and one text that `style_sheet` encoded
            policy=policy(style),
            counts=counts,
            sentences=sentences(report, counts),
            evidence=tuple(entries.values()),
            entries=entries,
            groups=_group_entries(groups, panels[: len(matches)], report),
            matches=tuple(panel for panel in panels if _standing(panel.view) is Decision.MATCH),
            candidates=tuple(panel for panel in panels if _standing(panel.view) is Decision.CANDIDATE),
            rejected=tuple(panel for panel in panels if panel.view.rejected),
        )
    )
    return page.encode("utf-8")


@cache
def environment() -> Environment:
    """The template engine with this report's filters: everything is escaped, nothing undefined is written."""
    # Most commands draw no page and need not load what draws them.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "foreign": foreign,
        "said": said,
        "digest": digest,
        "short": short,
        "picture": picture,
        "clock": wording.clock,
        "utc": wording.utc,
        "later": wording.later,
        "figure": wording.figure,
        "octets": wording.octets,
        "count": wording.count,
    }
    environment.globals |= {
        "assessment_names": wording.ASSESSMENT_NAMES,
        "assessment_meanings": wording.ASSESSMENT_MEANINGS,
        "status_meanings": wording.STATUS_MEANINGS,
        "still_meanings": wording.STILL_MEANINGS,
        "sound_in_words": wording.sound_in_words,
        "sound_says_not": wording.SOUND_SAYS_NOT,
        "posting_time": posting_time,
        "standing": standing,
        "earliest_words": EARLIEST,
        "infinity": math.inf,
        "pairs_a_row": PAIRS_A_ROW,
        "bar_height": BAR_HEIGHT,
        "bar_gap": GAP,
        "bar_width": WIDTH,
    }
    return environment


def _shown(value: object) -> object:
    """Second net below `foreign`: no expression of a template writes raw control characters, or the word None."""
    if value is None:
        raise ValueError("a template wrote a value that is None")
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _standing(view: MatchView) -> Decision | None:
    """What was decided, unless a person rejected it."""
    return None if view.rejected else view.match.decision


def _best_first(view: MatchView) -> tuple[bool, bool, float, str, str]:
    """Matches, candidates, and last what was rejected: so groups number only what stands."""
    match = view.match
    return view.rejected, match.decision is not Decision.MATCH, -match.score, match.query_id, match.reference_id


def _evidence_entries(
    evidence: Sequence[EvidenceView], views: Sequence[MatchView], groups: Sequence[RepostGroup]
) -> dict[str, EvidenceEntry]:
    titles = _titles(views)
    return {
        view.sha256: EvidenceEntry(
            anchor=f"e-{number}",
            view=view,
            groups=tuple(f"G-{place}" for place, group in enumerate(groups, 1) if view.sha256 in group.items),
            matches=tuple(
                title
                for title, other in zip(titles, views, strict=True)
                if view.sha256 in (other.match.query_id, other.match.reference_id)
            ),
        )
        for number, view in enumerate(evidence, 1)
    }


def _titles(views: Sequence[MatchView]) -> list[str]:
    """``M-1`` … for matches, ``C-1`` … for candidates and ``R-1`` … for what was rejected, in the order given."""
    letters = {Decision.MATCH: "M", Decision.CANDIDATE: "C", None: "R"}
    numbers = {letter: count(1) for letter in letters.values()}
    return [f"{letter}-{next(numbers[letter])}" for letter in (letters[_standing(view)] for view in views)]


def _panels(views: Sequence[MatchView], entries: Mapping[str, EvidenceEntry]) -> tuple[Panel, ...]:
    return tuple(
        Panel(
            anchor=title.lower(),
            title=title,
            view=view,
            query=Side(
                id=view.match.query_id,
                name=view.query.name,
                duration_s=view.query.duration_s,
                entry=entries.get(view.match.query_id),
            ),
            reference=Side(
                id=view.match.reference_id,
                name=view.reference.name,
                duration_s=view.reference.duration_s,
                entry=entries.get(view.match.reference_id),
            ),
            rows=tuple(view.strip[start : start + PAIRS_A_ROW] for start in range(0, len(view.strip), PAIRS_A_ROW)),
            bar=overlap_bar(view),
            gaps=unmatched(view),
        )
        for title, view in zip(_titles(views), views, strict=True)
    )


def _group_entries(
    groups: Sequence[RepostGroup], panels: Sequence[Panel], report: CaseReport
) -> tuple[GroupEntry, ...]:
    """``panels`` are those of what joins: the matches that stand, in the order in which they were grouped."""
    joining = [[panels[place] for place in group.matches if place < len(panels)] for group in groups]
    return tuple(
        GroupEntry(
            anchor=f"g-{number}",
            title=f"G-{number}",
            name=report.group_names.get(group.stretches),
            group=group,
            panels=tuple(shown),
            links=tuple(report.links[place - len(panels)] for place in group.matches if place >= len(panels)),
            server_files=tuple(each for each in report.server_files if {*each.items} & {*group.items}),
            pairs=len({frozenset((panel.query.id, panel.reference.id)) for panel in shown}),
        )
        for number, (group, shown) in enumerate(zip(groups, joining, strict=True), 1)
    )
