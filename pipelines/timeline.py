"""The timeline of a case in words, as JSON and as a graph: groups of copies of the same footage, first known
appearance first.

What is perceptual (pictures that agree) and what a post says of a forward are shown apart, never as one chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from forensics import report
from forensics.errors import InputError
from forensics.model.provenance import Appearance
from forensics.report.wording import count
from pipelines.footage import BY_NAME, Footage, Forward, Member, Timeline
from pipelines.standing import StoredFinding

NOT_PROVED = (
    "“First” means first among the files of this case. Posting times are those that the exports state. "
    "A match has no direction: which copy is nearest to the source is an inference."
)
"""What no timeline says."""


def group_fields(footage: Footage) -> dict[str, object]:
    """The JSON line of one group (docs/json-lines.md)."""
    exhibits = {member.sha256: member.exhibit for member in footage.members}
    first = footage.group.sightings[0] if footage.group.earliest is not None else None
    return {
        "type": "group",
        "id": footage.name.id,
        "merged": list(footage.name.merged),
        "first_known": None if first is None else _sighting_fields(first, exhibits),
        "evidence": [_member_fields(member, footage) for member in footage.members],
        "appearances": [_sighting_fields(seen, exhibits) for seen in footage.group.sightings],
        "perceptual_edges": [
            {
                "query": each.finding.match.query_id,
                "reference": each.finding.match.reference_id,
                "assessment": str(each.finding.match.assessment),
                "score": round(each.finding.match.score, 6),
                "finding": each.sha256,
                "status": str(each.finding.status),
            }
            for each in footage.findings
        ],
        "forward_edges": [_forward_fields(each, exhibits) for each in footage.forwards],
        "nearest": {
            "inference": True,
            "evidence": list(footage.nearest.ids),
            "statement": footage.nearest.statement,
            "reasons": [
                {"criterion": str(reason.criterion), "excludes": list(reason.excludes), "text": reason.text}
                for reason in footage.nearest.reasons
            ],
            "doubts": list(footage.nearest.doubts),
        },
    }


def summary_fields(timeline: Timeline) -> dict[str, object]:
    """The last JSON line."""
    return {
        "type": "summary",
        "groups": len(timeline.footage),
        "recordings": timeline.recordings,
        "rejected": timeline.rejected,
        "evidence": len(timeline.members),
        "appearances": timeline.appearances,
        "notices": len(timeline.notices),
        "limits": NOT_PROVED,
    }


def group_lines(footage: Footage) -> Iterator[str]:
    """Yield the lines of plain text of one group."""
    exhibits = {member.sha256: member.exhibit for member in footage.members}
    files = len(footage.members)
    held = f"{count(files, 'file')}, {count(len(footage.group.sightings), 'appearance')}"
    yield f"{footage.name.id}  {report.utc(footage.group.earliest)}  {held}"
    for name in footage.name.merged:
        yield f"  merged      {name} is part of this group since a later file joined both"
    for seen in footage.group.sightings:
        yield f"  {report.utc(seen.posted):23}  {exhibits[seen.item]}  {_place(seen.appearance)}  [{seen.basis}]"
    for member in footage.members if files > 1 else ():
        stretches = ", ".join(_span(start, end) for start, end in _stretches(member, footage))
        yield f"  holds       {member.exhibit} {member.sha256[:12]}: {stretches}"
    for each in footage.findings:
        match = each.finding.match
        pair = f"{exhibits[match.query_id]} = {exhibits[match.reference_id]}"
        told = f"{match.assessment}, score {match.score:.3f}, {each.finding.status}"
        yield f"  match       {pair}  {told}, finding {each.sha256[:12]}"
    for forward in footage.forwards:
        claim = f"{exhibits[forward.item]} in {_post_name(forward)}, from {_origin(forward)}"
        yield f"  forward     {claim}: {forward.basis}"
        for other in forward.earlier:
            seen_in = f"{_place(other.appearance)}, {report.utc(other.posted)} ({exhibits[other.item]})"
            yield f"              of that channel here: {seen_in}"
    if files > 1:
        yield f"  nearest     {footage.nearest.statement}"
        for reason in footage.nearest.reasons:
            yield f"              by {reason.criterion}: {reason.text}"
        for doubt in footage.nearest.doubts:
            yield f"              not decided: {doubt}"


def summary_lines(timeline: Timeline) -> Iterator[str]:
    """Yield the last lines of plain text."""
    held = f"{count(len(timeline.members), 'file')} and {count(timeline.appearances, 'appearance')}"
    told = f"{count(timeline.recordings, 'distinct recording')} as far as the matches show"
    yield f"{count(len(timeline.footage), 'group')}; {told}, in {held}"
    if timeline.rejected:
        yield f"{count(timeline.rejected, 'match', 'matches')} of the machine rejected by an examiner: joined nothing"
    yield NOT_PROVED


def as_graphml(timeline: Timeline) -> bytes:
    """The groups as a graph: evidence, appearances, named origins; matches and forwards as edges of their own kinds.

    Raises:
        InputError: more groups than a graph may have nodes for.
    """
    nodes: dict[str, report.Node] = {}
    edges: list[report.Edge] = []
    for footage in timeline.footage:
        _add_group(footage, nodes, edges)
        if len(nodes) > report.MAX_NODES or len(edges) > report.MAX_EDGES:
            raise InputError(
                f"the graph has more than {report.MAX_NODES} nodes or {report.MAX_EDGES} edges",
                hint="use --json and filter before drawing",
            )
    return report.graphml(tuple(nodes.values()), edges)


def _add_group(footage: Footage, nodes: dict[str, report.Node], edges: list[report.Edge]) -> None:
    name = footage.name.id
    for member in footage.members:
        # A compilation is in several groups and one node.
        former = nodes[member.sha256].values["groups"] + " " if member.sha256 in nodes else ""
        values = {"kind": "evidence", "label": member.exhibit, "sha256": member.sha256, "groups": former + name}
        nodes[member.sha256] = report.Node(id=member.sha256, values=values)
    edges += [_match_edge(each, name) for each in footage.findings]
    for number, seen in enumerate(footage.group.sightings):
        place = f"{name}#{number}"
        values = {"kind": "appearance", "label": _place(seen.appearance), "groups": name, "time_basis": seen.basis}
        if seen.posted is not None:
            values["posted_utc"] = _rfc3339(seen.posted)
        nodes[place] = report.Node(id=place, values=values)
        edges.append(report.Edge(source=place, target=seen.item, directed=True, values={"kind": "shows"}))
    for number, forward in enumerate(footage.forwards):
        _add_forward(forward, f"{name}#origin{number}", footage, nodes, edges)


def _add_forward(
    forward: Forward, place: str, footage: Footage, nodes: dict[str, report.Node], edges: list[report.Edge]
) -> None:
    posts = [seen.appearance.post for seen in footage.group.sightings]
    target = f"{footage.name.id}#{next(number for number, post in enumerate(posts) if post is forward.post)}"
    values = {"kind": "named origin", "label": _origin(forward), "groups": footage.name.id}
    nodes[place] = report.Node(id=place, values=values)
    kind = "forward, name only" if forward.strength == BY_NAME else "forward"
    edge = {"kind": kind, "strength": str(forward.strength), "basis": forward.basis}
    edges.append(report.Edge(source=place, target=target, directed=True, values=edge))


def _match_edge(stored: StoredFinding, name: str) -> report.Edge:
    match = stored.finding.match
    values = {"kind": "match", "assessment": str(match.assessment), "score": f"{match.score:.6f}", "group": name}
    values |= {"status": str(stored.finding.status)}
    return report.Edge(source=match.query_id, target=match.reference_id, directed=False, values=values)


def _member_fields(member: Member, footage: Footage) -> dict[str, object]:
    return {
        "id": member.sha256,
        "exhibit": member.exhibit,
        "stretches_s": [[start, end] for start, end in _stretches(member, footage)],
    }


def _stretches(member: Member, footage: Footage) -> Sequence[tuple[float, float | None]]:
    """Start and end of each stretch of a file; None for its end, when the whole file counts."""
    return [
        (round(start, 3), None if end == float("inf") else round(end, 3))
        for item, start, end in footage.group.stretches
        if item == member.sha256
    ]


def _span(start: float, end: float | None) -> str:
    return "the whole file" if end is None else f"{report.clock(start)}-{report.clock(end)}"


def _sighting_fields(seen: report.Sighting, exhibits: dict[str, str]) -> dict[str, object]:
    post = seen.appearance.post
    return {
        "evidence": seen.item,
        "exhibit": exhibits[seen.item],
        "posted_utc": None if seen.posted is None else _rfc3339(seen.posted),
        "time_basis": seen.basis,
        "kind": str(seen.appearance.kind),
        "path": seen.appearance.path,
        "channel": post.channel if post else None,
        "channel_id": post.channel_id if post else None,
        "message_id": post.message_id if post else None,
        "edited_unixtime": post.edited_unixtime if post else None,
        "forwarded_from": post.forwarded_from if post else None,
        "forwarded_from_id": post.forwarded_from_id if post else None,
    }


def _forward_fields(forward: Forward, exhibits: dict[str, str]) -> dict[str, object]:
    return {
        "evidence": forward.item,
        "channel": forward.post.channel,
        "message_id": forward.post.message_id,
        "named": forward.named,
        "named_id": forward.named_id,
        "strength": forward.strength,
        "basis": forward.basis,
        "earlier_here": [_sighting_fields(seen, exhibits) for seen in forward.earlier],
    }


def _place(appearance: Appearance) -> str:
    post = appearance.post
    return appearance.path if post is None else f"{post.channel or post.channel_id} message {post.message_id}"


def _post_name(forward: Forward) -> str:
    return f"{forward.post.channel or forward.post.channel_id} message {forward.post.message_id}"


def _origin(forward: Forward) -> str:
    return " ".join(part for part in (forward.named, forward.named_id and f"({forward.named_id})") if part)


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
