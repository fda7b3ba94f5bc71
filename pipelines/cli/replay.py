"""forensics replay: derive the facts again from the kept bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import Work, case_option, open_desk, output_options, work_options

if TYPE_CHECKING:
    from pipelines.replay import Replayed


@click.command()
@click.argument("names", metavar="ID...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every evidence of the case.")
@case_option
@work_options
@output_options
def replay(
    names: tuple[str, ...],
    every: bool,
    case_dir: Path | None,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Derive the facts of evidence ID again and say whether they are equal, and if not, what differs."""
    from pipelines import replay as job
    from pipelines.progress import shown

    if bool(names) == every:
        raise click.UsageError("name an evidence, or use --all, not both")
    desk = open_desk(case_dir, flags)
    ids = tuple(desk.case.store.ids()) if every else tuple(desk.case.resolve(name) for name in names)
    worst = ExitCode.OK
    equal = 0
    work = Work(desk, signed=False, quiet=quiet)
    with work as desk, shown("replay", quiet=quiet or as_json) as progress:
        for outcome in job.replay(desk.case, desk.run, ids, desk.settings, progress):
            equal += outcome.equal
            if as_json:
                emit({"type": "replay", **outcome.as_fields()})
            elif not outcome.equal or not quiet:
                _say(outcome)
            if not outcome.exact_equal:
                worst = ExitCode.INTEGRITY
            elif not outcome.equal and worst is ExitCode.OK:
                worst = ExitCode.PARTIAL
    if as_json:
        emit({"type": "summary", "replayed": len(ids), "equal": equal, "different": len(ids) - equal})
    elif not quiet:
        say(f"{equal} of {len(ids)} equal")
    return work.code(worst)


def _say(outcome: Replayed) -> None:
    say(f"{'equal ' if outcome.equal else 'DIFFERS'}  {outcome.id[:12]}  exhibit {outcome.exhibit}")
    for line in (*outcome.differences, *filter(None, [outcome.verdict])):
        say(f"    {line}")
