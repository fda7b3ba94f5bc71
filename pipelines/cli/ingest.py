"""forensics ingest: take files, folders, archives and Telegram exports into the case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, gather, input_arguments, open_desk, output_options, work_options

if TYPE_CHECKING:
    from forensics.model.provenance import Passed
    from pipelines.clerk import Outcome


LINES_OF_A_KIND = 20
"""Lines on stderr for one code: an export of 20,000 posts without their files would bury all else that was said."""


@click.command()
@input_arguments(required=True)
@click.option(
    "--triage", is_flag=True, help="Decode sync frames only, for a first look; forensics deepen does the rest."
)
@case_option
@click.option("--shard", metavar="I/N", help="Take only part I of N: N runs together take each file once.")
@work_options
@output_options
def ingest(
    inputs: tuple[str, ...],
    files0_from: str | None,
    triage: bool,
    case_dir: Path | None,
    shard: str | None,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Keep, digest, probe and fingerprint INPUT files, folders, archives and Telegram exports; s3://BUCKET/PREFIX/ too.

    The same bytes again make no second copy: they get a new appearance in their manifest.
    """
    import sys

    from forensics.sources import read_part
    from pipelines import ingest as job
    from pipelines import parts
    from pipelines.progress import shown
    from pipelines.recovery import recover

    paths = gather(inputs, files0_from)
    if not paths:
        raise click.UsageError("nothing to ingest: name files or folders, or use --files0-from")
    part = None if shard is None else read_part(shard)
    desk = open_desk(case_dir, flags)
    work = Work(desk, signed=True, quiet=quiet)
    with work as desk, shown("ingest", quiet=quiet or as_json) as progress:
        for sentence in recover(desk.case, desk.run):
            tell(f"recovered: {sentence}", quiet=quiet)
        outcomes = job.ingest(desk.case, desk.run, paths, desk.settings, sys.argv[1:], progress, part, triage=triage)
        code = Tally(as_json=as_json, quiet=quiet, verbose=verbose).print_all(outcomes)
        told = None if part is None else parts.told(part.of, (line.event for line in desk.case.log.events()))
    if told is not None:
        if as_json:
            emit({"type": "parts", "parts": told.of, "done": list(told.done), "units": list(told.units)})
        tell(told.state(), quiet=quiet)
        for notice in told.notices():
            tell(f"{notice.message} [{notice.code}]")
            code = ExitCode.PARTIAL if code is ExitCode.OK else code
    return work.code(code)


class Tally:
    """Prints outcomes as they come, counts them, and knows the exit code at the end."""

    def __init__(self, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._verbose = verbose
        self._counts = {"ingested": 0, "known": 0, "failed": 0, "skipped": 0}
        self._skipped: dict[str, int] = {}
        self._noticed = 0
        self._told: dict[str, int] = {}

    def print_all(self, outcomes: Iterable[Outcome | Passed]) -> ExitCode:
        """Print every outcome and the summary; return the exit code."""
        from forensics.model.provenance import Passed

        for outcome in outcomes:
            if isinstance(outcome, Passed):
                self._print_passed(outcome)
            else:
                self._print(outcome)
        if self._as_json:
            emit({"type": "summary", **self._counts, "with_notices": self._noticed, "skipped_by_code": self._skipped})
        elif not self._quiet:
            say(
                f"{self._counts['ingested']} ingested, {self._counts['known']} known, {self._counts['failed']} failed, "
                f"{self._counts['skipped']} skipped; {self._noticed} with notices"
            )
            for code, count in sorted(self._skipped.items()):
                say(f"skipped: {count} x {code} (-v names them)")
        self._tell_rest()
        return self.exit_code()

    def exit_code(self) -> ExitCode:
        """PARTIAL when anything failed or carries a notice; UNREADABLE when the only input is no video."""
        tried = self._counts["ingested"] + self._counts["known"] + self._counts["failed"]
        if tried == 1 and self._counts["failed"] == 1:
            return ExitCode.UNREADABLE
        return ExitCode.PARTIAL if self._counts["failed"] or self._noticed else ExitCode.OK

    def _print(self, outcome: Outcome) -> None:
        self._counts[outcome.status] += 1
        self._noticed += bool(outcome.notices)
        if self._as_json:
            emit(
                {
                    "type": "evidence",
                    "id": outcome.id,
                    "exhibit": outcome.exhibit,
                    **path_fields(outcome.path),
                    "status": outcome.status,
                    "manifest": outcome.manifest,
                    "version": outcome.version,
                    "duration_s": outcome.duration_s,
                    "keyframes": outcome.keyframes,
                    "notices": [{"code": n.code, "message": n.message} for n in outcome.notices],
                }
            )
        elif self._verbose or (outcome.status == "ingested" and not self._quiet):
            number = f"{outcome.exhibit}  " if outcome.exhibit else ""
            say(f"{outcome.status}  {(outcome.id or '-')[:12]}  {number}{outcome.path}")
        if outcome.notices and self._has_room(outcome.notices[0].code):
            for line in self._notice_lines(outcome):
                tell(f"{outcome.path}: {line}", quiet=self._quiet and outcome.status != "failed")

    def _notice_lines(self, outcome: Outcome) -> list[str]:
        """All notices with --verbose; else one line a file, which names the codes of the others."""
        lines = [f"{notice.message} [{notice.code}]" for notice in outcome.notices]
        if self._verbose or len(lines) < 2:
            return lines
        from forensics.report.wording import count

        others = sorted({notice.code for notice in outcome.notices[1:]} - {outcome.notices[0].code})
        codes = f" ({', '.join(others)})" if others else ""
        more = f"; {count(len(lines) - 1, 'more notice')}{codes}, see show or -v"
        return [lines[0] + more]

    def _print_passed(self, passed: Passed) -> None:
        self._counts["failed" if passed.failed else "skipped"] += 1
        if passed.failed:
            self._noticed += 1
        else:
            self._skipped[passed.code] = self._skipped.get(passed.code, 0) + 1
        if self._as_json:
            kind = "evidence" if passed.failed else "skipped"
            notices = [{"code": passed.code, "message": passed.message}]
            fields = {"id": None, "status": "failed"} if passed.failed else {}
            emit({"type": kind, **path_fields(passed.path), **fields, "notices": notices})
        if self._verbose or (passed.failed and self._has_room(passed.code)):
            tell(f"{passed.path}: {passed.message} [{passed.code}]", quiet=self._quiet and not passed.failed)

    def _has_room(self, code: str) -> bool:
        """Whether one more line of this code is told now, or counted for the end."""
        self._told[code] = self._told.get(code, 0) + 1
        return self._verbose or self._told[code] <= LINES_OF_A_KIND

    def _tell_rest(self) -> None:
        if self._verbose:
            return
        for code, count in sorted(self._told.items()):
            if count > LINES_OF_A_KIND:
                where = "-v and --json name each; the custody log names those that were not taken"
                tell(f"{count - LINES_OF_A_KIND} more lines of [{code}] were not printed: {where}")
