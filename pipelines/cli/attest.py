"""forensics attest-check: a named person recomputed a digest with another program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import Desk, Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from pipelines.attest import Statement


@click.command("attest-check")
@click.argument("name", metavar="ID")
@click.option("--program", metavar="NAME", help="The other program, such as sha256sum, certutil or hashdeep.")
@click.option("--program-version", metavar="TEXT", help="Its version, as it states it.  [default: not stated]")
@click.option("--digest", metavar="HEX", help="The digest that it printed.")
@click.option("--output", type=click.Path(path_type=Path), help="A file with what it printed on this one evidence.")
@click.option("--by", "person", metavar="NAME", help="Who did it: a name or pseudonym.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="When.  [default: today]")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def attest_check(
    name: str,
    program: str | None,
    program_version: str | None,
    digest: str | None,
    output: Path | None,
    person: str | None,
    day: str | None,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Record that a person recomputed the digest of evidence ID with another program.

    Without --digest and --output it prints the command lines for the kept file, and does nothing else. A digest that
    differs is recorded too, and ends with exit code 8.
    """
    from pipelines import attest as job

    desk = open_desk(case_dir, {"operator": operator})
    evidence = desk.case.resolve(name)
    if digest is None and output is None:
        _print_commands(desk, evidence, as_json=as_json)
        return ExitCode.OK
    if digest is not None and output is not None:
        raise click.UsageError("--digest and --output exclude one another")
    if program is None or person is None:
        raise click.UsageError("name the other program with --program, and who did it with --by")
    printed, kept = (job.digest_typed(digest), None) if digest is not None else job.digest_printed(output or Path())
    said = job.Statement(
        person=person, program=program, version=program_version, day=day, digest=printed, output_sha256=kept
    )
    return _record(desk, evidence, said, as_json=as_json, quiet=quiet)


def _record(desk: Desk, evidence: str, said: Statement, *, as_json: bool, quiet: bool) -> int:
    from pipelines import attest as job
    from pipelines.named_checks import with_name
    from pipelines.persons import names

    work = Work(desk, signed=True, quiet=quiet)
    with work as signed:
        check = with_name(job.attest(signed.case, signed.run, evidence, said), names(signed.case))
    if as_json:
        emit({"type": "named_check", **check.as_fields()})
    elif not quiet or not check.equal:
        say(f"{evidence[:12]}  {check.in_words()}")
    return work.code(ExitCode.OK) if check.equal else ExitCode.INTEGRITY


def _print_commands(desk: Desk, evidence: str, *, as_json: bool) -> None:
    from pipelines import attest as job

    for program, line in job.commands_for(desk.case, evidence):
        if as_json:
            emit({"type": "command", "evidence": evidence, "program": program, "command": line})
        else:
            say(line)
