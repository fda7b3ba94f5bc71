"""What a manifest says after a merge: whose manifests it goes on from, and what of them became files.

``record.processing.merged`` is a list, one entry a shard: the SHA-256 of its log, the exhibit number there, the SHA-256
of its manifests. Of those that became files, ``concealed`` has every digest that they conceal and this manifest does
not have elsewhere, each in an object of its own: so their disclosures still belong to a signed document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from forensics import custody
from forensics.model.manifest import Json, Manifest, Subject
from forensics.model.notice import Notice
from forensics.model.store import DOCUMENT_NAMES, SIGNATURE_SUFFIX
from pipelines.keyframe_files import subject_of
from pipelines.shard_case import Version
from pipelines.shard_logs import kept_name

SIDECARS = "source/sidecar-"
"""How the files that came with a clip are named: by their digest, so that two of them never have one name."""


class FileThere(NamedTuple):
    """A file of a shard's object: its name there, in which version, and what it becomes here."""

    there: str
    version: int
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A manifest that another was joined to. ``files`` come from the shard's object, ``documents`` (name, bytes) are
    its manifests and their signatures; ``before`` are the digests of values that were concealed already.
    """

    manifest: Manifest
    files: tuple[FileThere, ...]
    documents: tuple[tuple[str, bytes], ...]
    before: frozenset[str]


def admitted(manifest: Manifest, former: Manifest, shard: str, versions: Sequence[Version]) -> Manifest:
    """The manifest of bytes that came new with a shard, after ``former``, the last of the shard's own."""
    return _with_entry(manifest, _entry(former, shard, versions))


def joined(
    manifest: Manifest, former: Manifest, shard: str, versions: Sequence[Version], fresh: Sequence[Version]
) -> Joined:
    """``manifest`` with what a shard has of the same bytes: its appearances, and files that are not here yet.

    ``former`` is the version before; ``fresh`` are the versions of the shard that this case does not have.
    """
    there = custody.decode_manifest(versions[-1].manifest)
    seen = former.record.appearances
    more = tuple(each for each in there.record.appearances if each not in seen)
    record = replace(manifest.record, appearances=(*seen, *more))
    documents = tuple(_documents(fresh))
    files = tuple(_files(former, versions, fresh[-1].sha256))
    subjects = (*former.subjects, *(each.subject for each in files), *(subject_of(*each) for each in documents))
    notices = (*former.notices, *there.notices, *_differing(former, there, shard))
    result = replace(manifest, record=record, subjects=subjects, notices=tuple(dict.fromkeys(notices)))
    before = frozenset(custody.record_digests(former.record))
    standing = {*before, *custody.record_digests(record)}
    hidden = sorted({each for v in fresh for each in _digests(v)} - standing)
    concealed: list[Json] = [{"_sd": [digest]} for digest in hidden]
    said = {**_entry(there, shard, fresh), **({"concealed": concealed} if concealed else {})}
    return Joined(manifest=_with_entry(result, said), files=files, documents=documents, before=before)


def manifests_in(manifest: Manifest) -> frozenset[str]:
    """The SHA-256 of every manifest of a shard that this one names."""
    return frozenset(
        str(digest)
        for entry in _entries(manifest)
        if isinstance(entry, dict) and isinstance(named := entry.get("manifests"), list)
        for digest in named
    )


def _digests(version: Version) -> tuple[str, ...]:
    return custody.record_digests(custody.decode_manifest(version.manifest).record)


def _documents(versions: Sequence[Version]) -> Iterator[tuple[str, bytes]]:
    for each in versions:
        yield kept_name(each.sha256), each.manifest
        yield kept_name(each.sha256) + SIGNATURE_SUFFIX, each.signature


def _files(former: Manifest, versions: Sequence[Version], named: str) -> Iterator[FileThere]:
    """What the shard holds of these bytes and this case does not: telemetry under its name, anything else apart."""
    held = {each.sha256 for each in former.subjects}
    for version in versions:
        for each in version.state.files:
            if each.name not in DOCUMENT_NAMES and each.sha256 not in held:
                held.add(each.sha256)
                name = (
                    each.name
                    if each.name.startswith(SIDECARS)
                    else f"{kept_name(named).removesuffix('.json')}/{each.name}"
                )
                yield FileThere(each.name, version.state.version, replace(each, name=name))


def _differing(former: Manifest, there: Manifest, shard: str) -> Iterator[Notice]:
    if custody.facts_digests(former.facts) != custody.facts_digests(there.facts):
        message = f"the shard {shard[:12]} took other facts from these bytes: see its manifest, which is kept"
        yield Notice(code="merge.facts_differ", message=message)


def _entry(there: Manifest, shard: str, versions: Sequence[Version]) -> dict[str, Json]:
    named: list[Json] = [each.sha256 for each in versions]
    return {"shard": shard, "exhibit": there.record.case.get("exhibit"), "manifests": named}


def _entries(manifest: Manifest) -> list[Json]:
    found = manifest.record.processing.get("merged")
    return found if isinstance(found, list) else []


def _with_entry(manifest: Manifest, entry: dict[str, Json]) -> Manifest:
    processing: dict[str, Json] = {**manifest.record.processing, "merged": [*_entries(manifest), entry]}
    return replace(manifest, record=replace(manifest.record, processing=processing))
