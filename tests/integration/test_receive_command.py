"""receive and receipt import, through the real command line: two people with keys of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.custody import load_key
from forensics.model.custody import CaseInfo
from pipelines.case import create_case, open_case
from pipelines.cli.exits import ExitCode
from tests.adversarial.exhibits import writable
from tests.adversarial.sealed_case import WHEN, SealedCase
from tests.adversarial.sent_exhibit import Sent, send
from tests.integration.conftest import ROOT, Ran, environment


class Person:
    """Somebody with a key and a desk of their own."""

    def __init__(self, home: Path) -> None:
        self.desk = home / "desk"
        self.desk.mkdir(parents=True)
        self.key = home / "operator_key"

    def __call__(self, *arguments: str | Path) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=self.desk, env={**environment(), "PYTHONPATH": str(ROOT), "FORENSICS_KEY": str(self.key)},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def court(tmp_path: Path) -> Person:
    return Person(tmp_path / "court")


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Person, SealedCase, Sent]:
    """A sender with a case, and the exhibit that it gave out. Tests work on copies of the exhibit."""
    folder = tmp_path_factory.mktemp("sent")
    sender = Person(folder / "sender")
    assert sender("key", "init").code == 0
    case = SealedCase(folder / "case", signer=load_key(sender.key.read_bytes(), None))
    info = CaseInfo(id=case.id, title=None, custodian=None, operator="op-07", schema=1, created=WHEN)
    create_case(case.root, info, case.run)
    return sender, case, send(case, case.ingest(b"a video"), folder / "out")


@pytest.fixture
def exhibit(sent: tuple[Person, SealedCase, Sent], court: Person) -> Path:
    return writable(sent[2].root, court.desk / sent[2].root.name)


def test_a_hand_over_goes_there_and_back(sent: tuple[Person, SealedCase, Sent], court: Person, exhibit: Path) -> None:
    sender, case, _ = sent
    done = court("receive", exhibit.name, "--name", "Registry \u202e1")
    assert done.code == 0, done.err
    assert "a key was made for you" in done.err
    assert done.out.startswith("whole: ")
    assert f"sealed by {case.signer.key.fingerprint}" in done.out
    receipt = court.desk / f"{exhibit.name}.receipt.json"
    assert sorted(path.name for path in court.desk.iterdir()) == [
        exhibit.name, receipt.name, f"{receipt.name}.sig"
    ]  # fmt: skip
    taken = sender("receipt", "import", receipt, "-c", case.root, "--json")
    assert taken.code == 0, taken.err
    told = taken.of("receipt")[0]
    assert (told["status"], told["outcome"], told["name"]) == ("imported", "whole", "Registry \u202e1")
    assert told["key"] == load_key(court.key.read_bytes(), None).key.fingerprint
    again = sender("receipt", "import", receipt, "-c", case.root)
    assert (again.code, again.out.split(":")[0]) == (0, "known")
    assert "Registry \u27e8U+202E\u27e91" in again.out
    verified = sender("verify", case.root, "--json")
    assert verified.of("summary")[0]["problems"] == 0, verified.out
    assert verified.of("summary")[0]["unsealed"] == 0
    assert any(check["name"] == "receipt signature" for check in verified.of("check"))
    assert [line.event.event for line in open_case(case.root).log.events()].count("transfer") == 1


def test_a_changed_exhibit_gets_no_receipt_and_code_8(court: Person, exhibit: Path) -> None:
    (exhibit / "data/original").write_bytes(b"another video")
    done = court("receive", exhibit, "--json")
    assert done.code == ExitCode.INTEGRITY
    told = done.of("received")[0]
    assert (told["whole"], told["path"], told["key"]) == (False, None, None)
    assert {check["step"] for check in done.of("check") if check["status"] == "failed"} >= {6, 16}
    assert [path.name for path in court.desk.iterdir()] == [exhibit.name]
    refused = court("receive", exhibit, "--refusal", "--out", "no.json")
    assert refused.code == ExitCode.INTEGRITY
    assert "REFUSAL: no.json" in refused.out
    assert json.loads((court.desk / "no.json").read_bytes())["predicate"]["outcome"] == "refused"


def test_a_refusal_that_comes_back_is_told_and_gives_code_3(
    sent: tuple[Person, SealedCase, Sent], court: Person, exhibit: Path
) -> None:
    (exhibit / "data/interop/case.jsonld").unlink()
    assert court("receive", exhibit, "--refusal", "--out", "no.json").code == ExitCode.INTEGRITY
    taken = sent[0]("receipt", "import", court.desk / "no.json", "-c", sent[1].root)
    assert taken.code == ExitCode.PARTIAL
    assert "[receipt.refused]" in taken.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["receive", "nothing"], ExitCode.USAGE, "nothing"),
        (["receive", "EXHIBIT", "--out", "EXHIBIT"], ExitCode.USAGE, "is there already"),
        (["receive", "EXHIBIT", "--out", "none/x.json"], ExitCode.STORE, "none/x.json"),
        (["receive", "EXHIBIT", "--name", ""], ExitCode.USAGE, "1 to 200 characters"),
        (["receive"], ExitCode.USAGE, "Missing argument"),
        (["receipt", "import", "x.json"], ExitCode.USAGE, "no case given"),
    ],
)
def test_what_cannot_be_done_says_why(
    court: Person, exhibit: Path, words: list[str], code: ExitCode, told: str
) -> None:
    (exhibit).rename(court.desk / "EXHIBIT")
    done = court(*words)
    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_foreign_or_changed_receipt_is_not_taken(
    sent: tuple[Person, SealedCase, Sent], court: Person, exhibit: Path, tmp_path: Path
) -> None:
    sender, case, _ = sent
    assert court("receive", exhibit, "--out", "r.json").code == 0
    other = Person(tmp_path / "other")
    assert other("init", "case", "--case-id", "OTHER").code == 0
    foreign = other("receipt", "import", court.desk / "r.json", "-c", "case")
    assert (foreign.code, "[integrity.receipt]" in foreign.err) == (ExitCode.INTEGRITY, True)
    path = court.desk / "r.json"
    path.write_bytes(path.read_bytes().replace(b'"outcome":"whole"', b'"outcome":"whale"'))
    assert sender("receipt", "import", path, "-c", case.root).code == ExitCode.MANIFEST


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_desk_that_cannot_be_written_is_told(court: Person, exhibit: Path) -> None:
    court.desk.chmod(0o500)
    try:
        assert court("receive", exhibit).code == ExitCode.STORE
    finally:
        court.desk.chmod(0o700)
