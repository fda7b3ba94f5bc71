"""What of a case those see who get one item of it: which lines of the log, which findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forensics.model.custody import CustodyEvent, EventType
from pipelines.case import Case
from pipelines.standing import StoredFinding, filed_by, read

PUBLIC, SEALED = "public", "sealed"
"""The profiles: for everybody, and for those who get it under seal."""

_FILING = frozenset({EventType.MATCHING, EventType.REVIEW})
HAND_OVERS = frozenset({EventType.DISSEMINATION, EventType.TRANSFER})
"""Events that nobody is shown: each hand-over would change the next."""

_UNDER_SEAL = frozenset({EventType.LIST_CHECK, EventType.REPLICATION})
"""Events that speak of other people's hash lists, and of where copies lie: not for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What one hand-over shows: the findings that stand, with ``enclosed`` also those that they supersede; numbers of
    log lines; how many findings are ``withheld``, and how many lines on the item are ``unshown``.
    """

    profile: str
    findings: tuple[StoredFinding, ...]
    enclosed: tuple[StoredFinding, ...]
    withheld: int
    lines: tuple[int, ...]
    unshown: int


def extent_of(
    case: Case,
    events: Sequence[CustodyEvent],
    standing: Iterable[StoredFinding],
    evidence: str,
    ids: frozenset[str],
    profile: str,
) -> Extent:
    """What those see who get this item, when the items ``ids`` are given out together.

    Raises IntegrityError when a finding is not the one that was logged.
    """
    about = [each for each in standing if evidence in _sides(each)]
    chosen = tuple(each for each in about if profile == SEALED or _sides(each) <= ids)
    enclosed = (*chosen, *_superseded(case, events, chosen))
    lines, unshown = _shown_lines(events, evidence, {each.sha256 for each in enclosed}, profile)
    return Extent(
        profile=profile,
        findings=chosen,
        enclosed=enclosed,
        withheld=len(about) - len(chosen),
        lines=lines,
        unshown=unshown,
    )


def _sides(stored: StoredFinding) -> frozenset[str]:
    return frozenset({stored.finding.match.query_id, stored.finding.match.reference_id})


def _superseded(
    case: Case, events: Iterable[CustodyEvent], chosen: Iterable[StoredFinding]
) -> tuple[StoredFinding, ...]:
    """What the reviews among these findings were made of, back to the machine's own: a review is nothing without it.

    Raises IntegrityError when one of them is not the one that was logged.
    """
    filing = [event for event in events if event.event in _FILING and "finding" in event.detail]
    filed = {str(event.detail["finding"]): filed_by(event) for event in filing}
    found = {each.sha256 for each in chosen}
    queue = list(chosen)
    former: list[StoredFinding] = []
    while queue:
        review = queue.pop().finding.review
        if review is not None and review.supersedes not in found and review.supersedes in filed:
            former.append(read(case, filed[review.supersedes]))
            found.add(former[-1].sha256)
            queue.append(former[-1])
    return tuple(former)


def _shown_lines(
    events: Iterable[CustodyEvent], evidence: str, chosen: set[str], profile: str
) -> tuple[tuple[int, ...], int]:
    """The lines on this item and on keys; and how many on this item are not shown: comparisons whose finding is not
    enclosed or stands no more, and for --public those of `_UNDER_SEAL`. Hand-overs are not
    shown nor counted: each export would change the next.
    """
    shown: list[int] = []
    unshown = 0
    left = set(chosen)
    for event in events:
        finding = str(event.detail.get("finding"))
        if event.event is EventType.KEY_CHANGE:
            shown.append(event.seq)
        elif event.event in _FILING and finding in left:
            left.remove(finding)
            shown.append(event.seq)
        elif event.item == evidence and event.event not in HAND_OVERS:
            if event.event in _FILING or (event.event in _UNDER_SEAL and profile == PUBLIC):
                unshown += 1
            else:
                shown.append(event.seq)
    return tuple(shown), unshown
