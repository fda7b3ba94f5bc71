"""Damage in the store: each kind is found, by step and by name, and all of it at once."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.acquire import Store, digest_file
from forensics.errors import IntegrityError
from forensics.model.custody import Check, CheckStatus
from forensics.model.manifest import Subject
from forensics.model.store import Reading

WHEN = "2026-11-22T08:14:03.120455Z"


def staged_file(path: Path, name: str, data: bytes) -> Subject:
    target = path / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    digests = digest_file(target)
    return Subject(name=name, sha256=digests.sha256, sha512=digests.sha512, size=digests.size)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("pristine")
    store = Store(root / "store")
    store.create()
    first = root / "first" / "v1" / "content"
    files = tuple(
        staged_file(first, name, data)
        for name, data in (("original", b"video"), ("manifest.json", b"1"), ("derived/a.png", b"picture"))
    )
    sha256 = files[0].sha256
    store.commit_new(sha256, root / "first", files, WHEN, "ingestion", "op")
    second = root / "second"
    store.commit_version(sha256, second, (staged_file(second, "manifest.json", b"2"),), WHEN, "appearance", "op")
    return store.root, sha256


@pytest.fixture
def damaged(pristine: tuple[Path, str], tmp_path: Path) -> tuple[Store, Path, str]:
    root, sha256 = pristine
    shutil.copytree(root, tmp_path / "store")
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    return Store(tmp_path / "store"), tmp_path / "store" / sha256[:2] / sha256, sha256


def failed(checks: object) -> list[Check]:
    return [check for check in checks if check.status is CheckStatus.FAILED]


def rewrite(path: Path, change: Callable[[dict], None]) -> None:
    """Change an inventory and compute its sidecar anew."""
    value = json.loads(path.read_bytes())
    change(value)
    spell(path, value)


def spell(path: Path, value: object) -> None:
    data = (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    path.write_bytes(data)
    path.with_name("inventory.json.sha512").write_text(f"{hashlib.sha512(data).hexdigest()} inventory.json\n")


def test_without_damage_there_is_no_problem(damaged: tuple[Store, Path, str]) -> None:
    store, _, sha256 = damaged
    assert failed([*store.check_root(), *store.check(sha256, Reading.ALL_DIGESTS)]) == []


CONTENT = [
    ("a changed byte", lambda p: p.write_bytes(b"vibeo")),
    ("a cut", lambda p: p.write_bytes(b"vide")),
    ("a byte more", lambda p: p.write_bytes(b"video ")),
    ("emptied", lambda p: p.write_bytes(b"")),
    ("gone", lambda p: p.unlink()),
    ("a link to the same bytes", lambda p: (p.rename(p.parents[3] / "x"), p.symlink_to(p.parents[3] / "x"))),
    ("a pipe", lambda p: (p.unlink(), os.mkfifo(p))),
    ("a folder", lambda p: (p.unlink(), p.mkdir())),
]


@pytest.mark.parametrize("damage", [each[1] for each in CONTENT], ids=[each[0] for each in CONTENT])
def test_damaged_content_is_named_with_its_digests(
    damaged: tuple[Store, Path, str], damage: Callable[[Path], object]
) -> None:
    store, place, sha256 = damaged
    damage(place / "v1/content/original")
    found = [check for check in failed(store.check(sha256, Reading.ALL_DIGESTS)) if check.step == 4]
    assert [check.subject for check in found] == [f"{sha256}/v1/content/original"]
    assert f"sha256:{sha256}" in str(found[0].expected)


INVENTORY = [
    ("sidecar edited", lambda p: (p / "inventory.json.sha512").write_text("0" * 128 + " inventory.json\n")),
    ("sidecar gone", lambda p: (p / "inventory.json.sha512").unlink()),
    ("inventory gone", lambda p: (p / "inventory.json").unlink()),
    ("inventory emptied", lambda p: (p / "inventory.json").write_bytes(b"")),
    ("inventory a pipe", lambda p: ((p / "inventory.json").unlink(), os.mkfifo(p / "inventory.json"))),
    ("no json", lambda p: (p / "inventory.json").write_bytes(b"{")),
    ("deep json", lambda p: (p / "inventory.json").write_bytes(b"[" * 100_000)),
    ("namaste gone", lambda p: (p / "0=ocfl_object_1.1").unlink()),
    ("namaste edited", lambda p: (p / "0=ocfl_object_1.1").write_bytes(b"ocfl_object_1.0\n")),
    ("stray file", lambda p: (p / "note.txt").write_bytes(b"")),
    ("stray content", lambda p: (p / "v1/content/derived/b.png").write_bytes(b"")),
    ("stray folder", lambda p: (p / "v1/content/empty").mkdir()),
    ("stray link", lambda p: (p / "v2/link").symlink_to("/etc")),
    ("stray name", lambda p: Path(os.fsdecode(os.fsencode(p) + b"/\xff\x1b[2J")).write_bytes(b"")),
    ("stray version", lambda p: shutil.copytree(p / "v2", p / "v3")),
    ("version gone", lambda p: shutil.rmtree(p / "v1")),
    ("old inventory in the root", lambda p: shutil.copy(p / "v1/inventory.json", p / "inventory.json")),
    (
        "v1 history rewritten",
        lambda p: rewrite(p / "v1/inventory.json", lambda v: v["versions"]["v1"].update(message="x")),
    ),
]


@pytest.mark.parametrize("damage", [each[1] for each in INVENTORY], ids=[each[0] for each in INVENTORY])
def test_damage_around_the_inventory_fires_step_3(
    damaged: tuple[Store, Path, str], damage: Callable[[Path], object]
) -> None:
    store, place, sha256 = damaged
    damage(place)
    found = failed(store.check(sha256, Reading.DOCUMENTS))
    # With the files of a version its manifest is gone, and a manifest is always read.
    gone = {4} if not (place / "v1").exists() else set()
    assert {int(check.step) for check in found} == {3} | gone
    for check in found:
        f"{check.subject}{check.expected}{check.found}".encode()
        assert "\x1b" not in f"{check.subject}{check.expected}{check.found}"


def test_the_state_between_the_last_renames_of_a_commit_is_unfinished_and_no_other_is(
    damaged: tuple[Store, Path, str],
) -> None:
    """With both files of v1 at the root, v2 is as if not yet named. A log that tells of v2 says otherwise: step 7."""
    store, place, sha256 = damaged
    shutil.copy(place / "v1/inventory.json.sha512", place / "inventory.json.sha512")
    assert failed(store.check(sha256, Reading.ALL_DIGESTS)) == []
    assert store.head(sha256).version == 2
    shutil.copy(place / "v1/inventory.json", place / "inventory.json")
    checks = list(store.check(sha256, Reading.ALL_DIGESTS))
    assert failed(checks) == []
    assert [check.name for check in checks if check.status is CheckStatus.SKIPPED] == ["commit ended"]
    assert store.head(sha256).version == 1
    (place / "v2/content/manifest.json").write_bytes(b"3")
    assert {int(check.step) for check in failed(store.check(sha256, Reading.ALL_DIGESTS))} == {4}
    (place / "v2/inventory.json.sha512").write_bytes(b"")
    checks = list(store.check(sha256, Reading.ALL_DIGESTS))
    assert 3 in {int(check.step) for check in failed(checks)}
    assert "commit ended" not in {check.name for check in checks}


def test_nothing_is_given_out_by_an_inventory_that_its_sidecar_does_not_name(
    damaged: tuple[Store, Path, str],
) -> None:
    store, place, sha256 = damaged
    (place / "inventory.json.sha512").write_text("0" * 128 + " inventory.json\n")
    for ask in (lambda: store.head(sha256), lambda: store.path(sha256, "original"), lambda: store.states(sha256)):
        with pytest.raises(IntegrityError):
            ask()


def swap(value: dict) -> None:
    first, second = list(value["manifest"])[:2]
    value["manifest"][first], value["manifest"][second] = value["manifest"][second], value["manifest"][first]


SENSE = [
    ("another object", lambda v: v.update(id="urn:sha256:" + "0" * 64)),
    ("a path that climbs", lambda v: v["manifest"].update({"a" * 128: ["v1/content/../../../../x"]})),
    ("a digest without path", lambda v: v["manifest"].update({"a" * 128: []})),
    ("no fixity", lambda v: v["fixity"].update(sha256={})),
    ("another algorithm", lambda v: v.update(digestAlgorithm="sha256")),
    ("unknown field", lambda v: v.update(more=1)),
    ("gap in the versions", lambda v: v["versions"].update(v9=v["versions"]["v1"])),
    ("head beyond", lambda v: v.update(head="v7")),
    ("head no number", lambda v: v.update(head="latest")),
    ("state of nothing", lambda v: v["versions"]["v1"]["state"].update({"b" * 128: ["b"]})),
    (
        "name twice",
        lambda v: v["versions"]["v1"]["state"].update({next(iter(v["manifest"])): ["original", "original"]}),
    ),
    ("no versions", lambda v: v.update(versions={})),
    ("created nonsense", lambda v: v["versions"]["v1"].update(created="now")),
    ("a list for a map", lambda v: v.update(manifest=[])),
]


@pytest.mark.parametrize("change", [each[1] for each in SENSE], ids=[each[0] for each in SENSE])
def test_an_inventory_that_makes_no_sense_is_refused_although_its_sidecar_is_right(
    damaged: tuple[Store, Path, str], change: Callable[[dict], None]
) -> None:
    store, place, sha256 = damaged
    for folder in (place, place / "v2"):
        rewrite(folder / "inventory.json", change)
    with pytest.raises(IntegrityError):
        store.head(sha256)
    assert {int(check.step) for check in failed(store.check(sha256, Reading.DOCUMENTS))} == {3}


def test_swapped_digests_fire_step_4(damaged: tuple[Store, Path, str]) -> None:
    store, place, sha256 = damaged
    for folder in (place, place / "v2"):
        rewrite(folder / "inventory.json", swap)
    assert 4 in {int(check.step) for check in failed(store.check(sha256, Reading.ALL_DIGESTS))}


def test_a_duplicate_key_in_an_inventory_is_refused(damaged: tuple[Store, Path, str]) -> None:
    store, place, sha256 = damaged
    data = (place / "inventory.json").read_bytes().replace(b'{\n "content', b'{\n "head": "v1",\n "content', 1)
    (place / "inventory.json").write_bytes(data)
    (place / "inventory.json.sha512").write_text(f"{hashlib.sha512(data).hexdigest()} inventory.json\n")
    with pytest.raises(IntegrityError):
        store.head(sha256)


def test_all_damage_is_told_not_the_first(damaged: tuple[Store, Path, str]) -> None:
    store, place, sha256 = damaged
    (place / "v1/content/original").write_bytes(b"x")
    (place / "v1/content/derived/a.png").unlink()
    (place / "v1/inventory.json").write_bytes(b"")
    (place / "stray").write_bytes(b"")
    subjects = {check.subject.removeprefix(f"{sha256}/") for check in failed(store.check(sha256, Reading.ALL_DIGESTS))}
    assert {"v1/content/original", "v1/content/derived/a.png", "v1/inventory.json", "stray"} <= subjects


def test_content_is_still_checked_when_the_root_inventory_is_lost(damaged: tuple[Store, Path, str]) -> None:
    store, place, sha256 = damaged
    (place / "inventory.json").unlink()
    (place / "v1/content/original").write_bytes(b"x")
    assert {int(check.step) for check in failed(store.check(sha256, Reading.ALL_DIGESTS))} == {3, 4}


ROOT = [
    ("namaste", lambda r: (r / "0=ocfl_1.1").unlink()),
    ("layout", lambda r: (r / "ocfl_layout.json").write_bytes(b"{}")),
    ("stray file", lambda r: (r / "README").write_bytes(b"")),
    ("stray folder", lambda r: (r / "zz").mkdir()),
    ("wrong place", lambda r: (r / "00" / ("f" * 64)).mkdir(parents=True)),
    ("link for a folder", lambda r: (r / "ff").symlink_to("/tmp")),
    ("extension", lambda r: (r / "extensions" / "more").mkdir()),
]


@pytest.mark.parametrize("damage", [each[1] for each in ROOT], ids=[each[0] for each in ROOT])
def test_damage_of_the_storage_root_fires_step_3(
    damaged: tuple[Store, Path, str], damage: Callable[[Path], object]
) -> None:
    store, _, _ = damaged
    damage(store.root)
    assert {int(check.step) for check in failed(store.check_root())} == {3}


def test_an_object_that_is_a_link_elsewhere_is_found(damaged: tuple[Store, Path, str], tmp_path: Path) -> None:
    store, place, sha256 = damaged
    place.rename(tmp_path / "moved")
    place.symlink_to(tmp_path / "moved")
    assert failed(store.check_root())
    assert failed(store.check(sha256, Reading.ALL_DIGESTS))


def test_a_store_that_is_gone_is_a_failed_check_not_an_error(tmp_path: Path) -> None:
    store = Store(tmp_path / "nothing")
    assert failed(store.check_root())
    assert failed(store.check("0" * 64, Reading.ALL_DIGESTS))
