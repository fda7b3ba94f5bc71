"""The table of `tests.samples_table`, row by row, against the ground truth of ../shared/samples."""

from pathlib import Path

from tests import samples_table


def test_every_drone_and_camera_sample_is_read_as_its_readme_states(shared: Path) -> None:
    table = list(samples_table.rows(shared / "samples"))
    assert [(row.file, row.expected, row.found) for row in table if not row.equal] == []


def test_no_drone_or_camera_sample_is_left_out_of_the_table(shared: Path) -> None:
    told = {row.file for row in samples_table.rows(shared / "samples")} | {"klv_bin/klv_gold.json"}
    folders = ("dji_srt", "gpmf", "klv_bin", "klv_ts", "mp4_malformed", "mp4_meta", "stills")
    present = {f"{folder}/{path.name}" for folder in folders for path in (shared / "samples" / folder).iterdir()}
    assert present - told == set()
