"""forensics seal: sign the head of the log. forensics head: the three lines to give to others."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options


@click.command()
@click.option("--pending", is_flag=True, help="Sign nothing; ask for time-stamps that the last seal lacks.")
@case_option
@output_options
def seal(pending: bool, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Sign the head of the custody log; every other command that writes does this at its end.

    A case made before there were seals gets your key as its first.
    """
    from forensics import custody
    from forensics.errors import CaseError
    from pipelines import seal as job

    desk = open_desk(case_dir, {})
    if pending:
        sealed = custody.last_seal(desk.case.log.path)
        if sealed is None:
            raise CaseError("nothing of this case is sealed", hint="run: forensics seal")
    else:
        desk = Work(desk, signed=True, quiet=quiet).desk
        sealed = job.seal_case(desk.case, desk.run)
    waiting = tuple(job.stamp_last(desk.case, desk.run, desk.settings.timestamp))
    for notice in waiting:
        tell(f"{notice.message} [{notice.code}]")
    stamps = len(desk.settings.timestamp) - len(waiting)
    if as_json:
        fields = {"size": sealed.checkpoint.size, "fresh": sealed.fresh, "head": sealed.checkpoint.text.decode()}
        counts = {"stamps": stamps, "pending": len(waiting)}
        emit({"type": "seal", "checkpoint": f"log/checkpoints/{sealed.checkpoint.name}", **fields, **counts})
    elif not quiet:
        what = "sealed" if sealed.fresh else "sealed already"
        asked = f"{stamps} time-stamps, {len(waiting)} pending"
        told = asked if desk.settings.timestamp else "no time-stamp authority is set"
        say(f"{what}: {sealed.checkpoint.size} events of the log; {told}")
    return ExitCode.PARTIAL if waiting else ExitCode.OK


@click.command()
@case_option
@output_options
def head(case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Print the last sealed head of the log: three lines to mail to counsel, for verify --against."""
    from forensics import custody
    from forensics.errors import CaseError
    from pipelines import seal as job

    desk = open_desk(case_dir, {})
    last = custody.last_seal(desk.case.log.path)
    if last is None:
        raise CaseError("nothing of this case is sealed", hint="run: forensics seal")
    rest = job.unsealed(desk.case)
    if as_json:
        emit({"type": "head", "size": last.checkpoint.size, "unsealed": rest, "head": last.checkpoint.text.decode()})
    else:
        for line in last.checkpoint.text.decode().splitlines():
            say(line)
    if rest:
        tell(f"{rest} later events of the log are not sealed; run: forensics seal", quiet=quiet)
    return ExitCode.PARTIAL if rest else ExitCode.OK
