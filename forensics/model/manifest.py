"""The manifest: facts that anyone can recompute, apart from the record of who, when and where found.

The stored form is an in-toto Statement v1 in canonical JSON (RFC 8785, no floats, ASCII keys); the values here are
its Python form. ``predicate.facts.exact`` is a function of the bytes alone, ``predicate.facts.recipe`` of the bytes,
the settings and the named tool versions; each has its digest, so that an opposing expert can recompute either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from forensics.model.notice import Notice

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None
"""A JSON value of the canonical profile: no floats (decimals are text)."""

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MANIFEST_TYPE = "urn:footage-forensics:manifest:v1"
FINDING_TYPE = "urn:footage-forensics:finding:v1"
VALIDATION_TYPE = "urn:footage-forensics:validation:v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One file that the manifest binds: its name below the object's content folder, and both digests."""

    name: str
    sha256: str
    sha512: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the bytes say. Values are of the canonical profile; see docs/manifest.md for each field."""

    exact: dict[str, Json]
    recipe: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Who, when, where found, with which tools. Never part of a facts digest."""

    case: dict[str, Json]
    appearances: tuple[dict[str, Json], ...]
    acquisition: dict[str, Json]
    environment: dict[str, Json]
    processing: dict[str, Json]
    log: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of the manifest of one evidence. ``supersedes`` is the SHA-256 of the former version's bytes."""

    id: str
    item: str
    version: int
    supersedes: str | None
    subjects: tuple[Subject, ...]
    facts: Facts
    record: Record
    notices: tuple[Notice, ...]
    limits: tuple[str, ...]
