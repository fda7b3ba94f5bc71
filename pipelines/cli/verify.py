"""forensics verify: recompute every digest and chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options

if TYPE_CHECKING:
    from pipelines.verify import Unsealed

COUNTED = frozenset({"not yet sealed", "time from outside"})
"""Checks that only count, and are told in the last line."""


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
    """Check a case (or TARGET: a case folder, an exhibit, a manifest file) in numbered steps; report every problem."""
    from forensics.model.custody import CheckStatus
    from pipelines.verify import Unsealed, verify_target

    problems = 0
    skipped = 0
    counted: Unsealed | None = None
    for thing in verify_target(target, case_dir, against):
        if isinstance(thing, Unsealed):
            counted = thing
            continue
        failed = thing.status is CheckStatus.FAILED
        undone = thing.status is CheckStatus.SKIPPED and thing.name not in COUNTED
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
        summary = {
            "verified": problems == 0,
            "problems": problems,
            "skipped": skipped,
            "unsealed": counted and counted.events,
        }
        signed = {"key": counted.key} if counted is not None and counted.exhibit else {}
        emit({"type": "summary", **summary, "unstamped": counted and counted.unstamped, **signed})
    elif not quiet:
        if counted is not None and counted.exhibit:
            say(f"signed by the key {counted.key or 'NONE'}; compare it with the one on paper")
        verdict = "verified" if problems == 0 else f"NOT VERIFIED: {problems} problems"
        undone_too = f"; {skipped} checks could not be done" if skipped else ""
        say(f"{verdict}{undone_too}; {_sealed(counted)}")
    return ExitCode.OK if problems == 0 else ExitCode.INTEGRITY


def _sealed(counted: Unsealed | None) -> str:
    if counted is None:
        return "the log was not looked at"
    if counted.exhibit:
        return "no time from outside" if counted.unstamped else "with a time from outside"
    sealed = f"{counted.events} events of the log are NOT SEALED" if counted.events else "every event is sealed"
    stamped = f"{counted.unstamped} have no time from outside" if counted.unstamped else "and has a time from outside"
    return f"{sealed}, {stamped}"
