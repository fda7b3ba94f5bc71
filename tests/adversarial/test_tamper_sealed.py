"""The attacks of a hostile expert on a sealed case: which step names each; and the three that no step can see.

The attacker of each row has all of the disk. Where it says "key holder", he has the operator's key too.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.custody import key_change, sign
from forensics.errors import CaseError, IntegrityError
from forensics.model.custody import EventType, KeyAct, Namespace
from tests.adversarial.sealed_case import COLLEAGUE, STRANGER, SealedCase, copy_of, fired, skipped, unsealed
from tests.adversarial.test_tamper_matrix import CASE_ID


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sealed") / "case"
    SealedCase(root).make()
    return root


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> SealedCase:
    return copy_of(pristine, tmp_path / "case")


def test_an_untouched_case_has_no_problem_and_nothing_unsealed(case: SealedCase) -> None:
    assert (fired(case), skipped(case), unsealed(case)) == (set(), set(), 0)
    assert fired(case, case.head()) == set()


def edit_third(case: SealedCase, *, resign: bool = False) -> str:
    """Change a manifest that no finding names; every inventory agrees. Gives the new digest."""
    path = case.place(case.third) / "v1/content/manifest.json"
    path.write_bytes(path.read_bytes().replace(b"DCIM/1.mp4", b"DCIM/2.mp4"))
    case.reinventory(case.third, "v1/content/manifest.json")
    if resign:
        case.signed(Namespace.MANIFEST, path)
        case.reinventory(case.third, "v1/content/manifest.json.sig")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def log_third(case: SealedCase, digest: str) -> Callable[[list[dict]], None]:
    def change(events: list[dict]) -> None:
        for event in events:
            if event["item"] == case.third:
                event["detail"]["manifest"] = digest

    return change


def edit_file(case: SealedCase, name: str) -> None:
    path = case.place(case.third) / "v1/content" / name
    path.write_bytes(b"x" + path.read_bytes()[1:])


def withdraw_third(case: SealedCase) -> None:
    shutil.rmtree(case.place(case.third))
    case.rechain(lambda events: events.pop(next(i for i, e in enumerate(events) if e["item"] == case.third)))


def edit_line(case: SealedCase, number: int) -> None:
    lines = case.lines()
    lines[number] = lines[number].replace(b"op-07", b"op-08")
    case.write_lines(lines)


def swap_allowed(case: SealedCase) -> None:
    path = case.root / "keys/allowed_signers"
    path.write_bytes(path.read_bytes().replace(case.signer.key.line.encode(), STRANGER.key.line.encode()))


def swap_first_key(case: SealedCase) -> None:
    """A stranger's key as the first, in the log and in keys/; the seals stay as they are."""
    swap_allowed(case)
    detail = key_change(CASE_ID, KeyAct.FIRST, STRANGER.key, STRANGER)
    case.rechain(lambda events: events[1].update(detail=detail))


def duplicate_key(case: SealedCase) -> None:
    lines = case.lines()
    lines[3] = lines[3].replace(b'{"case":', b'{"case":"x","case":')
    case.write_lines(lines)


def other_case(case: SealedCase) -> SealedCase:
    other = SealedCase(case.root.parent / "other", "CASE-OTHER")
    other.make()
    return other


def replay_line(case: SealedCase) -> None:
    case.log.path.write_bytes(case.log.path.read_bytes() + other_case(case).lines()[len(case.lines()) - 1])


def replay_checkpoint(case: SealedCase) -> None:
    other, name = other_case(case), case.checkpoints[-1].name
    for each in (name, f"{name}.sig"):
        shutil.copy(other.root / "log/checkpoints" / each, case.root / "log/checkpoints" / each)


def remove(case: SealedCase, name: str) -> None:
    (case.root / name).unlink()


def stranger_signs_manifest(case: SealedCase) -> None:
    path = case.place(case.third) / "v1/content/manifest.json"
    path.with_name("manifest.json.sig").write_bytes(sign(STRANGER, Namespace.MANIFEST, path.read_bytes()))
    case.reinventory(case.third, "v1/content/manifest.json.sig")


def finding_signature_as_manifest(case: SealedCase) -> None:
    path = case.root / "findings/1.json"
    path.with_name("1.json.sig").write_bytes(sign(case.signer, Namespace.MANIFEST, path.read_bytes()))


