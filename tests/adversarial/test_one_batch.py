"""A few files of each kind, all file-system objects and some names in one batch (`make adversarial` takes them all)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import adversarial_table as table
from tests.adversarial import hostile_set

FILES = (
    "hls_rel_sibling.mp4", "clip_concat_abs.mp4", "empty.mp4", "meta_html.mp4", "tg_traversal.json",
    "zip_slip.zip", "zip_symlink.zip", "zip_bomb_1000to1.zip", "tar_slip.tar",
)  # fmt: skip


def test_one_batch_of_files_names_and_objects_breaks_no_rule(shared: Path, tmp_path: Path) -> None:
    items, batch, broken = table.run(tmp_path, FILES, names=12)
    try:
        assert broken.items == {}
        assert broken.batch == []
        assert len(items) == len(FILES) + 12 + 15
        assert len(list(table.table(items, batch, broken))) == 2 + len({item.kind for item in items})
    finally:  # a path longer than any call takes is in there, and pytest cannot delete it
        subprocess.run(["rm", "-rf", str(tmp_path / "fs")], check=True)


@pytest.fixture
def told(tmp_path: Path) -> table.Batch:
    """A batch that went wrong in every way."""
    (tmp_path / "case/log").mkdir(parents=True)
    (tmp_path / "case/log/custody.jsonl").write_text(json.dumps({"event": "ingestion", "item": "another"}) + "\n")
    row = {"id": "11", "status": "ingested", "path": "/in/fifo.mp4", "notices": []}
    calls = (
        '7 openat(AT_FDCWD, "/tmp/vef-canary/canary.mp4", O_RDONLY) = 3\n'
        '7 openat(AT_FDCWD, "/tmp/vef-canary/canary.mp4", O_RDONLY) = -1 EACCES (Permission denied)\n'
        "7 connect(4, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0\n"
    )
    return table.Batch(
        code=0,
        err="Traceback",
        case=tmp_path / "case",
        rows={b"/in/fifo.mp4": [row]},
        spent={b"/in/fifo.mp4": table.Spent(cpu_s=99, rss_mb=9999)},
        calls=calls,
        seconds=1,
        finding=table.Spent(cpu_s=99),
    )


def test_the_table_sees_what_it_is_there_to_see(told: table.Batch, tmp_path: Path) -> None:
    folder = tmp_path / "canaries"
    folder.mkdir()
    (folder / "pwned.txt").touch()
    fifo = table.Item(path=b"/in/fifo.mp4", kind="fs-objects", entry={"expect": "skip"})
    lost = table.Item(path=b"/in/a.mp4", kind="fs-names", entry={"expect": "ok"})
    broken = table.judge([fifo, lost], told, hostile_set.Canaries(), folder)
    assert broken.items[fifo.path] == ["99 s of CPU", "9999 MB", "kept and not in the log", "taken"]
    assert broken.items[lost.path] == ["no word about it"]
    assert [fault.split(":")[0] for fault in broken.batch] == [
        "exit 0", "99 s of CPU before the first row", "a traceback", "canary opened", "network", "written outside",
    ]  # fmt: skip
