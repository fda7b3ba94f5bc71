"""A graph as GraphML 1.0 (graphml.graphdrawing.org), for Gephi and others.

Every text is foreign: what XML cannot hold or what acts on a screen is made visible, the rest is escaped by the
serializer, and all is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from forensics.report.text import visible

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"

MAX_TEXT = 500
"""Characters of one value: a label, not a document."""

MAX_NODES = 50_000
"""Nodes of a graph: past that, no program lays it out any more."""

MAX_EDGES = 500_000
"""Edges of a graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node with its id, unique in the graph, and named values (text)."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge between two nodes, with named values (text)."""

    source: str
    target: str
    directed: bool
    values: Mapping[str, str] = field(default_factory=dict)


def graphml(nodes: Sequence[Node], edges: Sequence[Edge]) -> bytes:
    """Write the graph. Equal values give equal bytes.

    Raises ValueError for more than `MAX_NODES` nodes or `MAX_EDGES` edges, two nodes with one id, or an edge to a
    node that is not there.
    """
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        raise ValueError(f"a graph of {len(nodes)} nodes and {len(edges)} edges is above the limit")
    known = {node.id for node in nodes}
    if len(known) != len(nodes) or any({edge.source, edge.target} - known for edge in edges):
        raise ValueError("nodes have ids of their own, and edges lead from node to node")
    root = ElementTree.Element("graphml", {"xmlns": NAMESPACE})
    for kind, things in (("node", nodes), ("edge", edges)):
        for name in _names(things):
            attributes = {"id": f"{kind}_{name}", "for": kind, "attr.name": name, "attr.type": "string"}
            ElementTree.SubElement(root, "key", attributes)
    graph = ElementTree.SubElement(root, "graph", {"id": "G", "edgedefault": "directed"})
    for node in nodes:
        _values(ElementTree.SubElement(graph, "node", {"id": _text(node.id)}), "node", node.values)
    for number, edge in enumerate(edges):
        directed = "true" if edge.directed else "false"
        ends = {"id": f"e{number}", "source": _text(edge.source), "target": _text(edge.target), "directed": directed}
        _values(ElementTree.SubElement(graph, "edge", ends), "edge", edge.values)
    ElementTree.indent(root)
    page: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return page + b"\n"


def _names(things: Iterable[Node | Edge]) -> list[str]:
    return sorted({name for thing in things for name in thing.values})


def _values(element: ElementTree.Element, kind: str, values: Mapping[str, str]) -> None:
    for name, value in sorted(values.items()):
        ElementTree.SubElement(element, "data", {"key": f"{kind}_{name}"}).text = _text(value)


def _text(value: str) -> str:
    return visible(value[:MAX_TEXT]) + ("…" if len(value) > MAX_TEXT else "")
