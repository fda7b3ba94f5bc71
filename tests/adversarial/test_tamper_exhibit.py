"""The attacks of a hostile expert on an exhibit: which step of verify names each, and that VERIFY.sh fails on it too.

"Key holder" has the operator's key; nobody but an authority makes tokens. Rows B1 to B6 are those of the threat model.
"""

import base64
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import custody
from forensics.custody import sign
from forensics.errors import IntegrityError
from forensics.model.custody import CaseInfo, CheckStatus, KeyAct, Namespace
from pipelines.case import create_case, open_case
from tests.adversarial import authority as authorities
from tests.adversarial import exhibits
from tests.adversarial.authority import open_for_business
from tests.adversarial.exhibits import StampedCase, bin_folder, fired, recompute, run_script, writable
from tests.adversarial.sealed_case import COLLEAGUE, OWN, STRANGER
from tests.adversarial.test_tamper_matrix import WHEN

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in exhibits.TOOLS), reason="a tool of VERIFY.sh is missing"
)


class Made:
    """A case, its exhibit of the first item (both sides of the finding exported), and a PATH with few tools."""

    def __init__(self, folder: Path) -> None:
        with open_for_business(authorities.make(folder / "tsa")) as tsa:
            self.case = StampedCase(folder / "case", tsa)
            self.case.make()
            self.early = self.case.checkpoints[0].read_bytes()
            self.exhibit = self.case.export(folder / "out", self.case.first, self.case.second)[0].path
            self.head = (self.exhibit / "data/log/checkpoint").read_bytes()
            self.other = folder / "other"
            other = StampedCase(self.other / "case", tsa)
            other.make()
            self.foreign = other.export(self.other / "out", other.first, other.second)[0].path
        self.tools = bin_folder(folder / "bin")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("exhibit"))


@pytest.fixture
def exhibit(made: Made, tmp_path: Path) -> Iterator[Path]:
    yield writable(made.exhibit, tmp_path / made.exhibit.name)


def test_an_untouched_exhibit_is_verified_by_both(made: Made) -> None:
    found = exhibits.checks(made.exhibit)
    assert [check for check in found if check.status is not CheckStatus.OK] == []
    assert {int(check.step) for check in found} == {2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17}
    code, told, complaints = run_script(made.exhibit, made.tools)
    assert (code, told.splitlines()[-1], complaints) == (0, "VERIFIED", "")
    assert OWN.key.fingerprint in told


def replace_video(folder: Path) -> None:
    (folder / "data/original").write_bytes(b"other video")


def edit_manifest(folder: Path, signer: custody.Signer | None = None) -> None:
    """Name the replaced video in the manifest, as far as that goes without breaking its form."""
    path = folder / "data/manifest.json"
    before = exhibits.digests_of(folder / "data/original")
    replace_video(folder)
    after = exhibits.digests_of(folder / "data/original")
    data = path.read_bytes().replace(before.sha256.encode(), after.sha256.encode())
    path.write_bytes(data.replace(before.sha512.encode(), after.sha512.encode()))
    if signer is not None:
        path.with_name("manifest.json.sig").write_bytes(sign(signer, Namespace.MANIFEST, path.read_bytes()))


def alter_line(folder: Path, *, reproved: bool) -> None:
    """The key holder changes who took the item in; with ``reproved`` he makes a log in which that is so."""
    path = exhibits.line_that(folder, b'"event":"ingestion"')
    path.write_bytes(path.read_bytes().replace(b"op-07", b"op-99"))
    if reproved:
        build_log(folder)


