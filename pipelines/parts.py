"""Which parts of a divided ingest a log tells of, and whether they looked at the same files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forensics import sources
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.notice import Notice

NAMED_PARTS = 20
"""Parts that a sentence names one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsTold:
    """Of ``of`` parts: the numbers of those ``done``, and each number of ``units`` (of all parts) that the last run of
    one of them met. One number where all looked at the same files.
    """

    of: int
    done: tuple[int, ...]
    units: tuple[int, ...]

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the parts that no run has ended."""
        return tuple(sorted(set(range(1, self.of + 1)) - set(self.done)))

    @property
    def uneven(self) -> bool:
        """Whether the runs did not look at the same files: what only some saw may be in the part of another."""
        return len(self.units) > 1

    def state(self) -> str:
        """How far the parts are, in one sentence."""
        if not self.missing:
            return f"all {self.of} parts are done"
        named = ", ".join(map(str, self.missing[:NAMED_PARTS]))
        more = f" and {len(self.missing) - NAMED_PARTS} more" if len(self.missing) > NAMED_PARTS else ""
        return f"of {self.of} parts {len(self.done)} are done; not yet: {named}{more}"

    def notices(self) -> Iterator[Notice]:
        """What a reader must know: the runs did not look at the same files."""
        if self.uneven:
            counts = ", ".join(map(str, self.units[:NAMED_PARTS]))
            message = (
                f"the runs of the {self.of} parts did not see the same number of units ({counts}): run each part "
                "again once nothing is copied there any more, and see that all machines have the same folder"
            )
            yield Notice(code="input.parts_uneven", message=message)


def told(of: int, events: Iterable[CustodyEvent]) -> PartsTold:
    """What the log tells of the parts, when there are ``of`` of them; the last run of a part counts."""
    seen: dict[int, int] = {}
    for event in events:
        detail = event.detail
        if event.event is not EventType.INGESTION_END or detail.get("part_rule") != sources.RULE:
            continue
        number, units = detail.get("part"), detail.get("units")
        if detail.get("parts") == of and isinstance(number, int) and isinstance(units, int):
            seen[number] = units
    return PartsTold(of=of, done=tuple(sorted(seen)), units=tuple(sorted(set(seen.values()))))
