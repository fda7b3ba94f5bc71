"""forensics verify: recompute every digest and chain."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="HEAD",
    type=click.Path(path_type=Path),
    help="File with a head of the log that somebody kept: three lines of forensics head, or the mail that has them.",
)
@case_option
@output_options
def verify(
    target: Path | None, against: Path | None, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Check a case (or TARGET, a case folder or a manifest file) in numbered steps; report every problem."""
    from forensics.model.custody import CheckStatus
    from pipelines.verify import Unsealed, verify_target

    problems = 0
    skipped = 0
    unsealed: int | None = None
    for thing in verify_target(target, case_dir, against):
        if isinstance(thing, Unsealed):
            unsealed = thing.events
            continue
        failed = thing.status is CheckStatus.FAILED
        undone = thing.status is CheckStatus.SKIPPED and thing.name != "not yet sealed"
        problems += failed
        skipped += undone
        if as_json:
            emit(
                {
                    "type": "check",
                    "step": thing.step,
                    "name": thing.name,
                    "status": str(thing.status),
                    "subject": thing.subject,
                    "expected": thing.expected,
                    "found": thing.found,
                }
            )
        elif failed or verbose or (undone and not quiet):
            say(f"{thing.status.upper():8} step {thing.step} {thing.name}: {thing.subject}")
            if failed or undone:
                say(f"         expected {thing.expected}; found {thing.found}")
    if as_json:
        summary = {"verified": problems == 0, "problems": problems, "skipped": skipped, "unsealed": unsealed}
        emit({"type": "summary", **summary})
    elif not quiet:
        verdict = "verified" if problems == 0 else f"NOT VERIFIED: {problems} problems"
        undone_too = f"; {skipped} checks could not be done" if skipped else ""
        say(f"{verdict}{undone_too}; {_sealed(unsealed)}")
    return ExitCode.OK if problems == 0 else ExitCode.INTEGRITY


def _sealed(unsealed: int | None) -> str:
    if unsealed is None:
        return "the log was not looked at"
    return f"{unsealed} events of the log are NOT SEALED" if unsealed else "every event of the log is sealed"
