"""Inventories read by several threads at once, as verify does, in processes that have read none before."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.adversarial.sealed_case import SealedCase
from tests.integration.conftest import ROOT

FORKS = 60
"""Without the precaution in forensics.acquire.inventory about one in twelve died."""

SCRIPT = """
import os, sys, threading
from pathlib import Path
from forensics.acquire.inventory import decode_inventory

data, sha256, forks = Path(sys.argv[1]).read_bytes(), sys.argv[2], int(sys.argv[3])


def read(barrier):
    barrier.wait()
    decode_inventory(data, sha256)


died = 0
for _ in range(forks):
    child = os.fork()
    if child == 0:
        sys.setswitchinterval(1e-6)
        barrier = threading.Barrier(8)
        threads = [threading.Thread(target=read, args=(barrier,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
    died += os.waitpid(child, 0)[1] != 0
print(died)
"""


def test_no_process_dies_of_reading_its_first_inventories_in_threads(tmp_path: Path) -> None:
    case = SealedCase(tmp_path / "case")
    case.make()
    shutil.copy(case.place(case.third) / "inventory.json", tmp_path / "inventory.json")
    words = [sys.executable, "-c", SCRIPT, str(tmp_path / "inventory.json"), case.third, str(FORKS)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"], done.stderr
