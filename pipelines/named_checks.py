"""Named checks: a person recomputed a digest with another program, and the log has it (`attest-check`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Manifest
from pipelines.case import Case

EQUAL, DIFFERS = "equal", "differs"
"""Results of a check."""

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCheck:
    """One ``fixity check`` event of a person.

    ``person``, ``program``, ``version`` and ``date`` are as stated by who typed them; ``digest`` is what the other
    program printed, and ``equal`` compares it anew with the evidence's own. ``key`` is the fingerprint under which the
    line was written, ``ingestion_key`` that under which the evidence was ingested (None: not signed).
    """

    evidence: str
    seq: int
    logged: str
    person: str
    program: str
    version: str
    date: str
    algorithm: str
    digest: str
    equal: bool
    key: str
    ingestion_key: str | None

    @property
    def same_key(self) -> bool:
        """Whoever logged the check holds the key under which the evidence came in."""
        return self.key == self.ingestion_key

    def as_fields(self) -> dict[str, object]:
        """The fields of its JSON line."""
        return {
            "evidence": self.evidence,
            "seq": self.seq,
            "logged": self.logged,
            "by": self.person,
            "program": self.program,
            "program_version": self.version,
            "date": self.date,
            "algorithm": self.algorithm,
            "digest": self.digest,
            "result": EQUAL if self.equal else DIFFERS,
            "key": self.key,
            "ingestion_key": self.ingestion_key,
            "same_key": self.same_key,
        }

    def in_words(self) -> str:
        """One line for a person."""
        result = "the digests are equal" if self.equal else "THE DIGEST DIFFERS"
        version = "" if self.version == NOT_STATED else f" {self.version}"
        key = "by the key of the ingestion" if self.same_key else "by another key than that of the ingestion"
        how = f"{self.algorithm} with {self.program}{version}, as stated of {self.date}"
        return f"{self.person}: {result}, {how}; logged {self.logged} {key}"


def checks_of(case: Case, evidence: str) -> tuple[NamedCheck, ...]:
    """The named checks of an evidence that the log holds, in its order; those with another result too. Persons are
    named by pseudonyms, as there: `with_name` gives what people read.

    Raises:
        IntegrityError: the log is missing or holds a line that is not sound.
    """
    events = [line.event for line in case.log.events() if line.event.item == evidence]
    return named_checks(case.manifest(evidence), events)


def with_name(check: NamedCheck, names: Mapping[str, str]) -> NamedCheck:
    """The check with the person's name in place of the pseudonym, where ``names`` has it."""
    return replace(check, person=names.get(check.person, check.person))


def named_checks(manifest: Manifest, events: Iterable[CustodyEvent]) -> tuple[NamedCheck, ...]:
    """The named checks among the events of the evidence that the manifest describes."""
    original = next(subject for subject in manifest.subjects if subject.name == "original")
    known = {original.sha256, original.sha512}
    named = [event for event in events if event.event is EventType.FIXITY_CHECK and "by" in event.detail]
    return tuple(_check(event, known) for event in named)


def _check(event: CustodyEvent, known: set[str]) -> NamedCheck:
    detail = {name: str(value) for name, value in event.detail.items()}
    return NamedCheck(
        evidence=str(event.item),
        seq=event.seq,
        logged=event.time,
        person=detail["by"],
        program=detail.get("program", NOT_STATED),
        version=detail.get("program_version", NOT_STATED),
        date=detail.get("date", NOT_STATED),
        algorithm=detail.get("algorithm", NOT_STATED),
        digest=detail.get("digest", ""),
        equal=detail.get("digest", "") in known and detail.get("result") == EQUAL,
        key=detail.get("key", ""),
        ingestion_key=detail.get("ingestion_key"),
    )
