"""Merge cases that were made apart: their evidence comes into this one, and the log of each is kept whole beside it.

1  every shard is verified and may come, before anything is taken
2  its log, with its seals, has its place; a line says so, and one for each file that could not be taken there
3  new bytes: the object with all its versions as they were signed, both digests computed on the way, and one more
   version that gives the exhibit number of this case; all by one rename
4  known bytes: one version more, with the appearances of the shard; its manifests are kept in it as files
5  the lines last: each tells whose act it was, by the shard's own log; who merges acts as such and as nothing else
6  a line says that it ended

A run that dies is finished by the next command's recovery, as far as it came, and goes on with the same command.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from forensics import acquire, custody, media
from forensics.errors import IntegrityError
from forensics.model.custody import EventType
from forensics.model.manifest import Json, Manifest, Subject
from forensics.model.notice import Notice
from pipelines import merged_record, shard_logs
from pipelines.case import Case, Run, entry
from pipelines.clerk import Numbers, write_manifest
from pipelines.config import Settings
from pipelines.disclosure_files import name_of
from pipelines.environment import environment_record
from pipelines.keyframe_files import subject_of
from pipelines.parts import told
from pipelines.progress import Progress
from pipelines.shard_case import Shard, Version, open_shard, operators_of, refused_there

Detail: TypeAlias = dict[str, str | int]

MESSAGE = str(EventType.MERGING)
"""What the inventory says of a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of one evidence of a shard: ``status`` is admitted (new here), joined (its record grew), known."""

    shard: Path
    id: str
    status: str
    exhibit: str
    version: int
    manifest: str


def merge(
    case: Case, run: Run, shards: Sequence[Path], settings: Settings, argv: Sequence[str], progress: Progress
) -> Iterator[Brought | Notice]:
    """Yield what became of every evidence of the shards, as it happens.

    Raises:
        CaseError, IntegrityError: as `open_shard`, for the first that may not come; nothing is taken then.
        ToolError: ffmpeg or ffprobe, which the record names, is missing.
        StoreError: the case cannot be written.
    """
    progress.working_on("verifying the shards")
    opened = [open_shard(root, case) for root in shards]
    environment = environment_record(media.find_tools(run.surroundings.search_path()), settings, argv)
    with case.working_area(run) as area:
        clerk = _Clerk(case=case, run=run, environment=environment, numbers=Numbers(case), area=area)
        for number, shard in enumerate(opened):
            yield from clerk.merge(shard, number, progress)
    yield from _parts(case, opened)


def _parts(case: Case, shards: Iterable[Shard]) -> Iterator[Notice]:
    """Whether parts of a divided ingest are missing, by all logs that this case has."""
    events = [line.event for line in case.log.events()]
    shas = {str(event.detail["shard"]) for event in events if event.event is EventType.MERGING}
    for sha256 in sorted(shas):
        events += custody.sound_events(shard_logs.path_of(case.root, sha256), case.info.id)
    for of in sorted({count for event in events if isinstance(count := event.detail.get("parts"), int)}):
        found = told(of, events)
        if found.missing:
            yield Notice(code="merge.parts_missing", message=found.state())
        yield from found.notices()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clerk:
    """The single writer of store and log."""

    case: Case
    run: Run
    environment: dict[str, Json]
    numbers: Numbers
    area: Path

    def merge(self, shard: Shard, number: int, progress: Progress) -> Iterator[Brought | Notice]:
        """Steps 2 to 6 for one shard."""
        index = custody.index_log(line.event for line in self.case.log.events())
        counts: Counter[str] = Counter()
        done = self._is_done(shard)
        if not done:
            self._begin(shard, self.area / f"log-{number}")
        for place, evidence in enumerate(shard.evidence()):
            progress.grow(1)
            brought = self._bring(shard, evidence, frozenset(index.told_at), self.area / f"{number}-{place:08d}")
            counts[brought.status] += 1
            progress.advance()
            yield brought
        if acquire.digest_file(shard.case.log.path).sha256 != shard.sha256:
            raise IntegrityError(
                f"{shard.case.root} was written to while it was merged",
                code="integrity.shard",
                hint="wait until nothing writes there, and merge again",
            )
        if not done:
            detail: Detail = {"what": shard_logs.ENDED, "shard": shard.sha256, **counts}
            self.case.record(self.run, EventType.MERGING, None, detail)
        yield from _notices(shard)

    def _is_done(self, shard: Shard) -> bool:
        """Whether this very log was merged to its end before."""
        return any(
            event.detail.get("what") == shard_logs.ENDED
            and event.detail.get("shard") == shard.sha256
            and "interrupted" not in event.detail
            for event in (line.event for line in self.case.log.events())
            if event.event is EventType.MERGING
        )

    def _begin(self, shard: Shard, staged: Path) -> None:
        """Step 2."""
        kept = shard_logs.keep(shard.case.log.path, self.case.root, staged)
        if kept != shard.sha256:
            raise IntegrityError(f"{shard.case.root} was written to while it was verified", code="integrity.shard")
        own = {each.pseudonym for each in self.case.disclosures.operators()}
        with self.case.writing():
            for pseudonym, operator in operators_of(shard):
                if pseudonym not in own:
                    self.case.disclosures.adopt_operator(pseudonym, operator)
            head = shard.case.log.head()
            detail: Detail = {"what": shard_logs.BEGUN, "shard": kept, "lines": head.lines, "head": head.sha256}
            entries = [entry(self.run, EventType.MERGING, None, detail)]
            known = self._refusals_told()
            for line, refused in refused_there(shard):
                if (line.line, line.by, line.at) not in known:
                    said = {**refused, "what": shard_logs.REFUSED, "shard": kept, **line.detail()}
                    entries.append(entry(self.run, EventType.MERGING, None, said))
            self.case.log.append_many(entries)

    def _refusals_told(self) -> set[tuple[str | int, ...]]:
        events = (line.event for line in self.case.log.events())
        details = (event.detail for event in events if event.event is EventType.MERGING)
        return {(each["line"], each["by"], each["at"]) for each in details if each.get("what") == shard_logs.REFUSED}

    def _bring(self, shard: Shard, evidence: str, told_here: frozenset[str], folder: Path) -> Brought:
        """Steps 3 to 5 for one evidence."""
        versions = shard.versions(evidence, self.case.key_ring(), self.case.log.head().lines)
        new = [each for each in versions if each.sha256 not in told_here]
        with acquire.writing(folder):
            folder.mkdir()
        if not new:
            return self._brought(shard, evidence, "known")
        if not self.case.store.contains(evidence):
            scratch = self._copy(shard, versions, folder)
            with self.case.writing():
                if not self.case.store.contains(evidence):
                    return self._admit(shard, versions, scratch, folder)
        with self.case.writing():
            return self._join(shard, versions, new, folder)

    def _copy(self, shard: Shard, versions: Sequence[Version], folder: Path) -> acquire.Store:
        """Every version of an object in a store of its own, in staging; both digests are computed on the way."""
        scratch = acquire.Store(folder / "store")
        scratch.create()
        former: dict[str, Subject] = {}
        for version in versions:
            files = tuple(each for each in version.state.files if former.get(each.name) != each)
            former |= {each.name: each for each in files}
            number = version.state.version
            place = folder / f"v{number}-object" / "v1" / "content"
            with acquire.writing(place):
                place.mkdir(parents=True)
            for each in files:
                _fetch(shard.case.store.path(version.state.item, each.name, number), place / each.name, each)
            told_ = (self.run.surroundings.timestamp(), MESSAGE, self.run.operator)
            if number == 1:
                scratch.commit_new(version.state.item, place.parents[1], files, *told_)
            else:
                scratch.commit_version(version.state.item, place, files, *told_)
        return scratch

    def _admit(self, shard: Shard, versions: Sequence[Version], scratch: acquire.Store, folder: Path) -> Brought:
        """Step 3, when the object lies in staging; the case's lock is held."""
        evidence = versions[-1].state.item
        private = shard.case.disclosures
        for each in versions:
            name = name_of(evidence, each.state.version)
            if held := private.read(name):
                self.case.disclosures.write(name, held)
        former = custody.decode_manifest(versions[-1].manifest)
        manifest = self._next(former, versions[-1].manifest)
        record = replace(manifest.record, case={"id": self.case.info.id, "exhibit": self.numbers.next()})
        manifest = merged_record.admitted(replace(manifest, record=record), former, shard.sha256, versions)
        content = folder / "merged"
        written = self._commit(scratch, content, manifest, (), ())
        self.case.store.adopt(evidence, scratch.path_of(evidence))
        entries = [
            self._entry(shard, evidence, {"manifest": each.sha256, "version": each.state.version, **each.line.detail()})
            for each in versions
        ]
        entries.append(self._entry(shard, evidence, {"manifest": written, "version": manifest.version}))
        self.case.log.append_many(entries)
        self.numbers.taken()
        return self._brought(shard, evidence, "admitted")

    def _join(self, shard: Shard, versions: Sequence[Version], new: Sequence[Version], folder: Path) -> Brought:
        """Step 4; the case's lock is held."""
        evidence = versions[-1].state.item
        former = self.case.signed_manifest(evidence)
        kept_before = merged_record.manifests_in(former)
        fresh = [each for each in new if each.sha256 not in kept_before]
        entries = [self._entry(shard, evidence, {"kept": each.sha256, **each.line.detail()}) for each in new]
        if fresh:
            manifest = self._next(former, self.case.manifest_bytes(evidence))
            private = [
                each for v in versions for each in shard.case.disclosures.read(name_of(evidence, v.state.version))
            ]
            joined = merged_record.joined(manifest, former, shard.sha256, versions, fresh)
            content = folder / "merged"
            for each in joined.files:
                source = shard.case.store.path(evidence, each.there, each.version)
                _fetch(source, content / each.subject.name, each.subject)
            for name, data in joined.documents:
                with acquire.writing(content / name):
                    (content / name).parent.mkdir(parents=True, exist_ok=True)
                    (content / name).write_bytes(data)
            files = (*(each.subject for each in joined.files), *(subject_of(*each) for each in joined.documents))
            standing = frozenset(custody.record_digests(joined.manifest.record))
            disclosed = tuple(each for each in private if each.digest in standing - joined.before)
            written = self._commit(self.case.store, content, joined.manifest, files, disclosed)
            said: Detail = {"manifest": written, "version": joined.manifest.version}
            entries.insert(0, self._entry(shard, evidence, said))
        self.case.log.append_many(entries)
        return self._brought(shard, evidence, "joined")

    def _next(self, former: Manifest, former_bytes: bytes) -> Manifest:
        """The next version of a manifest, by this run."""
        log: dict[str, Json] = {
            "origin": self.case.info.id,
            "run": self.run.id,
            "prior_event": self.case.log.head().sha256,
        }
        return replace(
            former,
            id=self.run.surroundings.new_urn(),
            version=former.version + 1,
            supersedes=subject_of("", former_bytes).sha256,
            record=replace(former.record, environment=self.environment, log=log),
        )

    def _commit(
        self,
        store: acquire.Store,
        content: Path,
        manifest: Manifest,
        files: tuple[Subject, ...],
        disclosed: tuple[custody.Disclosure, ...],
    ) -> str:
        """Write and commit a version by this run; the SHA-256 of its manifest."""
        with acquire.writing(content):
            content.mkdir(exist_ok=True)
        operators = self.case.disclosures.own_operators()
        written, *signature = write_manifest(self.case, self.run, operators, content, manifest, disclosed)
        evidence = manifest.item.removeprefix(custody.item_of(""))
        created = self.run.surroundings.timestamp()
        store.commit_version(evidence, content, (*files, written, *signature), created, MESSAGE, self.run.operator)
        return written.sha256

    def _entry(self, shard: Shard, evidence: str, detail: Detail) -> custody.Entry:
        return entry(self.run, EventType.MERGING, evidence, {**detail, "shard": shard.sha256})

    def _brought(self, shard: Shard, evidence: str, status: str) -> Brought:
        manifest = self.case.signed_manifest(evidence)
        return Brought(
            shard=shard.case.root,
            id=evidence,
            status=status,
            exhibit=str(manifest.record.case["exhibit"]),
            version=manifest.version,
            manifest=str(self.case.store.path(evidence, "manifest.json").relative_to(self.case.root)),
        )


def _fetch(source: Path, target: Path, expected: Subject) -> None:
    """Copy one file of a shard, and digest it on the way. Raises IntegrityError, StoreError, InputError."""
    with acquire.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    found = acquire.acquire(os.fspath(source), target).digests
    if (found.sha256, found.sha512) != (expected.sha256, expected.sha512):
        raise IntegrityError(
            f"{source} has SHA-256 {found.sha256}, its inventory says {expected.sha256}", code="integrity.shard"
        )


def _notices(shard: Shard) -> Iterator[Notice]:
    """What a reader must know of a shard."""
    refused = sum(1 for _ in refused_there(shard))
    if refused:
        message = f"{shard.case.root}: {refused} files could not be taken there; the log names each"
        yield Notice(code="merge.refused_there", message=message)
    findings = custody.index_log(shard.events).findings
    if findings:
        message = f"{shard.case.root}: {len(findings)} findings stay there: match the merged case again"
        yield Notice(code="merge.findings_left", message=message)
