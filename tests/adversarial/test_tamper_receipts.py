"""Attacks on a hand-over: on the exhibit before it is received, and on the receipt before and after it comes back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import custody
from forensics.custody import canonical, sign
from forensics.errors import ForensicsError, InputError, IntegrityError, ManifestError, StoreError, Unreadable
from forensics.model.custody import CheckStatus, EventType, Namespace, ReceiverNamespace
from forensics.model.verification import Step
from pipelines import received
from pipelines.case import open_case
from pipelines.receipts import import_receipt
from pipelines.receive import Received, receive
from pipelines.received import examine
from pipelines.surroundings import Surroundings
from tests.adversarial.sealed_case import COLLEAGUE, OWN, STRANGER, Clock, SealedCase, checks, copy_of, fired, skipped
from tests.adversarial.sent_exhibit import SEAL, TAGS, Sent, send
from tests.adversarial.test_tamper_matrix import CASE_ID


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> tuple[SealedCase, Sent]:
    """A case, and the exhibit that it gave out. Tests work on copies."""
    folder = tmp_path_factory.mktemp("sender")
    case = SealedCase(folder / "case")
    case.make()
    return case, send(case, next(iter(open_case(case.root).store.ids())), folder)


@pytest.fixture
def case(sender: tuple[SealedCase, Sent], tmp_path: Path) -> SealedCase:
    copy = copy_of(sender[0].root, tmp_path / "case")
    copy.run.surroundings.now.moment = sender[0].run.surroundings.now.moment  # its clock goes on
    return copy


@pytest.fixture
def bag(sender: tuple[SealedCase, Sent], tmp_path: Path) -> Sent:
    root = shutil.copytree(sender[1].root, tmp_path / sender[1].root.name)
    for path in root.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return Sent(root)


def at_receiver(signer: custody.Signer = STRANGER) -> tuple[custody.Signer, Surroundings]:
    return signer, Surroundings(now=Clock(), environ={})


def got(bag: Path, out: Path, signer: custody.Signer = STRANGER, *, refusal: bool = False) -> Received:
    return receive(bag, *at_receiver(signer), out=out, name="Registry of the court", refusal=refusal)


@pytest.fixture
def receipt(bag: Sent, tmp_path: Path) -> Path:
    path = got(bag.root, tmp_path / "receipt.json").path
    assert path is not None
    return path


def failed(found: received.Examined) -> set[int]:
    return {int(check.step) for check in found.checks if check.status is CheckStatus.FAILED}


def test_a_whole_exhibit_is_received_as_a_folder_and_as_a_zip(bag: Sent, tmp_path: Path) -> None:
    folder, archive = (got(path, tmp_path / f"{at}.json") for at, path in enumerate((bag.root, bag.zipped())))
    for found in (folder, archive):
        assert found.examined.whole
        assert found.receipt.exhibit.tagmanifest == bag.tagmanifest
        assert found.receipt.exhibit.sealed_by == OWN.key.fingerprint
    assert replace(folder.receipt.exhibit, bag="") == replace(archive.receipt.exhibit, bag="")


def put(name: str, data: bytes) -> Callable[[Sent], object]:
    return lambda bag: (bag.root / name).write_bytes(data)


def link(bag: Sent) -> None:
    path = bag.root / "data/original"
    path.rename(bag.root.parent / "elsewhere")
    path.symlink_to(bag.root.parent / "elsewhere")


def swap_signature(bag: Sent) -> None:
    (bag.root / SEAL).write_bytes(sign(OWN, Namespace.MANIFEST, (bag.root / TAGS).read_bytes()))


def anew(name: str, data: bytes, signer: custody.Signer | None = None) -> Callable[[Sent], None]:
    def act(bag: Sent) -> None:
        put(name, data)(bag)
        bag.relist(signer)

    return act


VIDEO = ("data/original", b"another video")

ATTACKS: dict[str, tuple[Callable[[Sent], object], Step]] = {
    "video replaced": (put(*VIDEO), Step.BAG_DIGESTS),
    "video replaced, every list made anew": (anew(*VIDEO), Step.SUBJECTS),
    "that, and sealed by somebody else": (anew(*VIDEO, STRANGER), Step.SIGNATURES),
    "that, and sealed by the key's holder": (anew(*VIDEO, OWN), Step.SUBJECTS),
    "sealed by somebody else": (lambda bag: bag.relist(STRANGER), Step.SIGNATURES),
    "file added": (put("data/interop/more.txt", b"more"), Step.BAG),
    "file removed": (lambda bag: (bag.root / "data/interop/prov.json").unlink(), Step.BAG),
    "seal of another kind of document": (swap_signature, Step.SIGNATURES),
    "seal removed": (lambda bag: (bag.root / SEAL).unlink(), Step.SIGNATURES),
    "link in a file's place": (link, Step.BAG),
    "pipe": (lambda bag: os.mkfifo(bag.root / "data/pipe"), Step.BAG),
    "file beside the seal": (put("seal/x", b"x"), Step.BAG),
}
"""What may happen on the way, and a step that finds it; `test_tamper_exhibit` has the rest."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_exhibit_that_was_changed_gets_no_receipt(attack: str, bag: Sent, tmp_path: Path) -> None:
    act, step = ATTACKS[attack]
    act(bag)
    found = got(bag.root, tmp_path / "receipt.json")
    assert step in failed(found.examined)
    assert (found.receipt, found.path) == (None, None)
    assert not (tmp_path / "receipt.json").exists()
    assert not (tmp_path / "receipt.json.sig").exists()


