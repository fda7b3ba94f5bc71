"""What of a case those see who get one item of it: which lines of the log, which findings."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.model.custody import CustodyEvent, EventType
from pipelines.standing import StoredFinding

PUBLIC, SEALED = "public", "sealed"
"""The profiles: for everybody, and for those who get it under seal."""

FILING = frozenset({EventType.MATCHING, EventType.REVIEW})
"""Events that file a finding."""

_HAND_OVERS = frozenset({EventType.DISSEMINATION, EventType.TRANSFER})


def sides(stored: StoredFinding) -> frozenset[str]:
    """The two items of a finding."""
    return frozenset({stored.finding.match.query_id, stored.finding.match.reference_id})


def shown_lines(
    events: Iterable[CustodyEvent], evidence: str, chosen: set[str], profile: str
) -> tuple[tuple[int, ...], int]:
    """The lines on this item and on keys; and how many on this item are not shown: comparisons whose finding is not
    enclosed or stands no more, and for --public those that speak of other people's hash lists. Hand-overs are not
    shown nor counted: each export would change the next.
    """
    shown: list[int] = []
    unshown = 0
    left = set(chosen)
    for event in events:
        finding = str(event.detail.get("finding"))
        if event.event is EventType.KEY_CHANGE:
            shown.append(event.seq)
        elif event.event in FILING and finding in left:
            left.remove(finding)
            shown.append(event.seq)
        elif event.item == evidence and event.event not in _HAND_OVERS:
            if event.event in FILING or (event.event is EventType.LIST_CHECK and profile == PUBLIC):
                unshown += 1
            else:
                shown.append(event.seq)
    return tuple(shown), unshown