def build_log(folder: Path) -> None:
    """A new log around the lines that are shown, its checkpoint signed by the operator's key, every proof made anew."""
    log = folder / "data/log"
    size = custody.decode_checkpoint((log / "checkpoint").read_bytes()).size
    lines = {int(path.stem): path.read_bytes() for path in log.glob("0*.json")}
    tree = custody.Tree(custody.leaf_hash(lines.get(seq, b"whatever\n")) for seq in range(size))
    case_id = json.loads(next(iter(lines.values())))["case"]
    checkpoint = custody.Checkpoint(custody.origin_of(case_id), size, tree.root(size))
    (log / "checkpoint").write_bytes(checkpoint.text)
    (log / "checkpoint.sig").write_bytes(sign(OWN, Namespace.CHECKPOINT, checkpoint.text))
    for seq in lines:
        proof = custody.InclusionProof(seq, tree.inclusion(seq, size), checkpoint)
        (log / f"{seq:09d}.tlog-proof").write_bytes(custody.encode_inclusion(proof))
    sizes = [int(path.name[:9]) for path in (log / "earlier").glob("*.ckpt")]
    proofs = {each: tree.consistency(each, size) for each in sizes}
    (log / "consistency").write_bytes(custody.encode_consistency(proofs))


def swap_tokens(folder: Path) -> None:
    earlier = next((folder / "data/log/earlier").glob("*.tsr"))
    late = folder / "data/log/checkpoint.sig.local.tsr"
    one, two = earlier.read_bytes(), late.read_bytes()
    earlier.write_bytes(two)
    late.write_bytes(one)


def remove(folder: Path, name: str) -> None:
    (folder / name).unlink()


def then(*acts: Callable[[Path], object]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        for act in acts:
            act(folder)

    return do


def resigned(folder: Path) -> None:
    recompute(folder, OWN)


def drop_line(folder: Path) -> None:
    path = exhibits.line_that(folder, b'"event":"metadata modification"')
    path.unlink()
    path.with_suffix(".tlog-proof").unlink()


def drop_finding(folder: Path) -> None:
    remove(folder, "data/findings/1.json")
    remove(folder, "data/findings/1.json.sig")


def swap_lines(folder: Path) -> None:
    one, two = sorted((folder / "data/log").glob("0*.json"))[:2]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def strangers_keys(folder: Path) -> None:
    path = folder / "data/keys/allowed_signers"
    path.write_bytes(path.read_bytes().replace(OWN.key.line.encode(), STRANGER.key.line.encode()))


def strangers_key_too(folder: Path) -> None:
    path = folder / "data/keys/allowed_signers"
    line = path.read_bytes().splitlines()[0].decode().replace(OWN.key.line, STRANGER.key.line)
    path.write_bytes(path.read_bytes() + f"{line}\n".encode())


def signature_of_another_kind(folder: Path) -> None:
    path = folder / "data/findings/1.json"
    path.with_name("1.json.sig").write_bytes(sign(OWN, Namespace.MANIFEST, path.read_bytes()))


def cut_proof(folder: Path) -> None:
    path = sorted((folder / "data/log").glob("*.tlog-proof"))[0]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))


def other_checkpoint_size(folder: Path) -> None:
    path = folder / "data/log/checkpoint"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"12\n" + lines[2])


def empty_checkpoint(folder: Path) -> None:
    (folder / "data/log/checkpoint").write_bytes(b"")


