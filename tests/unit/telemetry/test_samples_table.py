"""The table of `tests.samples_table`, row by row, against the ground truth of ../shared/samples."""

from pathlib import Path

import pytest

from tests import samples_table
from tests.sample_row import Row
from tests.telegram_samples import telegram_rows

FOLDERS = ("dji_srt", "gpmf", "klv_bin", "klv_ts", "mp4_malformed", "mp4_meta", "stills")
NO_TELEMETRY = {"klv_bin/klv_gold.json"}
"""What another program is expected to decode of other files."""


@pytest.fixture(scope="module")
def table(shared: Path) -> list[Row]:
    return list(samples_table.rows(shared / "samples"))


def test_every_drone_and_camera_sample_is_read_as_its_readme_states(table: list[Row]) -> None:
    assert [(row.file, row.expected, row.found) for row in table if not row.equal] == []


def test_no_drone_or_camera_sample_is_left_out_of_the_table(shared: Path, table: list[Row]) -> None:
    present = {f"{folder}/{path.name}" for folder in FOLDERS for path in (shared / "samples" / folder).iterdir()}
    assert present - {row.file for row in table} - NO_TELEMETRY == set()


TELEGRAM_FOLDERS = ("tme_html", "tdl_json", "tdesktop_json", "tdesktop_synth", "ytdlp")


def test_every_telegram_sample_is_read_as_stated_and_none_is_left_out(shared: Path) -> None:
    samples = shared / "samples"
    rows = list(telegram_rows(samples))
    assert [(row.file, row.expected, row.found) for row in rows if not row.equal] == []
    present = {f"{folder}/{path.name}" for folder in TELEGRAM_FOLDERS for path in (samples / folder).iterdir()}
    assert present == {row.file for row in rows}
