"""What all tests share: the folder of real material, when it is there, and which examples the laws try.

`make test` tries the same examples each time, so that what passes here passes on a clean checkout; `make search` draws
new ones (pytest's `--hypothesis-profile=search`).
"""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, samples and bad files. Tests that ask for it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    return SHARED
