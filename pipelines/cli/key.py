"""forensics key: the operator's key, and which keys may sign for a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, announced, ask, case_option, open_desk, output_options, settings_for

if TYPE_CHECKING:
    from forensics.custody import PublicKey


@click.group()
def key() -> None:
    """Make the key that you sign with, and say which keys may sign for a case."""


@key.command()
@output_options
def init(as_json: bool, quiet: bool, verbose: bool) -> int:
    """Make your key, outside of any case; say where it is when there is one.

    A passphrase is asked for at a terminal, or read from the file that FORENSICS_PASSPHRASE_FILE names.
    """
    from pipelines import keys
    from pipelines.surroundings import Surroundings

    surroundings = Surroundings()
    settings = settings_for({}, {}, surroundings.environ)
    found = announced(keys.open_or_make(settings, surroundings, ask), quiet=quiet)
    if as_json:
        fields = {"made": found.made, "key": found.signer.key.fingerprint, "public_key": found.signer.key.line}
        emit({"type": "key", **path_fields(str(found.path)), **fields, "protection": found.signer.protection})
    else:
        say(f"{found.signer.key.fingerprint}  {found.path}")
        say(found.signer.key.line)
    return ExitCode.OK


@key.command()
@click.argument("file", metavar="FILE.pub", type=click.Path(path_type=Path))
@case_option
@output_options
def admit(file: Path, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Let another operator's key (the public half in FILE.pub) sign for the case."""
    from pipelines import key_changes

    work = Work(open_desk(case_dir, {}), signed=True, quiet=quiet)
    with work as desk:
        _print("admitted", key_changes.admit(desk.case, desk.run, file), as_json=as_json)
    return work.code(ExitCode.OK)


@key.command()
@case_option
@output_options
def rotate(case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Put your key away in favour of a new one; the old key signs the change.

    In each further case of yours run it again: the case goes over to the new key.
    """
    from pipelines import key_changes, seal

    work = Work(open_desk(case_dir, {}), signed=False, quiet=quiet)
    desk = work.desk
    if desk.run.signer is not None and desk.case.key_ring().in_force(desk.run.signer.key, desk.case.log.head().lines):
        seal.seal_case(desk.case, desk.run)
    fresh = key_changes.rotate(desk.case, desk.run, desk.settings, ask)
    seal.seal_case(desk.case, replace(desk.run, signer=fresh))
    _print("in force", fresh.key, as_json=as_json)
    if fresh.protection == "none":
        tell("the new key is NOT encrypted: whoever reads the file can sign", quiet=quiet)
    return ExitCode.OK


@key.command()
@click.argument("fingerprint")
@case_option
@output_options
def revoke(fingerprint: str, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Say that the key with this FINGERPRINT is no longer to be trusted in the case."""
    from pipelines import key_changes

    work = Work(open_desk(case_dir, {}), signed=True, quiet=quiet)
    with work as desk:
        revoked = key_changes.revoke(desk.case, desk.run, fingerprint)
        for sentence in revoked.said:
            tell(sentence, quiet=quiet)
        _print("revoked", revoked.key, as_json=as_json)
    return work.code(ExitCode.OK)


def _print(status: str, changed: PublicKey, *, as_json: bool) -> None:
    if as_json:
        emit({"type": "key", "status": status, "key": changed.fingerprint, "public_key": changed.line})
    else:
        say(f"{status}: {changed.fingerprint}")
