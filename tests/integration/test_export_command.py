"""forensics export and forensics verify EXHIBIT, through the real command line and with the tools of others."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.adversarial.exhibits import writable

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def case(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return writable(ingested, tmp_path_factory.mktemp("export") / "case")


@pytest.fixture(scope="module")
def exported(forensics: Run, case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    done = forensics("export", "E-0001", "-c", case, "--out", out, "--json")
    assert done.code == 0, done.err
    assert [line["status"] for line in done.of("exhibit")] == ["written"]
    return out / "EXHIBIT-E-0001"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_exhibit_of_a_real_clip_is_verified_by_program_script_and_bagit(forensics: Run, exported: Path) -> None:
    done = forensics("verify", exported)
    assert done.code == 0, done.out
    assert "signed by the key SHA256:" in done.out
    assert "verified" in done.out
    script = subprocess.run(["sh", exported / "VERIFY.sh"], capture_output=True, text=True, check=False)
    assert (script.returncode, script.stdout.splitlines()[-1]) == (0, "VERIFIED"), script.stdout
    words = [sys.executable, "-W", "ignore", "-m", "bagit", "--validate", exported]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert (exported / "data/derived").is_dir()


def test_a_receiver_finds_it_whole_and_the_sender_takes_the_receipt(
    forensics: Run, case: Path, exported: Path, tmp_path: Path
) -> None:
    """With the one key that these tests have the receipt is the sender's own: taken, and said to be so."""
    receipt = tmp_path / "receipt.json"
    assert forensics("receive", exported, "--out", receipt).code == 0
    assert forensics("receipt", "import", receipt, "-c", case).code in {0, 3}
    assert '"event":"transfer"' in (case / "log/custody.jsonl").read_text()
    assert forensics("verify", case).code == 0


def test_nothing_of_other_items_is_in_a_public_exhibit(forensics: Run, case: Path, exported: Path) -> None:
    others = [forensics("show", f"E-000{number}", "-c", case, "--json").lines[0]["id"] for number in (2, 3)]
    assert not [name for name, data in tree(exported).items() for other in others if other.encode() in data]


def test_exporting_again_says_that_it_is_there_and_is_logged_once(forensics: Run, case: Path, exported: Path) -> None:
    done = forensics("export", "E-0001", "-c", case, "--out", exported.parent, "--json")
    assert done.code == 0, done.err
    assert [line["status"] for line in done.of("exhibit")] == ["present"]
    told = (case / "log/custody.jsonl").read_text()
    assert told.count('"event":"dissemination"') == 1
    assert done.of("exhibit")[0]["tagmanifest_sha256"] in told
    assert forensics("verify", case).code == 0


def test_a_later_day_gives_the_same_bytes_as_folder_and_as_zip(
    forensics: Run, case: Path, exported: Path, tmp_path: Path
) -> None:
    assert forensics("ingest", case / "case.json", "-c", case).code in {0, 3, 4}
    for place in ("one", "two"):
        assert forensics("export", "E-0001", "-c", case, "--out", tmp_path / place, "--zip").code == 0
    assert forensics("export", "E-0001", "-c", case, "--out", tmp_path / "one").code == 0
    assert tree(tmp_path / "one/EXHIBIT-E-0001") == tree(exported)
    zipped = tmp_path / "one/EXHIBIT-E-0001.zip"
    assert zipped.read_bytes() == (tmp_path / "two/EXHIBIT-E-0001.zip").read_bytes()
    assert forensics("verify", zipped).code == 0
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert tree(tmp_path / "unpacked/EXHIBIT-E-0001") == tree(exported)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["EXHIBIT-E-0001", "EXHIBIT-E-0001.zip"]


def test_what_is_there_and_differs_is_never_overwritten(
    forensics: Run, case: Path, exported: Path, tmp_path: Path
) -> None:
    there = writable(exported, tmp_path / "EXHIBIT-E-0001")
    (there / "data/original").write_bytes(b"something else")
    before = tree(there)
    done = forensics("export", "E-0001", "-c", case, "--out", tmp_path)
    assert (done.code, tree(there)) == (2, before)
    assert "input.exists" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["EXHIBIT-E-0001"]


