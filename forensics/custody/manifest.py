"""The manifest's stored form: an in-toto Statement v1 in one canonical line.

Each subject is an in-toto ResourceDescriptor: name, both digests, and its size as an annotation. The predicate keeps
facts, record and notices apart. ``facts.exact_sha256`` and ``facts.recipe_sha256`` are SHA-256 over the canonical form
of the value beside them, without newline; ``jq -cSj .predicate.facts.exact manifest.json | sha256sum`` gives the first.

Values of the record that name people, their computers or private accounts stand in it as salted digests (RFC 9901,
`forensics.custody.concealed`), and ``_sd_alg`` says so.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from forensics.custody import canonical
from forensics.custody.concealed import record_digests
from forensics.custody.disclosure import ALGORITHM, ALGORITHM_NAME
from forensics.custody.wire import Descriptor, DigestSet, Hex64, wire_error
from forensics.errors import ManifestError
from forensics.model.manifest import MANIFEST_TYPE, STATEMENT_TYPE, Facts, Json, Manifest, Record, Subject
from forensics.model.notice import Notice
from forensics.model.store import MANIFEST_NAME, ORIGINAL_NAME, SIGNATURE_NAME

ITEM_PREFIX = "urn:sha256:"
"""A manifest's item is this and the SHA-256 of the original bytes."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
"""Names below content/ are ours, plain ASCII, never hidden, never climbing: found names live in the record."""

MAX_NAME = 255
"""Characters of one subject's name: each file system can hold it."""


class _Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    exact: dict[str, Any]
    exact_sha256: Hex64
    recipe: dict[str, Any]
    recipe_sha256: Hex64


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    case: dict[str, Any]
    appearances: list[dict[str, Any]]
    acquisition: dict[str, Any]
    environment: dict[str, Any]
    processing: dict[str, Any]
    log: dict[str, Any]


class _Predicate(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"sd_alg": ALGORITHM_NAME}
):
    id: str
    item: str
    version: int
    supersedes: Hex64 | None
    facts: _Facts
    record: _Record
    notices: list[Notice]
    limits: list[str]
    sd_alg: Literal["sha-256"] | msgspec.UnsetType = msgspec.UNSET
    """Absent when nothing of the record is concealed."""


class _Statement(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"type_": "_type", "predicate_type": "predicateType"},
):
    type_: str
    subject: list[Descriptor]
    predicate_type: str
    predicate: _Predicate


def item_of(sha256: str) -> str:
    """The name of an evidence in manifests and object ids: ``urn:sha256:<hex>``."""
    return ITEM_PREFIX + sha256


def facts_digests(facts: Facts) -> tuple[str, str]:
    """SHA-256 of the canonical form of the exact facts and of the recipe facts."""
    return canonical.digest(facts.exact), canonical.digest(facts.recipe)


def encode_manifest(manifest: Manifest) -> bytes:
    """The stored bytes of a manifest: one canonical line with its newline.

    Raises ManifestError when a value is outside the canonical profile or the manifest contradicts itself.
    """
    _check_sense(manifest)
    exact, recipe = facts_digests(manifest.facts)
    statement = _Statement(
        type_=STATEMENT_TYPE,
        subject=[_descriptor(subject) for subject in manifest.subjects],
        predicate_type=MANIFEST_TYPE,
        predicate=_Predicate(
            id=manifest.id,
            item=manifest.item,
            version=manifest.version,
            supersedes=manifest.supersedes,
            facts=_Facts(
                exact=manifest.facts.exact, exact_sha256=exact, recipe=manifest.facts.recipe, recipe_sha256=recipe
            ),
            record=_wire_record(manifest.record),
            notices=list(manifest.notices),
            limits=list(manifest.limits),
            sd_alg=_algorithm(manifest.record),
        ),
    )
    return canonical.encode_stored(_plain(statement))


