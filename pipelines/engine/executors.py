"""Any other executor as engine: whatever has the interface of `concurrent.futures.Executor` (executorlib,
mpi4py.futures, the test's own pool), opened by a function that the user names.

Its workers must see the case and the inputs under the same paths, and be as this machine; each says so before its
first item. Nothing is known of how it treats a worker that dies: when it breaks, what was in flight is tried again,
one item at a time, each in an executor of its own.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from forensics.errors import InputError, ToolError
from pipelines.engine.base import Done, Failed, Item, Job, Result, failed
from pipelines.engine.cluster import Versions

WINDOW_PER_WORKER = 2
"""Items in flight a worker, as in a pool of this machine: how many workers there are, ``jobs`` says."""

_NAME = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<factory>[A-Za-z_]\w*)\Z", re.ASCII)

_DIFFERS = "tool.cluster"
_HINT = "the same program, packages, ffmpeg and paths are needed on all, see docs/cluster.md"

Opener = Callable[[], Executor]


def is_factory(name: str) -> bool:
    """Whether a setting has the form ``module:function``."""
    return _NAME.match(name) is not None


def find_factory(name: str) -> Opener:
    """The function of this name. It is the user's own code, and runs here.

    Raises:
        InputError: there is no such module or function.
    """
    found = _NAME.match(name)
    if found is None:
        raise InputError(f"engine = {name!r:.80} is not known", hint="module:function, which opens an Executor")
    try:
        factory = getattr(importlib.import_module(found["module"]), found["factory"])
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"engine = {name}: {error}", hint="name an installed module and a function in it, as module:function"
        ) from error
    if not callable(factory):
        raise InputError(f"engine = {name}: it is no function", hint="name one that opens an Executor")

    def opener() -> Executor:
        made = factory()
        if not isinstance(made, Executor):
            raise InputError(
                f"engine = {name}: it gives a {type(made).__name__}, which is no concurrent.futures.Executor",
                hint="name a function without arguments that opens one",
            )
        return made

    return opener


@dataclass(frozen=True, slots=True)
class _Checked:
    """The job, for a worker that is as the machine that sent it."""

    job: Job[Any, Any]
    versions: Versions
    expected: Mapping[str, str]

    def __call__(self, item: Any) -> Any:
        here = _here(self.versions)
        for name in sorted(self.expected.keys() | here.keys()):
            if here.get(name) != self.expected.get(name):
                told = f"{name} is {here.get(name, 'none')!s:.80}, here {self.expected.get(name, 'none')!s:.80}"
                raise ToolError(f"a worker is not as this machine: {told}", code=_DIFFERS, hint=_HINT)
        return self.job(item)


@cache
def _here(versions: Versions) -> Mapping[str, str]:
    """What results depend on where this runs; asked once a process."""
    return dict(versions())


class OnExecutor:
    """Runs jobs on the executor that ``opener`` opens, with ``workers`` workers."""

    def __init__(self, opener: Opener, versions: Versions, workers: int) -> None:
        self._opener, self._versions = opener, versions
        self._window = WINDOW_PER_WORKER * workers

    def run(self, job: Job[Item, Result], items: Iterable[Item]) -> Iterator[Done[Item, Result] | Failed[Item]]:
        """Yield outcomes as they come. An item on which the executor breaks twice is ``worker.killed``.

        Raises:
            InputError: what the opener gives is no executor.
            ToolError: a worker is not as this machine.
        """
        checked = _Checked(job, self._versions, dict(self._versions()))
        source = iter(items)
        executor = self._opener()
        flying: dict[Future[Result], Item] = {}
        drawn: list[Item] = []
        try:
            while True:
                drawn.extend(islice(source, self._window - len(flying) - len(drawn)))
                try:
                    while drawn:
                        flying[executor.submit(checked, drawn[0])] = drawn[0]
                        drawn.pop(0)
                    if not flying:
                        return
                    for future in wait(flying, return_when=FIRST_COMPLETED).done:
                        yield _outcome(flying[future], future)
                        del flying[future]
                except BrokenExecutor:
                    executor.shutdown(wait=False, cancel_futures=True)
                    suspects = list(flying.values())
                    flying.clear()
                    for item in suspects:
                        yield self._alone(checked, item)
                    executor = self._opener()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def _alone(self, job: Job[Item, Result], item: Item) -> Done[Item, Result] | Failed[Item]:
        executor = self._opener()
        try:
            return _outcome(item, executor.submit(job, item))
        except BrokenExecutor as error:
            message = f"its worker died twice: {type(error).__name__}: {error}"
            return Failed(item=item, code="worker.killed", message=message)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def _outcome(item: Item, future: Future[Result]) -> Done[Item, Result] | Failed[Item]:
    error = future.exception()
    if error is None:
        return Done(item=item, result=future.result())
    if isinstance(error, BrokenExecutor) or (isinstance(error, ToolError) and error.code == _DIFFERS):
        raise error
    return failed(item, error)
