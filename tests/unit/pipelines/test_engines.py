"""Engines: the same outcomes, whoever runs the jobs."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from pipelines.engine import Done, Failed, Processes, Serial, open_engine

ENGINES = [pytest.param(Serial(), id="serial"), pytest.param(Processes(2), id="processes")]


def double(number: int) -> int:
    return 2 * number


def stumble(number: int) -> int:
    if number == 3:
        raise RuntimeError("three")
    return number


def die_on_four(number: int) -> int:
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number


def doze(number: int) -> int:
    time.sleep(0.05 * number)
    return number


def outcomes(engine, job, items):
    return sorted(engine.run(job, items), key=lambda thing: thing.item)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_item_has_exactly_one_outcome(engine) -> None:
    assert outcomes(engine, double, range(20)) == [Done(item=n, result=2 * n) for n in range(20)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bug_in_one_job_is_its_outcome_and_the_others_go_on(engine) -> None:
    found = outcomes(engine, stumble, range(6))
    assert [thing.item for thing in found if isinstance(thing, Done)] == [0, 1, 2, 4, 5]
    assert found[3] == Failed(item=3, code="worker.bug", message="RuntimeError: three")


@pytest.mark.parametrize("engine", ENGINES)
def test_no_items_give_no_outcomes(engine) -> None:
    assert outcomes(engine, double, []) == []


def test_a_killed_worker_takes_only_its_own_item_with_it() -> None:
    found = outcomes(Processes(2), die_on_four, range(12))
    assert [thing.item for thing in found] == list(range(12))
    assert [thing.item for thing in found if isinstance(thing, Failed)] == [4]
    assert found[4].code == "worker.killed"
    assert "signal 9, SIGKILL" in found[4].message


def test_a_run_that_is_broken_off_leaves_no_thread_and_no_worker_behind() -> None:
    before = set(threading.enumerate())
    running = Processes(2).run(doze, range(40))
    next(running)
    running.close()
    assert set(threading.enumerate()) == before
    assert multiprocessing.active_children() == []


def test_no_more_workers_are_started_than_there_are_items(monkeypatch) -> None:
    started = []
    really = Processes._open

    def opened(job, workers):
        started.append(workers)
        return really(job, workers)

    monkeypatch.setattr(Processes, "_open", staticmethod(opened))
    assert outcomes(Processes(8), double, [1, 2]) == [Done(item=1, result=2), Done(item=2, result=4)]
    assert started == [2]


def test_one_worker_runs_in_this_process() -> None:
    assert isinstance(open_engine(1), Serial)
    assert isinstance(open_engine(2), Processes)
