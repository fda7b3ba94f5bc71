"""The OCFL store: what goes in, how it lies, what is refused."""

import hashlib
import json
import os
import shutil
import stat
import threading
import warnings
from pathlib import Path

import pytest

from forensics.acquire import UNREAD, Store, acquire, read_kept
from forensics.errors import IntegrityError, ManifestError, StoreError, Unreadable
from forensics.model.custody import CheckStatus
from forensics.model.manifest import Subject
from forensics.model.store import Reading

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ocfl

WHEN = "2026-11-22T08:14:03.120455Z"
SAID = {"created": WHEN, "message": "ingestion", "user": "Олена / op-07"}


def subject(name: str, data: bytes) -> Subject:
    return Subject(
        name=name, sha256=hashlib.sha256(data).hexdigest(), sha512=hashlib.sha512(data).hexdigest(), size=len(data)
    )


def put(content: Path, name: str, data: bytes) -> Subject:
    path = content / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return subject(name, data)


class Case:
    """A store with staging and quarantine beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "store")
        self.store.create()
        self.quarantine = root / "quarantine"
        self.count = 0
        (root / "staging").mkdir()

    def staged(self) -> Path:
        self.count += 1
        return self.root / "staging" / str(self.count)

    def stage(self, original: bytes) -> tuple[str, Path, tuple[Subject, ...]]:
        folder = self.staged()
        content = folder / "v1" / "content"
        content.mkdir(parents=True)
        source = self.root / f"source-{self.count}"
        source.write_bytes(original)
        digests = acquire(str(source), content / "original").digests
        files = (
            Subject(name="original", sha256=digests.sha256, sha512=digests.sha512, size=digests.size),
            put(content, "manifest.json", b'{"version":1}\n'),
            put(content, "source/sidecar.srt", b"1\n"),
            put(content, "derived/keyframes/000001.png", b"picture"),
            put(content, "derived/keyframes/000002.png", b"picture"),
        )
        return digests.sha256, folder, files

    def ingest(self, original: bytes = b"video") -> str:
        sha256, folder, files = self.stage(original)
        self.store.commit_new(sha256, folder, files, **SAID)
        return sha256

    def again(self, sha256: str, **changes: bytes) -> None:
        folder = self.staged()
        files = tuple(put(folder, name.replace("__", "/"), data) for name, data in changes.items())
        self.store.commit_version(sha256, folder, files, **SAID)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def place(case: Case, sha256: str) -> Path:
    return case.store.root / sha256[:2] / sha256


def failures(case: Case, sha256: str) -> list:
    return [check for check in case.store.check(sha256, Reading.ALL_DIGESTS) if check.status is CheckStatus.FAILED]


def test_an_object_is_kept_and_given_back(case: Case) -> None:
    sha256, folder, files = case.stage(b"video" * 1000)
    assert not case.store.contains(sha256)
    case.store.commit_new(sha256, folder, files, **SAID)
    state = case.store.head(sha256)
    assert case.store.contains(sha256)
    assert state.version == 1
    assert state.item == sha256
    assert state.files == tuple(sorted(files, key=lambda file: file.name))
    assert case.store.path(sha256, "original").read_bytes() == b"video" * 1000
    assert not folder.exists()
    fd = case.store.open(sha256, "manifest.json")
    assert os.read(fd, 100) == b'{"version":1}\n'
    os.close(fd)


def test_a_new_version_has_what_is_new_and_refers_to_the_rest(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b'{"version":2}\n', "source__post.json": b"{}\n"})
    one, two = case.store.states(sha256)
    assert (one.version, two.version) == (1, 2)
    assert {file.name for file in two.files} - {file.name for file in one.files} == {"source/post.json"}
    assert case.store.path(sha256, "manifest.json").read_bytes() == b'{"version":2}\n'
    assert case.store.path(sha256, "manifest.json", 1).read_bytes() == b'{"version":1}\n'
    assert "v1/content" in str(case.store.path(sha256, "original"))
    assert sorted(path.name for path in (place(case, sha256) / "v2" / "content").iterdir()) == [
        "manifest.json",
        "source",
    ]


def test_the_same_content_again_under_its_name_is_found_in_each_version(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b'{"version":1}\n'})
    assert "v1/content" in str(case.store.path(sha256, "manifest.json", 1))
    assert "v2/content" in str(case.store.path(sha256, "manifest.json"))
    assert failures(case, sha256) == []


def test_ids_are_sorted_and_whole(case: Case) -> None:
    kept = {case.ingest(bytes([number])) for number in range(8)}
    assert list(case.store.ids()) == sorted(kept)


def test_every_kept_file_is_read_only(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b"2"})
    files = [path for path in place(case, sha256).rglob("*") if path.is_file()]
    assert len(files) == 13
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o444}


def test_an_untouched_store_has_no_problem(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b"2"})
    checks = [*case.store.check_root(), *case.store.check(sha256, Reading.ALL_DIGESTS)]
    assert {check.status for check in checks} == {CheckStatus.OK}
    assert {int(check.step) for check in checks} == {3, 4}
    assert sum(check.step == 4 for check in checks) == 6


def test_a_check_of_documents_says_how_many_files_it_did_not_read(case: Case) -> None:
    sha256 = case.ingest()
    content = [check for check in case.store.check(sha256, Reading.DOCUMENTS) if check.step == 4]
    assert [(check.status, check.subject.rpartition("/")[2]) for check in content] == [
        (CheckStatus.OK, "manifest.json"),
        (CheckStatus.SKIPPED, sha256),
    ]
    unread = len([path for path in place(case, sha256).glob("v1/content/**/*") if path.is_file()]) - 1
    assert (content[-1].name, content[-1].found) == (UNREAD, f"{unread} files not read")


def test_the_ocfl_validator_finds_nothing_to_say_about_an_object(case: Case) -> None:
    sha256 = case.ingest()
    for version in (b"2", b"3"):
        case.again(sha256, **{"manifest.json": version, "source__more.json": version})
    passed, validator = ocfl.Object().validate(str(place(case, sha256)), log_warnings=True)
    assert passed
    assert validator.log.num_errors == validator.log.num_warnings == 0


def test_the_ocfl_validator_agrees_with_the_storage_root(case: Case, tmp_path: Path) -> None:
    """On a copy without the layout file: ocfl-py does not know extension 0007, and a layout file is optional."""
    for number in range(3):
        case.ingest(bytes([number]))
    copy = tmp_path / "copy"
    shutil.copytree(case.store.root, copy)
    (copy / "ocfl_layout.json").unlink()
    shutil.rmtree(copy / "extensions")
    root = ocfl.StorageRoot(root=str(copy))
    assert root.validate(log_warnings=False, log_errors=False)
    assert (root.num_objects, root.good_objects) == (3, 3)


def test_the_ocfl_validator_can_fail(case: Case) -> None:
    sha256 = case.ingest()
    path = place(case, sha256) / "v1/content/original"
    path.chmod(0o600)
    path.write_bytes(b"other")
    passed, _ = ocfl.Object().validate(str(place(case, sha256)), log_warnings=False, log_errors=False)
    assert not passed


def test_the_root_says_what_it_is(case: Case) -> None:
    root = case.store.root
    assert (root / "0=ocfl_1.1").read_bytes() == b"ocfl_1.1\n"
    assert json.loads((root / "ocfl_layout.json").read_bytes())["extension"].startswith("0007-")
    config = json.loads((root / "extensions/0007-n-tuple-omit-prefix-storage-layout/config.json").read_bytes())
    assert config["delimiter"] == ":"
    before = sorted(root.rglob("*"))
    case.store.create()
    assert sorted(root.rglob("*")) == before


def test_bytes_that_are_not_those_declared_are_not_kept(case: Case) -> None:
    sha256, folder, files = case.stage(b"video")
    (folder / "v1/content/derived/keyframes/000001.png").write_bytes(b"pictura")
    with pytest.raises(IntegrityError):
        case.store.commit_new(sha256, folder, files, **SAID)
    assert list(case.store.ids()) == []


@pytest.mark.parametrize("odd", ["missing", "undeclared", "link", "pipe", "size"])
def test_staged_files_other_than_those_declared_are_not_kept(case: Case, odd: str) -> None:
    sha256, folder, files = case.stage(b"video")
    content = folder / "v1/content"
    if odd == "missing":
        (content / "manifest.json").unlink()
    elif odd == "undeclared":
        (content / "more").write_bytes(b"")
    elif odd == "link":
        (content / "manifest.json").unlink()
        (content / "manifest.json").symlink_to("/etc/passwd")
    elif odd == "pipe":
        os.mkfifo(content / "pipe")
    else:
        (content / "original").chmod(0o600)
        (content / "original").write_bytes(b"video and more")
    with pytest.raises(IntegrityError):
        case.store.commit_new(sha256, folder, files, **SAID)
    assert list(case.store.ids()) == []


@pytest.mark.parametrize("name", ["../escape", "/abs", "a/../b", ".hidden", "a//b", "a\nb", "é", "", "a/"])
def test_a_name_that_is_not_plain_is_not_kept(case: Case, name: str) -> None:
    sha256, folder, files = case.stage(b"video")
    with pytest.raises((ManifestError, IntegrityError)):
        case.store.commit_new(sha256, folder, (*files, subject(name, b"")), **SAID)
    assert list(case.store.ids()) == []


def test_the_wrong_original_is_not_kept(case: Case) -> None:
    _, folder, files = case.stage(b"video")
    with pytest.raises(IntegrityError):
        case.store.commit_new("0" * 64, folder, files, **SAID)


def test_a_time_that_is_none_is_not_kept(case: Case) -> None:
    sha256, folder, files = case.stage(b"video")
    with pytest.raises(ManifestError):
        case.store.commit_new(sha256, folder, files, "yesterday", "ingestion", "op")


def test_an_object_is_never_replaced(case: Case) -> None:
    sha256 = case.ingest(b"video")
    before = {path: path.stat().st_mtime_ns for path in place(case, sha256).rglob("*")}
    _, folder, files = case.stage(b"video")
    with pytest.raises(StoreError) as caught:
        case.store.commit_new(sha256, folder, files, **SAID)
    assert caught.value.code == "store.exists"
    assert {path: path.stat().st_mtime_ns for path in place(case, sha256).rglob("*")} == before


def test_a_version_made_on_top_of_another_is_not_kept(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b"2"})
    folder = case.staged()
    files = (put(folder, "manifest.json", b"also 2"),)
    with pytest.raises(StoreError) as caught:
        case.store.commit_version(sha256, folder, files, **SAID, expected=1)
    assert caught.value.code == "store.conflict"
    assert case.store.head(sha256).version == 2


def test_a_version_on_top_of_an_unfinished_one_waits_for_recovery(case: Case) -> None:
    sha256 = case.ingest()
    (place(case, sha256) / "v2" / "content").mkdir(parents=True)
    folder = case.staged()
    files = (put(folder, "manifest.json", b"2"),)
    with pytest.raises(StoreError) as caught:
        case.store.commit_version(sha256, folder, files, **SAID)
    assert caught.value.code == "store.unfinished"
    case.store.recover(case.quarantine)
    case.again(sha256, **{"manifest.json": b"2"})
    assert failures(case, sha256) == []


def test_a_parent_folder_tidied_away_in_between_is_made_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.rename, []

    def rename(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 1:
            Path(target).parent.rmdir()
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    sha256 = case.ingest()
    assert len(calls) == 2
    assert failures(case, sha256) == []


def test_versions_of_many_threads_all_arrive(case: Case) -> None:
    sha256 = case.ingest()
    staged = []
    for number in range(6):
        folder = case.staged()
        staged.append((folder, (put(folder, "manifest.json", b"%d" % number),)))
    threads = [
        threading.Thread(target=case.store.commit_version, args=(sha256, *each, *SAID.values())) for each in staged
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert case.store.head(sha256).version == 7
    assert failures(case, sha256) == []


@pytest.mark.parametrize("name", ["nothing", "../../../../etc/passwd", ""])
def test_a_file_that_is_not_there_is_unknown(case: Case, name: str) -> None:
    sha256 = case.ingest()
    with pytest.raises(StoreError):
        case.store.path(sha256, name)
    with pytest.raises(StoreError):
        case.store.path(sha256, "original", 2)
    with pytest.raises(StoreError):
        case.store.path(sha256, "original", 0)


@pytest.mark.parametrize("sha256", ["f" * 64, "../" * 20, "", "A" * 64, "0" * 63])
def test_an_object_that_is_not_there_is_unknown(case: Case, sha256: str) -> None:
    with pytest.raises(StoreError) as caught:
        case.store.head(sha256)
    assert caught.value.code == "store.unknown"


def test_a_store_in_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError):
        Store(tmp_path / "file" / "store").create()
    with pytest.raises(StoreError):
        list(Store(tmp_path / "nothing").ids())


def test_equal_input_gives_equal_bytes_of_the_whole_object(tmp_path: Path) -> None:
    trees = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        case = Case(tmp_path / name)
        sha256 = case.ingest()
        case.again(sha256, **{"manifest.json": b"2"})
        root = place(case, sha256)
        trees.append({str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()})
    assert trees[0] == trees[1]


def test_a_small_file_is_read_whole_and_a_pipe_in_its_place_is_not_waited_for(case: Case) -> None:
    sha256 = case.ingest()
    case.again(sha256, **{"manifest.json": b"2"})
    assert case.store.read(sha256, "manifest.json") == b"2"
    assert case.store.read(sha256, "manifest.json", 1) == b'{"version":1}\n'
    path = case.store.path(sha256, "manifest.json")
    path.unlink()
    with pytest.raises(Unreadable):
        case.store.read(sha256, "manifest.json")
    os.mkfifo(path)
    with pytest.raises(IntegrityError):
        case.store.read(sha256, "manifest.json")
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(IntegrityError):
        case.store.read(sha256, "manifest.json")
    with pytest.raises(IntegrityError):
        read_kept(case.store.path(sha256, "manifest.json", 1), 3)