def decode_manifest(data: bytes) -> Manifest:
    """The manifest whose stored bytes are exactly ``data``.

    Raises ManifestError for bytes that are not canonical, another schema, unknown or missing fields, wrong types,
    facts whose digests do not agree, or a manifest that contradicts itself.
    """
    value = canonical.decode_stored(data)
    _check_schema(value)
    try:
        statement = msgspec.convert(value, _Statement, strict=True)
    except msgspec.ValidationError as error:
        raise wire_error("manifest", error) from error
    predicate = statement.predicate
    manifest = Manifest(
        id=predicate.id,
        item=predicate.item,
        version=predicate.version,
        supersedes=predicate.supersedes,
        subjects=tuple(_subject(descriptor) for descriptor in statement.subject),
        facts=Facts(exact=predicate.facts.exact, recipe=predicate.facts.recipe),
        record=_record(predicate.record),
        notices=tuple(predicate.notices),
        limits=tuple(predicate.limits),
    )
    if facts_digests(manifest.facts) != (predicate.facts.exact_sha256, predicate.facts.recipe_sha256):
        raise _nonsense("a facts digest is not that of the facts beside it")
    _check_sense(manifest)
    if _algorithm(manifest.record) != predicate.sd_alg:
        raise _nonsense(f"{ALGORITHM_NAME} does not say how its record's values are concealed")
    # What the types do not hold (another key in a notice) would vanish here unseen.
    if _plain(statement) != value:
        raise _nonsense("it holds fields that this schema does not know")
    return manifest


def _algorithm(record: Record) -> Literal["sha-256"] | msgspec.UnsetType:
    """What `_Predicate.sd_alg` says of this record. Raises ManifestError when a digest in it is malformed."""
    return ALGORITHM if record_digests(record) else msgspec.UNSET


def _plain(statement: _Statement) -> Json:
    plain: Json = msgspec.to_builtins(statement)
    return plain


def _wire_record(record: Record) -> _Record:
    return _Record(
        case=record.case,
        appearances=list(record.appearances),
        acquisition=record.acquisition,
        environment=record.environment,
        processing=record.processing,
        log=record.log,
    )


def _record(record: _Record) -> Record:
    return Record(
        case=record.case,
        appearances=tuple(record.appearances),
        acquisition=record.acquisition,
        environment=record.environment,
        processing=record.processing,
        log=record.log,
    )


def _descriptor(subject: Subject) -> Descriptor:
    return Descriptor(
        name=subject.name,
        digest=DigestSet(sha256=subject.sha256, sha512=subject.sha512),
        annotations={"size": subject.size},
    )


def _subject(descriptor: Descriptor) -> Subject:
    if descriptor.digest.sha512 is None or set(descriptor.annotations or ()) != {"size"}:
        raise _nonsense(f"the subject {descriptor.name!r:.80} lacks its SHA-512 or its size")
    return Subject(
        name=descriptor.name,
        sha256=descriptor.digest.sha256,
        sha512=descriptor.digest.sha512,
        size=(descriptor.annotations or {})["size"],
    )


def _check_schema(value: Json) -> None:
    if not isinstance(value, dict):
        raise _nonsense("it is not an object")
    if value.get("_type") != STATEMENT_TYPE or value.get("predicateType") != MANIFEST_TYPE:
        raise ManifestError(
            f"the document is not a {MANIFEST_TYPE} statement",
            code="manifest.schema",
            hint="It may be of a later version: use the program version that the case names.",
        )


def _check_sense(manifest: Manifest) -> None:
    names = [subject.name for subject in manifest.subjects]
    original = next((subject for subject in manifest.subjects if subject.name == ORIGINAL_NAME), None)
    if original is None or manifest.item != item_of(original.sha256):
        raise _nonsense(f"the item is not {ITEM_PREFIX} and the SHA-256 of the subject {ORIGINAL_NAME!r}")
    if len(set(names)) != len(names) or {MANIFEST_NAME, SIGNATURE_NAME} & set(names):
        raise _nonsense("a subject's name occurs twice, or is the manifest's own or its signature's")
    for name in names:
        if len(name) > MAX_NAME or not _NAME.match(name):
            raise _nonsense(f"the subject's name {name!r:.80} is not a plain relative one")
    if any(subject.size < 0 for subject in manifest.subjects):
        raise _nonsense("a size is negative")
    if manifest.version < 1 or (manifest.version == 1) != (manifest.supersedes is None):
        raise _nonsense("version 1 supersedes nothing, and each later one names the former by its SHA-256")


def _nonsense(message: str) -> ManifestError:
    return ManifestError(
        f"the manifest is not sound: {message}",
        code="manifest.invalid",
        hint="Compare it with the log and with another copy of the case.",
    )
