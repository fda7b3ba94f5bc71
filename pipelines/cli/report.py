"""forensics report: the case as one page."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say
from pipelines.cli.options import Work, case_option, open_desk, output_options


@click.command()
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="HTML file to write.  [default: reports/ of the case]"
)
@click.option("--verify", "with_verify", is_flag=True, help="Verify the case first and print the outcome on the page.")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def report(
    out: Path | None,
    with_verify: bool,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Render the case report: one HTML file that works offline."""
    from pipelines import report as job
    from pipelines.progress import shown
    from pipelines.verify import checks_of

    work = Work(open_desk(case_dir, {"operator": operator}), signed=False, quiet=quiet)
    with work as desk, shown("report", quiet=quiet or as_json) as progress:
        checks = checks_of(desk.case.root) if with_verify else None
        path = job.write_report(desk.case, desk.run, desk.settings, out, progress, checks)
    if as_json:
        emit({"type": "report", **path_fields(str(path))})
    else:
        say(str(path))
    return work.code(ExitCode.OK)
