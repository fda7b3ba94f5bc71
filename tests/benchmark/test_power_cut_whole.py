"""Every state that a power cut may leave of a ten-file ingest (tests/adversarial/power_cut.py says which are built)."""

import shutil

import pytest

from tests.adversarial import forked

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: it records the calls"),
]


def test_no_power_cut_during_an_ingest_of_ten_files_corrupts_or_loses_anything() -> None:
    found = forked.alone("tests.adversarial.cut_ingest", 10, 0)
    print(
        f"\n{found['calls']} calls, {found['tried']} states: {found['kinds']}; "
        f"ingested again {found['ingested again']}; problems: {found['problems']}"
    )
    assert found["problems"] == {}
    assert found["tried"] == found["states"] > 500
