"""forensics vault: locked copies in a bucket."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.model.copy import Retention
    from forensics.model.custody import Check
    from pipelines.bucket import Bucket
    from pipelines.cli.options import Desk
    from pipelines.vault import Copied

MAX_YEARS = 100
"""S3 holds a version no longer (36,500 days). A year with a digit too many would be paid for until then."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


@click.group()
def vault() -> None:
    """Locked copies of originals and manifests in a bucket (S3 with Object Lock)."""


def _place_option(command: Callable[..., int]) -> Callable[..., int]:
    command = click.option("--insecure", is_flag=True, default=None, help="Let a server be reached without TLS.")(
        command
    )
    return click.option("--at", metavar="s3://BUCKET/PREFIX", help="Where the copies lie.  [default: setting vault]")(
        command
    )


@vault.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option(
    "--lock",
    required=True,
    type=click.Choice(["compliance", "governance", "none"]),
    help="compliance: nobody can delete a copy before its time, NOT EVEN YOU; governance: who has the permission can.",
)
@click.option("--retain-until", metavar="YYYY-MM-DD", help="The day up to which the lock holds (UTC).")
@click.option("--again", is_flag=True, help="Look for what is logged already, too, and put anew what is gone.")
@_place_option
@case_option
@output_options
def put(
    names: tuple[str, ...],
    lock: str,
    retain_until: str | None,
    again: bool,
    at: str | None,
    insecure: bool | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Put a locked copy of each original, sidecar and manifest of the evidences ID (all of them without ID) there.

    What is there is never replaced. A later day extends the locks. At the end goes the sealed head of the log.
    """
    from pipelines import vault as job

    desk = open_desk(case_dir, {"vault": at, "insecure": insecure})
    retention = _retention(lock, retain_until, desk.run.surroundings.now())
    bucket = _bucket(desk)
    evidence = _evidence(desk, names)
    counts = dict.fromkeys(("copied", "found", "extended", "known", "failed"), 0)
    work = Work(desk, signed=True, quiet=quiet)
    with work as desk:
        for copied in job.put(desk.case, desk.run, evidence, bucket, retention, again=again):
            counts[copied.status] += 1
            _tell_copied(copied, as_json=as_json, verbose=verbose)
    head = job.put_head(desk.case, bucket, retention)
    if as_json:
        emit({"type": "summary", **counts, "place": bucket.place.url, "server": bucket.server, "head": head})
    elif not quiet:
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        say(f"{told or 'nothing to copy'}; {bucket.place.url} at {bucket.server}")
        say(f"the sealed head of the log is there too: {head}" if head else "nothing is sealed: no head was put there")
    return ExitCode.INTEGRITY if counts["failed"] else work.code(ExitCode.OK)


@vault.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--deep", is_flag=True, help="Read every copy whole, and compute its SHA-256 here.")
@_place_option
@case_option
@output_options
def check(
    names: tuple[str, ...],
    deep: bool,
    at: str | None,
    insecure: bool | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Hold each logged copy of the evidences ID (all of them without ID) against what the server tells; every problem.

    Without --deep the server is believed about the checksums of what it holds. Nothing is written. The exit code is 3
    when something could not be said: a file without a copy there, a lock that has run out.
    """
    from forensics.custody import NO_COPY
    from forensics.model.custody import CheckStatus
    from forensics.model.verification import Step
    from pipelines import vault_check as job

    desk = open_desk(case_dir, {"vault": at, "insecure": insecure})
    bucket = _bucket(desk)
    counts, looked = dict.fromkeys(CheckStatus, 0), 0
    now = desk.run.surroundings.timestamp()
    for each in job.check(desk.case, _evidence(desk, names), bucket, deep=deep, now=now):
        counts[each.status] += 1
        _tell_check(each, as_json=as_json, quiet=quiet, verbose=verbose)
        looked += each.step is Step.COPIES and each.name != NO_COPY
    problems, skipped = counts[CheckStatus.FAILED], counts[CheckStatus.SKIPPED]
    if as_json:
        totals = {"verified": problems == 0, "problems": problems, "skipped": skipped, "deep": deep}
        emit({"type": "summary", **totals, "place": bucket.place.url, "server": bucket.server})
    elif not quiet:
        verdict = "every copy is as logged" if looked else "NO COPY there is logged"
        verdict = f"NOT AS LOGGED: {problems} problems" if problems else verdict
        read = "every byte read" if deep else "as the server tells; no byte was read (--deep does)"
        say(f"{verdict}; {read}; {skipped} checks not done; {counts[CheckStatus.OK]} hold")
    return ExitCode.INTEGRITY if problems else ExitCode.PARTIAL if skipped else ExitCode.OK


@vault.command()
@click.argument("name", metavar="ID")
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="New file to write.")
@_place_option
@case_option
@output_options
def fetch(
    name: str,
    out: Path,
    at: str | None,
    insecure: bool | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Get the original of an evidence back from the bucket, compared with its SHA-256 before the file has its name."""
    from pipelines import vault_check as job

    desk = open_desk(case_dir, {"vault": at, "insecure": insecure})
    copy = job.fetch(desk.case, desk.case.resolve(name), _bucket(desk), out)
    if as_json:
        emit({"type": "output", "id": copy.item, **path_fields(str(out)), "version_id": copy.version_id})
    elif not quiet:
        say(f"{out}: SHA-256 {copy.sha256}, as logged; version {copy.version_id} of {copy.key}")
    return ExitCode.OK


def _bucket(desk: Desk) -> Bucket:
    from forensics.errors import InputError
    from pipelines.bucket import Bucket
    from pipelines.bucket_answers import parse_place

    if desk.settings.vault is None:
        raise InputError(
            "no bucket is named", hint="--at s3://BUCKET/PREFIX, or FORENSICS_VAULT, or vault in config.toml"
        )
    return Bucket.open(parse_place(desk.settings.vault), insecure=desk.settings.insecure)


def _evidence(desk: Desk, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(desk.case.resolve(name) for name in names)) or tuple(desk.case.store.ids())


def _retention(lock: str, until: str | None, now: datetime) -> Retention:
    from forensics.model.copy import LockMode, Retention

    mode = LockMode(lock)
    if mode is LockMode.NONE:
        if until is not None:
            raise click.UsageError("--retain-until is for a lock")
        return Retention(lock=mode, until=None)
    try:
        day = date.fromisoformat(until if until is not None and _DAY.match(until) else "")
    except ValueError as error:
        raise click.UsageError("a lock needs --retain-until YYYY-MM-DD: the day up to which it holds") from error
    if not now.date() < day <= now.date().replace(year=now.year + MAX_YEARS, day=1):
        raise click.UsageError(f"--retain-until {day} is not after today, or more than {MAX_YEARS} years off")
    return Retention(lock=mode, until=datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _tell_copied(copied: Copied, *, as_json: bool, verbose: bool) -> None:
    copy, notice = copied.copy, copied.notice
    if as_json:
        fields = {"id": copied.item, "file": copied.name, "version": copied.version, "status": copied.status}
        where = (
            {}
            if copy is None
            else {
                "key": copy.key,
                "version_id": copy.version_id,
                "lock": str(copy.retention.lock),
                "retain_until": copy.retention.until,
            }
        )
        notices = [] if notice is None else [{"code": notice.code, "message": notice.message}]
        emit({"type": "copy", **fields, **where, "notices": notices})
    elif notice is not None:
        tell(f"{notice.message} [{notice.code}]")
    elif copied.status != "known" or verbose:
        say(f"{copied.status:9} {copied.item[:12]}  v{copied.version} {copied.name}")


def _tell_check(check: Check, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    from forensics.model.custody import CheckStatus

    if as_json:
        fields = ("step", "name", "status", "subject", "expected", "found")
        emit({"type": "check", **{name: getattr(check, name) for name in fields}})
        return
    failed = check.status is CheckStatus.FAILED
    if failed or verbose or (check.status is CheckStatus.SKIPPED and not quiet):
        say(f"{check.status.upper():8} step {check.step} {check.name}: {check.subject}")
        if check.status is not CheckStatus.OK:
            say(f"         expected {check.expected}; found {check.found}")
