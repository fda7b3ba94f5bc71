"""What all tests share: the folder of real material beside the repository, when it is there."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips, samples and bad files. Tests that ask for it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    return SHARED
