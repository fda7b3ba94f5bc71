"""The error rates that ship with the program: of these parameters, on the sample footage, and whole."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from forensics import custody
from pipelines import findings
from pipelines.error_rates import SHIPPED

SAMPLES = Path(__file__).resolve().parents[3] / "sample_media"


def test_the_record_that_ships_is_of_the_parameters_in_force_and_of_the_sample_footage() -> None:
    record = custody.decode_validation(resources.files("pipelines").joinpath(SHIPPED).read_bytes())
    listed = {line.split()[0] for line in (SAMPLES / "SHA256SUMS").read_text().splitlines()}
    assert record.method.params_sha256 == findings.METHOD.params_sha256, "make validation measures them again"
    assert record.sources
    assert set(record.sources) <= listed
    assert {row.attack for row in record.copies} >= {"crop", "mirror"}
