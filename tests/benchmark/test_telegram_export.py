"""A Telegram export of a million messages: time and memory beside json.load and ijson."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 1_000_000

MOST_OF_JSON = 1.3
"""CPU against json.load of the same file; measured 0.6 to 1.0."""

MOST_MEMORY = 64 << 20
"""Bytes beyond an interpreter with the same imports; measured 1 MiB."""

_MEASURE = """
import json, os, re, sys, time
from pathlib import Path
from forensics.sources.telegram_json import Export
from forensics.sources.telegram_window import Window
path, way = sys.argv[1:]
if way == "ijson":
    import ijson
    assert ijson.backend == "yajl2_c", "the quick one is what this is measured against"
def peak():  # of this program alone: what getrusage tells begins with the peak of whoever started it
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
before, start = peak(), time.process_time()
if way == "json":
    with open(path, encoding="utf-8") as file:
        found = len(json.load(file)["messages"])
elif way == "ijson":
    with open(path, "rb") as file:
        found = sum(1 for _ in ijson.items(file, "messages.item"))
else:
    found = sum(1 for _ in Export(window=Window(os.open(path, os.O_RDONLY)), quick=way == "lines").messages())
spent = time.process_time() - start
print(json.dumps({"found": found, "cpu_s": spent, "bytes": 1024 * (peak() - before)}))
"""


def write_export(path: Path, messages: int) -> None:
    """As Telegram Desktop lays it out: one blank a level, a file in every fifth post."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "Хроніка",\n "type": "public_channel",\n "id": 1700000001,\n "messages": [')
        for number in range(1, messages + 1):
            text = f"Відео з дрона, район елеватора, №{number}. " * (1 + number % 7)
            message = {
                "id": number, "type": "message", "date": "2022-07-12T11:00:00", "date_unixtime": "1657612800",
                "from": "Хроніка", "from_id": "channel1700000001",
            }  # fmt: skip
            if number % 5 == 0:
                name = f"video_files/video_{number}@12-07-2022_11-00-00.mp4"
                message |= {"file": name, "file_size": 5000000, "media_type": "video_file", "duration_seconds": 47}
            message |= {"text": text, "text_entities": [{"type": "plain", "text": text}]}
            lines = json.dumps(message, indent=1, ensure_ascii=False).replace("\n", "\n  ")
            file.write(("," if number > 1 else "") + "\n  " + lines)
        file.write("\n ]\n}")


def measured(path: Path, way: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", _MEASURE, path, way], capture_output=True, check=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_a_million_messages_cost_no_more_than_json_load_and_next_to_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_export(path, MESSAGES)
    costs = {way: measured(path, way) for way in ("lines", "brackets", "json", "ijson")}
    print(f"\n{MESSAGES} messages, {path.stat().st_size} bytes")
    for way, cost in costs.items():
        print(f"{way:10}{cost['cpu_s']:8.2f} s{cost['bytes'] / 2**20:10.1f} MiB")
    assert {cost["found"] for cost in costs.values()} == {MESSAGES}
    assert costs["lines"]["cpu_s"] <= MOST_OF_JSON * costs["json"]["cpu_s"]
    assert max(costs["lines"]["bytes"], costs["brackets"]["bytes"]) <= MOST_MEMORY
