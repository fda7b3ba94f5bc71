"""forensics report: the case as one page."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.lines import emit, path_fields, say
from pipelines.cli.options import case_option, open_desk, output_options, work_options


@click.command()
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="HTML file to write.  [default: reports/ of the case]"
)
@case_option
@work_options
@output_options
def report(
    out: Path | None,
    case_dir: Path | None,
    jobs: int | None,
    operator: str | None,
    cpu_s: int | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Render the case report: one HTML file that works offline."""
    from pipelines import report as job
    from pipelines.progress import shown

    desk = open_desk(case_dir, {"jobs": jobs, "operator": operator, "cpu_s": cpu_s})
    with shown("report", quiet=quiet or as_json) as progress:
        path = job.write_report(desk.case, desk.run, desk.settings, out, progress)
    if as_json:
        emit({"type": "report", **path_fields(str(path))})
    else:
        say(str(path))
