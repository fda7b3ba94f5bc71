"""A power cut at any moment of an ingest: nothing is corrupt, nothing acknowledged is lost, the same command completes.

And the simulator that says so finds the faults of stores that have them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adversarial import file_calls, forked, power_cut, toy_store
from tests.adversarial.file_calls import Call
from tests.adversarial.power_cut import Disk
from tests.integration.conftest import ROOT, environment

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed: it records the calls"
)

OF_EACH_KIND = 2
"""States of a three-file ingest that `make test` tries; all of a ten-file one are behind the marker `benchmark`."""


STATES_APART = 3
"""Every so many of a toy's states are looked at."""


@needs_strace
def test_a_power_cut_during_an_ingest_corrupts_nothing_and_loses_nothing_acknowledged() -> None:
    found = forked.alone("tests.adversarial.cut_ingest", 3, OF_EACH_KIND)
    assert found["problems"] == {}
    assert set(found["kinds"].values()) == {OF_EACH_KIND}


@needs_strace
def test_a_case_that_was_made_is_there_after_a_power_cut(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    words = [sys.executable, "-m", "pipelines", "init", str(folder / "cases/one"), "--case-id", "P", "--operator", "t"]
    calls = file_calls.trace(words, folder, environment(), cwd=ROOT)
    told = [state for state in power_cut.states(calls, folder, {}) if b"case P" in state.said]
    assert {"cases/one/case.json" in state.tree for state in told} == {True}
    assert {"cases/one/log/checkpoints" in state.tree for state in told} == {True}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    generator = random.Random(1)
    made = [tmp_path / f"{number}.bin" for number in range(4)]
    for path in made:
        path.write_bytes(generator.randbytes(3000))
    return made


def tried(words: list[str], store: Path, files: list[Path], look: Callable[[Path, str], list[str]]) -> Counter[str]:
    """Record a store's work on these files, and look at each state that a power cut may leave."""
    calls = file_calls.trace([*words, str(store), *map(str, files)], store, {}, cwd=store.parent)
    assert power_cut.end_of(calls, store, {}) == power_cut.read_tree(store)
    found: Counter[str] = Counter()
    cut = store.with_name("cut")
    for state in list(power_cut.states(calls, store, {}))[::STATES_APART]:
        shutil.rmtree(cut, ignore_errors=True)
        cut.mkdir()
        power_cut.write_tree(state.tree, cut)
        found.update(look(cut, state.said.decode()))
        found["states"] += 1
    return found


@needs_strace
@pytest.mark.parametrize(
    ("mode", "faults"),
    [
        ("in-place", {"corrupt: the list", "corrupt: an item", "an acknowledged item lost"}),
        ("not-synced", {"corrupt: the list", "corrupt: an item", "an acknowledged item lost"}),
        ("sound", set()),
    ],
)
def test_the_simulator_finds_the_faults_of_a_store_that_has_them(
    files: list[Path], tmp_path: Path, mode: str, faults: set[str]
) -> None:
    words = [sys.executable, "-S", toy_store.__file__, mode]
    found = tried(words, tmp_path / "store", files, toy_store.problems)
    assert found.keys() - {"states"} == faults, found


@needs_strace
@pytest.mark.parametrize(("mode", "faulty"), [("json", True), ("naive", True), ("rename", True), ("full", False)])
def test_the_simulator_agrees_with_another_one_on_its_toy(
    shared: Path, files: list[Path], tmp_path: Path, mode: str, faulty: bool
) -> None:
    path = shared / "faults/toy.py"
    if not path.exists():
        pytest.skip("../shared/faults is absent")
    spec = importlib.util.spec_from_file_location("toy", path)
    assert spec is not None and spec.loader is not None
    toy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(toy)

    def look(store: Path, said: str) -> list[str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = toy.verify(store)
        lost = set(re.findall(r"committed (\w+)", said)) - set(re.findall(r"have (\w+)", out.getvalue()))
        return ["corrupt"] * (code == 2) + ["lost"] * bool(lost)

    found = tried([sys.executable, "-S", str(path), "ingest", mode], tmp_path / "store", files, look)
    assert bool(found["corrupt"] or found["lost"]) is faulty, found


def disk(*calls: Call) -> Disk:
    made = Disk.holding({"a": None, "b": None, "a/old": b"old"})
    for call in calls:
        made.apply(call, call.path, call.to)
    return made


def trees(made: Disk) -> Iterator[tuple[str, dict[str, bytes | None]]]:
    for kind, tree in made.states():
        yield kind, {path: content for path, content in tree.items() if path not in {"a", "b", "a/old"}}


def test_what_was_written_and_not_synced_may_be_there_in_part_or_not() -> None:
    found = list(trees(disk(Call("create", "a/new"), Call("write", "a/new", data=b"data"))))
    assert found == [
        ("all", {"a/new": b"data"}),
        ("torn", {"a/new": b"da"}),
        ("data lost", {"a/new": b""}),
        ("zeros", {"a/new": b"\0\0\0\0"}),
        ("names lost", {}),
        ("only synced", {}),
        ("one name lost", {}),
        ("one name only", {"a/new": b""}),
    ]


def test_a_synced_file_has_its_data_and_not_yet_its_name() -> None:
    found = dict(trees(disk(Call("create", "a/new"), Call("write", "a/new", data=b"data"), Call("sync", "a/new"))))
    assert found["data lost"] == {"a/new": b"data"}
    assert found["only synced"] == {}


def test_a_synced_folder_has_its_names_also_of_what_was_moved_in() -> None:
    calls = [Call("create", "a/new"), Call("rename", "a/new", to="b/new"), Call("sync", "b")]
    assert {kind: tree for kind, tree in trees(disk(*calls)) if tree != {"b/new": b""}} == {}


def test_of_two_renames_either_may_be_lost_alone() -> None:
    calls = [Call("create", "a/x"), Call("create", "a/y"), Call("sync", "a")]
    calls += [Call("rename", "a/x", to="b/x"), Call("rename", "a/y", to="b/y")]
    found = [sorted(tree) for kind, tree in trees(disk(*calls)) if kind == "one name lost"]
    assert found == [["a/x", "b/y"], ["a/y", "b/x"]]


def test_a_replaced_file_is_the_old_or_the_new_one_and_never_none() -> None:
    calls = [Call("create", "a/new"), Call("write", "a/new", data=b"new"), Call("sync", "a/new"), Call("sync", "a")]
    made = disk(*calls, Call("rename", "a/new", to="a/old"))
    assert {tree["a/old"] for _, tree in made.states()} == {b"old", b"new"}


@needs_strace
def test_a_call_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    script = "import os, sys; os.symlink('x', sys.argv[1] + '/link')"
    (tmp_path / "store").mkdir()
    with pytest.raises(ValueError, match="symlink"):
        file_calls.trace(
            [sys.executable, "-S", "-c", script, f"{tmp_path}/store"], tmp_path / "store", {}, cwd=tmp_path
        )
