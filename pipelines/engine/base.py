"""The seam of the engines: run a job over items, yield each outcome as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from forensics.errors import ForensicsError

Item = TypeVar("Item")
Result = TypeVar("Result")
Job = Callable[[Item], Result]
"""A module-level function or a picklable callable value; its result is small and picklable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[Item, Result]):
    """The job ended with a result."""

    item: Item
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Generic[Item]):
    """The job did not end: ``code`` is that of the library's error, ``worker.killed`` or ``worker.bug``; ``message``
    says what was seen, ``hint`` what to do.
    """

    item: Item
    code: str
    message: str
    hint: str = ""


def failed(item: Item, error: BaseException) -> Failed[Item]:
    """The outcome of a job that raised."""
    if isinstance(error, ForensicsError):
        return Failed(item=item, code=error.code, message=error.message, hint=error.hint)
    return Failed(item=item, code="worker.bug", message=f"{type(error).__name__}: {error}")


class Engine(Protocol):
    """Runs jobs. Outcomes come in any order; every item has exactly one."""

    def run(self, job: Job[Item, Result], items: Iterable[Item]) -> Iterator[Done[Item, Result] | Failed[Item]]:
        """Yield the outcome of every item. Items are drawn only as fast as they are worked on."""
        ...
