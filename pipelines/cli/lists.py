"""forensics lists: exchange of frame hashes with other organisations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from forensics.model.notice import Notice
    from pipelines.list_search import Candidate
    from pipelines.lists import Checked, Exported

FORMATS = ("pdq", "vpdq", "imagehash")
"""Names of `forensics.exchange.FORMATS`, here so that the help text needs no import of them."""


@click.group()
def lists() -> None:
    """Give frame hashes to others as a list, and look up their lists in the case."""


@lists.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What the receiver reads.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="File to write.")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def export(
    names: tuple[str, ...],
    form: str,
    out: Path,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Write the frame hashes of evidence ID (all evidence, when none is named) as a list."""
    from forensics.model.notice import Notice
    from pipelines import lists as job

    noticed, hashes, files = 0, 0, 0
    work = Work(open_desk(case_dir, {"operator": operator}), signed=False, quiet=quiet)
    with work as desk:
        for result in job.export(desk.case, desk.run, form, names, out):
            if isinstance(result, Notice):
                noticed += 1
                _tell(result, as_json=as_json, quiet=quiet)
                continue
            hashes, files = hashes + result.hashes, files + 1
            if as_json:
                emit(_listed_fields(result))
            else:
                left_out = f", {result.left_out} too poor to share" if result.left_out else ""
                where = f"lines {result.first_line}-{result.last_line}"
                say(f"{result.exhibit}  {result.evidence[:16]}  {where}  {result.hashes} hashes{left_out}")
    if as_json:
        emit({"type": "summary", **path_fields(str(out)), "format": form, "evidence": files, "hashes": hashes})
    elif not quiet:
        say(f"{out}: {hashes} hashes of {files} files")
    return work.code(ExitCode.PARTIAL if noticed else ExitCode.OK)


@lists.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def check(
    files: tuple[str, ...], operator: str | None, case_dir: Path | None, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Name frames of the case that are close to a hash of a list: candidates for a person, never matches."""
    from pipelines import lists as job

    work = Work(open_desk(case_dir, {"operator": operator}), signed=False, quiet=quiet)
    with work as desk:
        code = _print_checked(job.check(desk.case, desk.run, files), as_json=as_json, quiet=quiet)
    return work.code(code)


def _print_checked(results: Iterable[Candidate | Notice | Checked], *, as_json: bool, quiet: bool) -> ExitCode:
    from forensics.model.notice import Notice
    from pipelines.list_search import Candidate

    noticed, candidates, done = 0, 0, 0
    for result in results:
        if isinstance(result, Notice):
            noticed += 1
            _tell(result, as_json=as_json, quiet=quiet)
        elif isinstance(result, Candidate):
            if as_json:
                emit(_candidate_fields(result))
            else:
                _say_candidate(result)
        else:
            candidates, done = candidates + result.candidates, done + 1
            if as_json:
                emit(_checked_fields(result))
            elif not quiet:
                of = f"{len(result.sheet.entries)} hashes ({result.sheet.format})"
                say(f"{result.sheet.name}: {of} against {result.frames} of the case: {result.candidates} candidates")
    if as_json:
        emit({"type": "summary", "lists": done, "candidates": candidates, "notices": noticed})
    elif not quiet and candidates:
        say("A candidate is a close hash. Look at the pictures: it is no match.")
    return ExitCode.PARTIAL if noticed else ExitCode.OK


def _tell(notice: Notice, *, as_json: bool, quiet: bool) -> None:
    tell(f"{notice.message} [{notice.code}]", quiet=quiet)
    if as_json:
        emit({"type": "notice", "code": notice.code, "message": notice.message})


def _say_candidate(found: Candidate) -> None:
    at = _seconds(found.frame.hash.at_ms)
    where = "still" if at is None else f"{at:.3f} s"
    distance = f"{found.distance} bits {found.listed.hash.algorithm}"
    seen = f"{found.exhibit} {found.evidence[:12]} at {where} ({found.frames} frames)"
    weak = "".join(f"  {name}" for name in _flags(found))
    say(f"candidate  {distance}  {seen}  {found.sheet.name} line {found.listed.line}{weak}")


def _flags(found: Candidate) -> list[str]:
    """Why the frame says little: black, flat, title_card."""
    return [str(flag.name).lower() for flag in found.frame.flags]


def _candidate_fields(found: Candidate) -> dict[str, object]:
    from forensics.exchange import RADIUS

    algorithm = found.listed.hash.algorithm
    return {
        "type": "list_hit",
        "decision": "candidate",
        "list": {**path_fields(found.sheet.path), "sha256": found.sheet.sha256, "line": found.listed.line},
        "repeats": found.repeats,
        "listed_quality": found.listed.hash.quality,
        "listed_time_s": _seconds(found.listed.hash.at_ms),
        "algorithm": str(algorithm),
        "hash": found.frame.hash.code.hex(),
        "listed_hash": found.listed.hash.code.hex(),
        "distance": found.distance,
        "radius": RADIUS[algorithm],
        "evidence": found.evidence,
        "exhibit": found.exhibit,
        "time_s": _seconds(found.frame.hash.at_ms),
        "view": found.frame.view,
        "quality": found.frame.hash.quality,
        "flags": _flags(found),
        "frames": found.frames,
        "first_s": _seconds(found.first_ms),
        "last_s": _seconds(found.last_ms),
    }


def _checked_fields(done: Checked) -> dict[str, object]:
    return {
        "type": "list",
        **path_fields(done.sheet.path),
        "sha256": done.sheet.sha256,
        "format": done.sheet.format,
        "hashes": len(done.sheet.entries),
        "evidence": done.evidence,
        "frames": done.frames,
        "candidates": done.candidates,
    }


def _listed_fields(given: Exported) -> dict[str, object]:
    return {
        "type": "listed",
        "id": given.evidence,
        "exhibit": given.exhibit,
        "hashes": given.hashes,
        "left_out": given.left_out,
        "first_line": given.first_line,
        "last_line": given.last_line,
    }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
