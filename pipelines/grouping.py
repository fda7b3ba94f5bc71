"""What joins the files of a case, the groups that this makes, and their names: the same for `timeline` and `report`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forensics import matching, report
from forensics.model.manifest import Manifest
from forensics.model.match import Joining
from pipelines.same_server_file import Held, Served, comparable, served


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """``joins`` are the matches as given, then the links by the name of a server file; ``groups`` number them, most
    files first, and each of ``names`` is that of the group in its place.
    """

    same: Served
    joins: tuple[Joining, ...]
    groups: tuple[report.RepostGroup, ...]
    names: tuple[matching.GroupName, ...]

    @property
    def named(self) -> Mapping[tuple[tuple[str, float, float], ...], str]:
        """The names of the groups of several files, by the stretches of each."""
        pairs = zip(self.groups, self.names, strict=True)
        return {group.stretches: name.id for group, name in pairs if len(group.items) > 1}


def grouping(
    members: Sequence[Held], matches: Sequence[Joining], manifests: Iterable[tuple[str, Manifest]]
) -> Grouping:
    """Group a case. ``matches`` are those that stand: what a person rejected is not among them."""
    same = served(members, matches, comparable(manifests))
    joins: tuple[Joining, ...] = (*matches, *same.links)
    groups = report.repost_groups(members, joins)
    exhibits = {member.sha256: member.label for member in members}
    # Exhibit numbers are those of the order of ingestion; E-10000 comes after E-9999.
    order = sorted(exhibits, key=lambda item: (len(exhibits[item]), exhibits[item]))
    names = matching.name_groups(groups, joins, order, exhibits.__getitem__)
    return Grouping(same=same, joins=joins, groups=groups, names=tuple(names))
