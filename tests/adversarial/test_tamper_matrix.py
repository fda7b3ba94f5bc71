"""Each attack on a case without seals, and which step of verification names it; and what no step can see then.

Where an attack recomputes what it can (inventories, sidecars, the chain), the attacker has all of the disk.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from forensics import custody
from forensics.acquire import Store, acquire, digest_file
from forensics.custody import canonical
from forensics.errors import ForensicsError
from forensics.model.custody import CaseInfo, Check, CheckStatus, EventType, Namespace
from forensics.model.finding import Finding
from forensics.model.manifest import Facts, Manifest, Record, Subject
from forensics.model.match import Assessment, Decision, Match, Method

WHEN = "2026-11-22T08:14:03.120455Z"
CASE_ID = "CASE-2026-017"
PARAMS = {"threshold": "0.5"}


class Case:
    """A whole case on disk: two evidences, one seen twice, one finding, and the log that tells of them."""

    def __init__(self, root: Path, case_id: str = CASE_ID) -> None:
        self.root = root
        self.id = case_id
        self.store = Store(root / "store")
        self.log = custody.Log(root / "log" / "custody.jsonl", case_id)

    def record(self, event: EventType, item: str | None = None, **detail: str | int) -> None:
        self.log.append(event, time=WHEN, run="urn:uuid:run", operator="op-07", item=item, detail=detail)

    def make(self) -> None:
        self.store.create()
        (self.root / "staging").mkdir()
        (self.root / "findings").mkdir()
        self.record(EventType.CASE_CREATED)
        info = CaseInfo(id=self.id, title=None, custodian=None, operator="op-07", schema=1, created=WHEN)
        (self.root / "case.json").write_bytes(canonical.encode_stored(msgspec.to_builtins(info)))
        self.record(EventType.INGESTION_START)
        first, second = self.ingest(b"first video"), self.ingest(b"second video")
        self.again(first)
        self.record(EventType.INGESTION_END)
        self.find(first, second)

    def signed(self, namespace: Namespace, document: Path) -> tuple[Subject, ...]:
        """Sign a document, where the case has a key; this one has none."""
        return ()

    def manifest(self, files: tuple[Subject, ...], version: int, former: bytes | None) -> bytes:
        original = next(file for file in files if file.name == "original")
        return custody.encode_manifest(
            Manifest(
                id=f"urn:uuid:{version}",
                item=custody.item_of(original.sha256),
                version=version,
                supersedes=None if former is None else hashlib.sha256(former).hexdigest(),
                subjects=files,
                facts=Facts(exact={"size": original.size}, recipe={"keyframes": 1}),
                record=Record(
                    case={"id": self.id},
                    appearances=({"path": "DCIM/1.mp4"},),
                    acquisition={},
                    environment={},
                    processing={},
                    log={"run": "urn:uuid:run"},
                ),
                notices=(),
                limits=("Integrity from the time of ingestion onward only.",),
            )
        )

    def ingest(self, data: bytes, *, logged: bool = True) -> str:
        source = self.root / "staging" / "source"
        source.write_bytes(data)
        folder = self.root / "staging" / "object"
        content = folder / "v1" / "content"
        content.mkdir(parents=True)
        acquire(str(source), content / "original")
        (content / "frame.png").write_bytes(b"picture of " + data)
        files = (subject(content, "original"), subject(content, "frame.png"))
        (content / "manifest.json").write_bytes(self.manifest(files, 1, None))
        written = subject(content, "manifest.json")
        signature = self.signed(Namespace.MANIFEST, content / "manifest.json")
        sha256 = files[0].sha256
        self.store.commit_new(sha256, folder, (*files, written, *signature), WHEN, "ingestion", "op-07")
        if logged:
            self.record(EventType.INGESTION, sha256, manifest=written.sha256, version=1)
        return sha256

    def again(self, sha256: str, *, logged: bool = True) -> None:
        former = self.store.path(sha256, "manifest.json").read_bytes()
        content = self.root / "staging" / "version"
        content.mkdir()
        files = tuple(file for file in self.store.head(sha256).files if not file.name.startswith("manifest.json"))
        (content / "manifest.json").write_bytes(self.manifest(files, 2, former))
        written = subject(content, "manifest.json")
        signature = self.signed(Namespace.MANIFEST, content / "manifest.json")
        self.store.commit_version(sha256, content, (written, *signature), WHEN, "appearance", "op-07")
        if logged:
            self.record(EventType.APPEARANCE, sha256, manifest=written.sha256, version=2)

    def find(self, query: str, reference: str) -> None:
        match = Match(
            query_id=query,
            reference_id=reference,
            score=0.75,
            decision=Decision.MATCH,
            assessment=Assessment.SAME_RECORDING,
            mirrored=False,
            segments=(),
            method=Method(name="m", version="1", params_sha256=canonical.digest(PARAMS)),
        )
        data = custody.encode_finding(
            Finding(
                id="urn:uuid:finding",
                match=match,
                reference_manifest=self.digest(reference),
                query_manifest=self.digest(query),
                query_digests=None,
                params=PARAMS,
                status="machine-only",
                limits=(),
            )
        )
        (self.root / "findings" / "1.json").write_bytes(data)
        self.signed(Namespace.FINDING, self.root / "findings" / "1.json")
        self.record(EventType.MATCHING, query, finding=hashlib.sha256(data).hexdigest(), file="1.json")

    def digest(self, sha256: str) -> str:
        return hashlib.sha256(self.store.path(sha256, "manifest.json").read_bytes()).hexdigest()

    @property
    def first(self) -> str:
        return hashlib.sha256(b"first video").hexdigest()

    @property
    def second(self) -> str:
        return hashlib.sha256(b"second video").hexdigest()

    def place(self, sha256: str) -> Path:
        return self.root / "store" / sha256[:2] / sha256

    def lines(self) -> list[bytes]:
        return self.log.path.read_bytes().splitlines(keepends=True)

    def write_lines(self, lines: list[bytes]) -> None:
        self.log.path.write_bytes(b"".join(lines))

    def rechain(self, change: Callable[[list[dict]], None], *, number: bool = True) -> None:
        """Rewrite the log as somebody who may: number and chain every line anew."""
        events = [json.loads(line) for line in self.lines()]
        change(events)
        prev, lines = "0" * 64, []
        for seq, event in enumerate(events):
            lines.append(canonical.encode_stored({**event, "seq": seq if number else event["seq"], "prev": prev}))
            prev = hashlib.sha256(lines[-1]).hexdigest()
        self.write_lines(lines)

    def reinventory(self, sha256: str, path: str) -> None:
        """Make every inventory agree with a changed content file, as somebody who knows OCFL would."""
        place = self.place(sha256)
        digests = digest_file(place / path)
        for file in place.rglob("inventory.json"):
            value = json.loads(file.read_bytes())
            old = next((digest for digest, paths in value["manifest"].items() if path in paths), None)
            if old is None:
                continue
            value["manifest"][digests.sha512] = value["manifest"].pop(old)
            for version in value["versions"].values():
                if old in version["state"]:
                    version["state"][digests.sha512] = version["state"].pop(old)
            block = value["fixity"]["sha256"]
            block[digests.sha256] = block.pop(next(digest for digest, paths in block.items() if path in paths))
            data = (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
            file.write_bytes(data)
            file.with_name("inventory.json.sha512").write_text(f"{hashlib.sha512(data).hexdigest()} inventory.json\n")


def subject(content: Path, name: str) -> Subject:
    digests = digest_file(content / name)
    return Subject(name=name, sha256=digests.sha256, sha512=digests.sha512, size=digests.size)


def verify(case: Case) -> Iterator[Check]:
    """The driver, as small as it can be."""
    yield from custody.check_case(read(case.root / "case.json"))
    yield from custody.check_log(case.log.path, case.id)
    log = custody.index_log(custody.sound_events(case.log.path, case.id))
    yield from case.store.check_root()
    held: dict[str, int] = {}
    manifests: dict[str, str] = {}
    for sha256 in case.store.ids():
        yield from case.store.check(sha256)
        try:
            states = case.store.states(sha256)
        except ForensicsError:
            continue  # told by step 3
        held[sha256] = len(states)
        found = [read(case.store.path(sha256, "manifest.json", state.version)) for state in states]
        manifests |= {hashlib.sha256(data).hexdigest(): sha256 for data in found if data is not None}
        yield from custody.check_evidence(found, states, log)
    yield from custody.check_log_items(log, held)
    files = sorted((case.root / "findings").iterdir())
    yield from custody.check_findings([(file.name, file.read_bytes()) for file in files], log, manifests)
    sealed = custody.read_sealed_log(case.log.path, case.id, custody.sound_events(case.log.path, case.id))
    checks, _ = custody.judge(sealed)
    yield from checks


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def fired(case: Case) -> set[int]:
    return {int(check.step) for check in verify(case) if check.status is CheckStatus.FAILED}


def skipped(case: Case) -> set[int]:
    return {int(check.step) for check in verify(case) if check.status is CheckStatus.SKIPPED}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("case")
    Case(root).make()
    return root


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> Case:
    shutil.copytree(pristine, tmp_path / "case")
    for path in (tmp_path / "case").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    return Case(tmp_path / "case")


def test_an_untouched_case_has_no_problem_and_says_that_it_is_not_sealed(case: Case) -> None:
    checks = list(verify(case))
    assert {check.status for check in checks if check.step != 9} == {CheckStatus.OK}
    assert {int(check.step) for check in checks} == {1, 2, 3, 4, 5, 6, 7, 8, 9}
    (seal,) = [check for check in checks if check.step == 9]
    assert (seal.status, seal.found) == (CheckStatus.SKIPPED, "7 events not yet sealed; no seal holds")


def edit_manifest(case: Case, *, recompute: bool = False, version: int = 2) -> None:
    path = f"v{version}/content/manifest.json"
    file = case.place(case.first) / path
    file.write_bytes(file.read_bytes().replace(b"DCIM/1.mp4", b"DCIM/2.mp4"))
    if recompute:
        case.reinventory(case.first, path)


def edit_facts(case: Case) -> None:
    file = case.place(case.first) / "v2/content/manifest.json"
    file.write_bytes(file.read_bytes().replace(b'"keyframes":1', b'"keyframes":2'))
    case.reinventory(case.first, "v2/content/manifest.json")


def duplicate_key(case: Case) -> None:
    file = case.place(case.first) / "v2/content/manifest.json"
    file.write_bytes(file.read_bytes().replace(b'"limits":', b'"limits":[],"limits":', 1))
    case.reinventory(case.first, "v2/content/manifest.json")


def replace_content(case: Case, name: str, *, recompute: bool = False, manifest: bool = False) -> None:
    path = f"v1/content/{name}"
    file = case.place(case.second) / path
    old = digest_file(file)
    file.write_bytes(b"another video altogether")
    if recompute:
        case.reinventory(case.second, path)
    if manifest:
        new = digest_file(file)
        told = case.place(case.second) / "v1/content/manifest.json"
        data = told.read_bytes().replace(old.sha512.encode(), new.sha512.encode())
        data = data.replace(old.sha256.encode(), new.sha256.encode())
        told.write_bytes(data.replace(b'"size":%d' % old.size, b'"size":%d' % new.size))
        case.reinventory(case.second, "v1/content/manifest.json")


def drop_version(case: Case) -> None:
    place = case.place(case.first)
    shutil.rmtree(place / "v2")
    for name in ("inventory.json", "inventory.json.sha512"):
        shutil.copy(place / "v1" / name, place / name)


def hide_version(case: Case) -> None:
    """Put the former head back, as a commit that was cut off leaves it."""
    place = case.place(case.first)
    for name in ("inventory.json", "inventory.json.sha512"):
        shutil.copy(place / "v1" / name, place / name)


def swap_objects(case: Case) -> None:
    one, two = case.place(case.first), case.place(case.second)
    one.rename(case.root / "x")
    two.rename(one)
    (case.root / "x").rename(two)


def change_line(case: Case, number: int, old: bytes, new: bytes) -> None:
    lines = case.lines()
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    case.write_lines(lines)


def move_line(case: Case, source: int, target: int) -> None:
    lines = case.lines()
    lines.insert(target, lines.pop(source))
    case.write_lines(lines)


def insert_line(case: Case) -> None:
    lines = case.lines()
    event = {**json.loads(lines[3]), "detail": {"manifest": "0" * 64, "version": 1}, "item": "1" * 64}
    case.write_lines([*lines[:4], canonical.encode_stored({**event, "seq": 4}), *lines[4:]])


def replay_other_case(case: Case) -> None:
    other = Case(case.root / "other", "CASE-OTHER")
    other.root.mkdir()
    other.make()
    lines = case.lines()
    case.write_lines([*lines, other.lines()[len(lines) - 1]])
    shutil.rmtree(other.root)


def withdraw_object(case: Case) -> None:
    shutil.rmtree(case.place(case.second))
    case.rechain(lambda events: events.__delitem__(3))


def edit_finding(case: Case) -> None:
    file = case.root / "findings/1.json"
    file.write_bytes(file.read_bytes().replace(b'"0.75"', b'"0.95"'))


def edit_params(case: Case) -> None:
    file = case.root / "findings/1.json"
    file.write_bytes(file.read_bytes().replace(b'"threshold":"0.5"', b'"threshold":"0.9"'))


def relog_finding(case: Case) -> None:
    """A finding about manifests that the case does not have, logged by a rewritten log."""
    file = case.root / "findings/1.json"
    file.write_bytes(file.read_bytes().replace(case.digest(case.second).encode(), b"0" * 64))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    case.rechain(lambda events: events[6]["detail"].update(finding=digest))


ATTACKS: dict[str, tuple[Callable[[Case], object], set[int]]] = {
    "case file rewritten": (lambda c: (c.root / "case.json").write_bytes(b'{"id": "X"}\n'), {1}),
    "case file of another schema": (
        lambda c: (c.root / "case.json").write_bytes(
            (c.root / "case.json").read_bytes().replace(b'"schema":1', b'"schema":2')
        ),
        {1},
    ),
    "case file gone": (lambda c: (c.root / "case.json").unlink(), {1}),
    # Step 8 fires with these, since the finding names this very manifest by its digest.
    "manifest edited": (edit_manifest, {4, 7, 8}),
    "former manifest edited": (lambda c: edit_manifest(c, version=1), {4, 5, 7}),
    "manifest edited, inventory recomputed": (lambda c: edit_manifest(c, recompute=True), {7, 8}),
    "former manifest edited, inventory recomputed": (lambda c: edit_manifest(c, version=1, recompute=True), {5, 7}),
    "facts edited, inventory recomputed": (edit_facts, {5, 7, 8}),
    "duplicate key in the manifest, inventory recomputed": (duplicate_key, {5, 7, 8}),
    "original replaced": (lambda c: replace_content(c, "original"), {4, 6}),
    "original replaced, inventory recomputed": (lambda c: replace_content(c, "original", recompute=True), {6}),
    "original replaced, inventory and manifest recomputed": (
        lambda c: replace_content(c, "original", recompute=True, manifest=True),
        {5, 7, 8},
    ),
    "keyframe replaced": (lambda c: replace_content(c, "frame.png"), {4, 6}),
    "keyframe replaced, inventory recomputed": (lambda c: replace_content(c, "frame.png", recompute=True), {6}),
    "keyframe replaced, inventory and manifest recomputed": (
        lambda c: replace_content(c, "frame.png", recompute=True, manifest=True),
        {7, 8},
    ),
    "keyframe deleted": (lambda c: (c.place(c.second) / "v1/content/frame.png").unlink(), {3, 4, 6}),
    "object deleted": (lambda c: shutil.rmtree(c.place(c.second)), {7, 8}),
    "manifest deleted": (lambda c: (c.place(c.first) / "v2/content/manifest.json").unlink(), {3, 4, 5, 8}),
    "last version deleted": (drop_version, {7, 8}),
    "last version hidden": (hide_version, {7, 8}),
    "objects swapped": (swap_objects, {3, 7, 8}),
    "unlogged object slipped in": (lambda c: c.ingest(b"planted video", logged=False), {7}),
    "unlogged version slipped in": (lambda c: c.again(c.second, logged=False), {7}),
    "stray file in the store": (lambda c: (c.root / "store" / "note").write_bytes(b""), {3}),
    "log gone": (lambda c: c.log.path.unlink(), {2, 7}),
    "log line edited": (lambda c: change_line(c, 3, b"op-07", b"op-08"), {2}),
    "log line dropped": (lambda c: c.write_lines([*c.lines()[:3], *c.lines()[4:]]), {2, 7}),
    "log line that says nothing of evidence dropped": (
        lambda c: c.write_lines([*c.lines()[:1], *c.lines()[2:]]),
        {2},
    ),
    "log line re-chained away, not numbered anew": (
        lambda c: c.rechain(lambda events: events.__delitem__(1), number=False),
        {2},
    ),
    "log line inserted": (insert_line, {2, 7}),
    "log lines reordered": (lambda c: move_line(c, 2, 4), {2}),
    "log line doubled": (lambda c: c.write_lines([*c.lines()[:3], c.lines()[2], *c.lines()[3:]]), {2}),
    "log line of another case replayed": (replay_other_case, {2}),
    "duplicate key in a log line": (lambda c: change_line(c, 3, b'{"case":', b'{"case":"x","case":'), {2, 7}),
    "spaced log line": (lambda c: change_line(c, 3, b'{"case":', b'{ "case":'), {2, 7}),
    "carriage returns in the log": (
        lambda c: c.write_lines([line.replace(b"\n", b"\r\n") for line in c.lines()]),
        {2, 7},
    ),
    "byte order mark on the log": (lambda c: c.write_lines([b"\xef\xbb\xbf", *c.lines()]), {2}),
    "ingestion re-chained away, object kept": (lambda c: c.rechain(lambda events: events.__delitem__(3)), {7}),
    "manifest digest re-chained": (
        lambda c: c.rechain(lambda events: events[3]["detail"].update(manifest="0" * 64)),
        {7},
    ),
    "finding edited": (edit_finding, {8}),
    "finding's parameters edited": (edit_params, {8}),
    "finding deleted": (lambda c: (c.root / "findings/1.json").unlink(), {8}),
    "finding renamed": (lambda c: (c.root / "findings/1.json").rename(c.root / "findings/2.json"), {8}),
    "finding about strangers, log re-chained": (relog_finding, {8}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fires_its_steps(case: Case, name: str) -> None:
    attack, steps = ATTACKS[name]
    attack(case)
    assert fired(case) == steps


def test_all_problems_are_told_not_the_first(case: Case) -> None:
    replace_content(case, "original")
    edit_manifest(case, recompute=True)
    edit_finding(case)
    change_line(case, 1, b"op-07", b"op-08")
    (case.root / "case.json").unlink()
    assert fired(case) == {1, 2, 4, 6, 7, 8}


def test_every_flipped_byte_of_store_and_log_is_found(case: Case) -> None:
    """One byte in each file of the store, and bytes all over the log but for its last line."""
    log_end = sum(map(len, case.lines()[:-1]))
    files = [path for path in (case.root / "store").rglob("*") if path.is_file()]
    spots = [(path, path.stat().st_size // 2) for path in files]
    spots += [(case.log.path, at) for at in range(0, log_end, 97)]
    for path, at in spots:
        good = path.read_bytes()
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert fired(case), f"{path.name} at {at}"
        path.write_bytes(good)
    assert fired(case) == set()


# What a crash leaves is not called tampering.


def test_an_object_committed_and_not_yet_logged_by_a_run_that_was_cut_off_is_unfinished(case: Case) -> None:
    case.record(EventType.INGESTION_START)
    case.ingest(b"third video", logged=False)
    case.again(case.second, logged=False)
    assert fired(case) == set()
    assert 7 in skipped(case)


def test_a_finding_written_and_not_yet_logged_does_not_stand_and_is_no_failure(case: Case) -> None:
    file = case.root / "findings/1.json"
    (case.root / "findings/2.json").write_bytes(file.read_bytes().replace(b"urn:uuid:finding", b"urn:uuid:another"))
    assert fired(case) == set()
    assert 8 in skipped(case)


def test_a_torn_last_line_is_unfinished(case: Case) -> None:
    case.log.path.write_bytes(case.log.path.read_bytes()[:-40])
    assert 2 in skipped(case)
    assert 2 not in fired(case)


# What cannot be seen without a seal: these tests are a promise to say so. test_tamper_sealed has the same with seals.


def test_not_seen_without_a_seal_the_last_line_edited(case: Case) -> None:
    change_line(case, 6, b"op-07", b"op-08")
    assert fired(case) == set()


def test_not_seen_without_a_seal_the_whole_log_chained_anew(case: Case) -> None:
    case.rechain(lambda events: [event.update(operator="somebody else", time=WHEN) for event in events])
    assert fired(case) == set()


def test_not_seen_without_a_seal_the_end_of_the_log_dropped_with_what_it_tells(case: Case) -> None:
    case.write_lines(case.lines()[:-1])
    (case.root / "findings/1.json").unlink()
    assert fired(case) == set()


def test_not_seen_without_a_seal_an_evidence_withdrawn_with_its_log_line(case: Case) -> None:
    """Manifest, object and line go; the chain is made anew. Only the finding still speaks of it, if there is one."""
    withdraw_object(case)
    assert fired(case) == {8}
    (case.root / "findings/1.json").unlink()
    case.rechain(lambda events: events.pop())
    assert fired(case) == set()


def test_not_seen_without_a_seal_a_manifest_edited_by_somebody_who_rewrites_all_of_it(case: Case) -> None:
    edit_manifest(case, recompute=True)
    digest = case.digest(case.first)
    (case.root / "findings/1.json").unlink()

    def change(events: list[dict]) -> None:
        events.pop()
        events[4]["detail"]["manifest"] = digest

    case.rechain(change)
    assert fired(case) == set()


def test_not_seen_without_a_seal_an_object_planted_under_a_run_that_was_cut_off(case: Case) -> None:
    """It is told as unfinished, not as tampering."""
    case.record(EventType.INGESTION_START)
    case.ingest(b"planted video", logged=False)
    assert fired(case) == set()
    assert 7 in skipped(case)
