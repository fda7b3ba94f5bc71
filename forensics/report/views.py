"""What each part of the page is given: entries with their numbers and places, worked out from the values once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from forensics.model.match import Decision, Joining, SameServerFile
from forensics.model.notice import Notice
from forensics.report.drawing import Gaps, OverlapBar, overlap_bar, unmatched
from forensics.report.findings import Tally, tally
from forensics.report.groups import RepostGroup, Stretch, repost_groups, standings
from forensics.report.lanes import Lanes, lanes_of
from forensics.report.network import Network, network_of
from forensics.report.plots import OffsetPlot, offset_plot
from forensics.report.sums import Sums, sums_of
from forensics.report.values import CaseReport, EvidenceView, MatchView, ServerFileView


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEntry:
    """An evidence with its number (places ``e-1`` and ``k-1``), that of its tracks (``t-1``; None: it has no
    telemetry), and the groups and matches that name it.
    """

    number: int
    track: int | None
    view: EvidenceView
    groups: tuple[str, ...]
    matches: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its place among the evidence."""
        return f"e-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a panel: its evidence on this page, or None when the file was compared but not admitted."""

    id: str
    name: str
    duration_s: float | None
    entry: EvidenceEntry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A match or candidate with its number, both sides, the drawings and what lay outside."""

    anchor: str
    title: str
    view: MatchView
    query: Side
    reference: Side
    bar: OverlapBar | None
    gaps: Gaps
    plot: OffsetPlot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """A repost group with its number, its lasting name if it has one, and what joins it: matches (by title and whether
    every pair is among them), or the name of a server file alone. ``server_files`` are those that posts of its files
    name; ``standings`` and ``stretches`` go with its sightings and items.
    """

    anchor: str
    title: str
    name: str | None
    group: RepostGroup
    standings: tuple[str | None, ...]
    stretches: Mapping[str, tuple[Stretch, ...]]
    lanes: Lanes
    panels: tuple[str, ...]
    links: tuple[SameServerFile, ...]
    server_files: tuple[ServerFileView, ...]
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The whole case in the order of the page."""

    counts: Tally
    evidence: tuple[EvidenceEntry, ...]
    entries: Mapping[str, EvidenceEntry]
    groups: tuple[GroupEntry, ...]
    matches: tuple[Panel, ...]
    candidates: tuple[Panel, ...]
    rejected: tuple[Panel, ...]
    network: Network
    sums: Sums
    notices: tuple[tuple[EvidenceEntry | None, Notice], ...]

    @property
    def flown(self) -> tuple[EvidenceEntry, ...]:
        """The evidence with telemetry."""
        return tuple(entry for entry in self.evidence if entry.track is not None)


def arrange(report: CaseReport) -> Arranged:
    """Put a case in order: matches best first, groups largest first, evidence as given."""
    views = sorted(report.matches, key=_best_first)
    standing: list[Joining] = [view.match for view in views if not view.rejected]
    groups = repost_groups(report.evidence, [*standing, *report.links])
    titles = _titles(views)
    evidence = _evidence_entries(report.evidence, views, titles, groups)
    entries = {entry.view.sha256: entry for entry in evidence}
    panels = [_panel(view, title, entries) for view, title in zip(views, titles, strict=True)]
    return Arranged(
        counts=tally(report, groups),
        evidence=evidence,
        entries=entries,
        groups=_group_entries(groups, views, titles, report),
        matches=tuple(panel for panel in panels if _standing(panel.view) is Decision.MATCH),
        candidates=tuple(panel for panel in panels if _standing(panel.view) is Decision.CANDIDATE),
        rejected=tuple(panel for panel in panels if panel.view.rejected),
        network=network_of(report.evidence, groups, report.forwards),
        sums=sums_of(report, views),
        notices=(
            *((None, notice) for notice in report.notices),
            *((entry, notice) for entry in evidence for notice in entry.view.notices),
        ),
    )