def admit_stranger(case: SealedCase) -> None:
    """A key change that nobody signed who might, at the end of the log."""
    case.record(EventType.KEY_CHANGE, **key_change(CASE_ID, KeyAct.ADMITTED, STRANGER.key, STRANGER))


def swap_signatures(case: SealedCase) -> None:
    one, two = (path.with_name(path.name + ".sig") for path in case.checkpoints[-2:])
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


FIRST_SEAL = "log/checkpoints/000000005.ckpt"

ATTACKS: dict[str, tuple[Callable[[SealedCase], object], set[int]]] = {
    "1 manifest edited": (lambda c: edit_file(c, "manifest.json"), {4, 5, 7}),
    "2 manifest edited and signed by the key holder, inventory recomputed": (
        lambda c: edit_third(c, resign=True), {7}),
    "2b the same, and the log re-chained, without the key": (
        lambda c: c.rechain(log_third(c, edit_third(c))), {9, 10}),
    "3 key holder rewrites manifest and re-chains the whole log": (
        lambda c: c.rechain(log_third(c, edit_third(c, resign=True))), {9}),
    "6 original replaced": (lambda c: edit_file(c, "original"), {4}),
    "6 keyframe replaced": (lambda c: edit_file(c, "frame.png"), {4}),
    "7 object deleted": (lambda c: shutil.rmtree(c.place(c.third)), {7}),
    "8 log line dropped": (lambda c: c.write_lines([*c.lines()[:3], *c.lines()[4:]]), {2, 7, 9}),
    "8 log line re-chained away with its object": (withdraw_third, {9}),
    "9 log truncated below its seal": (lambda c: c.write_lines(c.lines()[:-1]), {9}),
    "9 log truncated to the first seal, that seal kept": (lambda c: c.write_lines(c.lines()[:5]), {9, 11}),
    "12 key swapped in allowed_signers": (swap_allowed, {11}),
    "12 first key swapped in log and allowed_signers": (swap_first_key, {9, 10, 11}),
    "13 duplicate JSON key": (duplicate_key, {2, 7, 9}),
    "14 unlogged object slipped in": (lambda c: c.ingest(b"planted video", logged=False), {7}),
    "15 last line torn below the seal": (lambda c: c.log.path.write_bytes(c.log.path.read_bytes()[:-9]), {9}),
    "16 log line of another case replayed": (replay_line, {2, 9}),
    "checkpoint of another case replayed": (replay_checkpoint, {9}),
    "last line edited": (lambda c: edit_line(c, -1), {9}),
    "sealed line edited": (lambda c: edit_line(c, 5), {2, 9}),
    "a line edited and everything after it re-chained": (
        lambda c: c.rechain(lambda events: events[4].update(operator="op-08")), {9}),
    "a checkpoint removed": (lambda c: remove(c, FIRST_SEAL), {9}),
    "the signature of a checkpoint removed": (lambda c: remove(c, f"{FIRST_SEAL}.sig"), {9, 10}),
    "signatures of two checkpoints swapped": (swap_signatures, {9, 10}),
    "all seals made anew by a stranger": (lambda c: c.reseal(STRANGER), {9, 10}),
    "manifest signed by a stranger, inventory recomputed": (stranger_signs_manifest, {10}),
    "signature of a finding removed": (lambda c: remove(c, "findings/1.json.sig"), {10}),
    "signature of a finding made as that of a manifest": (finding_signature_as_manifest, {10}),
    "finding removed, its signature kept": (lambda c: remove(c, "findings/1.json"), {8}),
    "a stranger lets himself in": (admit_stranger, {11}),
    "a key file emptied": (lambda c: (c.root / "keys/allowed_signers").write_bytes(b"\n"), {11}),
    "a file put beside the public keys": (lambda c: (c.root / "keys/more").write_bytes(b""), {11}),
    "a file put beside the seals": (lambda c: (c.root / "log/checkpoints/note").write_bytes(b""), {9}),
    "custodian changed in case.json": (
        lambda c: (c.root / "case.json").write_bytes(
            (c.root / "case.json").read_bytes().replace(b'"custodian":null', b'"custodian":"X"')), {1}),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_a_sealed_case_fires_its_steps(case: SealedCase, name: str) -> None:
    attack, steps = ATTACKS[name]
    attack(case)
    assert fired(case) == steps


# The three that nothing inside can see, and what catches two of them.


def test_not_seen_inside_a_roll_back_of_everything_and_seen_with_a_held_head(
    pristine: Path, case: SealedCase, tmp_path: Path
) -> None:
    case.record(EventType.LIST_CHECK, hits=1)
    case.seal()
    held = case.head()
    shutil.rmtree(case.root)
    back = copy_of(pristine, case.root)
    assert (fired(back), unsealed(back)) == (set(), 0)
    assert fired(back, held) == {14}


def test_not_seen_inside_a_complete_rewrite_by_the_key_holder_and_seen_with_a_held_head(case: SealedCase) -> None:
    held = case.head()
    digest = edit_third(case, resign=True)
    case.rewrite(log_third(case, digest))
    assert (fired(case), unsealed(case)) == (set(), 0)
    assert fired(case, held) == {14}


def test_not_seen_at_all_an_unsealed_tail_dropped_which_was_counted_before(case: SealedCase) -> None:
    held = case.head()
    case.record(EventType.LIST_CHECK, hits=1)
    assert (fired(case), unsealed(case)) == (set(), 2)
    case.write_lines(case.lines()[:-2])
    assert (fired(case, held), unsealed(case)) == (set(), 0)


def test_a_last_seal_removed_leaves_its_lines_counted_as_unsealed(case: SealedCase) -> None:
    for path in case.checkpoints[-1].parent.glob(case.checkpoints[-1].name + "*"):
        path.unlink()
    assert fired(case) == set()
    assert unsealed(case) == len(case.lines()) - 5


def test_torn_bytes_after_the_seal_are_unfinished_and_not_called_tampering(case: SealedCase) -> None:
    with case.log.path.open("ab") as log:
        log.write(b'{"case":')
    assert (fired(case), unsealed(case)) == (set(), 0)
    case.record(EventType.LIST_CHECK, hits=1)
    assert [json.loads(line)["event"] for line in case.lines()[-3:]] == ["sealed", "recovery", "hash list check"]
    case.seal()
    assert (fired(case), skipped(case), unsealed(case)) == (set(), set(), 0)


@pytest.mark.parametrize(
    "name", [
        "3 key holder rewrites manifest and re-chains the whole log", "9 log truncated below its seal",
        "12 first key swapped in log and allowed_signers", "a stranger lets himself in", "last line edited",
        "checkpoint of another case replayed", "a line edited and everything after it re-chained",
    ],
)  # fmt: skip
def test_no_seal_is_put_on_a_log_that_was_attacked(case: SealedCase, name: str) -> None:
    ATTACKS[name][0](case)
    before = sorted((case.root / "log/checkpoints").iterdir())
    with pytest.raises(IntegrityError):
        case.seal()
    assert sorted((case.root / "log/checkpoints").iterdir()) == before


def test_an_unsealed_line_that_was_changed_is_not_sealed(case: SealedCase) -> None:
    for _ in range(2):
        case.record(EventType.LIST_CHECK, hits=1)
    edit_line(case, -2)
    with pytest.raises(IntegrityError, match="does not go on"):
        case.seal()


def test_a_stranger_seals_nothing_and_a_colleague_does(case: SealedCase) -> None:
    case.record(EventType.LIST_CHECK, hits=1)
    with pytest.raises(CaseError) as caught:
        case.seal(STRANGER)
    assert caught.value.code == "case.key"
    assert case.seal(COLLEAGUE).fresh
    assert (fired(case), unsealed(case)) == (set(), 0)


def flips(case: SealedCase, every: int) -> Iterator[tuple[Path, int]]:
    """Places in every file that a seal or signature covers, the content of the store aside."""
    manifest = case.place(case.third) / "v1/content/manifest.json"
    documents = [manifest, case.root / "findings/1.json", case.root / "case.json", case.log.path]
    signatures = [path.with_name(path.name + ".sig") for path in (manifest, case.root / "findings/1.json")]
    seals = sorted((case.root / "log/checkpoints").iterdir())
    for path in (*documents, *signatures, *seals, case.root / "keys/allowed_signers"):
        for at in range(0, path.stat().st_size, every):
            yield path, at


def tally(case: SealedCase, every: int) -> tuple[int, int]:
    tried = detected = 0
    for path, at in flips(case, every):
        good = path.read_bytes()
        path.write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
        tried += 1
        found = fired(case)
        detected += bool(found)
        assert found, f"{path.name} at {at}"
        path.write_bytes(good)
    assert fired(case) == set()
    return tried, detected


def test_a_flipped_bit_of_any_signed_file_is_found(case: SealedCase) -> None:
    tried, detected = tally(case, every=97)
    assert tried == detected > 90
