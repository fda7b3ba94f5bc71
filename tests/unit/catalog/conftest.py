"""Each test of the room runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.catalog import Database, open_file, open_server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, of which the test has the lock."""
    if request.param == "sqlite":
        opened = open_file(tmp_path / "index" / "catalog.sqlite")
    else:
        opened = open_server(request.getfixturevalue("postgres").new())
    with opened.alone(wait=True) as mine:
        assert mine
        yield opened
