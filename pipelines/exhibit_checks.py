"""Verify an exhibit in the numbered steps of a case, as far as they apply; every problem is reported, not the first.

The steps and their numbers are those of `forensics.custody.VERIFY_STEPS`; this job only brings the bytes to them.

    15,16  the bag's form and every digest
    2,17   each log line, by itself and proved under the checkpoint; only proved lines count below
    9,12,13  the checkpoint, its tokens and those of earlier seals, the times that lie between them
    11     the keys, as the proved lines tell them
    5-7    each manifest against the files and the log
    8      the findings
    10     each signature: of checkpoint, manifests, findings, and over the whole exhibit
    14     with a head that somebody else kept: whether the log goes on from it, as far as the exhibit can tell
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from forensics import custody, exhibit
from forensics.errors import IntegrityError, ManifestError
from forensics.exhibit import bag, layout
from forensics.model.custody import Check, CheckStatus, Namespace
from forensics.model.evidence import Digests
from forensics.model.manifest import Subject
from forensics.model.store import SIGNATURE_SUFFIX, ObjectState
from forensics.model.verification import Step
from pipelines.disclosure_files import MAX_FILE, lines_of
from pipelines.disclosures import Examined, held_in
from pipelines.second_reader import SecondReader
from pipelines.surroundings import Surroundings

MAX_DOCUMENT = 64 * 2**20
"""Bytes of a document in an exhibit (see `forensics.custody.canonical`)."""

MAX_SMALL = 2**20
"""Bytes of a line, a proof, or a file of a seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an exhibit tells at the end: the key that signed it, when that holds; lines without a token over them."""

    key: str | None
    unstamped: int


def check_exhibit(path: Path, held: bytes | None = None) -> Iterator[Check | Shown]:
    """All steps over an exhibit; ``held`` is a text with a head of its log.

    Raises:
        IntegrityError: it is a zip that cannot be read, or ``held`` has no head of this log.
        Unreadable: it cannot be read at all.
    """
    opened = exhibit.open_exhibit(path)
    files: dict[str, Digests] = {}
    yield from exhibit.check_structure(opened, files)
    for name in sorted(files):
        if not layout.has_place(name):
            yield _failed(Step.BAG, "place", name, "a file that an exhibit has", "one that has no place in it")
    shown = _shown(opened)
    checks, proven = custody.prove(shown, SecondReader(Surroundings().search_path()))
    yield from checks
    keys = {name.removeprefix(layout.KEYS): _small(opened, name) for name in files if name.startswith(layout.KEYS)}
    yield from custody.check_keys(proven.log, keys)
    index = custody.index_log(proven.log.events)
    yield from _check_item(opened, files, proven.log, index)
    signature = _check_signature(opened, proven)
    yield signature
    if held is not None and proven.checkpoint is not None:
        head = custody.find_head(held, proven.checkpoint.origin)
        yield custody.check_kept_head(shown, proven.checkpoint, head)
    stamped = any(each.size == (proven.checkpoint.size if proven.checkpoint else 0) for each in proven.stamped)
    key = signature.found if signature.status is CheckStatus.OK else None
    yield Shown(key=key, unstamped=0 if stamped else len(proven.log.events))


def _check_item(
    opened: exhibit.Opened, files: Mapping[str, Digests], log: custody.SealedLog, index: custody.LogIndex
) -> Iterator[Check]:
    """Steps 5 to 8, and 10 for manifests and findings."""
    original = files.get(layout.ORIGINAL)
    if original is None:
        yield _failed(Step.SUBJECTS, "original", layout.ORIGINAL, "a file", "none")
        return
    item = original.sha256
    former: list[str] = []
    while layout.version_name(len(former) + 1) in files:
        former.append(layout.version_name(len(former) + 1))
    documents = [exhibit.read(opened, name, MAX_DOCUMENT) for name in (*former, layout.MANIFEST)]
    newest = ObjectState(item=item, version=len(documents), files=tuple(_subjects(files)))
    states = [*(ObjectState(item=item, version=number, files=()) for number in range(1, len(documents))), newest]
    private = _disclosed(opened, files)
    for check in custody.check_evidence(documents, states, index, private.at_hand(item)):
        # The files of a former version are not here; those that went on are subjects of the newest.
        if check.step != Step.SUBJECTS or check.subject.split("/")[1] == f"v{newest.version}":
            yield check
    for check in private.check_rest(None, log.events, {item: newest.version}):
        stray = check.status is CheckStatus.SKIPPED
        yield _failed(Step.MANIFESTS, check.name, check.subject, "one of this item", "another") if stray else check
    yield from custody.check_log_items(index, {item: newest.version})
    for name, state, data in zip((*former, layout.MANIFEST), states, documents, strict=True):
        if data is not None:
            digest = hashlib.sha256(data).hexdigest()
            line, late = index.told_at.get(digest), digest in index.late
            signature = _small(opened, name + SIGNATURE_SUFFIX)
            subject = f"{item}/v{state.version}"
            yield from custody.check_document(log, Namespace.MANIFEST, subject, data, signature, line, late=late)
    manifests = {hashlib.sha256(data).hexdigest(): item for data in documents if data is not None}
    yield from _check_findings(opened, files, log, index, manifests)


def _disclosed(opened: exhibit.Opened, files: Mapping[str, Digests]) -> Examined:
    names = [name for name in sorted(files) if name.startswith(layout.DISCLOSURES)]
    data = {name.removeprefix(layout.DISCLOSURES): exhibit.read(opened, name, MAX_FILE) or b"" for name in names}
    return Examined.of_files({name: held_in(partial(lines_of, name, held)) for name, held in data.items()})


def _check_findings(
    opened: exhibit.Opened,
    files: Mapping[str, Digests],
    log: custody.SealedLog,
    index: custody.LogIndex,
    manifests: Mapping[str, str],
) -> Iterator[Check]:
    """The other item of a finding lies in another exhibit, or in none: what the finding says of it is taken as said."""
    names = [name for name in sorted(files) if name.startswith(layout.FINDINGS) and name.endswith(".json")]
    found = [(name, exhibit.read(opened, name, MAX_DOCUMENT) or b"") for name in names]
    known = dict(manifests)
    for name, data in found:
        try:
            finding = custody.decode_finding(data)
        except ManifestError:
            continue  # told below
        sides = {finding.reference_manifest: finding.match.reference_id}
        if finding.query_manifest is not None:
            sides[finding.query_manifest] = finding.match.query_id
        if not sides.items() & manifests.items():
            yield _failed(Step.FINDINGS, "finding subjects", name, "a manifest of this exhibit", "others only")
        known |= {digest: item for digest, item in sides.items() if item not in manifests.values()}
    short = [(name.removeprefix(layout.FINDINGS), data) for name, data in found]
    for check in custody.check_findings(short, index, known):
        unlogged = check.name == "finding logged" and check.status is CheckStatus.SKIPPED
        if check.name == custody.CALIBRATION:
            # The record of error rates speaks of other items too, so it stays in the case.
            yield replace(check, status=CheckStatus.SKIPPED, found="a record that the case keeps")
        else:
            yield _failed(Step.FINDINGS, check.name, check.subject, "a proved log line", "none") if unlogged else check
    for name, data in found:
        line = index.told_at.get(hashlib.sha256(data).hexdigest())
        signature = _small(opened, name + SIGNATURE_SUFFIX)
        yield from custody.check_document(log, Namespace.FINDING, name, data, signature, line)


def _check_signature(opened: exhibit.Opened, proven: custody.ProvenLog) -> Check:
    """Step 10 for the exhibit: a key that the log lets sign, over the list of all files."""
    tags, signature = exhibit.read(opened, bag.TAGS, bag.MAX_TAG_FILE), _small(opened, bag.SEAL)
    if tags is None or signature is None or proven.checkpoint is None:
        found = "tag manifest, signature or checkpoint is missing"
        return _failed(Step.SIGNATURES, "exhibit signature", bag.TAGS, "a signature", found)
    lines = proven.checkpoint.size
    return next(custody.check_document(proven.log, Namespace.EXHIBIT, bag.TAGS, tags, signature, lines))


def _shown(opened: exhibit.Opened) -> custody.ShownLog:
    lines = {seq: name for name in opened.sizes if (seq := layout.line_of(name)) is not None}
    checkpoint = _small(opened, layout.CHECKPOINT)
    seals = {
        name.removeprefix(layout.EARLIER): _small(opened, name)
        for name in opened.sizes
        if name.startswith(layout.EARLIER)
    }
    try:
        size = custody.decode_checkpoint(checkpoint or b"").size
    except IntegrityError:
        size = 0  # told by step 9
    for name in opened.sizes:
        if name.startswith(layout.CHECKPOINT):
            seals[custody.seal_name(size, name.removeprefix(layout.CHECKPOINT))] = _small(opened, name)
    proof = {seq: name.removesuffix(".json") + ".tlog-proof" for seq, name in lines.items()}
    return custody.ShownLog(
        lines={seq: _small(opened, name) for seq, name in lines.items()},
        proofs={seq: _small(opened, name) for seq, name in proof.items()},
        checkpoint=checkpoint,
        seals=seals,
        consistency=exhibit.read(opened, layout.CONSISTENCY, MAX_DOCUMENT),
    )


def _subjects(files: Mapping[str, Digests]) -> Iterator[Subject]:
    for name, each in sorted(files.items()):
        if layout.is_subject(name):
            short = name.removeprefix(bag.PAYLOAD)
            yield Subject(name=short, sha256=each.sha256, sha512=each.sha512, size=each.size)


def _small(opened: exhibit.Opened, name: str) -> bytes | None:
    return exhibit.read(opened, name, MAX_SMALL)


def _failed(step: Step, name: str, subject: str, expected: str, found: str) -> Check:
    return Check(step=step, name=name, status=CheckStatus.FAILED, subject=subject, expected=expected, found=found)
