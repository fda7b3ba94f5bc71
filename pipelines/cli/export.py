"""forensics export: exhibits that the other side can check without this program."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options


@click.command()
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Folder that gets an exhibit for each ID."
)
@click.option(
    "--public/--sealed",
    "public",
    default=True,
    help="Who gets it: everybody (no disclosures, no finding whose other item is not exported too), or those who may "
    "have these under seal.  [default: --public]",
)
@click.option("--zip", "zipped", is_flag=True, help="One zip file for each exhibit, in place of a folder.")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def export(
    names: tuple[str, ...],
    out: Path,
    public: bool,
    zipped: bool,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Write exhibits: each ID (SHA-256, prefix, or exhibit number) as a signed bag with the proofs of its custody.

    The other side checks it with sh VERIFY.sh, or with forensics verify. Exporting again gives the same bytes; what is
    there is never overwritten.
    """
    from forensics.model.notice import Notice
    from pipelines import export as job
    from pipelines.scope import PUBLIC, SEALED

    profile = PUBLIC if public else SEALED
    work = Work(open_desk(case_dir, {"operator": operator}), signed=True, quiet=quiet)
    notices = 0
    exhibits: list[job.Exported] = []
    with work as desk:
        authorities = desk.settings.timestamp
        for thing in job.export(
            desk.case, desk.run, names, out, profile=profile, zipped=zipped, authorities=authorities
        ):
            if isinstance(thing, Notice):
                notices += 1
                tell(f"{thing.message} [{thing.code}]")
            else:
                exhibits.append(thing)
                _show(thing, as_json=as_json, quiet=quiet)
    if as_json:
        written = sum(each.fresh for each in exhibits)
        counts = {"written": written, "present": len(exhibits) - written, "notices": notices}
        emit({"type": "summary", "exhibits": len(exhibits), **counts})
    return work.code(ExitCode.PARTIAL if notices else ExitCode.OK)


def _show(thing: object, *, as_json: bool, quiet: bool) -> None:
    from pipelines.export import Exported

    assert isinstance(thing, Exported)
    if as_json:
        emit(
            {
                "type": "exhibit",
                "id": thing.id,
                "name": thing.name,
                **path_fields(str(thing.path)),
                "status": "written" if thing.fresh else "present",
                "profile": thing.profile,
                "tagmanifest_sha256": thing.tagmanifest,
                "files": thing.files,
                "bytes": thing.size,
                "lines": thing.lines,
                "lines_not_shown": thing.unshown,
                "findings": thing.findings,
                "withheld": thing.withheld,
                "checkpoint": thing.checkpoint,
                "stamps": thing.stamps,
            }
        )
    elif not quiet:
        state = "written" if thing.fresh else "there already, the same bytes"
        say(f"{thing.path}: {state}; {thing.files} files, {thing.lines} log lines, {thing.findings} findings")
        say(f"  SHA-256 of its tag manifest, for the cover letter: {thing.tagmanifest}")
