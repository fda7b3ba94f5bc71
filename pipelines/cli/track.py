"""forensics track: the drone track of an evidence or a file, for a map or a table."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.errors import CaseError, InputError, StoreError
from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say, tell
from pipelines.cli.options import case_option, open_desk, output_options, settings_for

if TYPE_CHECKING:
    from pipelines.track import Tracks

FORMS = ("geojson", "kml", "gpx", "csv", "svg")


@click.command()
@click.argument("name", metavar="ID|FILE")
@click.option("--format", "form", type=click.Choice(FORMS), required=True, help="The form of the document.")
@click.option(
    "--redact",
    "rules",
    multiple=True,
    metavar="RULE",
    help="For sharing: coords:100m (places on a grid of so many metres), operator (nothing near the take-off),"
    " serial (nothing that names the aircraft). May be given more than once.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write here, to a new file.  [default: stdout]")
@case_option
@output_options
def track(
    name: str,
    form: str,
    rules: tuple[str, ...],
    out: Path | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """The drone track of evidence ID, or of a telemetry file, a still or a clip outside any case.

    What exists as a file is taken for a file. With --json a line a track goes to stdout, and the document to --out.
    """
    from forensics.telemetry import check_rules
    from pipelines.track import as_fields, lay_out

    check_rules(rules)
    if as_json and out is None:
        raise click.UsageError("--json needs --out: stdout holds either the lines or the document")
    found = _find(name, case_dir).redacted(rules)
    if found.tracks:
        _write(out, lay_out(found, form))
    if as_json:
        for each in found.tracks:
            emit(as_fields(each))
        emit({"type": "summary", "tracks": len(found.tracks), "notices": _plain(found), "out": str(out)})
    elif out is not None and found.tracks:
        say(f"{len(found.tracks)} tracks in {out}")
    for notice in found.notices:
        tell(f"{notice.message} [{notice.code}]", quiet=quiet)
    return ExitCode.PARTIAL if found.notices else ExitCode.OK


def _find(name: str, case_dir: Path | None) -> Tracks:
    """The tracks of a file by that name, else of an evidence of the case."""
    from dataclasses import replace

    from forensics.media import DEFAULT_LIMITS, find_tools
    from pipelines.surroundings import Surroundings
    from pipelines.track import of_evidence, of_file

    surroundings = Surroundings()
    tools = find_tools(surroundings.search_path())
    if os.path.lexists(name):
        settings = settings_for({}, {}, surroundings.environ)
        return of_file(Path(name), tools, replace(DEFAULT_LIMITS, decode_cpu_s=settings.cpu_s))
    try:
        desk = open_desk(case_dir, {})
    except CaseError as error:
        raise InputError(f"{name}: no such file, and {error.message}", hint=error.hint) from error
    limits = replace(DEFAULT_LIMITS, decode_cpu_s=desk.settings.cpu_s)
    return of_evidence(desk.case, desk.case.resolve(name, or_file=True), tools, limits)


def _plain(found: Tracks) -> list[dict[str, str]]:
    return [{"code": notice.code, "message": notice.message} for notice in found.notices]


def _write(out: Path | None, document: bytes) -> None:
    """The document to stdout, or whole into a new file: nothing that exists is overwritten."""
    if out is None:
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
        return
    try:
        with out.open("xb") as file:
            file.write(document)
    except FileExistsError as error:
        raise InputError(f"{out} exists", hint="Give a name that is free; nothing is overwritten.") from error
    except OSError as error:
        raise StoreError(f"{out}: {error.strerror}", hint="Give a place that can be written to.") from error
