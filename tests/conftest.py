"""What all tests share: the folder of real material, when it is there, which examples the laws try, and where
temporary files lie.

`make test` tries the same examples each time, so that what passes here passes on a clean checkout; `make search` draws
new ones (pytest's `--hypothesis-profile=search`).
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that must be free in memory: eight times what a whole run leaves there when nothing of it is removed."""


def in_memory() -> bool:
    """Whether temporary files can lie in memory: there is a folder for it, with room, that lets programs start."""
    if not os.access(MEMORY, os.W_OK | os.X_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return False
    return min(shutil.disk_usage(MEMORY).free, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) >= ROOM


# The program syncs each thing that it keeps, and on a disk tests would mostly wait for that. No test cuts the power.
if "TMPDIR" not in os.environ and in_memory():
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None

# Each test of the command line starts Python anew, and without stored bytecode compiles the whole program each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, samples and bad files. Tests that ask for it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    return SHARED
