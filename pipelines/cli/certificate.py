"""forensics certificate: a statement to be signed by hand, filled in from the record."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import case_option, open_desk, output_options
from pipelines.cli.report import PAPERS


@click.command()
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--template", metavar="NAME|FILE", required=True, help="fre902-14, fre902-13, affidavit, or a file of that form."
)
@click.option("--by", "person", metavar="NAME", help="Who is to sign, as named in attest-check.  [default: left blank]")
@click.option("--employer", metavar="TEXT", help="Who employs that person.  [default: left blank]")
@click.option("--training", metavar="TEXT", help="That person's training.  [default: left blank]")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder to write to.  [default: reports/ of the case]"
)
@click.option("--paper", type=click.Choice(tuple(PAPERS)), default="a4", help="Sheets of the PDF.  [default: a4]")
@click.option("--bates", metavar="PREFIX-000001", help="Number of the first page; each page counts one on.")
@case_option
@output_options
def certificate(
    names: tuple[str, ...],
    template: str,
    person: str | None,
    employer: str | None,
    training: str | None,
    out: Path | None,
    paper: str,
    bates: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Fill in a certificate on exhibits, as PDF and plain text, never signed, with a page for counsel apart.

    The paragraph "I recomputed the digest with another program" stands only when the log holds such a check of each ID
    by that person (attest-check); else it is left out, said so, and the exit code is 3. Nothing is logged.
    """
    from forensics.model.notice import Notice
    from forensics.report import Form, PaperSize, bates_from
    from pipelines import certificate as job
    from pipelines.certificate_templates import open_template

    case = open_desk(case_dir, {}).case
    form = Form(size=PaperSize(PAPERS[paper]), bates=None if bates is None else bates_from(bates))
    declarant = job.Declarant(name=person, employer=employer, training=training)
    code = ExitCode.OK
    for thing in job.certificate(case, names, open_template(template), declarant, form, out):
        if isinstance(thing, Notice):
            code = ExitCode.PARTIAL
            tell(f"{thing.message} [{thing.code}]")
        elif as_json:
            files = [path_fields(str(path)) for path in thing.paths]
            emit({"type": "certificate", "template": thing.template, "recomputed": thing.recomputed, "files": files})
        else:
            for path in thing.paths:
                say(str(path))
    return code
