"""Outcomes in the order of their items, whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from pipelines.engine import Done, Failed, in_turn

Outcome = Done[int, str] | Failed[int]


def outcome(item: int) -> Outcome:
    """Every third item fails."""
    if item % 3 == 0:
        return Failed(item=item, code="worker.bug", message="")
    return Done(item=item, result=str(item))


def given_in(order: list[int], most: int) -> list[int]:
    """The items of ``sorted(order)`` whose outcomes come in this order, as they are handed on."""
    came = (outcome(item) for item in order)
    return [each.item for each in in_turn(came, sorted(order), lambda item: item, most)]


orders = st.sets(st.integers(0, 50), max_size=12).flatmap(lambda items: st.permutations(sorted(items)))


@given(orders)
def test_outcomes_come_in_the_order_of_the_items(order: list[int]) -> None:
    assert given_in(order, most=50) == sorted(order)


@given(orders, st.integers(0, 4))
def test_each_outcome_comes_once_however_few_may_wait(order: list[int], most: int) -> None:
    assert sorted(given_in(order, most)) == sorted(order)


def test_an_item_that_takes_longer_than_those_that_may_wait_comes_when_it_is_done() -> None:
    assert given_in([2, 3, 4, 5, 1, 6], most=3) == [2, 1, 3, 4, 5, 6]


def test_nothing_waits_that_need_not() -> None:
    drawn: list[int] = []

    def came() -> Iterator[Outcome]:
        for item in (1, 2, 4):
            drawn.append(item)
            yield outcome(item)

    turns = in_turn(came(), [1, 2, 3, 4], lambda item: item)
    assert next(turns).item == 1
    assert drawn == [1]
