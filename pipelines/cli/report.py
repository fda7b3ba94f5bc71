"""forensics report: the case as one page, or one exhibit on paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.model.text import visible
from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, ask, case_option, open_desk, output_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyhanko.sign.signers import SimpleSigner

    from forensics.report import Form
    from pipelines.surroundings import Surroundings

PASSPHRASE_VARIABLE = "FORENSICS_PDF_PASSPHRASE_FILE"  # noqa: S105  the name of a variable

PAPERS = {"a4": "a4", "letter": "us-letter"}
LANGUAGES = ("en", "uk", "ru")


@click.command()
@click.option("-o", "--out", type=click.Path(path_type=Path), help="File to write.  [default: in reports/ of the case]")
@click.option("--verify", "with_verify", is_flag=True, help="Verify the case first and print the outcome on the page.")
@click.option("--exhibit", metavar="ID", help="One evidence on paper, a PDF/A-3, in place of the case report.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the paper's fixed texts.  [default: en]")
@click.option("--paper", type=click.Choice(tuple(PAPERS)), help="Sheets of the paper.  [default: a4]")
@click.option("--bates", metavar="PREFIX-000001", help="Number of the paper's first page; each page counts one on.")
@click.option(
    "--public/--sealed",
    "public",
    default=None,
    help="Who gets the paper: everybody (no disclosures, no finding whose other item is not given out too), or those "
    "who may have these under seal.  [default: --public]",
)
@click.option("--with", "along", metavar="ID", multiple=True, help="Another item given out with it: findings on both.")
@click.option(
    "--sign",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Sign the paper (PAdES) with the key and certificate of a PKCS #12 file.",
)
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def report(
    out: Path | None,
    with_verify: bool,
    exhibit: str | None,
    lang: str | None,
    paper: str | None,
    bates: str | None,
    public: bool | None,
    along: tuple[str, ...],
    sign: Path | None,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Render the case report, one HTML file that works offline; or with --exhibit ID one evidence on paper."""
    if exhibit is not None:
        from pipelines.scope import PUBLIC, SEALED

        if with_verify:
            raise click.UsageError("--verify is for the case report: a paper is the same on each day")
        work = Work(open_desk(case_dir, {"operator": operator}), signed=False, quiet=quiet)
        form = _form(lang, paper, bates)
        profile = PUBLIC if public is not False else SEALED
        return _print(work, exhibit, out, form, profile=profile, along=along, sign=sign, as_json=as_json)
    if along or any(option is not None for option in (lang, paper, bates, public, sign)):
        raise click.UsageError("--lang, --paper, --bates, --public, --sealed, --with and --sign go with --exhibit")
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


def _form(lang: str | None, paper: str | None, bates: str | None) -> Form:
    from forensics.report import Form, PaperSize, bates_from

    return Form(
        language=lang or LANGUAGES[0],
        size=PaperSize(PAPERS[paper or "a4"]),
        bates=None if bates is None else bates_from(bates),
    )


def _credentials(file: Path | None, surroundings: Surroundings) -> SimpleSigner | None:
    from pipelines.keys import passphrase_from_file
    from pipelines.paper_signature import open_credentials

    if file is None:
        return None
    passphrase = passphrase_from_file(surroundings, PASSPHRASE_VARIABLE) or ask(f"Passphrase of {file}")
    return open_credentials(file, passphrase, surroundings.now())


def _print(
    work: Work,
    name: str,
    out: Path | None,
    form: Form,
    *,
    profile: str,
    along: Sequence[str],
    sign: Path | None,
    as_json: bool,
) -> int:
    from forensics.model.notice import Notice
    from pipelines import exhibit_paper as job

    code = ExitCode.OK
    credentials = _credentials(sign, work.desk.run.surroundings)
    with work as desk:
        papers = job.write_paper(
            desk.case, desk.run, name, out, form, profile=profile, along=along, credentials=credentials
        )
        for thing in papers:
            if isinstance(thing, Notice):
                code = ExitCode.PARTIAL
                tell(f"{thing.message} [{thing.code}]")
            elif as_json:
                emit(
                    {
                        "type": "paper",
                        "id": thing.evidence,
                        **path_fields(str(thing.path)),
                        "sha256": thing.sha256,
                        **({"signed_by": thing.signed_by, "unsigned": thing.unsigned} if thing.signed_by else {}),
                        "profile": thing.profile,
                        "findings": thing.findings,
                        "withheld": thing.withheld,
                    }
                )
            else:
                say(f"{thing.path}")
                say(f"  SHA-256 of the paper, for the cover letter: {thing.sha256}")
                if thing.signed_by:
                    say(f"  signed as {visible(thing.signed_by)}; without the signature, its first bytes have SHA-256")
                    say(f"  {thing.unsigned}")
    return work.code(code)
