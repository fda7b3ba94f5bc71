"""Outcomes in the order of their items: what is numbered as it comes gets the same number in every run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from pipelines.engine.base import Done, Failed, Item, Result

MOST_WAITING = 256
"""Outcomes that may wait for that of an item before them. Each keeps what was prepared of its file; a run that is
killed has to do these again.
"""


def in_turn(
    outcomes: Iterable[Done[Item, Result] | Failed[Item]],
    items: Sequence[Item],
    place: Callable[[Item], int],
    most: int = MOST_WAITING,
) -> Iterator[Done[Item, Result] | Failed[Item]]:
    """Yield the outcomes in the order of ``items``, each as soon as all before it are there. ``place`` tells items
    apart, and rises along them. When more than ``most`` wait, the first of these is given before its turn: an item that
    takes longer than so many others comes when it is done.
    """
    due = deque(place(item) for item in items)
    waiting: dict[int, Done[Item, Result] | Failed[Item]] = {}
    early: set[int] = set()
    for outcome in outcomes:
        waiting[place(outcome.item)] = outcome
        while due and (due[0] in waiting or due[0] in early):
            number = due.popleft()
            if number in early:
                early.remove(number)
            else:
                yield waiting.pop(number)
        if len(waiting) > most:
            number = min(waiting)
            early.add(number)
            yield waiting.pop(number)
