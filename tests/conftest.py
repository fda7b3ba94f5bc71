"""What all tests share: the folder of real material, when it is there, which examples the laws try, and where
temporary files lie.

`make test` tries the same examples each time, so that what passes here passes on a clean checkout; `make search` draws
new ones (pytest's `--hypothesis-profile=search`).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipelines.surroundings import cpu_count, one_thread_each
from tests.postgres import Postgres, running, why_not

# A busy machine is no failure: a test that promises a time says so itself.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", parent=patient, derandomize=True, database=None)
settings.register_profile("search", parent=patient, derandomize=False, print_blob=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that must be free in memory: eight times what a whole run leaves there when nothing of it is removed."""


# As the command line does, before anything loads numpy: idle threads of a numeric library spin, at a core each.
one_thread_each()

# Each test of the command line starts Python anew, and without stored bytecode compiles the whole program each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Let temporary files lie in memory: the program syncs each thing that it keeps, and on a disk tests would mostly
    wait for that. Benchmarks measure the disk too.
    """
    if "TMPDIR" not in os.environ and config.option.markexpr != "benchmark" and memory_has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: what tests wait for, the disk and processes that they end, leaves a third idle."""
    return cpu_count() + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that it stays with one worker, which makes its cases once."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def memory_has_room() -> bool:
    """Whether there is a folder in memory, with room, from which programs may be started."""
    if not os.access(MEMORY, os.W_OK | os.X_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return False
    told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(told.get("MemAvailable", "0 kB").split()[0]) * 1024
    return min(shutil.disk_usage(MEMORY).free, available) >= ROOM


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, samples and bad files. Tests that ask for it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of the tests' own. Tests that ask for it are skipped where none can be started."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with running() as server:
        yield server
