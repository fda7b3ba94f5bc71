"""forensics review: a person confirms or rejects a finding."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options


@click.command()
@click.argument("names", metavar="FINDING | ID ID", nargs=-1, required=True)
@click.option("--confirm", "opinion", flag_value="confirm", help="What it says is so.")
@click.option("--reject", "opinion", flag_value="reject", help="What it says is wrong.")
@click.option("--reason", required=True, help="Why: what you looked at, and what you saw.")
@click.option(
    "--alternative", "alternatives", multiple=True, help="Another explanation that you weighed; may be given again."
)
@click.option("--examiner", metavar="NAME", help="Who says so: a name or pseudonym.  [default: the operator]")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def review(
    names: tuple[str, ...],
    opinion: str | None,
    reason: str,
    alternatives: tuple[str, ...],
    examiner: str | None,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Confirm or reject FINDING: its SHA-256 (or a prefix), its file name, or the two evidences that it compares.

    A new signed finding supersedes it; nothing is edited. What is rejected joins no files and is called a repost
    nowhere. What is confirmed stays what its assessment says: a confirmed candidate is no match.
    """
    from pipelines import persons
    from pipelines import review as job
    from pipelines.config import UNNAMED
    from pipelines.standing import with_name

    if opinion is None:
        raise click.UsageError("say --confirm or --reject")
    if len(names) > 2:
        raise click.UsageError("one finding, or two evidences")
    desk = open_desk(case_dir, {"operator": operator})
    person = desk.run.operator if examiner is None else examiner
    if person == UNNAMED:
        raise click.UsageError("an opinion is somebody's: name the examiner with --examiner")
    said = job.Opinion(confirms=opinion == "confirm", examiner=person, reason=reason, alternatives=alternatives)
    work = Work(desk, signed=True, quiet=quiet)
    with work as desk:
        done = job.review(desk.case, desk.run, names, said)
        known = persons.names(desk.case)
    former, stored = with_name(done.former, known).finding, with_name(done.stored, known)
    if former.review is not None:
        tell(f"reviewed before: {former.status} by {former.review.examiner}, {former.review.made}", quiet=quiet)
    match, words = stored.finding.match, stored.finding.review
    assert words is not None
    if as_json:
        fields = {"query": match.query_id, "reference": match.reference_id, "status": str(stored.finding.status)}
        ids = {"finding": stored.sha256, "file": f"findings/{stored.name}", "supersedes": words.supersedes}
        emit({"type": "review", **ids, **fields, "examiner": words.examiner, "made": words.made})
    elif not quiet:
        pair = f"{match.query_id[:12]} with {match.reference_id[:12]}, {match.assessment}"
        say(f"{stored.finding.status}: {pair}")
        say(f"findings/{stored.name}, SHA-256 {stored.sha256}")
    return work.code(ExitCode.OK)
