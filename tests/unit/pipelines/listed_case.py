"""A real case on disk, store, log and manifests, whose evidences are made up: no picture is decoded for it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from forensics import custody
from forensics.acquire import acquire, digest_file
from forensics.model.custody import CaseInfo, EventType
from forensics.model.manifest import Facts, Json, Manifest, Record, Subject
from forensics.model.media import Probe, Stream
from forensics.model.time import MediaTime, TimeBase
from pipelines.case import SCHEMA, Case, Run, create_case
from pipelines.surroundings import Surroundings

WHEN = "2026-11-22T12:00:00.000000Z"
BASE = TimeBase(num=1, den=90_000)


def a_run() -> Run:
    """A run at noon, without anything of this machine."""
    surroundings = Surroundings(now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC), environ={}, mounts=lambda: "")
    return Run(id="urn:uuid:1", operator="op-1", surroundings=surroundings)


def probe(number: int) -> Probe:
    """The container of a made-up clip."""
    stream = Stream(
        index=0, kind="video", codec="h264", time_base=BASE, start_pts=0, duration=f"6.{number:03d}", packets=150
    )
    return Probe(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration=f"6.{number:03d}",
        start="0.000000",
        bit_rate=None,
        brands=("isom",),
        streams=(stream,),
        tags=(),
        video=0,
        origin=MediaTime(pts=0, base=BASE),
        edit_list=False,
        trailing_bytes=0,
    )


class ListedCase:
    """The case at ``root``, and what puts evidences into it."""

    def __init__(self, root: Path) -> None:
        info = CaseInfo(id="C", title=None, custodian=None, operator="t", created=WHEN, schema=SCHEMA)
        self.run = a_run()
        self.case: Case = create_case(root, info, self.run)
        self.root = root

    def admit(self, number: int, kind: str = "video", *, logged: bool = True, printed: bool = True) -> str:
        """A new evidence; its SHA-256."""
        folder = self.case.staging / "object"
        content = folder / "v1" / "content"
        (content / "derived").mkdir(parents=True)
        source = self.root.parent / "source"
        source.write_bytes(f"{kind} {number}".encode())
        acquire(str(source), content / "original")
        recipe: dict[str, Json] = {}
        files = [subject(content, "original")]
        if printed and kind != "undecodable":
            (content / "derived/fingerprint.bin").write_bytes(f"track {number}".encode())
            files.append(subject(content, "derived/fingerprint.bin"))
            recipe["fingerprint"] = {"sha256": files[-1].sha256}
        if kind == "video" and number % 2:
            (content / "derived/audio.bin").write_bytes(f"sound {number}".encode())
            files.append(subject(content, "derived/audio.bin"))
            recipe["sound"] = {"state": "read", "audible": number % 4, "sha256": files[-1].sha256}
        manifest = self._manifest(tuple(files), 1, None, Facts(exact=_exact(number, kind), recipe=recipe))
        (content / "manifest.json").write_bytes(custody.encode_manifest(manifest))
        written = subject(content, "manifest.json")
        self.case.store.commit_new(files[0].sha256, folder, (*files, written), WHEN, "ingestion", "op-1")
        if logged:
            self.log(EventType.INGESTION, files[0].sha256, written.sha256, 1)
        return files[0].sha256

    def again(self, evidence: str, *, logged: bool = True) -> None:
        """The same bytes in another place: a manifest of the next version."""
        former = self.case.signed_manifest(evidence)
        content = self.case.staging / "version"
        content.mkdir()
        changed = self._manifest(former.subjects, former.version + 1, "00" * 32, former.facts)
        exhibit = former.record.case["exhibit"]
        changed.record.case["exhibit"] = exhibit
        (content / "manifest.json").write_bytes(custody.encode_manifest(changed))
        written = subject(content, "manifest.json")
        self.case.store.commit_version(evidence, content, (written,), WHEN, "new appearance", "op-1")
        if logged:
            self.log(EventType.APPEARANCE, evidence, written.sha256, changed.version)

    def log(self, event: EventType, evidence: str, manifest: str, version: int) -> None:
        """The line of the log that admits a manifest."""
        self.case.record(self.run, event, evidence, {"manifest": manifest, "version": version})

    def _manifest(self, files: tuple[Subject, ...], version: int, former: str | None, facts: Facts) -> Manifest:
        count = sum(1 for _ in self.case.store.ids())
        return Manifest(
            id=f"urn:uuid:{version}",
            item=custody.item_of(files[0].sha256),
            version=version,
            supersedes=former,
            subjects=files,
            facts=facts,
            record=Record(
                case={"id": "C", "exhibit": f"E-{count + 1:04d}"},
                appearances=({"kind": "folder", "path": "DCIM/1.mp4"},),
                acquisition={},
                environment={},
                processing={},
                log={"run": "urn:uuid:1"},
            ),
            notices=(),
            limits=("Integrity from the time of ingestion onward only.",),
        )


def _exact(number: int, kind: str) -> dict[str, Json]:
    if kind != "video":
        return {"kind": kind}
    container: dict[str, Json] = msgspec.to_builtins(probe(number))
    essence = [{"index": 0, "kind": "video", "sha256": hashlib.sha256(str(number).encode()).hexdigest()}]
    return {"kind": kind, "container": container, "frames": {"decoded": 150 if number else 1}, "essence": essence}


def subject(content: Path, name: str) -> Subject:
    """A file of a version with its digests."""
    digests = digest_file(str(content / name))
    return Subject(name=name, sha256=digests.sha256, sha512=digests.sha512, size=digests.size)
