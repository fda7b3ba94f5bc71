"""The timeline of a case in words: groups of copies of the same footage, each kind of edge on lines of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics import report
from forensics.report.wording import count
from pipelines.absences import Absence, absent
from pipelines.footage import Footage, PostLead, Timeline
from pipelines.origins import EXACT
from pipelines.standing import StoredFinding
from pipelines.tables import table
from pipelines.timeline import NOT_PROVED, is_essence, origin_of, place_of, same_bytes, stretches_of

TIMES_OVERLAP = "the times do not tell which of these posts was the first"


def group_lines(footage: Footage, timeline: Timeline) -> Iterator[str]:
    """Yield the lines of plain text of one group."""
    exhibits = {member.sha256: member.exhibit for member in footage.members}
    files, group = len(footage.members), footage.group
    yield f"{footage.name.id}  {count(files, 'file')}, {count(len(group.sightings), 'appearance')}"
    for name in footage.name.merged:
        yield f"  merged      {name} is part of this group since a later file joined both"
    yield f"  first       {_first(footage, exhibits)}"
    for seen in group.sightings:
        told = f"[{seen.basis}]" if seen.between is not None else f"[no order is told: {seen.basis}]"
        yield f"  {_moment(seen):23}  {exhibits[seen.item]}  {place_of(seen.appearance)}  {told}"
        for absence in absent(seen.appearance.post, timeline.absences):
            yield f"  absent      {_absence(seen, absence)}"
    for member in footage.members if files > 1 else ():
        stretches = ", ".join(_span(start, end) for start, end in stretches_of(member, footage))
        yield f"  holds       {member.exhibit} {member.sha256[:12]}: {stretches}"
    yield from _edge_lines(footage, exhibits)
    if files > 1:
        yield f"  nearest     {footage.nearest.statement}"
        for reason in footage.nearest.reasons:
            yield f"              by {reason.criterion}: {reason.text}"
        for doubt in footage.nearest.doubts:
            yield f"              not decided: {doubt}"


def _first(footage: Footage, exhibits: Mapping[str, str]) -> str:
    group = footage.group
    if group.first is not None:
        seen = group.first
        where = f"{exhibits[seen.item]} in {place_of(seen.appearance)}, {_moment(seen)}"
        return f"earliest known appearance in this case: {where}"
    perhaps = ", ".join(f"{exhibits[seen.item]} in {place_of(seen.appearance)}" for seen in group.perhaps_first)
    return f"{TIMES_OVERLAP}: {perhaps}" if perhaps else "no posting time is known"


def _edge_lines(footage: Footage, exhibits: Mapping[str, str]) -> Iterator[str]:
    for item, places in same_bytes(footage.group):
        yield f"  bytes       {exhibits[item]} in {count(len(places), 'place')}: the same SHA-256"
    for edge in footage.server_edges:
        posts = ", ".join(
            place_of(place.appearance) + ("" if place.item in exhibits else " (a file that is not in this group)")
            for place in edge.places
        )
        yield f"  server      {edge.name}: {posts}; {edge.basis}"
    for link in footage.links:
        pair = f"{exhibits[link.query_id]} = {exhibits[link.reference_id]}"
        yield f"  joined      {pair} by the server file {link.name} alone: no pictures could be compared"
    found = [_finding_row(each, exhibits) for each in footage.findings]
    yield from table(found, heads=("edge", "files", "assessment", "score", "status", "finding"), right=(3,), indent=2)
    for forward in footage.forwards:
        claim = f"{exhibits[forward.seen.item]} in {place_of(forward.seen.appearance)}, from {origin_of(forward)}"
        yield f"  {'forward' if forward.drawn else 'claims':10}  {claim}: {forward.basis} (strength {forward.strength})"
        for other in forward.earlier:
            seen_in = f"{place_of(other.appearance)}, {_moment(other)} ({exhibits[other.item]})"
            named = "the very post" if forward.strength == EXACT else "of that channel here"
            yield f"              {named}: {seen_in}"


def _finding_row(each: StoredFinding, exhibits: Mapping[str, str]) -> tuple[str, ...]:
    match = each.finding.match
    kind = "essence" if is_essence(each) else "match"
    pair = f"{exhibits[match.query_id]} = {exhibits[match.reference_id]}"
    return f"{kind:10}", pair, str(match.assessment), f"{match.score:.3f}", str(each.finding.status), each.sha256[:8]


def summary_lines(timeline: Timeline) -> Iterator[str]:
    """Yield the last lines of plain text."""
    held = f"{count(len(timeline.members), 'file')} and {count(timeline.appearances, 'appearance')}"
    told = f"{count(timeline.recordings, 'distinct recording')} (not posts) as far as matches and server files show"
    yield f"{count(len(timeline.footage), 'group')}; {told}, in {held}"
    if timeline.rejected:
        yield f"{count(timeline.rejected, 'match', 'matches')} of the machine rejected by an examiner: joined nothing"
    yield NOT_PROVED


def lead_line(found: PostLead) -> str:
    """The line of plain text of a lead."""
    where = f"{found.exhibit} in {place_of(found.appearance)}"
    return f"lead        {where}: {found.lead.text} ({found.lead.seconds} s apart)"


def _span(start: float, end: float | None) -> str:
    return "the whole file" if end is None else f"{report.clock(start)}-{report.clock(end)}"


def _moment(seen: report.Sighting) -> str:
    """The posting time in words; both ends where it may be several."""
    if seen.between is None or seen.between[0] == seen.between[1]:
        return report.utc(seen.posted)
    low, high = seen.between
    return f"between {report.utc(low)} and {report.utc(high)}"


def _absence(seen: report.Sighting, absence: Absence) -> str:
    compared = f"compared {absence.time[:19]}Z, event {absence.seq} of the log"
    return f"{place_of(seen.appearance)}: not in the capture {absence.new[:12]}, inside its coverage ({compared})"
