"""forensics deepen: derive from all frames what a triage left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options, work_options

if TYPE_CHECKING:
    from pipelines.deepen import Deepened


@click.command()
@click.argument("names", metavar="ID...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every triaged evidence of the case.")
@case_option
@work_options
@output_options
def deepen(
    names: tuple[str, ...],
    every: bool,
    case_dir: Path | None,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Decode all frames of evidence ID that was ingested with --triage: a new version of its manifest.

    The version of the triage stays in the store, and is named by its digest.
    """
    import sys

    from pipelines import deepen as job
    from pipelines.progress import shown

    if bool(names) == every:
        raise click.UsageError("name an evidence, or use --all, not both")
    desk = open_desk(case_dir, flags)
    ids = tuple(desk.case.resolve(name) for name in names) or job.triaged(desk.case)
    counts = {"deepened": 0, "whole": 0, "failed": 0}
    noticed = 0
    work = Work(desk, signed=True, quiet=quiet)
    with work as desk, shown("deepen", quiet=quiet or as_json) as progress:
        for outcome in job.deepen(desk.case, desk.run, ids, desk.settings, sys.argv[1:], progress):
            counts[outcome.status] += 1
            noticed += bool(outcome.notices)
            _print(outcome, as_json=as_json, quiet=quiet)
    if as_json:
        emit({"type": "summary", **counts, "with_notices": noticed})
    elif not quiet:
        say(f"{counts['deepened']} deepened, {counts['whole']} whole already, {counts['failed']} failed")
    return work.code(ExitCode.PARTIAL if counts["failed"] or noticed else ExitCode.OK)


def _print(outcome: Deepened, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        notices = [{"code": n.code, "message": n.message} for n in outcome.notices]
        fields = {"id": outcome.id, "status": outcome.status, "version": outcome.version, "notices": notices}
        emit({"type": "deepened", **fields})
    elif not quiet:
        say(f"{outcome.status}  {outcome.id[:12]}  version {outcome.version}")
    for notice in outcome.notices:
        tell(f"{outcome.id[:12]}: {notice.message} [{notice.code}]", quiet=quiet and outcome.status != "failed")
