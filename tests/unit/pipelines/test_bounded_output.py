"""What ingest prints when there is too much to say: the first of each kind, then a count; JSON and log have all."""

import json

import pytest

from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from pipelines.clerk import Outcome
from pipelines.cli.exits import ExitCode
from pipelines.cli.ingest import LINES_OF_A_KIND, Tally

MISSING = [Passed(path=f"{n}.mp4", code="telegram.file_missing", message="not there", failed=True) for n in range(500)]
DAMAGED = [
    Outcome(path=f"{n}.avi", status="failed", notices=(Notice(code="media.damaged", message="broken"),))
    for n in range(LINES_OF_A_KIND)
]


def test_the_first_lines_of_a_kind_are_printed_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    code = Tally(as_json=False, quiet=False, verbose=False).print_all([*MISSING, *DAMAGED])
    lines = capsys.readouterr().err.splitlines()
    assert code is ExitCode.PARTIAL
    assert sum("not there" in line for line in lines) == LINES_OF_A_KIND
    assert sum("broken" in line for line in lines) == LINES_OF_A_KIND
    assert lines[-1].startswith(f"{500 - LINES_OF_A_KIND} more lines of [telegram.file_missing] were not printed")
    assert len(lines) == 2 * LINES_OF_A_KIND + 1


def test_json_lines_and_verbose_leave_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    Tally(as_json=True, quiet=False, verbose=False).print_all(MISSING)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["path"] for row in rows[:-1]] == [one.path for one in MISSING]
    Tally(as_json=False, quiet=False, verbose=True).print_all(MISSING)
    assert len(capsys.readouterr().err.splitlines()) == 500
