"""forensics receipt: take in what a receiver signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from pipelines.receipts import Imported


@click.group()
def receipt() -> None:
    """Receipts of those who received exhibits of the case."""


@receipt.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@case_option
@output_options
def import_(file: Path, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Keep a receipt (FILE, with FILE.sig beside it) in the case, and log the hand-over.

    The receiver's key is stated, not trusted: ask the receiver for its fingerprint in another way.
    """
    from pipelines.receipts import import_receipt

    work = Work(open_desk(case_dir, {}), signed=True, quiet=quiet)
    with work as desk:
        imported = import_receipt(desk.case, desk.run, file)
        _tell(imported, as_json=as_json)
        for notice in imported.notices:
            tell(f"{notice.message} [{notice.code}]")
    return work.code(ExitCode.PARTIAL if imported.notices else ExitCode.OK)


def _tell(imported: Imported, *, as_json: bool) -> None:
    told, receiver = imported.receipt.exhibit, imported.receipt.receiver
    status = "known" if imported.known else "imported"
    if as_json:
        fields = {"receipt": imported.sha256, "outcome": str(imported.receipt.outcome), "bag": told.bag}
        who = {"item": told.item, "key": receiver.key, "name": receiver.name, "received": imported.receipt.received}
        notices = [{"code": each.code, "message": each.message} for each in imported.notices]
        emit(
            {
                "type": "receipt",
                "status": status,
                **path_fields(str(imported.path)),
                **fields,
                **who,
                "notices": notices,
            }
        )
        return
    named = receiver.name or "somebody who gave no name"
    say(f"{status}: {told.bag}, {imported.receipt.outcome}, says {named} on {imported.receipt.received}")
    say(f"signed with {receiver.key}; whose key that is, only the receiver can tell you")
