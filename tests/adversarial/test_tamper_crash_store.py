"""A process killed at each step of a commit: the store is whole, the same work completes, nothing is deleted."""

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.acquire import Store, digest_file
from forensics.model.custody import CheckStatus
from forensics.model.manifest import Subject
from forensics.model.store import Reading

WHEN = "2026-11-22T08:14:03.120455Z"
MEMORY = Path("/dev/shm")
STEPS = ("open", "fsync", "fchmod", "rename", "replace", "mkdir", "write")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a killed process needs no disk, and a hundred commits sync a lot."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


def put(content: Path, name: str, data: bytes) -> Subject:
    (content / name).parent.mkdir(parents=True, exist_ok=True)
    (content / name).write_bytes(data)
    digests = digest_file(content / name)
    return Subject(name=name, sha256=digests.sha256, sha512=digests.sha512, size=digests.size)


def begin(root: Path) -> Store:
    store = Store(root / "store")
    store.create()
    (root / "staging").mkdir()
    return store


def commit_new(root: Path, name: str = "new") -> str:
    folder = root / "staging" / name
    content = folder / "v1" / "content"
    content.mkdir(parents=True)
    files = (put(content, "original", b"video"), put(content, "manifest.json", b"1"))
    Store(root / "store").commit_new(files[0].sha256, folder, files, WHEN, "ingestion", "op")
    return files[0].sha256


def commit_version(root: Path, name: str = "next") -> None:
    folder = root / "staging" / name
    files = (put(folder, "manifest.json", b"2"), put(folder, "source/post.json", b"{}"))
    Store(root / "store").commit_version(hashlib.sha256(b"video").hexdigest(), folder, files, WHEN, "more", "op")


