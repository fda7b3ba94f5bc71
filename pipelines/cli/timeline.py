"""forensics timeline: groups of copies of the same footage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, lay, say, tell
from pipelines.cli.options import case_option, open_desk, output_options

if TYPE_CHECKING:
    from pipelines.footage import Timeline


@click.command()
@click.option(
    "--format", "form", type=click.Choice(("text", "graphml")), default="text", help="graphml: a graph, for Gephi."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="File to write.  [default: stdout]")
@case_option
@output_options
def timeline(form: str, out: Path | None, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Groups of copies of the same footage, first known appearance first; how many distinct recordings."""
    from pipelines.footage import timeline_of

    if as_json and form != "text":
        raise click.UsageError("--json and --format graphml exclude one another")
    if out is not None and form == "text":
        raise click.UsageError("-o/--out goes with --format graphml; redirect the text")
    desk = open_desk(case_dir, {})
    found = timeline_of(desk.case)
    for notice in found.notices:
        tell(f"{notice.message} [{notice.code}]", quiet=quiet)
        if as_json:
            emit({"type": "notice", "code": notice.code, "message": notice.message})
    if form == "graphml":
        from pipelines.timeline_graph import as_graphml

        _write(as_graphml(found), out)
    else:
        _print(found, as_json=as_json)
    return ExitCode.PARTIAL if found.notices else ExitCode.OK


def _print(found: Timeline, *, as_json: bool) -> None:
    if as_json:
        _print_json(found)
        return
    from pipelines import timeline_text as job

    for each in found.footage:
        for line in job.group_lines(each, found):
            lay(line)
        say()
    for lead in found.leads:
        lay(job.lead_line(lead))
    for line in job.summary_lines(found):
        lay(line)


def _print_json(found: Timeline) -> None:
    from pipelines import timeline as job

    for each in found.footage:
        emit(job.group_fields(each, found))
    for lead in found.leads:
        emit(job.lead_fields(lead))
    emit(job.summary_fields(found))


def _write(data: bytes, out: Path | None) -> None:
    from forensics.errors import StoreError
    from pipelines.whole_files import write_whole

    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        write_whole(out, data)
    except OSError as error:
        raise StoreError(f"{out}: {error.strerror}", hint="name another place with --out") from error
