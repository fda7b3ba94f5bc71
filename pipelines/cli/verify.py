"""forensics verify: recompute every digest and chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, say
from pipelines.cli.options import case_option, output_options

if TYPE_CHECKING:
    from forensics.model.custody import Check
    from pipelines.extent import Extent
    from pipelines.verify import ContentRead, Told, Unsealed

COUNTED = frozenset({"not yet sealed", "time from outside", "evidence not read", "SHA-512 of the content"})
"""Checks that only count, or say what was not asked for, and are told in the last line."""


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="HEAD",
    type=click.Path(path_type=Path),
    help="File with a head of the log that somebody kept: three lines of forensics head, or the mail that has them.",
)
@click.option("--all-digests", is_flag=True, help="Compute the SHA-512 of every stored file too, not SHA-256 alone.")
@click.option("--sample", type=int, metavar="N", help="Read the stored bytes of N evidences only, chosen at random.")
@click.option("--seed", metavar="TEXT", help="Choose for --sample the same evidences again: the seed that it printed.")
@case_option
@output_options
def verify(
    target: Path | None,
    against: Path | None,
    all_digests: bool,
    sample: int | None,
    seed: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Check a case (or TARGET: a case folder, an exhibit, a manifest file) in numbered steps; report every problem.

    Each stored file is read once, for its SHA-256. With --sample the log, seals, keys, inventories, manifests and
    findings are still checked whole.
    """
    from pipelines.verify import verify_target

    if seed is not None and sample is None:
        raise click.UsageError("--seed is for --sample")
    extent = _extent(sample, seed, all_digests=all_digests)
    outcome = _Outcome(extent, as_json=as_json, quiet=quiet, verbose=verbose)
    for thing in verify_target(target, case_dir, against, extent):
        outcome.take(thing)
    return outcome.end()


def _extent(sample: int | None, seed: str | None, *, all_digests: bool) -> Extent:
    from pipelines.extent import SEED_BYTES, Extent
    from pipelines.surroundings import Surroundings

    if sample is not None and seed is None:
        seed = Surroundings().entropy(SEED_BYTES).hex()
    return Extent(all_digests=all_digests, sample=sample, seed=seed or "")


class _Outcome:
    """What verify tells, and how it is printed."""

    def __init__(self, extent: Extent, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self._extent = extent
        self._as_json, self._quiet, self._verbose = as_json, quiet, verbose
        self._problems = self._skipped = 0
        self._sealed: Unsealed | None = None
        self._content: ContentRead | None = None

    def take(self, thing: Told) -> None:
        """Print a check, or keep a count for the end."""
        from pipelines.verify import ContentRead, Unsealed

        if isinstance(thing, Unsealed):
            self._sealed = thing
        elif isinstance(thing, ContentRead):
            self._content = thing
        else:
            self._print(thing)

    def end(self) -> int:
        """Print the summary; gives the exit code."""
        from forensics.report.wording import count

        if self._as_json:
            sealed, content = self._sealed, self._content
            emit(
                {
                    "type": "summary",
                    "verified": self._problems == 0,
                    "problems": self._problems,
                    "skipped": self._skipped,
                    "unsealed": sealed and sealed.events,
                    "unstamped": sealed and sealed.unstamped,
                    "read": content and content.read,
                    "unread": content and content.unread,
                    "seed": self._extent.seed or None,
                    "all_digests": content and self._extent.all_digests,
                    **({"key": sealed.key} if sealed is not None and sealed.exhibit else {}),
                }
            )
        elif not self._quiet:
            if self._sealed is not None and self._sealed.exhibit:
                say(f"signed by the key {self._sealed.key or 'NONE'}; compare it with the one on paper")
            verdict = "verified" if self._problems == 0 else f"NOT VERIFIED: {count(self._problems, 'problem')}"
            undone = f"; {count(self._skipped, 'check')} could not be done" if self._skipped else ""
            say(f"{verdict}{_read(self._content, self._extent)}{undone}; {_sealed(self._sealed)}")
        return ExitCode.OK if self._problems == 0 else ExitCode.INTEGRITY

    def _print(self, check: Check) -> None:
        from forensics.model.custody import CheckStatus

        failed = check.status is CheckStatus.FAILED
        undone = check.status is CheckStatus.SKIPPED and check.name not in COUNTED
        self._problems += failed
        self._skipped += undone
        if self._as_json:
            fields = ("step", "name", "status", "subject", "expected", "found")
            emit({"type": "check", **{name: getattr(check, name) for name in fields}})
        elif failed or self._verbose or (undone and not self._quiet):
            say(f"{check.status.upper():8} step {check.step} {check.name}: {check.subject}")
            if failed or undone:
                say(f"         expected {check.expected}; found {check.found}")


def _read(content: ContentRead | None, extent: Extent) -> str:
    """How much of the content was read, in words."""
    if content is None:
        return ""
    digests = "with SHA-256 and SHA-512" if extent.all_digests else "with SHA-256 (SHA-512 not recomputed)"
    if extent.sample is None:
        return f"; every stored file read, {digests}"
    told = f"the stored files of {content.read} of {content.read + content.unread} evidences read, {digests}"
    return f"; ONLY {told}, seed {extent.seed}" if content.unread else f"; {told}, seed {extent.seed}"


def _sealed(counted: Unsealed | None) -> str:
    if counted is None:
        return "the log was not looked at"
    if counted.exhibit:
        return "no time from outside" if counted.unstamped else "with a time from outside"
    sealed = f"{counted.events} events of the log are NOT SEALED" if counted.events else "every event is sealed"
    stamped = f"{counted.unstamped} have no time from outside" if counted.unstamped else "and has a time from outside"
    return f"{sealed}, {stamped}"
