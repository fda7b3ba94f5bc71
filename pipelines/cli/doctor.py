"""forensics doctor: is this machine fit to work?"""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options, settings_for

SPOILED_BY = {"ffmpeg": ExitCode.TOOL, "free space": ExitCode.STORE}
"""What the machine lacks; anything else that is not as it should be touches what can be relied upon."""


@click.command()
@case_option
@output_options
def doctor(case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Versions, confinement, clock, free space, self-check of the hash vectors, and the case's health."""
    from pipelines.case import case_config
    from pipelines.doctor import examine
    from pipelines.surroundings import Surroundings

    settings = settings_for({}, {} if case_dir is None else case_config(case_dir), Surroundings().environ)
    worst = ExitCode.OK
    for finding in examine(case_dir, settings):
        if not finding.ok:
            worst = max(worst, SPOILED_BY.get(finding.name, ExitCode.INTEGRITY))
        if as_json:
            emit({"type": "doctor", "name": finding.name, "ok": finding.ok, "found": finding.found})
        elif not quiet or not finding.ok:
            say(f"{'ok  ' if finding.ok else 'BAD '} {finding.name}: {finding.found}")
    return worst
