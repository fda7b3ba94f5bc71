"""Inventories read by several threads at a time, as `verify` does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

AT_ONCE = """
import threading, time
import msgspec._utils
from forensics.acquire import inventory
from forensics.model.manifest import Subject

file = Subject(name="original", sha256="a" * 64, sha512="b" * 128, size=1)
made = inventory.first_inventory(file.sha256, (file,), created="2026-11-22T08:14:03Z", message="m", user="u")
data = inventory.encode_inventory(made)

really = msgspec._utils._forward_ref
def slowly(name):
    time.sleep(0.02)
    return really(name)
msgspec._utils._forward_ref = slowly

read = []
threads = [threading.Thread(target=lambda: read.append(inventory.decode_inventory(data, "a" * 64))) for _ in range(20)]
for thread in threads:
    thread.start()
    time.sleep(0.02)
for thread in threads:
    thread.join()
assert read == [made] * 20
"""
"""Threads that come one after another while msgspec, made slow, looks at the fields of the types."""


def test_the_first_inventories_of_a_process_may_be_read_at_the_same_time() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
