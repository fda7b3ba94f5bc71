"""The plain engine: one item after another in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipelines.engine.base import Done, Failed, Item, Job, Result, failed


class Serial:
    """Runs each job here, in the order of the items."""

    def run(self, job: Job[Item, Result], items: Iterable[Item]) -> Iterator[Done[Item, Result] | Failed[Item]]:
        """Yield outcomes in the order of the items."""
        for item in items:
            try:
                result = job(item)
            except Exception as error:  # noqa: BLE001  a worker process would report the same and go on
                yield failed(item, error)
            else:
                yield Done(item=item, result=result)
