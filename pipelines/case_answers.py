"""What a case can answer of a requirement on the whole of it; as `pipelines.answers` does of one evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forensics import custody
from forensics.model.custody import Check, CheckStatus
from forensics.report.wording import count
from pipelines import error_rates, findings
from pipelines.answers import Answered, outside_the_record, told
from pipelines.case import Case
from pipelines.seal import unsealed


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """A case, and what a verification in the same run said of it; None when there was none."""

    case: Case
    verified: tuple[Check, ...] | None


_LOG = "log/custody.jsonl"


def log_unbroken(held: HeldCase) -> Answered:
    """Every line of the log names the digest of the one before."""
    problems = [
        check
        for check in custody.check_log(held.case.log.path, held.case.info.id)
        if check.status is CheckStatus.FAILED
    ]
    lines = held.case.log.head().lines
    reason = (
        f"{count(len(problems), 'problem')}: run verify"
        if problems
        else f"{count(lines, 'line')}, each names the one before"
    )
    return told(not problems, reason, f"{_LOG}, seq and prev")


def log_sealed(held: HeldCase) -> Answered:
    """A signature covers every event."""
    rest = unsealed(held.case)
    reason = "a signed head covers every event" if rest == 0 else f"{count(rest, 'event')} not sealed: run seal"
    return told(rest == 0, reason, "log/checkpoints/")


def log_time_stamped(held: HeldCase) -> Answered:
    """Tokens of time-stamp authorities lie beside the last seal."""
    last = custody.last_seal(held.case.log.path)
    if last is None:
        return told(False, "nothing is sealed", "log/checkpoints/")
    folder = custody.checkpoint_folder(held.case.log.path)
    tokens = sorted(path.name for path in folder.glob(f"{last.checkpoint.name}.sig.*.tsr"))
    reason = f"{count(len(tokens), 'token')} beside the last seal; whether they hold, verify tells"
    return told(bool(tokens), reason, f"log/checkpoints/{last.checkpoint.name}.sig.*.tsr")


def case_verified(held: HeldCase) -> Answered:
    """Every digest, chain and seal was recomputed in this run."""
    if held.verified is None:
        return told(False, "not verified in this run: use --verify", "none")
    failed = sum(check.status is CheckStatus.FAILED for check in held.verified)
    passed = sum(check.status is CheckStatus.OK for check in held.verified)
    reason = (
        f"{count(failed, 'check')} failed: run verify" if failed else f"{count(passed, 'check')} passed, none failed"
    )
    return told(failed == 0, reason, "all that verify reads")


def custodian_named(held: HeldCase) -> Answered:
    """The case names its custodian."""
    name = held.case.info.custodian
    return told(bool(name), f"named as {name}" if name else "no custodian is named", "case.json, custodian")


def method_validated(held: HeldCase) -> Answered:
    """A validation record made from this case speaks for the parameters in force."""
    found = error_rates.reliance(held.case, findings.METHOD.params_sha256)
    return told(found is not None and found.own, error_rates.in_words(found), "validation/")


CASE_TESTS: Mapping[str, Callable[[HeldCase], Answered]] = {
    test.__name__: test
    for test in (
        *(log_unbroken, log_sealed, log_time_stamped, case_verified),
        *(custodian_named, method_validated, outside_the_record),
    )
}
"""Every test that a profile may ask of a case, by name."""
