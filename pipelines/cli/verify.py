"""forensics verify: recompute every digest and chain."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@case_option
@output_options
def verify(target: Path | None, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Check a case (or TARGET, a case folder or a manifest file) in numbered steps; report every problem."""
    from forensics.model.custody import CheckStatus
    from forensics.model.verification import Step
    from pipelines.verify import Unsealed, verify_target

    problems = 0
    skipped = 0
    unsealed: int | None = None
    for thing in verify_target(target, case_dir):
        if isinstance(thing, Unsealed):
            unsealed = thing.events
            continue
        failed = thing.status is CheckStatus.FAILED
        undone = thing.status is CheckStatus.SKIPPED and thing.step != Step.SEALS
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
        log = "the log was not looked at" if unsealed is None else f"{unsealed} events of the log are not sealed"
        say(f"{verdict}{undone_too}; {log}{'' if unsealed is None else ' (no signature, no outside time)'}")
    return ExitCode.OK if problems == 0 else ExitCode.INTEGRITY
