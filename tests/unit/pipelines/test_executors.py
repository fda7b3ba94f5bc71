"""An executor of the user's own as engine: the same outcomes, and what is none is refused in one line."""

import multiprocessing
import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from forensics.errors import InputError, ToolError
from pipelines.config import Settings
from pipelines.engine import Done, Failed, OnExecutor, find_factory
from pipelines.workers import engine_for
from tests.unit.pipelines.test_engines import die_on_four, double, outcomes, stumble

PARENT = "PARENT_OF_A_TEST"


def spawned() -> Executor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def threads() -> Executor:
    return ThreadPoolExecutor(2)


def no_executor() -> str:
    return "pool"


not_callable = 7


def nothing() -> dict[str, str]:
    return {}


def who() -> dict[str, str]:
    return {"process": "parent" if os.getpid() == int(os.environ[PARENT]) else "worker"}


@pytest.mark.parametrize("opener", [threads, spawned])
def test_an_executor_gives_every_item_exactly_one_outcome(opener) -> None:
    found = outcomes(OnExecutor(opener, nothing, 2), double, range(20))
    assert found == [Done(item=n, result=2 * n) for n in range(20)]


def test_a_bug_in_one_job_is_its_outcome_on_an_executor_too() -> None:
    found = outcomes(OnExecutor(threads, nothing, 2), stumble, range(6))
    assert found[3] == Failed(item=3, code="worker.bug", message="RuntimeError: three")
    assert [thing.item for thing in found] == list(range(6))


def test_an_item_that_breaks_an_executor_is_the_only_one_lost() -> None:
    found = outcomes(OnExecutor(spawned, nothing, 2), die_on_four, range(8))
    assert [thing.item for thing in found] == list(range(8))
    assert [(thing.item, thing.code) for thing in found if isinstance(thing, Failed)] == [(4, "worker.killed")]


def test_a_worker_that_is_not_as_this_machine_does_no_item(monkeypatch) -> None:
    monkeypatch.setenv(PARENT, str(os.getpid()))
    with pytest.raises(ToolError, match="process is worker, here parent") as caught:
        list(OnExecutor(spawned, who, 1).run(double, [1]))
    assert caught.value.code == "tool.cluster"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.such.module:open", "No module named 'no'"),
        (f"{__name__}:missing", "has no attribute 'missing'"),
        (f"{__name__}:not_callable", "it is no function"),
        ("os.path:join(1)", "is not known"),
        ("ray://host:8786", "is not known"),
    ],
)
def test_an_engine_that_is_none_is_refused_in_one_line(name, words) -> None:
    with pytest.raises(InputError, match=words.replace("(", r"\(")) as caught:
        engine_for(Settings(engine=name))
    assert "\n" not in caught.value.message


def test_what_is_no_executor_is_refused_before_any_item_is_drawn() -> None:
    items = iter([1])
    with pytest.raises(InputError, match=r"gives a str, which is no concurrent\.futures\.Executor"):
        list(OnExecutor(find_factory(f"{__name__}:no_executor"), nothing, 1).run(double, items))
    assert next(items) == 1


def test_a_named_function_is_opened(monkeypatch) -> None:
    assert isinstance(engine_for(Settings(engine=f"{__name__}:threads", jobs=2)), OnExecutor)
    assert Settings(engine="package.module:open").as_record()["engine"] == "package.module"
