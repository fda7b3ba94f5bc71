"""forensics doctor: is this machine fit to work?"""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options


@click.command()
@case_option
@output_options
def doctor(case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Versions, confinement, clock, free space, self-check of the hash vectors, and the case's health."""
    from pipelines.doctor import examine

    worst = ExitCode.OK
    for finding in examine(case_dir):
        if not finding.ok:
            worst = max(worst, ExitCode.TOOL if finding.name == "ffmpeg" else ExitCode.INTEGRITY)
        if as_json:
            emit({"type": "doctor", "name": finding.name, "ok": finding.ok, "found": finding.found})
        elif not quiet or not finding.ok:
            say(f"{'ok  ' if finding.ok else 'BAD '} {finding.name}: {finding.found}")
    return worst
