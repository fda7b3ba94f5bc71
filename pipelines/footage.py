"""The same footage across a case: which files hold it, where it was posted, which copy is nearest to its source.

1  every evidence from its newest manifest
2  every finding that stands; only a decided match joins, and none that a person rejected
3  posts that name one file of the servers: edges of their own; they join whole files of which no picture tells
4  groups of stretches, their names, what the posts say of forwards, what the copies lack
5  leads of single posts, and posts that a logged comparison of captures found absent
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from forensics import captures, matching, report
from forensics.model.custody import EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.match import Decision, SameServerFile
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance
from pipelines import findings
from pipelines.absences import Absence, absences
from pipelines.case import Case
from pipelines.facts import appearance_of, duration_of
from pipelines.grouping import grouping
from pipelines.origins import Forward, forwards
from pipelines.same_server_file import Served

_MOST_DIGITS = 18
"""Digits of a size or rate that is believed."""


NOT_COMPARED = matching.Nearest(
    ids=(), statement="cannot be told: the name of a server file joins these, and no pictures were compared", reasons=()
)
"""What is said where pictures had no part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One evidence with its exhibit number and where it was seen."""

    sha256: str
    exhibit: str
    appearances: tuple[Appearance, ...]
    manifest: Manifest

    @property
    def label(self) -> str:
        """What people call it."""
        return self.exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """One group: its name, files, sightings (known posting times first), and each kind of edge by itself.

    ``findings`` are what joins its stretches, with equal picture streams among them; ``links`` join whole files by the
    name of the server file alone; ``server_edges`` are all that concern a file of the group.
    """

    name: matching.GroupName
    group: report.RepostGroup
    members: tuple[Member, ...]
    findings: tuple[findings.StoredFinding, ...]
    links: tuple[SameServerFile, ...]
    server_edges: tuple[captures.ServerEdge, ...]
    forwards: tuple[Forward, ...]
    nearest: matching.Nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLead:
    """A lead that a post of an evidence gives, in a group or not."""

    item: str
    exhibit: str
    appearance: Appearance
    lead: captures.Lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All groups, first known appearance first. ``recordings`` counts each group of several files once, and each file
    that nothing joins: recordings, not posts; ``rejected`` the matches that a person rejected: they join nothing.
    ``absences`` are the comparisons in which a post was absent, by its key (see `pipelines.absences`).
    """

    footage: tuple[Footage, ...]
    members: Mapping[str, Member]
    appearances: int
    recordings: int
    rejected: int
    leads: tuple[PostLead, ...]
    absences: Mapping[str, tuple[Absence, ...]]
    notices: tuple[Notice, ...]


def timeline_of(case: Case) -> Timeline:
    """Gather the groups of a case.

    Raises:
        ManifestError: a manifest or finding is not canonical.
        IntegrityError: a finding is not the one that was logged.
    """
    members = {member.sha256: member for member in _members(case)}
    decided = [each for each in findings.load(case) if each.finding.match.decision is Decision.MATCH]
    stored = [each for each in decided if not each.rejected]
    matches = tuple(each.finding.match for each in stored)
    views = tuple(members.values())
    grouped = grouping(views, matches, ((each.sha256, each.manifest) for each in views))
    groups, same = grouped.groups, grouped.same
    named = zip(groups, grouped.names, strict=True)
    footage = [_footage(members, stored, same, each, name) for each, name in named]
    footage.sort(key=lambda each: (each.group.begins is None, each.group.begins or 0, each.name.id))
    repeated = [group for group in groups if len(group.items) > 1]
    joined = {item for group in repeated for item in group.items}
    return Timeline(
        footage=tuple(footage),
        members=members,
        appearances=sum(len(member.appearances) for member in members.values()),
        recordings=len(repeated) + len(members.keys() - joined) - same.attached,
        rejected=len(decided) - len(stored),
        leads=tuple(_leads(views)),
        absences=absences(line.event for line in case.log.events()),
        notices=(*_not_compared(case), *same.notices),
    )


