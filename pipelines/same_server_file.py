"""Files of a case that posts give as one file of the servers: edges, and what they may join.

The same name with the same bytes needs nothing more. With other bytes the name is a claim of a document, and pictures
outrank it: it joins nothing that a match joins already, and nothing where both can be compared and no match stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from forensics import captures
from forensics.model.manifest import Manifest
from forensics.model.match import Decision, Joining, SameServerFile
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance

MAX_NAMED = 5
"""Exhibits that one notice names; it counts all."""


class Held(Protocol):
    """An evidence: its id, its exhibit number, where it was seen."""

    @property
    def sha256(self) -> str:
        """The evidence's id."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def appearances(self) -> tuple[Appearance, ...]:
        """Where these bytes were seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """``edges`` between posts; ``links`` join whole files that no match joins; ``attached`` counts those files (or
    joined sets of them) that are the same footage as one which a match joins, by their name only, and are in no group
    with it; ``notices`` name what does not agree.
    """

    edges: tuple[captures.ServerEdge, ...]
    links: tuple[SameServerFile, ...]
    attached: int
    notices: tuple[Notice, ...]


def comparable(manifests: Iterable[tuple[str, Manifest]]) -> frozenset[str]:
    """The evidence of which pictures can tell whether it is a copy: videos with a fingerprint."""
    return frozenset(
        evidence
        for evidence, manifest in manifests
        if manifest.facts.exact.get("kind") == MediaKind.VIDEO and "fingerprint" in manifest.facts.recipe
    )


def served(members: Sequence[Held], matches: Sequence[Joining], compared: frozenset[str]) -> Served:
    """Find the edges of a case. ``matches`` are those that stand, ``compared`` the evidence that pictures can tell
    apart (see `comparable`).
    """
    members = sorted(members, key=lambda member: (len(member.label), member.label))
    labels = {member.sha256: member.label for member in members}
    places = [captures.Place(member.sha256, seen) for member in members for seen in member.appearances]
    edges = captures.server_edges(places)
    matched, linked = _Sets(), _Sets()
    for match in matches:
        if match.decision is Decision.MATCH:
            matched.join(match.query_id, match.reference_id)
    links: list[SameServerFile] = []
    beside: list[str] = []
    notices: list[Notice] = []
    for name, items in _by_name(edges, list(labels)).items():
        if len({matched.root(item) for item in items if item in compared}) > 1:
            notices.append(_disagreement(name, [labels[item] for item in items]))
            continue
        loose = [item for item in items if item not in matched]
        for item in loose[1:]:
            links.append(SameServerFile(query_id=loose[0], reference_id=item, name=name))
            linked.join(loose[0], item)
        if loose and len(loose) < len(items):
            beside.append(loose[0])
    return Served(
        edges=edges,
        links=tuple(links),
        attached=len({linked.root(item) for item in beside}),
        notices=tuple(notices),
    )


def _by_name(edges: Sequence[captures.ServerEdge], order: Sequence[str]) -> dict[str, list[str]]:
    """The evidence of each name that several have, in the order of ingestion."""
    rank = {item: number for number, item in enumerate(order)}
    found: dict[str, set[str]] = {}
    for edge in edges:
        found.setdefault(edge.name, set()).update(edge.items)
    return {name: sorted(items, key=rank.__getitem__) for name, items in found.items() if len(items) > 1}


def _disagreement(name: str, labels: Sequence[str]) -> Notice:
    named = ", ".join(labels[:MAX_NAMED]) + (f" and {len(labels) - MAX_NAMED} more" if len(labels) > MAX_NAMED else "")
    return Notice(
        code="match.server_file",
        message=f"{named}: posts give them as one file of the servers ({name}), but the bytes differ and no match of "
        "their pictures stands; they were not joined",
    )


class _Sets:
    """Files joined to sets (union-find with path halving, Tarjan and van Leeuwen 1984)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def __contains__(self, item: str) -> bool:
        return item in self._parent

    def root(self, item: str) -> str:
        """What stands for the set of an item; a file that nothing joins stands for itself."""
        while (parent := self._parent.get(item, item)) != item:
            self._parent[item] = self._parent.get(parent, parent)
            item = parent
        return item

    def join(self, one: str, other: str) -> None:
        """Make the sets of both one."""
        self._parent.setdefault(one, one)
        self._parent.setdefault(other, other)
        self._parent[self.root(other)] = self.root(one)
