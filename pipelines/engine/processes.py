"""The local engine: worker processes, of which a dying one takes only its own item with it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Any

from pipelines.engine.base import Done, Failed, Item, Job, Result, failed

WINDOW_PER_WORKER = 2
"""Items in flight a worker: enough that none waits, few enough that little is redone after a death."""

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when its parent dies."""


_job: Job[Any, Any] | None = None
"""In a worker: the job of its pool. It is sent once, so that what it caches lives as long as the worker."""


def _start_worker(job: Job[Any, Any], parent: int) -> None:
    """Take the job; die with the parent, so that no worker writes into a case nobody runs."""
    global _job
    _job = job
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent died while this worker was loading, before the signal was asked for.
        os._exit(1)


def _work(item: Any) -> Any:
    assert _job is not None
    return _job(item)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C while workers are started: they inherit the blocked signal, so that none dies with a traceback
    before it is set up; the parent gets it right after.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Processes:
    """Runs jobs in ``workers`` spawned processes (spawned, not forked: the parent may hold threads)."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, job: Job[Item, Result], items: Iterable[Item]) -> Iterator[Done[Item, Result] | Failed[Item]]:
        """Yield outcomes as they come.

        No more workers are started than there are items. When a worker dies, the pool is built anew; the items that
        were in flight are suspects and run alone, one at a time, so that exactly the one that kills its worker is
        reported as ``worker.killed``.
        """
        source = iter(items)
        drawn = deque(islice(source, WINDOW_PER_WORKER * self._workers))
        workers = max(1, min(self._workers, len(drawn)))
        pool = self._open(job, workers)
        flying: dict[Future[Result], Item] = {}
        try:
            while True:
                try:
                    drawn.extend(islice(source, WINDOW_PER_WORKER * self._workers - len(flying) - len(drawn)))
                    while drawn:
                        with _undisturbed():
                            flying[pool.submit(_work, drawn[0])] = drawn[0]
                        drawn.popleft()
                    if not flying:
                        pool.shutdown(wait=True)
                        return
                    done, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield _outcome(flying[future], future)
                        del flying[future]
                except BrokenProcessPool:
                    _kill(pool)
                    suspects = list(flying.values())
                    flying.clear()
                    for item in suspects:
                        yield self._alone(job, item)
                    pool = self._open(job, workers)
        finally:
            _kill(pool)

    def _alone(self, job: Job[Item, Result], item: Item) -> Done[Item, Result] | Failed[Item]:
        pool = self._open(job, 1)
        workers: list[BaseProcess] = []
        try:
            with _undisturbed():
                future = pool.submit(_work, item)
            workers = list(pool._processes.values())
            return _outcome(item, future)
        except BrokenProcessPool:
            # The pool's own thread reaps the worker: until it is done, whoever asks beside it may be told nothing.
            pool.shutdown(wait=True)
            return Failed(
                item=item,
                code="worker.killed",
                message=f"the worker process died on this file ({_ending(workers)})",
                hint="Often a lack of memory: run the same command again with -j 1.",
            )
        finally:
            _kill(pool)

    @staticmethod
    def _open(job: Job[Any, Any], workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(job, os.getpid()))


def _outcome(item: Item, future: Future[Result]) -> Done[Item, Result] | Failed[Item]:
    error = future.exception()
    if error is None:
        return Done(item=item, result=future.result())
    if isinstance(error, BrokenProcessPool):
        raise error
    return failed(item, error)


def _ending(workers: Sequence[BaseProcess]) -> str:
    """How these workers, of which there is one, have ended."""
    for worker in workers:
        worker.join()
        code = worker.exitcode
        if code is not None and code < 0:
            return f"signal {-code}, {signal.Signals(-code).name}"
        return f"exit code {code}"
    return "before it began"


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the pool at once: what its workers were doing is either finished on disk or of no value.

    A pool that has been shut down in peace has no processes left. Its own thread is waited for: the interpreter, if it
    left beside that thread, would write to a pipe that the thread is closing, and say so with a traceback.
    """
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=True, cancel_futures=True)
