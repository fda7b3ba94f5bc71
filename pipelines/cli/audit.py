"""forensics audit: what the case has to answer to a legal profile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, open_desk, output_options

if TYPE_CHECKING:
    from pipelines.audit import Asked, Named


@click.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option(
    "--profile", "wanted", required=True, metavar="NAME|FILE", help="berkeley, fre902, iso27037, or a TOML file."
)
@click.option("--verify", "with_verify", is_flag=True, help="Verify the case first, for what asks for it.")
@case_option
@output_options
def audit(
    names: tuple[str, ...],
    wanted: str,
    with_verify: bool,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Answer each requirement of a legal profile: yes, no or not applicable, with the reason; never a score.

    Of the case, and of the evidences ID (all of them without ID). Nothing is written. "No" is an answer: the exit code
    is 0 whenever the audit could run.
    """
    from pipelines import audit as job
    from pipelines.verify import checks_of

    desk = open_desk(case_dir, {})
    named = job.open_profile(wanted)
    evidence = tuple(desk.case.resolve(name) for name in names) or tuple(sorted(desk.case.store.ids()))
    verified = checks_of(desk.case.root) if with_verify else None
    answers = job.audit(desk.case, named.profile, tuple(dict.fromkeys(evidence)), verified)
    (_emit_all if as_json else _say_all)(named, answers)
    return ExitCode.OK


def _emit_all(named: Named, answers: Iterable[Asked]) -> None:
    profile = named.profile
    told = {field: getattr(profile, field) for field in ("name", "title", "edition", "source", "date", "basis")}
    emit({"type": "profile", **told, "limits": list(profile.limits), "sha256": named.sha256})
    for asked in answers:
        emit({"type": "requirement", **asked.as_fields(profile)})


def _say_all(named: Named, answers: Iterable[Asked]) -> None:
    profile = named.profile
    say(f"{profile.title} ({profile.edition})")
    say(f"profile {profile.name} of {profile.date}, SHA-256 {named.sha256}")
    say(f"basis: {profile.basis}")
    for limit in profile.limits:
        say(f"limit: {limit}")
    about: str | None = ""
    for asked in answers:
        if asked.evidence != about:
            about = asked.evidence
            say()
            say("The case" if about is None else f"{asked.exhibit}  {about}")
        wanted, answered = asked.requirement, asked.answered
        say(f"  {answered.answer:14}  {wanted.paragraph}. {wanted.text}")
        say(f"                  {answered.reason}")
        say(f"                  [{answered.field}]{'' if wanted.basis is None else f' basis: {wanted.basis}'}")
