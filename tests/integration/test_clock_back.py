"""A machine whose clock is behind the log says so before it writes, and verify says where."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forensics.model.custody import CaseInfo
from pipelines.case import SCHEMA, Run, create_case
from pipelines.surroundings import Surroundings
from tests.integration.conftest import Ran, ffmpeg


def test_an_ingest_with_a_clock_behind_the_log_ends_with_3_and_verify_names_the_line(
    forensics: Callable[..., Ran], tmp_path: Path
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    ahead = Run(id="urn:uuid:1", operator="t", surroundings=Surroundings(now=lambda: tomorrow, environ={}))
    info = CaseInfo(
        id="C", title=None, custodian=None, operator="t", schema=SCHEMA, created=ahead.surroundings.timestamp()
    )
    create_case(tmp_path / "case", info, ahead)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x32:d=1", "-frames:v", "1", tmp_path / "still.png")
    done = forensics("ingest", tmp_path / "still.png", "-c", tmp_path / "case")
    assert done.code == 3
    assert done.err.count("[clock.back]") == 1
    verified = forensics("verify", tmp_path / "case", "--json")
    assert verified.code == 0
    (told,) = [line for line in verified.of("check") if line["name"] == "log time order"]
    assert (told["status"], told["subject"]) == ("skipped", "line 2")
