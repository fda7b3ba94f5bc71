"""forensics compare: two files side by side, as a film and a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.errors import IntegrityError
from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from pipelines.compare import Compared, NoMatch

MOST_S, LEAST_S, LONGEST_S = 120, 1, 1800


@click.command()
@click.argument("one", metavar="A", type=click.Path())
@click.argument("other", metavar="B", type=click.Path())
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder to write to.  [default: reports/ of the case]"
)
@click.option(
    "--seconds",
    type=click.IntRange(LEAST_S, LONGEST_S),
    default=MOST_S,
    show_default=True,
    help="The film shows no more matched footage than this.",
)
@click.option("--operator", help="Who acts, for the record.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "require"]),
    help="Confine ffmpeg as well as this machine can, or do not run it outside the full jail.  [default: auto]",
)
@case_option
@output_options
def compare(
    one: str,
    other: str,
    out: Path | None,
    seconds: int,
    operator: str | None,
    sandbox: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Evidence A and B side by side: a film of the matched stretch with both clocks and the difference, and a page.

    A and B are evidence (SHA-256, prefix, or exhibit number); one may be a file from outside the case, of which
    nothing is admitted. What is made is a demonstrative, never evidence, and says so in every frame.
    """
    from forensics.model.notice import Notice
    from pipelines import compare as job
    from pipelines.progress import shown

    code = ExitCode.OK
    work = Work(open_desk(case_dir, {"operator": operator, "sandbox": sandbox}), signed=False, quiet=quiet)
    with work as desk, shown("compare", quiet=quiet or as_json) as progress:
        things = job.compare(desk.case, desk.run, (one, other), desk.settings, progress, out=out, most_s=seconds)
        for thing in things:
            if isinstance(thing, Notice):
                code = max(code, ExitCode.INTEGRITY if thing.code.startswith(IntegrityError.code) else ExitCode.PARTIAL)
                tell(f"{thing.message} [{thing.code}]")
                if as_json:
                    emit({"type": "notice", "code": thing.code, "message": thing.message})
            else:
                _print(thing, as_json=as_json)
    return work.code(code)


def _print(thing: Compared | NoMatch, *, as_json: bool) -> None:
    from pipelines.compare import Compared

    if not isinstance(thing, Compared):
        if as_json:
            emit({"type": "no_match", "left": thing.left, "right": thing.right})
        else:
            say(f"no match between {thing.left} and {thing.right}: nothing was written")
        return
    if as_json:
        emit(
            {
                "type": "comparison",
                "query": thing.match.query_id,
                "reference": thing.match.reference_id,
                "decision": str(thing.match.decision),
                "assessment": str(thing.match.assessment),
                "status": None if thing.status is None else str(thing.status),
                "seconds": round(thing.seconds, 6),
                **path_fields(str(thing.film), "film"),
                "film_sha256": thing.film_sha256,
                **path_fields(str(thing.page), "page"),
                **path_fields(str(thing.record), "record"),
                "record_sha256": thing.record_sha256,
            }
        )
        return
    told = "rejected by an examiner" if thing.status == "rejected" else thing.match.decision
    say(f"{told}: {thing.match.assessment}. Demonstrative, not evidence.")
    for name, path in (("film", thing.film), ("page", thing.page), ("record", thing.record)):
        say(f"{name:8}{path}")