ATTACKS: dict[str, tuple[Callable[[Path], object], set[int]]] = {
    "B1 video replaced": (replace_video, {5, 6, 7, 8, 16}),
    "B2 video replaced, every digest of the bag made anew": (then(replace_video, recompute), {5, 6, 7, 8, 10}),
    "B2 the same by the key holder, signed anew": (then(replace_video, resigned), {5, 6, 7, 8}),
    "B3 file added": (lambda f: (f / "data/derived.txt").write_text("x"), {6, 15}),
    "B3 file added, every digest made anew": (
        then(lambda f: (f / "data/derived.txt").write_text("x"), recompute), {6, 10}),
    "B3 file added and signed by the key holder": (
        then(lambda f: (f / "data/derived.txt").write_text("x"), resigned), {6}),
    "B4 video and manifest replaced, every digest made anew": (
        then(edit_manifest, recompute), {5, 7, 8, 10}),
    "B4 the same by the key holder, manifest and bag signed": (
        then(lambda f: edit_manifest(f, OWN), resigned), {5, 7, 8}),
    "B5 key holder alters a log line and signs the bag": (
        then(lambda f: alter_line(f, reproved=False), resigned), {7, 17}),
    "B5 key holder makes log, seal and proofs anew, keeps the token": (
        then(lambda f: alter_line(f, reproved=True), resigned), {9, 12}),
    "B6 tokens swapped": (then(swap_tokens, resigned), {9, 12}),
    "file removed": (lambda f: remove(f, "data/frame.png"), {6, 15}),
    "file removed, signed by the key holder": (then(lambda f: remove(f, "data/frame.png"), resigned), {6}),
    "file emptied": (lambda f: (f / "data/frame.png").write_bytes(b""), {6, 15, 16}),
    "file renamed": (lambda f: (f / "data/frame.png").rename(f / "data/frame.jpg"), {6, 15}),
    "log line left out, signed by the key holder": (then(drop_line, resigned), {7}),
    "finding left out, its line kept, signed by the key holder": (then(drop_finding, resigned), {8}),
    "finding's signature of another kind": (then(signature_of_another_kind, resigned), {10}),
    "finding's signature left out": (then(lambda f: remove(f, "data/findings/1.json.sig"), resigned), {10}),
    "two lines swapped": (then(swap_lines, resigned), {2, 7, 10, 11, 17}),
    "a proof one node short": (then(cut_proof, resigned), {10, 11, 17}),
    "a checkpoint that says another size": (then(other_checkpoint_size, resigned), {7, 8, 10, 17}),
    "an empty checkpoint": (then(empty_checkpoint, resigned), {2, 7, 8, 9, 10, 17}),
    "a stranger's key in place of the operator's": (then(strangers_keys, resigned), {11}),
    "a stranger's key beside the operator's": (then(strangers_key_too, resigned), {11}),
    "a stranger signs the bag": (lambda f: recompute(f, STRANGER), {10}),
    "a stranger comes in and signs the bag": (
        then(strangers_key_too, lambda f: recompute(f, STRANGER)), {10, 11}),
    "no signature over the bag": (lambda f: remove(f, "seal/tagmanifest-sha256.txt.sig"), {10, 15}),
    "a request removed": (then(lambda f: remove(f, "data/log/checkpoint.sig.local.tsq"), resigned), {12}),
    "bagit.txt of another version": (
        then(lambda f: (f / "bagit.txt").write_text("BagIt-Version: 0.97\n"), resigned),
        {15}),
    "a file twice in a manifest": (
        lambda f: (f / "manifest-sha256.txt").write_bytes((f / "manifest-sha256.txt").read_bytes() * 2), {15, 16}),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_named_by_its_step_and_fails_the_script(name: str, made: Made, exhibit: Path) -> None:
    act, steps = ATTACKS[name]
    act(exhibit)
    assert fired(exhibit) == steps
    code, told, _ = run_script(exhibit, made.tools)
    assert code == 1
    assert told.splitlines()[-1].startswith("NOT VERIFIED (")


def test_an_exhibit_of_another_case_under_the_same_key_has_another_head(made: Made) -> None:
    """All of it is sound by itself: only a head that somebody kept tells the two apart."""
    assert fired(made.foreign) == set()
    assert fired(made.foreign, made.head) == {14}


def test_the_key_holder_s_new_log_without_a_token_is_found_by_a_kept_head_only(exhibit: Path, made: Made) -> None:
    alter_line(exhibit, reproved=True)
    shutil.rmtree(exhibit / "data/log/earlier")
    for path in [*(exhibit / "data/log").glob("checkpoint.sig.*"), exhibit / "data/log/consistency"]:
        path.unlink()
    for path in (exhibit / "data/log").glob("0*.json"):
        if b'"event":"sealed"' in path.read_bytes():
            path.unlink()
            path.with_suffix(".tlog-proof").unlink()
    recompute(exhibit, OWN)
    assert fired(exhibit) == set()
    assert run_script(exhibit, made.tools)[0] == 0
    assert fired(exhibit, made.head) == {14}


def test_heads_of_earlier_days_are_held_against_the_exhibit(made: Made) -> None:
    assert fired(made.exhibit, made.head) == fired(made.exhibit, made.early) == set()
    forged = custody.decode_checkpoint(made.early)._replace(root=bytes(32)).text
    assert fired(made.exhibit, forged) == {14}


def test_a_head_that_the_exhibit_cannot_speak_of_is_said_to_be_so(made: Made) -> None:
    known = custody.decode_checkpoint(made.head)
    for size, which in ((known.size + 5, "later"), (3, "earlier")):
        held = exhibits.checks(made.exhibit, known._replace(size=size).text)[-1]
        assert (held.step, held.status) == (14, CheckStatus.SKIPPED)
        assert which in str(held.found)


def test_links_and_climbing_names_are_refused(exhibit: Path, made: Made) -> None:
    (exhibit / "data/passwd").symlink_to("/etc/passwd")
    (exhibit / "data/up").symlink_to("..")
    assert 15 in fired(exhibit)
    code, told, _ = run_script(exhibit, made.tools)
    assert (code, told.count("PROBLEM  a link: ")) == (1, 2)


CLIMBING = ("../outside", "/etc/hostname", "data/../../outside", "data/.hidden", "data/a b")


def test_a_manifest_that_names_files_elsewhere_is_refused(exhibit: Path, made: Made) -> None:
    path = exhibit / "manifest-sha256.txt"
    listed = path.read_bytes()
    for name in CLIMBING:
        path.write_bytes(f"{'0' * 64}  {name}\n".encode() + listed)
        assert {15, 16} & fired(exhibit), name
    path.write_bytes("".join(f"{'0' * 64}  {name}\n" for name in CLIMBING).encode() + listed)
    code, told, _ = run_script(exhibit, made.tools)
    assert code == 1
    assert "hostname: FAILED" not in told
    assert "manifest-sha256.txt has a line of another form" in told


HOSTILE = ("$(touch pwned)", "`touch pwned`", "; touch pwned", "-rf", "a\nb", "a'b\"c", "\x1b[2J", "*", "%s%n")


def test_hostile_names_run_nothing_and_are_told_without_acting(exhibit: Path, made: Made) -> None:
    for name in HOSTILE:
        (exhibit / "data" / name).write_text("x")
        (exhibit / "data/log" / f"000000001{name}.json").write_text(name)
    assert 15 in fired(exhibit)
    code, told, _ = run_script(exhibit, made.tools)
    assert code == 1
    assert "\x1b" not in told
    assert told.count("a name that no file of an exhibit has") == 2 * len(HOSTILE) - 1  # 000000001-rf.json is plain
    assert not list(exhibit.parent.rglob("pwned"))


def test_hostile_texts_in_lines_and_checkpoint_run_nothing(exhibit: Path, made: Made) -> None:
    text = "".join(HOSTILE).replace("\n", "").replace("\x1b", "")
    line = exhibits.line_that(exhibit, b'"event":"ingestion"')
    line.write_bytes(line.read_bytes().replace(b"op-07", text.replace('"', '\\"').encode()))
    build_log(exhibit)
    checkpoint = exhibit / "data/log/checkpoint"
    lines = checkpoint.read_text().splitlines()
    checkpoint.write_text(f"{lines[0]}{text}\x1b\n{lines[1]}\n{lines[2]}\n")
    recompute(exhibit, OWN)
    code, told, _ = run_script(exhibit, made.tools)
    assert code == 1
    assert "\x1b" not in told
    assert not list(exhibit.parent.rglob("pwned"))


def test_a_pipe_is_not_waited_for(exhibit: Path, made: Made) -> None:
    (exhibit / "data/frame.png").unlink()
    os.mkfifo(exhibit / "data/frame.png")
    assert 15 in fired(exhibit)


def test_proofs_in_another_spelling_are_no_proofs(exhibit: Path, made: Made) -> None:
    """The last character of a node's base64 holds two bits that mean nothing."""
    path = sorted((exhibit / "data/log").glob("*.tlog-proof"))[0]
    lines = path.read_bytes().split(b"\n")
    node = bytearray(lines[2])
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    node[42] = alphabet[alphabet.index(node[42]) ^ 1]
    assert base64.b64decode(bytes(node)) == base64.b64decode(lines[2])
    path.write_bytes(b"\n".join([*lines[:2], bytes(node), *lines[3:]]))
    recompute(exhibit, OWN)
    assert 17 in fired(exhibit)


def test_an_exhibit_made_after_the_first_key_was_revoked_is_verified_by_both(made: Made, tmp_path: Path) -> None:
    case = StampedCase(tmp_path / "case", None)
    case.make()
    change = [(KeyAct.REVOKED, OWN.key)]
    open_case(case.root).change_keys(case.run, change, COLLEAGUE)
    case.run = replace(case.run, signer=COLLEAGUE)
    path = case.export(tmp_path / "out", case.first)[0].path
    assert fired(path) == set()
    code, told, complaints = run_script(path, made.tools)
    assert (code, complaints) == (0, ""), told
    forged = writable(path, tmp_path / "forged" / path.name)
    recompute(forged, OWN)
    assert fired(forged) == {10}
    assert run_script(forged, made.tools)[0] == 1


def test_a_manifest_older_than_the_first_key_is_told_to_have_no_signature(made: Made, tmp_path: Path) -> None:
    case = StampedCase(tmp_path / "case", None)
    info = CaseInfo(id=case.id, title=None, custodian=None, operator="op-07", schema=1, created=WHEN)
    create_case(case.root, info, replace(case.run, signer=None))
    case.signed = lambda *_: ()  # type: ignore[method-assign]
    case.ingest(b"first video")
    open_case(case.root).adopt_key(case.run)
    path = case.export(tmp_path / "out", case.first)[0].path
    found = exhibits.checks(path)
    assert {check.name for check in found if check.status is not CheckStatus.OK} == {"manifest signature", "time-stamp"}
    code, told, _ = run_script(path, made.tools)
    assert code == 0
    assert "NOTE     data/manifest.json has no signature: it is older than the first key" in told


def test_what_the_log_does_not_speak_for_does_not_leave_the_case(tmp_path: Path) -> None:
    case = StampedCase(tmp_path / "case", None)
    case.make()
    unlogged = case.ingest(b"fourth video", logged=False)
    with pytest.raises(IntegrityError, match="manifest logged"):
        case.export(tmp_path / "out", unlogged)
    altered = case.place(case.third) / "v1/content/frame.png"
    altered.chmod(0o600)
    altered.write_bytes(b"another frame of third video")
    with pytest.raises(IntegrityError, match=r"frame\.png"):
        case.export(tmp_path / "out", case.third)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_hand_over_that_a_crash_kept_from_the_log_is_logged_when_it_is_found(tmp_path: Path) -> None:
    case = StampedCase(tmp_path / "case", None)
    case.make()
    lines = case.log.path.read_bytes()
    seals = {path.name: path.read_bytes() for path in case.checkpoints[0].parent.iterdir()}
    case.export(tmp_path / "out", case.third)
    case.log.path.write_bytes(lines)
    for path in case.checkpoints[0].parent.iterdir():
        if path.name not in seals:
            path.unlink()
    again = case.export(tmp_path / "out", case.third)
    assert [each.fresh for each in again] == [False]
    assert case.log.path.read_bytes().count(b'"event":"dissemination"') == 1
