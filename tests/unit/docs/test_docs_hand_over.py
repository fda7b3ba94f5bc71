"""The commands of the documentation on receipts and on the envelope, run on a hand-over."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.custody import sign
from forensics.model.custody import ReceiverNamespace
from pipelines.case import open_case
from pipelines.receipts import import_receipt
from pipelines.receive import receive
from pipelines.surroundings import Surroundings
from tests.adversarial.sealed_case import COLLEAGUE, OWN, STRANGER, Clock, SealedCase
from tests.adversarial.sent_exhibit import Sent, send
from tests.unit.docs.test_docs import DOCS, complaints, fenced

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("jq", "sha256sum", "ssh-keygen", "openssl")),
    reason="the pages' commands need jq, coreutils, openssh and openssl",
)


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> tuple[SealedCase, Sent]:
    """A case that has taken in the receipt for the exhibit that it gave out."""
    folder = tmp_path_factory.mktemp("handed")
    case = SealedCase(folder / "case")
    case.make()
    bag = send(case, next(iter(open_case(case.root).store.ids())), folder)
    around = Surroundings(now=Clock(), environ={})
    import_receipt(open_case(case.root), case.run, receive(bag.root, STRANGER, around, out=folder / "r.json").path)
    case.seal()
    return case, bag


def run(page: str, words: str, folder: Path) -> list[str]:
    """Run the one block of a page that has these words."""
    [block] = [block for block in fenced(DOCS / page, "sh") if words in block]
    done = subprocess.run(["sh", "-c", block], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def rename(path: Path) -> None:
    path.with_name(path.name + ".sig").rename(path.with_name("0.json.sig"))
    path.rename(path.with_name("0.json"))


def by_another(path: Path) -> None:
    path.with_name(path.name + ".sig").write_bytes(sign(COLLEAGUE, ReceiverNamespace.RECEIPT, path.read_bytes()))


def change(old: bytes, new: bytes) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        assert old in path.read_bytes()
        path.write_bytes(path.read_bytes().replace(old, new, 1))

    return act


def test_the_commands_on_receipts_pass_a_sound_case(handed: tuple[SealedCase, Sent]) -> None:
    assert run("verify.md", "receipts/*.json", handed[0].root) == []


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (change(b'"outcome":"whole"', b'"outcome":"whale"'), {"DIFFERS name", "NOT LOGGED", "NOT SIGNED"}),
        (lambda path: path.write_bytes(path.read_bytes() + b"\n"), {"NOT CANONICAL", "DIFFERS name", "NOT LOGGED"}),
        (lambda path: path.unlink(), {"NOT KEPT"}),
        (rename, {"DIFFERS name", "NOT KEPT"}),
        (by_another, {"NOT SIGNED"}),
        (lambda path: path.with_name(path.name + ".sig").unlink(), {"NOT SIGNED"}),
    ],
    ids=["changed", "longer", "removed", "renamed", "signed by another", "not signed"],
)
def test_the_commands_on_receipts_find_what_was_done_to_one(
    handed: tuple[SealedCase, Sent], tmp_path: Path, act: Callable[[Path], None], told: set[str]
) -> None:
    copy = shutil.copytree(handed[0].root, tmp_path / "case")
    act(next((copy / "receipts").glob("*.json")))
    block = next(block for block in fenced(DOCS / "verify.md", "sh") if "receipts/*.json" in block)
    done = subprocess.run(["sh", "-c", block], cwd=copy, capture_output=True, text=True, check=False)
    lines = complaints(done.stdout.splitlines())
    assert all(any(line.startswith(words) for line in lines) for words in told), lines


def test_the_commands_on_the_envelope_verify_it(handed: tuple[SealedCase, Sent], tmp_path: Path) -> None:
    bag = shutil.copytree(handed[1].root, tmp_path / "bag")
    folder = bag / "data" / "interop"
    (folder / "operator_key.pub").write_text(f"{OWN.key.line} a comment\n")
    assert run("manifest.md", "pkeyutl", folder) == ["Signature Verified Successfully"]
    (folder / "operator_key.pub").write_text(f"{STRANGER.key.line}\n")
    assert run("manifest.md", "pkeyutl", folder) == ["Signature Verification Failure"]