def _members(case: Case) -> Iterator[Member]:
    """Yield every evidence in the order of ingestion, which is that of the exhibit numbers."""
    found = []
    for evidence in case.store.ids():
        manifest = case.manifest(evidence)
        exhibit = str(manifest.record.case.get("exhibit"))
        seen = tuple(appearance_of(each) for each in manifest.record.appearances)
        found.append(Member(sha256=evidence, exhibit=exhibit, appearances=seen, manifest=manifest))
    yield from sorted(found, key=lambda member: (len(member.exhibit), member.exhibit))


def _not_compared(case: Case) -> Iterator[Notice]:
    """Say when files have not been compared with each other, so that no group means nothing."""
    matched, since = False, 0
    for line in case.log.events():
        if line.event.event is EventType.MATCHING and "pairs" in line.event.detail:
            matched, since = True, 0
        elif line.event.takes_in:
            since += 1
    if not matched and since:
        message = "the files of this case have not been compared with each other: run match first"
        yield Notice(code="match.not_run", message=message)
    elif since:
        yield Notice(
            code="match.not_run", message=f"{since} files were taken in after the last matching: run match again"
        )


def _footage(
    members: Mapping[str, Member],
    stored: Sequence[findings.StoredFinding],
    same: Served,
    group: report.RepostGroup,
    name: matching.GroupName,
) -> Footage:
    links = tuple(same.links[number - len(stored)] for number in group.matches if number >= len(stored))
    joining = tuple(stored[number] for number in group.matches if number < len(stored))
    held = tuple(sorted((members[item] for item in group.items), key=lambda each: (len(each.exhibit), each.exhibit)))
    copies = [_copy(member, group) for member in held]
    return Footage(
        name=name,
        group=group,
        members=held,
        findings=tuple(sorted(joining, key=_best_first)),
        links=links,
        server_edges=tuple(edge for edge in same.edges if {*edge.items} & {*group.items}),
        forwards=tuple(forwards(group)),
        nearest=NOT_COMPARED if links else matching.nearest(copies, [each.finding.match for each in joining]),
    )


def _leads(members: Iterable[Member]) -> Iterator[PostLead]:
    for member in members:
        for seen in member.appearances:
            lead = None if seen.post is None else captures.lead_of(seen.post)
            if lead is not None:
                yield PostLead(item=member.sha256, exhibit=member.exhibit, appearance=seen, lead=lead)


def _best_first(stored: findings.StoredFinding) -> tuple[float, str, str]:
    match = stored.finding.match
    return -match.score, match.query_id, match.reference_id


def _copy(member: Member, group: report.RepostGroup) -> matching.Copy:
    """What the manifest says of a file, and how much of the group's footage it holds."""
    facts = member.manifest.facts
    whole = duration_of(facts) or 0.0
    length = sum(min(end, whole) - start for item, start, end in group.stretches if item == member.sha256)
    container = facts.exact.get("container")
    container = container if isinstance(container, dict) else {}
    stream = _video_stream(container)
    printed = facts.recipe.get("fingerprint")
    posted = [seen.posted for seen in group.sightings if seen.item == member.sha256 and seen.posted is not None]
    return matching.Copy(
        id=member.sha256,
        label=member.exhibit,
        length_s=max(0.0, length),
        width=_number(stream.get("width")),
        height=_number(stream.get("height")),
        codec=str(stream["codec"]) if stream.get("codec") else None,
        bit_rate=_number(container.get("bit_rate")),
        encoder=_tag(container, "encoder"),
        essence=_essence(facts.exact.get("essence")),
        bordered=isinstance(printed, dict) and printed.get("bordered") is True,
        posted=min(posted, default=None),
    )


def _video_stream(container: Mapping[str, Json]) -> dict[str, Json]:
    streams, video = container.get("streams"), container.get("video")
    if isinstance(streams, list) and isinstance(video, int) and 0 <= video < len(streams):
        stream = streams[video]
        return stream if isinstance(stream, dict) else {}
    return {}


def _number(value: Json) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _tag(container: Mapping[str, Json], name: str) -> str | None:
    tags = container.get("tags")
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, dict) and tag.get("group") == "format" and str(tag.get("name")).lower() == name:
            return str(tag.get("value"))
    return None


def _essence(streams: Json) -> str | None:
    for stream in streams if isinstance(streams, list) else []:
        if isinstance(stream, dict) and stream.get("kind") == "video":
            return str(stream["sha256"])
    return None