def test_an_exhibit_that_changes_while_it_is_checked_gets_no_receipt(
    bag: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = received.check_exhibit

    def meanwhile(path: Path) -> Iterator[object]:
        yield from real(path)
        (path / "bag-info.txt").write_text("Source-Organization: another\n")
        bag.relist(OWN)

    monkeypatch.setattr(received, "check_exhibit", meanwhile)
    found = got(bag.root, tmp_path / "receipt.json")
    assert [each.name for each in found.examined.checks if each.status is CheckStatus.FAILED] == [
        "unchanged while read"
    ]
    assert found.receipt is None


def test_a_refusal_lists_every_problem_and_says_whole_nowhere(bag: Sent, tmp_path: Path) -> None:
    ATTACKS["video replaced"][0](bag)
    found = got(bag.root, tmp_path / "refusal.json", refusal=True)
    read = custody.decode_receipt((tmp_path / "refusal.json").read_bytes())
    assert read.outcome == "refused"
    assert len(read.problems) == sum(each.failed for each in read.steps) > 0
    assert not found.examined.whole
    value = json.loads((tmp_path / "refusal.json").read_bytes())
    value["predicate"]["outcome"] = "whole"
    with pytest.raises(ManifestError):
        custody.decode_receipt(canonical.encode_stored(value))


@pytest.mark.parametrize("name", ["tagmanifest-sha256.txt", "data/manifest.json"])
def test_what_has_no_name_cannot_be_refused(name: str, bag: Sent, tmp_path: Path) -> None:
    (bag.root / name).unlink()
    with pytest.raises(IntegrityError):
        got(bag.root, tmp_path / "refusal.json", refusal=True)


@pytest.mark.parametrize("top", ["..", "a\nb", "\u202egpj", "."])
def test_a_zip_whose_folder_has_no_plain_name_names_no_file_here(
    top: str, bag: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in bag.root.rglob("*"):
            if file.is_file():
                archive.write(file, f"{top}/{file.relative_to(bag.root)}")
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    with pytest.raises(IntegrityError):
        receive(path, *at_receiver(), refusal=True)
    assert list((tmp_path / "desk").iterdir()) == []


def test_what_is_no_exhibit_is_no_receipt(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    with pytest.raises(IntegrityError):
        examine(tmp_path / "letter.txt")
    with pytest.raises(Unreadable):
        examine(tmp_path / "none")
    assert not examine(tmp_path).whole


def test_a_receipt_is_never_written_over_another(bag: Sent, receipt: Path) -> None:
    before = receipt.read_bytes()
    with pytest.raises(InputError):
        got(bag.root, receipt)
    receipt.rename(receipt.with_name("moved.json"))
    with pytest.raises(InputError):
        got(bag.root, receipt)  # the signature is still there
    assert receipt.with_name("moved.json").read_bytes() == before


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_name_that_is_none_or_endless_is_refused(name: str, bag: Sent, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        receive(bag.root, *at_receiver(), out=tmp_path / "receipt.json", name=name)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="the real ssh-keygen is the judge here")
def test_ssh_keygen_checks_a_receipt_and_no_key_of_the_case_signs_one(
    case: SealedCase, receipt: Path, tmp_path: Path
) -> None:
    def says(signers: str, data: bytes) -> bool:
        (tmp_path / "signers").write_text(signers)
        words = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "operator", "-n", "receipt@footage-forensics"]
        words += ["-s", str(receipt) + ".sig"]
        return subprocess.run(words, cwd=tmp_path, input=data, capture_output=True, check=False).returncode == 0

    known = f"operator {STRANGER.key.line}\n"
    assert says(known, receipt.read_bytes())
    assert not says(known, receipt.read_bytes() + b"\n")
    assert not says(f"operator {OWN.key.line}\n", receipt.read_bytes())
    own = custody.sign(OWN, ReceiverNamespace.RECEIPT, receipt.read_bytes())
    receipt.with_name(receipt.name + ".sig").write_bytes(own)
    assert says(f"operator {OWN.key.line}\n", receipt.read_bytes())
    assert not says((case.root / "keys" / "allowed_signers").read_text(), receipt.read_bytes())


def take(case: SealedCase, receipt: Path):
    imported = import_receipt(open_case(case.root), case.run, receipt)
    case.seal()
    return imported


def transfers(case: SealedCase) -> list[dict]:
    return [line.event.detail for line in case.log.events() if line.event.event is EventType.TRANSFER]


def codes(imported) -> list[str]:
    return [notice.code for notice in imported.notices]


def test_a_receipt_comes_in_once_and_is_known_after(case: SealedCase, receipt: Path) -> None:
    first = take(case, receipt)
    again = take(case, receipt)
    assert (first.known, again.known, first.notices) == (False, True, ())
    assert len(transfers(case)) == 1
    assert transfers(case)[0] == {
        "receipt": hashlib.sha256(receipt.read_bytes()).hexdigest(),
        "tagmanifest": first.receipt.exhibit.tagmanifest,
        "bag": first.receipt.exhibit.bag,
        "from": OWN.key.fingerprint,
        "to": STRANGER.key.fingerprint,
        "outcome": "whole",
    }
    told = {check.name for check in checks(case) if "receipts/" in check.subject}
    assert told == {"receipt", "receipt of an exhibit", "receipt signature"}
    assert fired(case) == set()


def test_a_receipt_that_was_lost_from_the_case_comes_back_when_it_is_imported_again(
    case: SealedCase, receipt: Path
) -> None:
    path = take(case, receipt).path
    path.unlink()
    assert fired(case) == {Step.FINDINGS}
    assert take(case, receipt).known
    assert fired(case) == set()
    assert len(transfers(case)) == 1


def test_what_the_receiver_calls_the_folder_is_of_no_matter(case: SealedCase, bag: Sent, tmp_path: Path) -> None:
    renamed = bag.root.rename(tmp_path / "from the prosecutor")
    imported = take(case, got(renamed, tmp_path / "receipt.json").path)
    assert imported.receipt.exhibit.bag == "from the prosecutor"
    assert transfers(case)[0]["bag"] == bag.root.name
    assert fired(case) == set()


def test_a_receipt_whose_line_a_crash_cut_off_stands_after_it_is_imported_again(
    case: SealedCase, receipt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(type(open_case(case.root)), "record", _no_room)
        with pytest.raises(StoreError):
            import_receipt(open_case(case.root), case.run, receipt)
    assert fired(case) == {Step.FINDINGS}
    assert not take(case, receipt).known
    assert fired(case) == set()
    assert len(transfers(case)) == 1


@pytest.mark.parametrize("left", [".{}.json.sig.new", "{}.json.sig", ".{}.json.new"])
def test_half_a_receipt_is_told_as_such_and_goes_when_it_is_imported_again(
    case: SealedCase, receipt: Path, left: str
) -> None:
    sha256 = hashlib.sha256(receipt.read_bytes()).hexdigest()
    (case.root / "receipts").mkdir()
    (case.root / "receipts" / left.format(sha256)).write_bytes(b"-----BEGIN")
    assert fired(case) == set()
    assert "receipt" in skipped(case)
    take(case, receipt)
    assert sorted(path.name for path in (case.root / "receipts").iterdir()) == [f"{sha256}.json", f"{sha256}.json.sig"]
    assert "receipt" not in skipped(case)


def test_a_signature_whose_receipt_was_taken_away_is_no_crash(case: SealedCase, receipt: Path) -> None:
    take(case, receipt).path.unlink()
    assert fired(case) == {Step.FINDINGS}


def _no_room(*_: object) -> None:
    raise StoreError("the disk is full", code="store.full")


def test_a_full_disk_leaves_the_case_as_it_was(
    case: SealedCase, receipt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.receipts.write_whole", full)
        with pytest.raises(StoreError):
            import_receipt(open_case(case.root), case.run, receipt)
    assert transfers(case) == []
    assert fired(case) == set()


def rewritten(receipt: Path, signer: custody.Signer | None, **changes: object) -> None:
    """Change what a receipt says, and sign it anew when somebody is there to do so."""
    value = json.loads(receipt.read_bytes())
    value["predicate"] |= changes
    data = canonical.encode_stored(value)
    receipt.write_bytes(data)
    if signer is not None:
        receipt.with_name(receipt.name + ".sig").write_bytes(sign(signer, ReceiverNamespace.RECEIPT, data))


def test_a_changed_receipt_does_not_come_in(case: SealedCase, receipt: Path) -> None:
    rewritten(receipt, None, received="2027-01-01T00:00:00.000000Z")
    refused(case, receipt, IntegrityError, "integrity.signature")


def test_a_receipt_that_names_another_key_does_not_come_in(case: SealedCase, receipt: Path) -> None:
    rewritten(receipt, COLLEAGUE)
    refused(case, receipt, IntegrityError, "integrity.signature")


def test_a_signature_of_another_kind_does_not_pass(case: SealedCase, receipt: Path) -> None:
    signature = sign(STRANGER, Namespace.FINDING, receipt.read_bytes())
    receipt.with_name(receipt.name + ".sig").write_bytes(signature)
    refused(case, receipt, IntegrityError, "integrity.signature")


@pytest.mark.parametrize(
    "changes",
    [
        {"case": "ANOTHER"},
        {"sealed_by": "SHA256:" + "A" * 43},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_receipt_for_what_this_case_did_not_give_out_does_not_come_in(
    case: SealedCase, receipt: Path, changes: dict
) -> None:
    rewritten(receipt, STRANGER, **changes)
    refused(case, receipt, IntegrityError, "integrity.receipt")


def test_a_receipt_of_another_case_does_not_come_in(case: SealedCase, tmp_path: Path) -> None:
    other = SealedCase(tmp_path / "other", case_id=f"{CASE_ID}-B")
    other.make()
    bag = send(other, next(iter(open_case(other.root).store.ids())), tmp_path / "sent")
    path = got(bag.root, tmp_path / "receipt.json").path
    refused(case, path, IntegrityError, "integrity.receipt")
    assert not take(other, path).known


def test_a_receipt_for_an_exhibit_that_the_log_does_not_tell_of_does_not_come_in(
    case: SealedCase, tmp_path: Path
) -> None:
    before = case.log.path.read_bytes()
    bag = send(case, list(open_case(case.root).store.ids())[1], tmp_path / "sent")
    case.log.path.write_bytes(before)
    refused(case, got(bag.root, tmp_path / "receipt.json").path, IntegrityError, "integrity.receipt")


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b"\xff", b'{"_type":"x"}\n', b"{" * 1000])
def test_what_is_no_receipt_does_not_come_in(case: SealedCase, receipt: Path, data: bytes) -> None:
    receipt.write_bytes(data)
    refused(case, receipt, ManifestError, None)


def test_a_manifest_is_no_receipt(case: SealedCase, receipt: Path) -> None:
    manifest = next(case.root.glob("store/*/*/v1/content/manifest.json")).read_bytes()
    receipt.write_bytes(manifest)
    refused(case, receipt, ManifestError, "manifest.schema")


def test_a_receipt_without_its_signature_does_not_come_in(case: SealedCase, receipt: Path) -> None:
    receipt.with_name(receipt.name + ".sig").unlink()
    refused(case, receipt, InputError, None)


def refused(case: SealedCase, receipt: Path, kind: type[ForensicsError], code: str | None) -> None:
    """The receipt is refused with this code, and the case is as it was."""
    before = case.lines()
    with pytest.raises(kind) as raised:
        import_receipt(open_case(case.root), case.run, receipt)
    assert code is None or raised.value.code == code
    assert case.lines() == before
    assert not (case.root / "receipts").exists()


def test_a_refusal_comes_in_and_is_told(case: SealedCase, bag: Sent, tmp_path: Path) -> None:
    (bag.root / "data/interop/prov.json").unlink()
    found = got(bag.root, tmp_path / "refusal.json", refusal=True)
    imported = take(case, found.path)
    assert codes(imported) == ["receipt.refused"]
    assert transfers(case)[0]["outcome"] == "refused"
    assert fired(case) == set()


def test_a_receipt_to_oneself_and_one_dated_back_are_told(case: SealedCase, bag: Sent, tmp_path: Path) -> None:
    own = take(case, got(bag.root, tmp_path / "own.json", OWN).path)
    assert codes(own) == ["receipt.own_key"]
    path = got(bag.root, tmp_path / "early.json").path
    rewritten(path, STRANGER, received="2026-11-22T07:00:00.000000Z")
    assert codes(take(case, path)) == ["receipt.early"]


def in_case(change: Callable[[Path], object]) -> Callable[[SealedCase], None]:
    return lambda case: change(next((case.root / "receipts").glob("*.json")))


def rename(path: Path) -> None:
    path.with_name(path.name + ".sig").rename(path.with_name("0" * 64 + ".json.sig"))
    path.rename(path.with_name("0" * 64 + ".json"))


def sign_by_another(path: Path) -> None:
    signature = sign(COLLEAGUE, ReceiverNamespace.RECEIPT, path.read_bytes())
    path.with_name(path.name + ".sig").write_bytes(signature)


def change_and_sign(path: Path) -> None:
    rewritten(path, STRANGER, received="2027-01-01T00:00:00.000000Z")


def slip_in(path: Path) -> None:
    copy = path.with_name("another.json")
    copy.write_bytes(path.read_bytes())
    copy.with_name("another.json.sig").write_bytes(path.with_name(path.name + ".sig").read_bytes())
    change_and_sign(copy)


KEPT_ATTACKS: dict[str, tuple[Callable[[SealedCase], None], set[int]]] = {
    "changed": (in_case(lambda path: rewritten(path, None, tool="other")), {Step.FINDINGS}),
    "changed and signed by the receiver": (in_case(change_and_sign), {Step.FINDINGS}),
    "not canonical": (in_case(lambda path: path.write_bytes(path.read_bytes() + b"\n")), {Step.FINDINGS}),
    "removed": (in_case(lambda path: path.unlink()), {Step.FINDINGS}),
    "emptied": (in_case(lambda path: path.write_bytes(b"")), {Step.FINDINGS}),
    "under another name": (in_case(rename), {Step.FINDINGS}),
    "signature removed": (in_case(lambda path: path.with_name(path.name + ".sig").unlink()), {Step.SIGNATURES}),
    "signature by another": (in_case(sign_by_another), {Step.SIGNATURES}),
    "one slipped in": (in_case(slip_in), {Step.FINDINGS}),
    "a link in its place": (
        in_case(lambda path: (path.rename(path.parents[1] / "x"), path.symlink_to(path.parents[1] / "x"))),
        {Step.FINDINGS},
    ),
}


@pytest.mark.parametrize("attack", KEPT_ATTACKS)
def test_what_is_done_to_a_kept_receipt_is_found(attack: str, case: SealedCase, receipt: Path) -> None:
    take(case, receipt)
    act, steps = KEPT_ATTACKS[attack]
    act(case)
    assert fired(case) == {int(step) for step in steps}


def test_every_changed_byte_of_a_kept_receipt_and_its_signature_is_found(case: SealedCase, receipt: Path) -> None:
    take(case, receipt)
    events = tuple(line.event for line in case.log.events())
    path = next((case.root / "receipts").glob("*.json"))
    data, signature = path.read_bytes(), path.with_name(path.name + ".sig").read_bytes()

    def sound(data: bytes, signature: bytes) -> bool:
        found = custody.check_receipts([custody.ReceiptFile(path.name, data, signature)], events)
        return all(check.status is CheckStatus.OK for check in found)

    assert sound(data, signature)
    for place in range(len(data)):
        assert not sound(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], signature)
    for place in range(len(signature)):
        assert not sound(data, signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :])


def test_a_log_line_that_says_another_receiver_is_found(case: SealedCase, receipt: Path) -> None:
    take(case, receipt)

    def other(events: list[dict]) -> None:
        for event in events:
            if event["event"] == "transfer":
                event["detail"]["to"] = COLLEAGUE.key.fingerprint

    case.rewrite(other)
    assert fired(case) == {Step.FINDINGS}
