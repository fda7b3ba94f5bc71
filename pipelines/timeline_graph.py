"""The timeline of a case as a graph: each kind of edge by its own name, none that rests on a name alone.

Evidence, appearances, server files and named origins are nodes. Two ``shows`` that end at one evidence are the same
bytes; the other kinds are ``server file``, ``essence``, ``match`` and ``forward``.
"""

from __future__ import annotations

from forensics import captures, report
from forensics.errors import InputError
from pipelines.absences import absent
from pipelines.footage import Footage, Timeline
from pipelines.origins import EXACT, Forward
from pipelines.standing import StoredFinding
from pipelines.timeline import is_essence, origin_of, place_of, rfc3339


def as_graphml(timeline: Timeline) -> bytes:
    """The groups as a graph: evidence, appearances, named origins; matches and forwards as edges of their own kinds.

    Raises:
        InputError: more groups than a graph may have nodes for.
    """
    nodes: dict[str, report.Node] = {}
    edges: list[report.Edge] = []
    for footage in timeline.footage:
        _add_group(footage, timeline, nodes, edges)
        if len(nodes) > report.MAX_NODES or len(edges) > report.MAX_EDGES:
            raise InputError(
                f"the graph has more than {report.MAX_NODES} nodes or {report.MAX_EDGES} edges",
                hint="use --json and filter before drawing",
            )
    return report.graphml(tuple(nodes.values()), edges)


def _add_group(footage: Footage, timeline: Timeline, nodes: dict[str, report.Node], edges: list[report.Edge]) -> None:
    name, group = footage.name.id, footage.group
    for member in footage.members:
        # A compilation is in several groups and one node.
        former = nodes[member.sha256].values["groups"] + " " if member.sha256 in nodes else ""
        values = {"kind": "evidence", "label": member.exhibit, "sha256": member.sha256, "groups": former + name}
        nodes[member.sha256] = report.Node(id=member.sha256, values=values)
    edges += [_match_edge(each, name) for each in footage.findings]
    for number, seen in enumerate(group.sightings):
        node = f"{name}#{number}"
        nodes[node] = report.Node(id=node, values=_appearance_values(seen, footage, timeline))
        edges.append(report.Edge(source=node, target=seen.item, directed=True, values={"kind": "shows"}))
    for each in footage.server_edges:
        _add_server_file(each, footage, nodes, edges)
    for number, forward in enumerate(forward for forward in footage.forwards if forward.drawn):
        _add_forward(forward, f"{name}#origin{number}", footage, nodes, edges)


def _appearance_values(seen: report.Sighting, footage: Footage, timeline: Timeline) -> dict[str, str]:
    group = footage.group
    values = {"kind": "appearance", "label": place_of(seen.appearance), "groups": footage.name.id}
    values["time_basis"] = seen.basis
    if seen.posted is not None:
        values["posted_utc"] = rfc3339(seen.posted)
    elif seen.between is not None:
        values["posted_between"] = " ".join(rfc3339(each) for each in seen.between)
    if (told := report.standing(group, seen)) is not None:
        values["standing"] = told
    gone = absent(seen.appearance.post, timeline.absences)
    if gone:
        values["absent_from"] = " ".join(each.new for each in gone)
    claims = [origin_of(each) for each in footage.forwards if each.seen is seen and not each.drawn]
    if claims:
        values["claims_origin"] = claims[0]
    return values


def _add_server_file(
    edge: captures.ServerEdge, footage: Footage, nodes: dict[str, report.Node], edges: list[report.Edge]
) -> None:
    """A star: as many edges as posts, however many share a file."""
    node = f"{footage.name.id}#server {edge.name}"
    nodes[node] = report.Node(id=node, values={"kind": "server file", "label": edge.name, "groups": footage.name.id})
    held = {id(place.appearance) for place in edge.places}
    for number, seen in enumerate(footage.group.sightings):
        if id(seen.appearance) in held:
            values = {"kind": "server file", "strength": edge.strength, "basis": edge.basis}
            values |= {"captures": " ".join(edge.captures)}
            source = f"{footage.name.id}#{number}"
            edges.append(report.Edge(source=source, target=node, directed=False, values=values))


def _add_forward(
    forward: Forward, node: str, footage: Footage, nodes: dict[str, report.Node], edges: list[report.Edge]
) -> None:
    """From the very post where the forward names one that is here, else from what it names."""
    places = {id(seen): f"{footage.name.id}#{number}" for number, seen in enumerate(footage.group.sightings)}
    if forward.strength == EXACT and forward.earlier:
        source = places[id(forward.earlier[0])]
    else:
        source = node
        values = {"kind": "named origin", "label": origin_of(forward), "groups": footage.name.id}
        nodes[node] = report.Node(id=node, values=values)
    edge = {"kind": "forward", "strength": str(forward.strength), "basis": forward.basis}
    edges.append(report.Edge(source=source, target=places[id(forward.seen)], directed=True, values=edge))


def _match_edge(stored: StoredFinding, name: str) -> report.Edge:
    match, kind = stored.finding.match, "essence" if is_essence(stored) else "match"
    values = {"kind": kind, "assessment": str(match.assessment), "score": f"{match.score:.6f}", "group": name}
    values |= {"status": str(stored.finding.status)}
    return report.Edge(source=match.query_id, target=match.reference_id, directed=False, values=values)