def test_findings_on_items_that_are_not_exported_too_are_withheld_aloud(
    forensics: Run, matched: Path, tmp_path: Path
) -> None:
    case = writable(matched, tmp_path / "case")
    alone = forensics("export", "E-0001", "-c", case, "--out", tmp_path / "alone", "--json")
    both = forensics("export", "E-0001", "E-0002", "-c", case, "--out", tmp_path / "both", "--json")
    sealed = forensics("export", "E-0001", "--sealed", "-c", case, "--out", tmp_path / "sealed", "--json")
    public, private = alone.of("exhibit")[0], sealed.of("exhibit")[0]
    assert (alone.code, public["findings"], private["withheld"]) == (3, 0, 0)
    assert public["withheld"] == private["findings"] > 0
    assert "export.findings_withheld" in alone.err
    info = (tmp_path / "alone/EXHIBIT-E-0001/bag-info.txt").read_text()
    assert f"Exhibit-Findings-Withheld: {public['withheld']}\n" in info
    assert "withheld" in (tmp_path / "alone/EXHIBIT-E-0001/READ-ME-FIRST.html").read_text()
    for folder in tmp_path.glob("[bs]*/EXHIBIT-E-0001"):
        assert forensics("verify", folder).code == 0
        script = subprocess.run(["sh", folder / "VERIFY.sh"], capture_output=True, text=True, check=False)
        assert script.returncode == 0, script.stdout
    assert both.of("summary")[0]["exhibits"] == 2


def test_a_tampered_exhibit_gives_the_exit_code_of_integrity(forensics: Run, exported: Path, tmp_path: Path) -> None:
    folder = writable(exported, tmp_path / exported.name)
    (folder / "data/original").write_bytes(b"x")
    done = forensics("verify", folder, "--json")
    assert done.code == 8
    assert done.of("summary")[0]["verified"] is False
    (folder / "bagit.txt").unlink()
    assert forensics("verify", folder).code == 8


@pytest.mark.skipif(not Path("/dev/full").exists() or os.geteuid() != 0, reason="a small file system needs root")
def test_a_full_disk_leaves_nothing_half_made(forensics: Run, case: Path, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        done = forensics("export", "E-0001", "-c", case, "--out", place)
        assert (done.code, list(place.iterdir())) == (7, [])
        assert "store.full" in done.err
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_usage_is_told(forensics: Run, case: Path, tmp_path: Path) -> None:
    assert forensics("export", "-c", case, "--out", tmp_path).code == 2
    assert forensics("export", "E-0001", "-c", case).code == 2
    assert forensics("export", "E-9999", "-c", case, "--out", tmp_path).code == 2
    (tmp_path / "file").write_text("x")
    assert forensics("export", "E-0001", "-c", case, "--out", tmp_path / "file").code == 7


def member(name: str, mode: int = stat.S_IFREG | 0o444) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def hostile(path: Path, *, kind: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member("EXHIBIT/bagit.txt"), "BagIt-Version: 1.0\n")
        if kind == "climbing":
            archive.writestr(member("EXHIBIT/../../outside"), "x")
        elif kind == "absolute":
            archive.writestr(member("/tmp/outside"), "x")
        elif kind == "link":
            archive.writestr(member("EXHIBIT/link", stat.S_IFLNK | 0o777), "/etc/passwd")
        elif kind == "bomb":
            archive.writestr(member("EXHIBIT/zeros"), b"\0" * 10**7, zipfile.ZIP_DEFLATED)
        elif kind == "twice":
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(member("EXHIBIT/bagit.txt"), "BagIt-Version: 1.0\n")
        elif kind == "elsewhere":
            archive.writestr(member("OTHER/bagit.txt"), "x")
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    return path


@pytest.mark.parametrize("kind", ["climbing", "absolute", "link", "bomb", "twice", "elsewhere", "cut"])
def test_a_hostile_zip_is_refused(kind: str, forensics: Run, tmp_path: Path) -> None:
    done = forensics("verify", hostile(tmp_path / "exhibit.zip", kind=kind))
    assert done.code == 8, done.out
    assert [path.name for path in tmp_path.iterdir()] == ["exhibit.zip"]


def test_a_zip_packed_anew_is_verified_once_unpacked(forensics: Run, exported: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "again"), "zip", exported.parent, exported.name)
    done = forensics("verify", tmp_path / "again.zip")
    assert done.code == 8
    assert "unpack" in done.err