def killed_after(steps: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that is killed (SIGKILL) before its file-system call number ``steps``."""
    child = os.fork()
    if child == 0:
        left = [steps]

        def counted(real: Callable) -> Callable:
            def call(*args, **kwargs):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        try:
            work()
        except BaseException:
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}
    return os.WIFSIGNALED(status)


def failures(store: Store) -> list:
    return [check for check in problems(store) if check.status is CheckStatus.FAILED]


def problems(store: Store) -> list:
    checks = [*store.check_root(), *(check for each in store.ids() for check in store.check(each, Reading.ALL_DIGESTS))]
    return [check for check in checks if check.status is not CheckStatus.OK]


def everything(root: Path) -> set[bytes]:
    return {path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_new_object_is_there_whole_or_not_at_all(root: Path) -> None:
    for steps in range(400):
        here = root / str(steps)
        here.mkdir()
        store = begin(here)
        killed = killed_after(steps, lambda here=here: commit_new(here))
        store.recover(here / "quarantine")
        assert problems(store) == []
        empty = [path for path in (here / "store").rglob("*") if path.is_dir() and not any(path.iterdir())]
        assert empty == [], "OCFL E073: the storage root has no empty folders"
        shutil.rmtree(here / "staging")
        if not store.contains(hashlib.sha256(b"video").hexdigest()):
            commit_new(here, "again")
        assert problems(store) == []
        assert store.head(next(store.ids())).version == 1
        if not killed:
            break
    assert steps > 20


def test_a_version_is_rolled_forward_or_was_never_there(root: Path) -> None:
    pristine = root / "pristine"
    pristine.mkdir()
    begin(pristine)
    sha256 = commit_new(pristine)
    rolled = 0
    for steps in range(400):
        here = root / str(steps)
        shutil.copytree(pristine, here)
        store = Store(here / "store")
        killed = killed_after(steps, lambda here=here: commit_version(here))
        assert failures(store) == [], "a check before recovery calls a commit that was cut off damage"
        assert store.head(sha256).version in {1, 2}
        before = everything(here / "store")
        notices = store.recover(here / "quarantine")
        rolled += sum(notice.code == "store.rolled_forward" for notice in notices)
        assert problems(store) == []
        assert store.head(sha256).version in {1, 2}
        # Only the root's inventory and sidecar are ever replaced, and the versions have their bytes.
        assert len(before - everything(here)) <= 2
        if store.head(sha256).version == 1:
            shutil.rmtree(here / "staging")
            commit_version(here, "again")
        assert store.path(sha256, "manifest.json").read_bytes() == b"2"
        assert problems(store) == []
        assert store.recover(here / "quarantine") == ()
        if not killed:
            break
    assert steps > 20
    assert rolled >= 2


def test_a_begun_version_that_is_not_whole_goes_to_quarantine_with_its_bytes(tmp_path: Path) -> None:
    store = begin(tmp_path)
    sha256 = commit_new(tmp_path)
    place = tmp_path / "store" / sha256[:2] / sha256
    for count in (1, 2):
        (place / "v2" / "content").mkdir(parents=True)
        (place / "v2" / "content" / "half").write_bytes(b"half")
        assert problems(store)
        notices = store.recover(tmp_path / "quarantine")
        assert [notice.code for notice in notices] == ["store.quarantined"]
        assert (tmp_path / "quarantine" / f"{sha256}-v2-{count}" / "content" / "half").read_bytes() == b"half"
        assert problems(store) == []


def test_what_was_changed_is_not_put_right(tmp_path: Path) -> None:
    store = begin(tmp_path)
    sha256 = commit_new(tmp_path)
    place = tmp_path / "store" / sha256[:2] / sha256
    (place / "inventory.json").chmod(0o600)
    (place / "inventory.json").write_bytes(b"{}\n")
    before = everything(tmp_path / "store")
    notices = store.recover(tmp_path / "quarantine")
    assert [notice.code for notice in notices] == ["store.damaged"]
    assert everything(tmp_path / "store") == before
    assert problems(store)


def test_a_version_with_a_wrong_byte_is_not_rolled_forward(tmp_path: Path) -> None:
    store = begin(tmp_path)
    sha256 = commit_new(tmp_path)
    place = tmp_path / "store" / sha256[:2] / sha256
    old = {name: (place / name).read_bytes() for name in ("inventory.json", "inventory.json.sha512")}
    commit_version(tmp_path)
    for name, data in old.items():
        (place / name).unlink()
        (place / name).write_bytes(data)
    (place / "v2/content/manifest.json").chmod(0o600)
    (place / "v2/content/manifest.json").write_bytes(b"3")
    assert [notice.code for notice in store.recover(tmp_path / "quarantine")] == ["store.quarantined"]
    assert store.head(sha256).version == 1
    assert problems(store) == []


def test_a_whole_version_with_another_history_is_not_rolled_forward(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        begin(tmp_path / name)
    sha256 = commit_new(tmp_path / "ours")
    folder = tmp_path / "theirs" / "staging" / "new"
    content = folder / "v1" / "content"
    content.mkdir(parents=True)
    files = (put(content, "original", b"video"), put(content, "manifest.json", b"1"))
    Store(tmp_path / "theirs" / "store").commit_new(sha256, folder, files, WHEN, "another ingestion", "op")
    commit_version(tmp_path / "theirs")
    place = Path(sha256[:2]) / sha256 / "v2"
    shutil.copytree(tmp_path / "theirs/store" / place, tmp_path / "ours/store" / place)
    store = Store(tmp_path / "ours" / "store")
    assert failures(store)
    assert [notice.code for notice in store.recover(tmp_path / "quarantine")] == ["store.quarantined"]
    assert store.head(sha256).version == 1
    assert problems(store) == []


def test_everything_is_on_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that a power cut asks for: each file and folder below a renamed folder was synced before."""
    root = tmp_path
    begin(root)
    synced: set[int] = set()
    named: list[str] = []
    unsynced: list[str] = []
    real_sync, real_rename, real_replace = os.fsync, os.rename, os.replace

    def fsync(fd: int) -> None:
        real_sync(fd)
        synced.add(os.fstat(fd).st_ino)

    def naming(real: Callable) -> Callable:
        def call(source, target, **kwargs):
            if "/store/" in os.fspath(target) or os.fspath(target).endswith("/store"):
                named.append(Path(target).name)
                for path in [Path(source), *Path(source).rglob("*")]:
                    if path.stat().st_ino not in synced:
                        unsynced.append(str(path))
                        synced.add(path.stat().st_ino)
            real(source, target, **kwargs)
            synced.discard(Path(target).parent.stat().st_ino)

        return call

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", naming(real_rename))
    monkeypatch.setattr(os, "replace", naming(real_replace))
    sha256 = commit_new(root)
    commit_version(root)
    assert named == [sha256, "v2", "inventory.json", "inventory.json.sha512"]
    assert unsynced == []
    place = root / "store" / sha256[:2] / sha256
    for folder in (place, place.parent):
        assert folder.stat().st_ino in synced, "the folder that has the new name was not synced after it"
