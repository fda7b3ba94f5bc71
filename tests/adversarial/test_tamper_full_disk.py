"""A disk that is really full (a small tmpfs): nothing half-made stays, the log is valid, a larger disk completes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib, os, sys
from pathlib import Path
from forensics.acquire import Store, acquire, digest_file
from forensics.custody import Log, check_log
from forensics.errors import StoreError
from forensics.model.custody import CheckStatus, EventType
from forensics.model.manifest import Subject
from forensics.model.store import Reading

WHEN = "2026-11-22T08:14:03.120455Z"
root = Path(sys.argv[1])
store = Store(root / "store")
store.create()
(root / "staging").mkdir()
log = Log(root / "log" / "custody.jsonl", "CASE")


def record(event):
    log.append(event, time=WHEN, run="r", operator="o", item=None, detail={"x": "y" * 700})


record(EventType.CASE_CREATED)
source = Path(sys.argv[2])
source.write_bytes(os.urandom(300_000))


def ingest():
    folder = root / "staging" / "object"
    content = folder / "v1" / "content"
    content.mkdir(parents=True)
    digests = acquire(str(source), content / "original").digests
    files = [Subject(name="original", sha256=digests.sha256, sha512=digests.sha512, size=digests.size)]
    store.commit_new(digests.sha256, folder, tuple(files), WHEN, "ingestion", "op")


def bad(checks):
    return [check for check in checks if check.status is not CheckStatus.OK]


def sound():
    problems = bad(check_log(log.path, "CASE")) + bad(store.check_root())
    return problems + [each for sha256 in store.ids() for each in bad(store.check(sha256, Reading.ALL_DIGESTS))]


refused, filler, number = set(), root / "filler", 0
for left in range(0, 330_000, 6_000):
    room = os.statvfs(root)
    filler.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - left)))
    for name, work in (("store", ingest), ("log", lambda: record(EventType.INGESTION))):
        try:
            work()
        except (StoreError, OSError) as error:
            refused.add((name, getattr(error, "code", "mkdir")))
    filler.unlink()
    assert not sound(), sound()
    staged = sorted(path for path in (root / "staging").rglob("*") if path.is_file())
    for path in (root / "staging").iterdir():
        os.system(f"rm -rf {path}")
    kept = list(store.ids())
    if kept:
        break
assert ("store", "store.full") in refused and ("log", "store.full") in refused, refused
assert len(kept) == 1 and not sound()
print("refused", sorted(refused), "kept after", left)
"""


def test_a_full_disk_breaks_nothing(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "script.py").write_text(SCRIPT)
    mount = f"mount -t tmpfs -o size=900k none {disk}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True).returncode != 0:
        pytest.skip("no mounts in a namespace of our own here")
    run = f"{mount} && exec {sys.executable} {tmp_path}/script.py {disk} {tmp_path}/source"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", run], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "refused" in done.stdout
