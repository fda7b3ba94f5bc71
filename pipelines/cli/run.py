"""forensics run: the main job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.ingest import Tally
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.match import Printer
from pipelines.cli.options import (
    Desk,
    Work,
    case_option,
    catalog_option,
    gather,
    input_arguments,
    key_maker,
    model_options,
    output_options,
    work_options,
)

if TYPE_CHECKING:
    from forensics.model.custody import Check


@click.command()
@input_arguments(required=True)
@case_option
@click.option("--no-verify", is_flag=True, help="Leave out the verification of the whole case before the report.")
@click.option("--case-id", help="Identifier, when the case is made by this run.  [default: the folder's name]")
@catalog_option
@model_options
@work_options
@output_options
def run(
    inputs: tuple[str, ...],
    files0_from: str | None,
    case_dir: Path | None,
    no_verify: bool,
    case_id: str | None,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """The main job: make the case if needed, ingest INPUT, match everything, seal, verify, report.

    It prints where to look. The same command again takes up what is new or was interrupted.
    """
    import sys

    from forensics.model.custody import CheckStatus
    from pipelines import run as job
    from pipelines.progress import shown

    paths = gather(inputs, files0_from)
    if not paths:
        raise click.UsageError("nothing to work on: name files or folders, or use --files0-from")
    work = job.begin(case_dir, case_id, flags, key_maker(quiet=quiet))
    silent = quiet or as_json
    sealing = Work(Desk(case=work.case, settings=work.settings, run=work.run), signed=True, quiet=quiet)
    with sealing:
        for sentence in job.recover(work):
            tell(f"recovered: {sentence}", quiet=quiet)
        with shown("ingest", quiet=silent) as progress:
            tally = Tally(as_json=as_json, quiet=quiet, verbose=verbose)
            code = tally.print_all(job.ingest_all(work, paths, sys.argv[1:], progress))
        with shown("match", quiet=silent) as progress:
            printer = Printer(work.case, work.model, as_json=as_json, quiet=quiet)
            printer.take(job.match_all(work, progress))
        code = max(code, printer.print_all(), key=_weight)
        sealing.seal(stamp=False)
        checks = None if no_verify else job.verify_all(work)
        problems = sum(check.status is CheckStatus.FAILED for check in checks or ())
        outcome = "not verified: --no-verify" if checks is None else _verified(checks)
        if problems:
            tell(f"NOT VERIFIED: {problems} problems; run: forensics verify {work.case.root}")
            code = ExitCode.INTEGRITY
        with shown("report", quiet=silent) as progress:
            places = job.report_all(work, checks, progress)
    if not as_json and not quiet and not problems:
        say(outcome)
    for name, path in places.items():
        if as_json:
            emit({"type": "output", "name": name, **path_fields(str(path))})
        elif not quiet:
            say(f"{name}: {path}")
    return sealing.code(code)


def _verified(checks: Sequence[Check]) -> str:
    """How the verification of a case without problems came out, in one line."""
    from forensics.model.custody import CheckStatus
    from forensics.report.wording import count
    from pipelines.cli.verify import COUNTED

    held = sum(check.status is CheckStatus.OK for check in checks)
    undone = sum(check.status is CheckStatus.SKIPPED and check.name not in COUNTED for check in checks)
    left = f"; {count(undone, 'check')} could not be done, named by: forensics verify" if undone else ""
    return f"verified: {held} checks hold, no problem{left}"


def _weight(code: ExitCode) -> int:
    """Integrity outranks all; any failure outranks success."""
    return 1000 if code is ExitCode.INTEGRITY else int(code)
