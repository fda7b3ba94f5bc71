"""What a case tells without its disclosures, what `verify` says of them, and that erasing them breaks nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics import custody
from forensics.custody import read_disclosure
from forensics.model.custody import Check, CheckStatus
from pipelines import disclosures, persons
from pipelines.case import Run, open_case
from pipelines.config import Settings
from pipelines.ingest import ingest
from pipelines.progress import Silent
from pipelines.surroundings import Surroundings
from pipelines.verify import checks_of
from tests.integration.conftest import Ran

NAME = "Ada Nachname"
CUSTODIAN = "Kanzlei Beispiel"
FOLDER = "quelle-petrenko"
SENDER = "Ivan Absender"
FORWARDER = "Olena Weiter"
SECRETS = (NAME, CUSTODIAN, FOLDER, SENDER, FORWARDER, "user4711", "Geheime Gruppe", "990001")
PUBLIC = ("Offener Kanal", "700001", "channel5", "Anderer Kanal")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forensics: Callable[..., Ran]) -> Path:
    """A case of a clip, a link that is refused, and two chats of an export; and the folder that it came from."""
    root = tmp_path_factory.mktemp("disclosures")
    given = root / FOLDER
    (given / "export").mkdir(parents=True)
    for number, name in enumerate(("clip.mp4", "export/a.mp4", "export/b.mp4")):
        source = f"testsrc2=d=0.4:s=64x48:r=5,hue=h={90 * number}"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(given / name)], check=True)
    (given / "link.mp4").symlink_to(given / "clip.mp4")
    message = {"id": 7, "type": "message", "date": "2024-01-02T03:04:05", "date_unixtime": "1704164645", "text": "x"}
    group = {**message, "file": "a.mp4", "from": SENDER, "forwarded_from": FORWARDER, "forwarded_from_id": "user4711"}
    channel = {**message, "file": "b.mp4", "forwarded_from": "Anderer Kanal", "forwarded_from_id": "channel5"}
    chats = [
        {"name": "Geheime Gruppe", "type": "private_group", "id": 990001, "messages": [group]},
        {"name": "Offener Kanal", "type": "public_channel", "id": 700001, "messages": [channel]},
    ]
    (given / "export" / "result.json").write_text(json.dumps({"chats": {"list": chats}}), "utf-8")
    named = ("--case-id", "C-1", "--operator", NAME, "--custodian", CUSTODIAN)
    assert forensics("init", root / "case", *named).code == 0
    assert forensics("ingest", given, "-c", root / "case", "-j", "1").code == 3
    return root


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Path:
    """A copy of the case that may be written to."""
    copy = shutil.copytree(made / "case", tmp_path / "case")
    for path in copy.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    return copy


def files(case: Path) -> list[Path]:
    return sorted((case / "private" / "disclosures").glob("*.v*.txt"))


def operator(case: Path) -> Path:
    return next((case / "private" / "disclosures" / "operators").iterdir())


def failed(case: Path) -> list[Check]:
    return [check for check in checks_of(case) if check.status is CheckStatus.FAILED]


def said(case: Path) -> list[str]:
    return [str(check.found) for check in checks_of(case) if check.name == "disclosures"]


def everything(case: Path) -> str:
    """All bytes of a case but what is private."""
    kept = [path for path in case.rglob("*") if path.is_file() and "private" not in path.relative_to(case).parts]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in kept)


def test_no_name_no_folder_and_no_private_account_stands_outside_of_the_private_folder(made: Path) -> None:
    text = everything(made / "case")
    assert [secret for secret in (*SECRETS, str(made)) if secret in text] == []
    assert all(word in text for word in (*PUBLIC, "clip.mp4", "link.mp4", "1704164645"))


def test_the_private_folder_is_its_owners_only(made: Path) -> None:
    private = made / "case" / "private"
    assert {path.stat().st_mode & 0o777 for path in (private, *private.rglob("*")) if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in private.rglob("*") if path.is_file()} == {0o600}
    assert not [path for path in (made / "case" / "store").rglob("*") if path.suffix == ".txt"]


def test_users_see_what_they_gave_and_a_public_copy_does_not(made: Path, forensics: Callable[..., Ran]) -> None:
    whole = [forensics("show", name, "-c", made / "case", "--json").out for name in ("E-0001", "E-0002", "E-0003")]
    assert [secret for secret in SECRETS if secret not in "".join(whole) and secret != CUSTODIAN] == []
    for name in ("E-0001", "E-0002", "E-0003"):
        shown = forensics("show", name, "--public", "-c", made / "case", "--json")
        assert [secret for secret in SECRETS if secret in shown.out] == []
        (line,) = shown.lines
        assert {"place": "environment.settings", "names": ["operator"], "not_disclosed": 0} in line["concealed"]
    assert open_case(made / "case").info.custodian == CUSTODIAN
    assert "seen at    concealed" in forensics("show", "E-0001", "--public", "-c", made / "case").out


def test_a_sound_case_verifies_and_tells_that_all_is_disclosed(made: Path) -> None:
    assert failed(made / "case") == []
    assert [text for text in said(made / "case") if " not disclosed" in text and not text.startswith("0 of ")] == []


def test_all_disclosures_can_be_erased_and_the_case_stays_valid(case: Path, forensics: Callable[..., Ran]) -> None:
    shutil.rmtree(case / "private")
    done = forensics("verify", case, "-v")
    assert done.code == 0
    assert [text for text in said(case) if text.split()[0] != text.split()[2]] == []
    assert "1 of 1 operators not disclosed" in said(case)
    shown = forensics("show", "E-0002", "-c", case)
    assert shown.code == 0
    assert "concealed message 7" in shown.out
    assert "3 files" in forensics("timeline", "-c", case).out


def test_one_person_can_be_erased_and_the_work_goes_on(made: Path, case: Path, forensics: Callable[..., Ran]) -> None:
    erased = operator(case)
    erased.unlink()
    files(case)[0].unlink()
    again = forensics("ingest", made / FOLDER / "clip.mp4", "-c", case, "--operator", NAME)
    assert again.code == 0
    assert operator(case).name != erased.name
    assert failed(case) == []


def test_the_same_operator_has_one_pseudonym_and_another_one_another(
    made: Path, case: Path, forensics: Callable[..., Ran]
) -> None:
    for name in (NAME, "Bert Zweiter"):
        assert forensics("ingest", made / FOLDER / "clip.mp4", "-c", case, "--operator", name).code == 0
    lines = (case / "log" / "custody.jsonl").read_text("utf-8").splitlines()
    assert len({json.loads(line)["operator"] for line in lines}) == 2
    assert set(persons.names(open_case(case)).values()) == {NAME, "Bert Zweiter"}


def test_the_same_file_from_the_same_place_adds_nothing(made: Path, case: Path, forensics: Callable[..., Ran]) -> None:
    before = files(case)
    assert forensics("ingest", made / FOLDER / "clip.mp4", "-c", case, "--json").of("evidence")[0]["version"] == 1
    assert files(case) == before


def test_a_second_place_brings_a_file_of_its_own_and_the_first_stays_revealed(
    made: Path, case: Path, forensics: Callable[..., Ran], tmp_path: Path
) -> None:
    other = shutil.copy(made / FOLDER / "clip.mp4", tmp_path / "other.mp4")
    assert forensics("ingest", other, "-c", case, "--json").of("evidence")[0]["version"] == 2
    paths = [seen["path"] for seen in forensics("show", "E-0001", "-c", case, "--json").lines[0]["appearances"]]
    assert paths == [str(made / FOLDER / "clip.mp4"), str(other)]
    assert failed(case) == []
    first = next(path for path in files(case) if path.name.endswith(".v2.txt"))
    first.with_name(first.name.replace(".v2.", ".v1.")).unlink()
    paths = [seen["path"] for seen in forensics("show", "E-0001", "-c", case, "--json").lines[0]["appearances"]]
    assert paths == ["concealed", str(other)]
    assert failed(case) == []


def test_a_manifest_of_before_stays_as_it_was_and_its_next_version_conceals(
    made: Path, tmp_path: Path, forensics: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(custody, "conceal_record", lambda record, salt, known: (record, ()))
        root, clip = tmp_path / "case", made / FOLDER / "clip.mp4"
        assert forensics("init", root, "--case-id", "C-2", "--operator", NAME).code == 0
        case = open_case(root)
        run = Run(id="urn:uuid:1", operator=NAME, surroundings=Surroundings())
        (old,) = ingest(case, run, [str(clip)], Settings(jobs=1, operator=NAME), ["ingest"], Silent())
    assert case.signed_manifest(str(old.id)).record.appearances[0]["path"] == str(clip)
    assert case.manifest(str(old.id)) == case.signed_manifest(str(old.id))
    for path in (root / "private" / "disclosures").glob("*.v1.txt"):
        path.unlink()
    assert [check for check in failed(root) if "signature" not in check.name] == []
    other = shutil.copy(clip, tmp_path / "other.mp4")
    assert forensics("ingest", other, "-c", root, "--operator", NAME).code == 0
    signed, whole = case.signed_manifest(str(old.id)), case.manifest(str(old.id))
    assert [("path" in seen, "_sd" in seen) for seen in signed.record.appearances] == [(False, True)] * 2
    assert [seen["path"] for seen in whole.record.appearances] == [str(clip), str(other)]
    assert [check for check in failed(root) if "signature" not in check.name] == []


def _flip(case: Path) -> None:
    path = files(case)[0]
    text = path.read_text("ascii")
    path.write_text(text[:10] + ("A" if text[10] != "A" else "B") + text[11:], "ascii")


def _foreign(case: Path) -> None:
    first, second = files(case)[:2]
    first.write_text(first.read_text("ascii") + second.read_text("ascii").splitlines()[0] + "\n", "ascii")


def _swap(case: Path) -> None:
    first, second = files(case)[:2]
    one, two = first.read_text("ascii"), second.read_text("ascii")
    first.write_text(two, "ascii")
    second.write_text(one, "ascii")


def _double(case: Path) -> None:
    path = files(case)[0]
    path.write_text(path.read_text("ascii") * 2, "ascii")


def _forge_name(case: Path) -> None:
    path = operator(case)
    path.write_text("WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwib3BlcmF0b3IiLCJFdmUiXQ\n", "ascii")


def _rename(case: Path) -> None:
    path = operator(case)
    path.rename(path.with_name("op-" + "a" * 26 + ".txt"))


def _custodian(case: Path) -> None:
    path = case / "private" / "disclosures" / "case.txt"
    path.write_text(operator(case).read_text("ascii") + files(case)[0].read_text("ascii"), "ascii")


def _stray(case: Path) -> None:
    (case / "private" / "disclosures" / "notes.txt").write_text("x", "ascii")


def _link(case: Path) -> None:
    path = files(case)[0]
    path.rename(case / "moved.txt")
    path.symlink_to(case / "moved.txt")


def _garbage(case: Path) -> None:
    files(case)[0].write_bytes(b"\xff\xfe\n")


ATTACKS = (_flip, _foreign, _swap, _double, _forge_name, _rename, _custodian, _stray, _link, _garbage)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
def test_a_changed_or_foreign_disclosure_fails_step_5_and_no_other(attack: Callable[[Path], None], case: Path) -> None:
    attack(case)
    assert {(int(check.step), check.name) for check in failed(case)} == {(5, "disclosures")}


def test_what_a_crash_leaves_is_skipped_and_the_next_ingestion_takes_its_place(case: Path) -> None:
    folder = case / "private" / "disclosures"
    (folder / f"{'0' * 64}.v1.txt").write_bytes(files(case)[0].read_bytes()[:50])
    (folder / ".half.txt.new").write_text("Wy", "ascii")
    assert failed(case) == []
    skipped = [
        check for check in checks_of(case) if check.status is CheckStatus.SKIPPED and check.name == "disclosures"
    ]
    assert len(skipped) == 2


def test_the_files_of_a_sealed_hand_over_are_of_that_evidence_and_who_acted_on_it(made: Path) -> None:
    case = open_case(made / "case")
    first = case.resolve("E-0001")
    given = dict(disclosures.of(case, first))
    assert set(given) == {f"{first}.v1.txt", f"operators/{operator(made / 'case').name}"}
    assert all((made / "case" / "private" / "disclosures" / name).read_bytes() == data for name, data in given.items())
    manifest = case.manifest_bytes(first).decode()
    digests = [read_disclosure(line).digest for data in given.values() for line in data.decode().splitlines()]
    assert [digest for digest in digests if digest not in manifest] == []


def test_erased_values_are_not_in_a_sealed_hand_over(case: Path) -> None:
    shutil.rmtree(case / "private")
    opened = open_case(case)
    assert disclosures.of(opened, opened.resolve("E-0001")) == ()
