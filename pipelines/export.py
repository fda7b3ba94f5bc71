"""Export exhibits: each item as a bag that the other side can check without this program.

1  the log is sealed, and the seal stamped where authorities are set
2  the findings that stand and concern the item; --public leaves out those whose other item is not exported too
3  the lines of the log on this item and on keys, and the earliest checkpoint over all of them, a stamped one if any
4  everything is written under a temporary name, digests are compared with the manifest's, the whole is signed
5  it gets its name; what is there already is compared and never overwritten
6  the log tells of each hand-over

The bytes follow from the state of the case, the operator's key and the versions of the program and of the typesetter:
nothing of now is in them. So the lines that tell of exports are not part of an export.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import __version__, custody, exhibit, report
from forensics.errors import InputError, IntegrityError
from forensics.exhibit import bag, layout
from forensics.model.custody import CheckStatus, CustodyEvent, EventType, Namespace
from forensics.model.notice import Notice
from forensics.model.store import MANIFEST_NAME, SIGNATURE_SUFFIX, ObjectState
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines import enclosures, findings, seal
from pipelines.case import Case, Run
from pipelines.config import Authority
from pipelines.exhibit_paper import view_of
from pipelines.scope import PUBLIC, SEALED, Extent, extent_of
from pipelines.standing import StoredFinding

MAX_HEADS = 1000
"""Earlier heads that an exhibit can be held against: three years of a seal a day, in less than a megabyte."""

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_TOKEN = ".tsr"  # noqa: S105  the suffix of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One exhibit. ``fresh``: written now, not found as it would have been written. ``withheld`` counts findings,
    ``unshown`` lines of the log on this item that are not in it.
    """

    id: str
    name: str
    path: Path
    profile: str
    fresh: bool
    tagmanifest: str
    files: int
    size: int
    lines: int
    unshown: int
    findings: int
    withheld: int
    checkpoint: int
    stamps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """The whole log, once for all exhibits of a run."""

    raws: tuple[bytes, ...]
    events: tuple[CustodyEvent, ...]
    index: custody.LogIndex
    tree: custody.Tree
    checkpoints: Mapping[int, custody.Checkpoint]
    folder: Path
    ring: custody.KeyRing

    def seal_files(self, size: int) -> tuple[Path, ...]:
        """The companions of a checkpoint: signature, requests, tokens, roots."""
        return tuple(sorted(self.folder.glob(f"{self.checkpoints[size].name}.sig*")))

    def stamps(self, size: int) -> int:
        """How many tokens a seal has."""
        return sum(path.name.endswith(_TOKEN) for path in self.seal_files(size))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What goes into one exhibit."""

    evidence: str
    name: str
    extent: Extent
    states: tuple[ObjectState, ...]
    lines: tuple[int, ...]
    checkpoint: custody.Checkpoint
    earlier: tuple[int, ...]
    disclosures: enclosures.Enclosed
    interop: enclosures.Enclosed


def export(
    case: Case,
    run: Run,
    names: Sequence[str],
    out: Path,
    *,
    profile: str = PUBLIC,
    zipped: bool = False,
    authorities: Sequence[Authority] = (),
) -> Iterator[Exported | Notice]:
    """Write an exhibit for each item into the folder ``out``.

    Raises:
        CaseError: no evidence of that name; the run has no key.
        InputError: another exhibit of that name is there (``input.exists``).
        IntegrityError: the case does not agree with itself; nothing of that item is written.
        StoreError: ``out`` cannot be written.
    """
    ids = tuple(dict.fromkeys(case.resolve(name) for name in names))
    seal.seal_case(case, run)
    yield from seal.stamp_last(case, run, authorities)
    log = _read(case)
    standing = tuple(findings.load(case))
    if not report.is_there():
        yield Notice(
            code="export.no_paper",
            message=f"no {exhibit.PAPER} is enclosed: typst is not installed (pip install '{report.EXTRA}')",
        )
    with exhibit.alone_in(out):
        for evidence in ids:
            plan = _plan(case, run, log, standing, evidence, frozenset(ids), profile)
            if plan.extent.withheld:
                left_out = f"{plan.extent.withheld} findings are withheld: their other item is not exported with it"
                what = "name it too to enclose them; --sealed encloses all"
                yield Notice(code="export.findings_withheld", message=f"{plan.name}: {left_out} - {what}")
            yield _deliver(case, run, log, plan, out / (plan.name + (".zip" if zipped else "")))


def _deliver(case: Case, run: Run, log: _Log, plan: _Plan, target: Path) -> Exported:
    part = target.with_name(f".{plan.name}.part")
    packed = target.with_name(f".{plan.name}.zip.part")
    exhibit.discard(part)
    exhibit.discard(packed)
    try:
        written = exhibit.BagFolder(part)
        tags = _fill(case, run, log, plan, written)
        made = part
        if target.suffix == ".zip":
            exhibit.write_zip(part, plan.name, packed)
            made = packed
        fresh = not target.is_symlink() and not target.exists()
        if fresh:
            exhibit.publish(made, target)
        elif not exhibit.are_equal(made, target):
            raise InputError(
                f"{visible(str(target))} is there and is not what would be written now",
                code="input.exists",
                hint="The case has changed since, or it is of another. Nothing was overwritten: name another --out.",
            )
    finally:
        exhibit.discard(part)
        exhibit.discard(packed)
    sha256 = hashlib.sha256(tags).hexdigest()
    _tell(case, run, log, plan, sha256, fresh=fresh)
    return Exported(
        id=plan.evidence,
        name=plan.name,
        path=target,
        profile=plan.extent.profile,
        fresh=fresh,
        tagmanifest=sha256,
        files=len(written.payload),
        size=sum(each.size for each in written.payload.values()),
        lines=len(plan.lines),
        unshown=plan.extent.unshown,
        findings=len(plan.extent.enclosed),
        withheld=plan.extent.withheld,
        checkpoint=plan.checkpoint.size,
        stamps=log.stamps(plan.checkpoint.size),
    )


def _tell(case: Case, run: Run, log: _Log, plan: _Plan, sha256: str, *, fresh: bool) -> None:
    """Log the hand-over; one that a crash kept from being logged is made up for when the exhibit is found there."""
    told = any(
        event.event is EventType.DISSEMINATION
        and (event.item, event.detail.get("tagmanifest")) == (plan.evidence, sha256)
        for event in log.events
    )
    if fresh or not told:
        detail = {"what": "exhibit", "bag": plan.name, "profile": plan.extent.profile, "tagmanifest": sha256}
        case.record(run, EventType.DISSEMINATION, plan.evidence, detail)


def _read(case: Case) -> _Log:
    lines = tuple(case.log.events())
    events = tuple(line.event for line in lines)
    folder = custody.checkpoint_folder(case.log.path)
    return _Log(
        raws=tuple(line.raw for line in lines),
        events=events,
        index=custody.index_log(events),
        tree=custody.Tree(custody.leaf_hash(line.raw) for line in lines),
        checkpoints=custody.read_checkpoints(folder),
        folder=folder,
        ring=custody.ring_of(events, case.info.id),
    )


def _plan(
    case: Case, run: Run, log: _Log, standing: Iterable[StoredFinding], evidence: str, ids: frozenset[str], profile: str
) -> _Plan:
    states = tuple(case.store.states(evidence))
    _require_sound(case, log, evidence, states)
    extent = extent_of(case, log.events, standing, evidence, ids, profile)
    tokens = {_last_token(log.events, seq) for seq in extent.lines} - {None}
    earlier = tuple(sorted(seq for seq in tokens if seq is not None))
    lines = tuple(sorted({*extent.lines, *earlier}))
    return _Plan(
        evidence=evidence,
        name=_name(case, evidence),
        extent=extent,
        states=states,
        lines=lines,
        checkpoint=_checkpoint(log, lines),
        earlier=earlier,
        disclosures=enclosures.disclosures(case, evidence) if profile == SEALED else (),
        interop=enclosures.interop(case, evidence, run, [log.events[seq] for seq in lines]),
    )


def _require_sound(case: Case, log: _Log, evidence: str, states: Sequence[ObjectState]) -> None:
    """Nothing leaves the case that its own log does not speak for."""
    documents = [case.store.read(evidence, MANIFEST_NAME, state.version) for state in states]
    for check in custody.check_evidence(documents, states, log.index):
        unlogged = check.step == Step.LOG_AND_STORE and check.status is CheckStatus.SKIPPED
        if check.status is CheckStatus.FAILED or unlogged:
            raise IntegrityError(
                f"{check.subject}: {check.name}: expected {check.expected}, found {check.found}",
                code="integrity.store",
                hint="Nothing is exported. Run verify for the whole extent.",
            )


def _name(case: Case, evidence: str) -> str:
    number = str(case.manifest(evidence).record.case.get("exhibit", ""))
    return f"EXHIBIT-{number if _NUMBER.match(number) else evidence[:16]}"


def _last_token(events: Sequence[CustodyEvent], seq: int) -> int | None:
    """The last line, up to this one, that names a time-stamp."""
    for event in reversed(events[: seq + 1]):
        if event.event is EventType.SEALED and any(name.endswith(_TOKEN) for name in event.detail):
            return event.seq
    return None


def _checkpoint(log: _Log, lines: Sequence[int]) -> custody.Checkpoint:
    covering = sorted(size for size in log.checkpoints if size > max(lines))
    stamped = [size for size in covering if log.stamps(size)]
    if not covering:
        raise IntegrityError("no seal covers the lines on this item", code="integrity.seal", hint="run: forensics seal")
    return log.checkpoints[(stamped or covering)[0]]


def _fill(case: Case, run: Run, log: _Log, plan: _Plan, written: exhibit.BagFolder) -> bytes:
    """Write all of a bag; the bytes of its tag manifest."""
    _put_item(case, plan, written)
    _put_log(log, plan, written)
    for stored in plan.extent.enclosed:
        data = (case.findings / stored.name).read_bytes()
        written.put(f"{layout.FINDINGS}{stored.name}", data)
        signature = case.findings / (stored.name + SIGNATURE_SUFFIX)
        if signature.exists():
            written.put(f"{layout.FINDINGS}{stored.name}{SIGNATURE_SUFFIX}", signature.read_bytes())
    for name, data in custody.key_files(log.ring).items():
        written.put(f"{layout.KEYS}{name}", data)
    for folder, enclosed in ((layout.DISCLOSURES, plan.disclosures), (layout.INTEROP, plan.interop)):
        for name, data in enclosed:
            written.put(f"{folder}{name}", data)
    if report.is_there():
        written.put(exhibit.PAPER, report.render_exhibit(view_of(case, plan.evidence, plan.extent), report.Form()))
    for name in exhibit.CARRIED:
        written.put(name, exhibit.carried(name))
    written.put("READ-ME-FIRST.html", exhibit.render_cover(_cover(case, log, plan)))
    written.put(bag.BAG_INFO, bag.bag_info(_info(log, plan, written)))
    tags = written.put_manifests()
    signature_bytes = run.sign(Namespace.EXHIBIT, tags)
    if signature_bytes is not None:
        written.put(bag.SEAL, signature_bytes)
    return tags


def _put_item(case: Case, plan: _Plan, written: exhibit.BagFolder) -> None:
    newest = plan.states[-1]
    for subject in newest.files:
        if subject.name.startswith(layout.RESERVED):
            raise IntegrityError(f"{subject.name} has no place in an exhibit", code="integrity.store")
        source = case.store.path(plan.evidence, subject.name, newest.version)
        written.copy(f"{bag.PAYLOAD}{subject.name}", source, subject)
    for state in plan.states[:-1]:
        for name in (MANIFEST_NAME, MANIFEST_NAME + SIGNATURE_SUFFIX):
            file = state.file(name)
            if file is not None:
                source = case.store.path(plan.evidence, name, state.version)
                target = layout.version_name(state.version) + name.removeprefix(MANIFEST_NAME)
                written.copy(target, source, file)


def _put_log(log: _Log, plan: _Plan, written: exhibit.BagFolder) -> None:
    checkpoint = plan.checkpoint
    for seq in plan.lines:
        proof = custody.InclusionProof(seq, log.tree.inclusion(seq, checkpoint.size), checkpoint)
        written.put(layout.line_name(seq), log.raws[seq])
        written.put(layout.line_name(seq).removesuffix(".json") + ".tlog-proof", custody.encode_inclusion(proof))
    written.put(layout.CHECKPOINT, checkpoint.text)
    for path in log.seal_files(checkpoint.size):
        written.put(layout.CHECKPOINT + path.name.removeprefix(checkpoint.name), path.read_bytes())
    for size in plan.earlier:
        for name in log.events[size].detail:
            if name != "size":
                written.put(f"{layout.EARLIER}{name}", (log.folder / name).read_bytes())
    heads = sorted(size for size in log.checkpoints if size < checkpoint.size)
    kept = {*heads[-MAX_HEADS:], *plan.earlier}
    if kept:
        proofs = {size: log.tree.consistency(size, checkpoint.size) for size in kept}
        written.put(layout.CONSISTENCY, custody.encode_consistency(proofs))


def _cover(case: Case, log: _Log, plan: _Plan) -> exhibit.Cover:
    original = plan.states[-1].file("original")
    return exhibit.Cover(
        name=plan.name,
        sha256=plan.evidence,
        case_id=case.info.id,
        profile=plan.extent.profile,
        size=0 if original is None else original.size,
        head=plan.checkpoint.text.decode(),
        keys=tuple(known.key.fingerprint for known in log.ring.current()),
        stamps=log.stamps(plan.checkpoint.size),
        lines=len(plan.lines),
        unshown=plan.extent.unshown,
        findings=len(plan.extent.enclosed),
        withheld=plan.extent.withheld,
        disclosures=len(plan.disclosures),
        paper=report.is_there(),
    )


def _info(log: _Log, plan: _Plan, written: exhibit.BagFolder) -> dict[str, str]:
    """bag-info.txt. The date is that of the last line under the checkpoint, so that it is the same on each day."""
    return {
        "Bag-Software-Agent": f"footage-forensics {__version__}",
        "Bagging-Date": log.events[plan.checkpoint.size - 1].time[:10],
        "External-Identifier": plan.name,
        "Internal-Sender-Identifier": f"urn:sha256:{plan.evidence}",
        "Payload-Oxum": bag.oxum(written.payload),
        "Exhibit-Profile": plan.extent.profile,
        "Exhibit-Checkpoint-Size": str(plan.checkpoint.size),
        "Exhibit-Log-Lines": str(len(plan.lines)),
        "Exhibit-Log-Lines-Not-Shown": str(plan.extent.unshown),
        "Exhibit-Findings": str(len(plan.extent.enclosed)),
        "Exhibit-Findings-Withheld": str(plan.extent.withheld),
    }
