"""What is told of one evidence: its manifest, and what was done to its bytes, by whom under which pseudonym."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Json, Manifest

DESCRIBED = frozenset(
    {
        *(EventType.INGESTION, EventType.APPEARANCE, EventType.MERGING),
        *(EventType.FIXITY_CHECK, EventType.REPLAY, EventType.RECOVERY),
    }
)
"""Events that are told: what was done to the bytes. Findings are opinions and hand-overs are acts on copies; both have
documents of their own, and would change these with each exhibit that is made.
"""

ADMITTING = frozenset({EventType.INGESTION, EventType.APPEARANCE, EventType.MERGING})
"""Events that brought a version of the manifest, with the files that it names."""

_PSEUDONYM = re.compile(r"op-[a-z2-7]{16,52}\Z")
"""A name that stands for an operator already (letters of a digest in base32): it is told as it is. Any other may be a
person's.
"""

_NAMESPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
"""For names that are object identifiers (RFC 9562, 6.6), here ``urn:sha256:`` of the manifest and a local name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that the record names. ``sha256`` is that of its file, where the record has it."""

    name: str
    version: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One version of a manifest, the SHA-256 of its stored bytes, and the log's events of its evidence in order.

    Events of other kinds than `DESCRIBED` or of another evidence are left out when it is made with `of`.
    """

    manifest: Manifest
    manifest_sha256: str
    events: tuple[CustodyEvent, ...]

    @classmethod
    def of(cls, manifest: Manifest, manifest_sha256: str, events: Iterable[CustodyEvent]) -> Account:
        """The account of this manifest's evidence from the events of a whole log."""
        item = manifest.item.rpartition(":")[2]
        told = tuple(event for event in events if event.item == item and event.event in DESCRIBED)
        return cls(manifest=manifest, manifest_sha256=manifest_sha256, events=told)

    def pseudonyms(self) -> dict[str, str]:
        """What each operator of the events is called here: ``operator-N`` in order, unless it is a pseudonym already.

        A number says nothing beyond this account: the same person has another in another item.
        """
        told: dict[str, str] = {}
        for event in self.events:
            plain = f"operator-{len(told) + 1}"
            told.setdefault(event.operator, event.operator if _PSEUDONYM.match(event.operator) else plain)
        return told

    def programs(self) -> tuple[Program, ...]:
        """The program that made the record, then the foreign ones; what is not named in full is left out."""
        environment = self.manifest.record.environment
        foreign = environment.get("programs")
        found = (_program(each) for each in (environment.get("tool"), *(foreign if isinstance(foreign, list) else ())))
        return tuple(program for program in found if program is not None)

    def exhibit(self) -> str | None:
        """The exhibit number."""
        found = self.manifest.record.case.get("exhibit")
        return found if isinstance(found, str) else None

    def case(self) -> str | None:
        """The case's identifier."""
        found = self.manifest.record.case.get("id")
        return found if isinstance(found, str) else None

    def uuid_of(self, name: str) -> str:
        """A name-based UUID (RFC 9562, 5.5) of a thing in this account: the same each time, another in each version."""
        return str(uuid.uuid5(_NAMESPACE, f"urn:sha256:{self.manifest_sha256}#{name}"))


def _program(told: Json) -> Program | None:
    if not isinstance(told, dict):
        return None
    name, version, sha256 = told.get("name"), told.get("version"), told.get("sha256")
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    return Program(name=name, version=version, sha256=sha256 if isinstance(sha256, str) else None)
