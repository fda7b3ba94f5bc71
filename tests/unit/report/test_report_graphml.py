from xml.etree import ElementTree

import pytest

from forensics.report import Edge, Node, graphml
from forensics.report.graphml import MAX_NODES, MAX_TEXT, NAMESPACE

HOSTILE = '"><script>&\x00\x1b[2J\u202egpj.exe\ud800]]>\uffff\n'


def parsed(*arguments):
    return ElementTree.fromstring(graphml(*arguments))


def test_hostile_texts_are_escaped_and_nothing_acts():
    nodes = (Node(id="a", values={"label": HOSTILE}), Node(id=HOSTILE))
    data = graphml(nodes, (Edge(source="a", target=HOSTILE, directed=True, values={"basis": HOSTILE}),))
    assert b"<script" not in data
    root = ElementTree.fromstring(data)
    label = root.find(f".//{{{NAMESPACE}}}data[@key='node_label']").text
    assert "⟨U+202E⟩" in label
    assert '"><script>&' in label


def test_edges_say_whether_they_have_a_direction():
    nodes = (Node(id="a"), Node(id="b"))
    edges = (Edge(source="a", target="b", directed=False), Edge(source="a", target="b", directed=True))
    found = parsed(nodes, edges).findall(f".//{{{NAMESPACE}}}edge")
    assert [edge.get("directed") for edge in found] == ["false", "true"]
    assert len({edge.get("id") for edge in found}) == 2


def test_every_value_has_a_declared_key():
    root = parsed((Node(id="a", values={"kind": "x", "label": "y"}),), ())
    declared = {key.get("id") for key in root.findall(f"{{{NAMESPACE}}}key")}
    assert {data.get("key") for data in root.iter(f"{{{NAMESPACE}}}data")} == declared


def test_a_long_text_is_cut_and_shows_it():
    root = parsed((Node(id="a", values={"label": "x" * 9999}),), ())
    assert root.find(f".//{{{NAMESPACE}}}data").text == "x" * MAX_TEXT + "…"


def test_what_is_no_graph_is_refused():
    with pytest.raises(ValueError, match="node to node"):
        graphml((Node(id="a"),), (Edge(source="a", target="b", directed=True),))
    with pytest.raises(ValueError, match="ids of their own"):
        graphml((Node(id="a"), Node(id="a")), ())
    with pytest.raises(ValueError, match="above the limit"):
        graphml(tuple(Node(id=str(n)) for n in range(MAX_NODES + 1)), ())
