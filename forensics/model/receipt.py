"""A receipt: what the receiver of an exhibit checked and found, as the receiver says and signs it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RECEIPT_TYPE = "urn:footage-forensics:receipt:v1"

MAX_NAME = 200
"""Characters of a receiver's name: a person, an office and a town fit."""

MAX_NOTED = 1000
"""Failed checks that one receipt lists, and as many that were not done; the rest of a ruined exhibit is counted."""

MAX_TEXT = 400
"""Characters of each text of a check that is listed: two digests and a path fit."""


class Outcome(StrEnum):
    """What the receiver says of the exhibit. Only the first confirms that it arrived as it was sealed."""

    WHOLE = "whole"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What was received, in digests: what all of it hangs on, and what it says of itself.

    ``tagmanifest`` is the SHA-256 of tagmanifest-sha256.txt, through which every other file is bound; ``item`` that of
    the original, ``manifest`` that of manifest.json. ``case`` and ``exhibit`` are what the manifest says; ``sealed_by``
    is the fingerprint of the key that signed the tag manifest, None where no signature holds.
    """

    bag: str
    tagmanifest: str
    item: str
    manifest: str
    case: str
    exhibit: str | None
    sealed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """How many checks of one step of `verify` ended how. ``name`` is the step's."""

    step: int
    name: str
    ok: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A check that failed, or that was not done."""

    step: int
    name: str
    subject: str
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who received: the name as typed, and the key that signs, which alone can be checked."""

    name: str | None
    key: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one receiver says of one exhibit. ``received`` is RFC 3339 UTC by the receiver's clock.

    Of the checks in ``steps``, ``problems`` are the first `MAX_NOTED` that failed, ``not_done`` those skipped.
    """

    exhibit: Exhibit
    outcome: Outcome
    steps: tuple[StepCount, ...]
    problems: tuple[Noted, ...]
    not_done: tuple[Noted, ...]
    received: str
    receiver: Receiver
    tool: str
    tool_version: str
    limits: tuple[str, ...]

    def __post_init__(self) -> None:
        failed = sum(each.failed for each in self.steps)
        if (self.outcome is Outcome.WHOLE) != (failed == 0):
            raise ValueError("an exhibit is whole when no check failed, and refused when one did")
        skipped = sum(each.skipped for each in self.steps)
        if (len(self.problems), len(self.not_done)) != (min(failed, MAX_NOTED), min(skipped, MAX_NOTED)):
            raise ValueError("the problems are as many as the failed checks, and so are those not done")
        if self.outcome is Outcome.WHOLE and (self.exhibit.sealed_by is None or not any(s.ok for s in self.steps)):
            raise ValueError("an exhibit that nobody sealed, or of which nothing was checked, is not whole")
        if self.receiver.name is not None and not 0 < len(self.receiver.name) <= MAX_NAME:
            raise ValueError(f"a receiver's name has 1 to {MAX_NAME} characters")
        numbers = [each.step for each in self.steps]
        if numbers != sorted(set(numbers)) or any(min(each.ok, each.failed, each.skipped) < 0 for each in self.steps):
            raise ValueError("steps stand in order, once each, with counts")
