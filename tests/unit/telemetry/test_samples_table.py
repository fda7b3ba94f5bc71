"""The table of `tests.samples_table`, row by row, against the ground truth of ../shared/samples."""

from pathlib import Path

import pytest

from tests import samples_table

FOLDERS = ("dji_srt", "gpmf", "klv_bin", "klv_ts", "mp4_malformed", "mp4_meta", "stills")
NO_TELEMETRY = {"klv_bin/klv_gold.json"}
"""What another program is expected to decode of other files."""


@pytest.fixture(scope="module")
def table(shared: Path) -> list[samples_table.Row]:
    return list(samples_table.rows(shared / "samples"))


def test_every_drone_and_camera_sample_is_read_as_its_readme_states(table: list[samples_table.Row]) -> None:
    assert [(row.file, row.expected, row.found) for row in table if not row.equal] == []


def test_no_drone_or_camera_sample_is_left_out_of_the_table(shared: Path, table: list[samples_table.Row]) -> None:
    present = {f"{folder}/{path.name}" for folder in FOLDERS for path in (shared / "samples" / folder).iterdir()}
    assert present - {row.file for row in table} - NO_TELEMETRY == set()