def _standing(view: MatchView) -> Decision | None:
    """What was decided, unless a person rejected it."""
    return None if view.rejected else view.match.decision


def _best_first(view: MatchView) -> tuple[bool, bool, float, str, str]:
    """Matches, candidates, and last what was rejected: so groups number only what stands."""
    match = view.match
    return view.rejected, match.decision is not Decision.MATCH, -match.score, match.query_id, match.reference_id


def _titles(views: Sequence[MatchView]) -> list[str]:
    """``M-1`` … for matches, ``C-1`` … for candidates and ``R-1`` … for what was rejected, in the order given."""
    letters = {Decision.MATCH: "M", Decision.CANDIDATE: "C", None: "R"}
    numbers = {letter: count(1) for letter in letters.values()}
    return [f"{letter}-{next(numbers[letter])}" for letter in (letters[_standing(view)] for view in views)]


def _evidence_entries(
    evidence: Sequence[EvidenceView], views: Sequence[MatchView], titles: Sequence[str], groups: Sequence[RepostGroup]
) -> tuple[EvidenceEntry, ...]:
    matches: dict[str, list[str]] = defaultdict(list)
    for title, view in zip(titles, views, strict=True):
        for item in dict.fromkeys((view.match.query_id, view.match.reference_id)):
            matches[item].append(title)
    grouped: dict[str, list[str]] = defaultdict(list)
    for place, group in enumerate(groups, 1):
        for item in group.items:
            grouped[item].append(f"G-{place}")
    tracks = count(1)
    return tuple(
        EvidenceEntry(
            number=number,
            track=next(tracks) if view.telemetry else None,
            view=view,
            groups=tuple(grouped[view.sha256]),
            matches=tuple(matches[view.sha256]),
        )
        for number, view in enumerate(evidence, 1)
    )


def _panel(view: MatchView, title: str, entries: Mapping[str, EvidenceEntry]) -> Panel:
    match = view.match
    return Panel(
        anchor=title.lower(),
        title=title,
        view=view,
        query=Side(
            id=match.query_id,
            name=view.query.name,
            duration_s=view.query.duration_s,
            entry=entries.get(match.query_id),
        ),
        reference=Side(
            id=match.reference_id,
            name=view.reference.name,
            duration_s=view.reference.duration_s,
            entry=entries.get(match.reference_id),
        ),
        bar=overlap_bar(view),
        plot=offset_plot(view),
        gaps=unmatched(view),
    )


def _group_entries(
    groups: Sequence[RepostGroup], views: Sequence[MatchView], titles: Sequence[str], report: CaseReport
) -> tuple[GroupEntry, ...]:
    """``views`` are in the order in which they were grouped: what stands first, then the links."""
    matches = sum(not view.rejected for view in views)
    served: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(report.server_files):
        for item in each.items:
            served[item].append(place)
    entries = []
    for number, group in enumerate(groups, 1):
        joining = [place for place in group.matches if place < matches]
        told = standings(group)
        files = sorted({place for item in group.items for place in served[item]})
        entries.append(
            GroupEntry(
                anchor=f"g-{number}",
                title=f"G-{number}",
                name=report.group_names.get(group.stretches),
                group=group,
                standings=told,
                stretches=_by_item(group.stretches),
                lanes=lanes_of(group, told),
                panels=tuple(titles[place] for place in joining),
                links=tuple(report.links[place - matches] for place in group.matches if place >= matches),
                server_files=tuple(report.server_files[place] for place in files),
                pairs=len({frozenset((views[at].match.query_id, views[at].match.reference_id)) for at in joining}),
            )
        )
    return tuple(entries)


def _by_item(stretches: Iterable[Stretch]) -> Mapping[str, tuple[Stretch, ...]]:
    found: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        found[stretch[0]].append(stretch)
    return {item: tuple(each) for item, each in found.items()}
