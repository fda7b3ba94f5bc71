"""forensics init: make a case."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.lines import emit, path_fields, say
from pipelines.cli.options import key_maker, output_options


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--case-id", required=True, help="Identifier of the case, as it will stand in every manifest.")
@click.option("--title", help="What the case is about, for people.")
@click.option("--custodian", help="Who holds the evidence.")
@click.option("--operator", help="Who acts.  [default: from the settings]")
@output_options
def init(
    folder: Path,
    case_id: str,
    title: str | None,
    custodian: str | None,
    operator: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Make a case in FOLDER, and a key to sign with if you have none."""
    from pipelines.run import make_case

    case = make_case(
        folder, key_for=key_maker(quiet=quiet), case_id=case_id, title=title, custodian=custodian, operator=operator
    )
    if as_json:
        keys = [known.key.fingerprint for known in case.key_ring().current()]
        emit({"type": "case", "id": case.info.id, **path_fields(str(case.root)), "keys": keys})
    elif not quiet:
        say(f"case {case.info.id} is in {case.root}")
