"""forensics show: one evidence, for a person."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.lines import emit, lay
from pipelines.cli.options import case_option, open_desk, output_options


@click.command()
@click.argument("name", metavar="ID")
@click.option("--public", is_flag=True, help="Show what a copy without disclosures tells.")
@case_option
@output_options
def show(name: str, public: bool, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Facts, appearances, matches and custody of evidence ID (SHA-256, prefix, or exhibit number)."""
    from pipelines.show import describe

    desk = open_desk(case_dir, {})
    described = describe(desk.case, desk.case.resolve(name), public=public)
    if as_json:
        emit(described.as_fields())
        return
    for line in described.lines():
        lay(line)
