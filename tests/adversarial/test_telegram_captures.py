"""Exports made to exhaust whoever compares them: a clear outcome, soon, in little memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 200 << 20
"""Of the whole process; the interpreter with its imports takes a third of it."""

GOOD = b'{\n "name": "c",\n "type": "public_channel",\n "id": 5,\n "messages": [\n  {\n   "id": 1,\n   "text": "a"\n  }'
HOSTILE = {
    "a string without end": (GOOD + b',\n  {\n   "id": 2,\n   "text": "', 1 << 28, "telegram.message_too_large"),
    "brackets": (GOOD + b',\n  {"id": 2, "text": ' + b"[" * 1_000_000, 0, "telegram.nested_too_deep"),
    "objects": (GOOD + b',\n  {"id": 2, "text": ' + b'{"a":' * 1_000_000, 0, "telegram.nested_too_deep"),
    "white space": (GOOD + b" " * (64 << 20), 0, "not JSON"),
    "keys": (b'{"x": {' + b"".join(b'"%d":1,' % n for n in range(100_000)), 0, "telegram.too_many_members"),
    "a number": (GOOD + b',\n  {"id": ' + b"9" * 5_000_000, 0, "telegram.message_too_large"),
}


PEAK = """
import re, sys
from pathlib import Path
from pipelines.cli import run_command
code = run_command(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
sys.stderr.write(f"peak {peak[1]}")
sys.exit(code)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_export_ends_soon_in_little_memory(tmp_path: Path, name: str) -> None:
    data, size, said = HOSTILE[name]
    (tmp_path / "good.json").write_bytes(GOOD + b"]}")
    path = tmp_path / "hostile.json"
    path.write_bytes(data)
    if size:
        os.truncate(path, size)
    command = [sys.executable, "-c", PEAK, "telegram", "diff", "good.json", "hostile.json", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=60, check=False)
    told = done.stderr.decode()
    assert done.returncode in (2, 3), told
    assert said in told
    assert "Traceback" not in told
    assert 1024 * int(told.rpartition("peak ")[2]) < MOST_BYTES


def test_names_and_texts_of_an_enemy_stay_text(tmp_path: Path) -> None:
    evil = "\u202e\x1b]0;x\x07<img src=x onerror=alert(1)>{{7*7}}{% raw %}\ud83d"
    for name, text in (("old.json", evil), ("new.json", evil + "!")):
        message = {"id": 1, "type": evil, "text": text, "from": evil, "file": evil, "media_type": evil, "from_id": evil}
        chat = {"name": evil, "type": evil, "id": 5, "messages": [message]}
        (tmp_path / name).write_text(json.dumps(chat), "utf-8")
    command = [sys.executable, "-m", "pipelines", "telegram", "diff", "old.json", "new.json", "--html", "page.html"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr.decode()
    assert b"telegram.text_replaced" in done.stderr
    page = (tmp_path / "page.html").read_text("utf-8")
    for told in (page, done.stdout.decode(), done.stderr.decode()):
        assert not {"\u202e", "\x1b", "\x07"} & {*told}
    assert "<img" not in page
    assert "{{7*7}}" in page
