"""Custody: who did what to which evidence, in the words of the PREMIS event vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """Event names (Library of Congress PREMIS eventType vocabulary where it has one)."""

    CASE_CREATED = "creation"
    INGESTION_START = "ingestion start"
    INGESTION = "ingestion"
    INGESTION_REFUSED = "ingestion refused"
    INGESTION_END = "ingestion end"
    APPEARANCE = "metadata modification"
    FIXITY_CHECK = "fixity check"
    MATCHING = "matching"
    REVIEW = "review"
    LIST_CHECK = "hash list check"
    COMPARISON = "capture comparison"
    REPLAY = "replication of analysis"
    VALIDATION = "validation"
    RECOVERY = "recovery"
    KEY_CHANGE = "key change"
    SEALED = "sealed"
    DISSEMINATION = "dissemination"
    TRANSFER = "transfer"
    REPLICATION = "replication"
    MERGING = "information package merging"


class Namespace(StrEnum):
    """What a signature is for (SSHSIG namespaces), one a type of document. New ones come last: files of earlier
    versions name the first so many.
    """

    CHECKPOINT = "checkpoint@footage-forensics"
    MANIFEST = "manifest@footage-forensics"
    FINDING = "finding@footage-forensics"
    VALIDATION = "validation@footage-forensics"
    KEY = "key@footage-forensics"
    EXHIBIT = "exhibit@footage-forensics"


class KeyAct(StrEnum):
    """What a key change does: the first key of a case, another one let in, one put away, one no longer trusted."""

    FIRST = "first"
    ADMITTED = "admitted"
    RETIRED = "retired"
    REVOKED = "revoked"


class ReceiverNamespace(StrEnum):
    """What somebody outside a case signs; the keys of a case sign nothing in it, and keys/allowed_signers never
    names it.
    """

    RECEIPT = "receipt@footage-forensics"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyEvent:
    """One line of the custody log.

    ``seq`` counts from 0 without gaps; ``prev`` is the SHA-256 of the previous stored line's bytes with its
    newline (64 zeros for the first); ``time`` is RFC 3339 UTC with microseconds; ``detail`` maps plain names to
    text or whole numbers.
    """

    case: str
    seq: int
    prev: str
    time: str
    event: EventType
    run: str
    operator: str
    item: str | None
    detail: dict[str, str | int]

    @property
    def takes_in(self) -> bool:
        """Whether it brought bytes into the case that were not there: by ingestion, or with a merged shard."""
        merged = self.event is EventType.MERGING and self.detail.get("version") == 1
        return self.event is EventType.INGESTION or merged


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInfo:
    """What case.json holds."""

    id: str
    title: str | None
    custodian: str | None
    operator: str
    schema: int
    created: str


class CheckStatus(StrEnum):
    """Outcome of one check of `verify`."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing verified: the numbered step, its name, the subject, what was expected and what was found."""

    step: int
    name: str
    status: CheckStatus
    subject: str
    expected: str | None = None
    found: str | None = None
