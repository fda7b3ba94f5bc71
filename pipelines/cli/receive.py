"""forensics receive: check an exhibit that somebody sent, and sign a receipt for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import key_maker, output_options, settings_for

if TYPE_CHECKING:
    from forensics.model.custody import Check
    from pipelines.receive import Received


@click.command()
@click.argument("bag", metavar="EXHIBIT", type=click.Path(path_type=Path))
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the receipt goes; its signature goes beside it.  [default: NAME.receipt.json here]",
)
@click.option("--name", metavar="TEXT", help="Who you are, for the receipt. Anybody can type any name.")
@click.option("--refusal", is_flag=True, help="When the exhibit is not whole, sign a refusal that lists the problems.")
@output_options
def receive(
    bag: Path, out: Path | None, name: str | None, refusal: bool, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Check EXHIBIT (a folder or a zip that forensics export made) and sign a receipt for the sender.

    No case is needed. An exhibit that is not whole gets none, and the exit code is 8.
    """
    from pipelines import receive as job
    from pipelines.surroundings import Surroundings

    surroundings = Surroundings()
    signer = key_maker(quiet=quiet)(settings_for({}, {}, surroundings.environ), surroundings)
    received = job.receive(bag, signer, surroundings, out=out, name=name, refusal=refusal)
    for check in received.examined.checks:
        _tell_check(check, as_json=as_json, verbose=verbose)
    _tell(received, as_json=as_json)
    if received.receipt is None and not refusal:
        tell("no receipt was written; --refusal writes one that says what is wrong", quiet=quiet)
    return ExitCode.OK if received.examined.whole else ExitCode.INTEGRITY


def _tell_check(check: Check, *, as_json: bool, verbose: bool) -> None:
    from forensics.model.custody import CheckStatus

    if as_json:
        fields = {"name": check.name, "status": str(check.status), "subject": check.subject}
        emit({"type": "check", "step": int(check.step), **fields, "expected": check.expected, "found": check.found})
    elif check.status is CheckStatus.FAILED or verbose:
        say(f"{check.status.upper():8} step {check.step} {check.name}: {check.subject}")
        say(f"         expected {check.expected}; found {check.found}")


def _tell(received: Received, *, as_json: bool) -> None:
    from forensics.model.custody import CheckStatus

    checks, exhibit = received.examined.checks, received.examined.exhibit
    counts = {str(status): sum(each.status is status for each in checks) for status in CheckStatus}
    outcome = "whole" if received.examined.whole else "not whole"
    if as_json:
        named = (
            {} if exhibit is None else {"bag": exhibit.bag, "tagmanifest": exhibit.tagmanifest, "item": exhibit.item}
        )
        who = {"sealed_by": exhibit and exhibit.sealed_by, "key": received.receipt and received.receipt.receiver.key}
        written = path_fields(str(received.path)) if received.path else {"path": None}
        emit({"type": "received", "whole": received.examined.whole, **counts, **named, **who, **written})
        return
    say(f"{outcome}: {counts['ok']} checks hold, {counts['failed']} do not, {counts['skipped']} were not done")
    if exhibit is not None and exhibit.sealed_by is not None:
        say(f"sealed by {exhibit.sealed_by}; compare it with the fingerprint that the sender gave you on paper")
    if received.receipt is not None:
        what = "receipt" if received.examined.whole else "REFUSAL"
        say(f"{what}: {received.path}, and .sig beside it; send both back")
