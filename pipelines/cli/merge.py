"""forensics merge: bring cases that were made apart into one."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, open_desk, output_options


@click.command()
@click.argument("case_dir", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("shards", metavar="SHARD...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--operator", help="Who merges, for the record.")
@output_options
def merge(
    case_dir: Path, shards: tuple[Path, ...], operator: str | None, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Bring SHARDs, cases of the same identifier that were made apart, into CASE.

    Each is verified first. What it holds comes as it was signed there, and its log is kept whole.
    """
    import sys

    from forensics.model.notice import Notice
    from pipelines import merge as job
    from pipelines.progress import shown
    from pipelines.recovery import recover

    desk = open_desk(case_dir, {"operator": operator})
    work = Work(desk, signed=True, quiet=quiet)
    counts = {"admitted": 0, "joined": 0, "known": 0}
    noticed = 0
    with work as desk, shown("merge", quiet=quiet or as_json) as progress:
        for sentence in recover(desk.case, desk.run):
            tell(f"recovered: {sentence}", quiet=quiet)
        for thing in job.merge(desk.case, desk.run, shards, desk.settings, sys.argv[1:], progress):
            if isinstance(thing, Notice):
                noticed += 1
                tell(f"{thing.message} [{thing.code}]")
                continue
            counts[thing.status] += 1
            _print(thing, as_json=as_json, shown=verbose)
    if as_json:
        emit({"type": "summary", "shards": len(shards), **counts, "notices": noticed})
    elif not quiet:
        told = ", ".join(f"{count} {status}" for status, count in counts.items())
        say(f"{len(shards)} shards: {told}")
    return work.code(ExitCode.PARTIAL if noticed else ExitCode.OK)


def _print(brought: object, *, as_json: bool, shown: bool) -> None:
    from pipelines.merge import Brought

    assert isinstance(brought, Brought)
    if as_json:
        fields = {"id": brought.id, "exhibit": brought.exhibit, "status": brought.status}
        place = {"manifest": brought.manifest, "version": brought.version}
        emit({"type": "evidence", **path_fields(str(brought.shard)), **fields, **place})
    elif shown:
        say(f"{brought.status}  {brought.id[:12]}  {brought.exhibit}  {brought.shard}")
