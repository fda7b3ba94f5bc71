"""forensics report --exhibit and forensics certificate, through the real command line, read with poppler's tools."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typst", reason="the extra [report] is not installed")

from pipelines.certificate_templates import SHIPPED
from tests.adversarial.exhibits import writable
from tests.integration import conftest

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("pdftotext", "pdfdetach", "ssh-keygen")),
    reason="poppler-utils or OpenSSH is absent",
)

Run = Callable[..., Any]
RECOMPUTED = "I recomputed the"


@pytest.fixture(scope="module")
def case(matched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return writable(matched, tmp_path_factory.mktemp("papers") / "case")


def text_of(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()


def manifest_of(case: Path, evidence: str) -> Path:
    return case / "store" / evidence[:2] / evidence / "v1/content/manifest.json"


def test_two_papers_of_one_state_are_the_same_bytes_and_both_are_logged(
    forensics: Run, case: Path, tmp_path: Path
) -> None:
    before = (case / "log/custody.jsonl").read_text()
    for name in ("one.pdf", "two.pdf"):
        done = forensics("report", "--exhibit", "E-0001", "-c", case, "--out", tmp_path / name, "--sealed", "--json")
        assert done.code == 0, done.err
    data = (tmp_path / "one.pdf").read_bytes()
    assert data == (tmp_path / "two.pdf").read_bytes()
    assert done.of("paper")[0]["sha256"] == hashlib.sha256(data).hexdigest()
    logged = (case / "log/custody.jsonl").read_text().removeprefix(before)
    assert logged.count(hashlib.sha256(data).hexdigest()) == 2
    assert forensics("verify", case).code == 0


def test_the_commands_on_the_paper_hold(forensics: Run, case: Path, tmp_path: Path) -> None:
    """They are taken from the page as a reader would type them, and run with the tools that they name."""
    assert forensics("report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "EXHIBIT.pdf", "--sealed").code == 0
    evidence = forensics("show", "E-0001", "-c", case, "--json").lines[0]["id"]
    shutil.copy(manifest_of(case, evidence).with_name("original"), tmp_path / "original")
    lines = [line.strip() for line in text_of(tmp_path / "EXHIBIT.pdf").splitlines()]
    typed = [line for line in lines if line.startswith(("sha256sum", "pdfdetach", "grep", "ssh-keygen", "-O"))]
    assert len(typed) == 8
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(typed)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "manifest.json").read_bytes() == manifest_of(case, evidence).read_bytes()
    assert f"{evidence}  original" in done.stdout
    assert 'Good "manifest@footage-forensics" signature for operator' in done.stdout
    fingerprint = done.stdout.split("ED25519 key ")[1].strip()
    assert fingerprint in lines


def test_a_public_paper_conceals_and_withholds_what_a_public_exhibit_does(
    forensics: Run, case: Path, clips: Path, tmp_path: Path
) -> None:
    alone = forensics("report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "alone.pdf", "--json")
    told = alone.of("paper")[0]
    assert (alone.code, told["findings"], told["withheld"]) == (3, 0, 1)
    assert "export.findings_withheld" in alone.err
    page = text_of(tmp_path / "alone.pdf")
    assert "concealed" in page
    assert str(clips) not in page
    assert "tester" not in page
    assert "OPINION" not in page
    assert (
        "Findings on this item that are not in this copy, because their other item is not given out with it: 1."
        in " ".join(page.split())
    )
    others = [forensics("show", f"E-000{number}", "-c", case, "--json").lines[0]["id"] for number in (2, 3)]
    assert not [other for other in others if other in page]

    arguments = ("--with", "E-0002", "--with", "E-0003", "--lang", "uk", "--paper", "letter", "--bates", "T-007")
    both = forensics("report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "both.pdf", *arguments)
    assert both.code == 0, both.err
    page = text_of(tmp_path / "both.pdf")
    assert "ДУМКА, А НЕ ЗАСВІДЧЕНИЙ ФАКТ" in page
    assert "лише програма: жодна особа не підтвердила" in page
    assert "T-008" in page

    assert forensics("report", "--exhibit", "E-0001", "-c", case, "-o", tmp_path / "s.pdf", "--sealed").code == 0
    page = text_of(tmp_path / "s.pdf")
    assert "tester" in page
    assert "OPINION, NOT A CERTIFIED FACT" in page


def test_what_is_there_and_differs_is_not_overwritten(forensics: Run, case: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.pdf").write_bytes(b"mine")
    done = forensics("report", "--exhibit", "E-0003", "-c", case, "-o", tmp_path / "mine.pdf")
    assert (done.code, (tmp_path / "mine.pdf").read_bytes()) == (2, b"mine")
    assert "input.exists" in done.err


@pytest.mark.parametrize(
    "words",
    [("--lang", "uk"), ("--bates", "A-1"), ("--sealed",), ("--with", "E-0002"), ("--exhibit", "E-0001", "--verify")],
)
def test_options_that_say_nothing_are_usage_errors(forensics: Run, case: Path, words: tuple[str, ...]) -> None:
    assert forensics("report", "-c", case, *words).code == 2


def test_the_paragraph_on_recomputing_stands_only_with_a_check_by_that_person(
    forensics: Run, case: Path, tmp_path: Path
) -> None:
    evidence = forensics("show", "E-0003", "-c", case, "--json").lines[0]["id"]

    def draw(who: str, folder: str) -> tuple[int, str, str]:
        done = forensics(
            "certificate",
            "E-0003",
            "--template",
            "fre902-14",
            "--by",
            who,
            "-c",
            case,
            "--out",
            tmp_path / folder,
            "--json",
        )
        [made] = done.of("certificate")
        assert made["recomputed"] == (done.code == 0)
        stem = tmp_path / folder / "CERTIFICATE-E-0003-fre902-14"
        page, plain = text_of(stem.with_suffix(".pdf")), stem.with_suffix(".txt").read_text("utf-8")
        assert (RECOMPUTED in page) == (RECOMPUTED in plain) == (done.code == 0)
        for told in (page, plain):
            assert evidence in told
            assert "NOT SIGNED" in told
        return done.code, done.err, Path(f"{stem}-for-counsel.txt").read_text("utf-8")

    code, err, review = draw("Examiner 2", "before")
    assert code == 3
    assert "certificate.no_named_check" in err
    assert "A PARAGRAPH IS LEFT OUT" in review

    words = ("attest-check", "E-0003", "--program", "sha256sum", "--digest", evidence, "--by", "Examiner 2", "-c", case)
    assert forensics(*words).code == 0
    code, err, review = draw("Examiner 2", "after")
    assert (code, err) == (0, "")
    assert "A PARAGRAPH IS LEFT OUT" not in review
    assert "under the key of the ingestion" in review
    assert draw("Examiner 3", "another")[0] == 3

    words = ("attest-check", "E-0003", "--program", "certutil", "--digest", "0" * 64, "--by", "Examiner 2", "-c", case)
    assert forensics(*words).code == 8
    assert draw("Examiner 2", "differs")[0] == 3
    assert "THE DIGEST DIFFERS" in (tmp_path / "differs/CERTIFICATE-E-0003-fre902-14.txt").read_text("utf-8")


@pytest.mark.parametrize("template", SHIPPED)
def test_every_template_is_drawn_and_never_quotes_a_statute(
    forensics: Run, case: Path, tmp_path: Path, template: str
) -> None:
    done = forensics("certificate", "E-0001", "E-0002", "--template", template, "-c", case, "-o", tmp_path)
    assert done.code == 3
    assert len(list(tmp_path.iterdir())) == 4
    plain = (tmp_path / f"CERTIFICATE-E-0001-E-0002-{template}.txt").read_text("utf-8")
    assert "____" in plain
    assert "penalty of perjury" not in plain
    assert "finding" in plain or "likeness" in plain
    again = forensics("certificate", "E-0001", "E-0002", "--template", template, "-c", case, "-o", tmp_path)
    assert again.code == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{declarant}", "{declarant.__class__}"),
        ("{declarant}", "{judge}"),
        ("{declarant}", "{declarant!r}"),
        ('needs = "named_check"\n', ""),
        ('block = "gaps"', 'block = "all"'),
        ("title =", "titel ="),
    ],
)
def test_a_template_that_asks_for_more_is_refused(
    forensics: Run, case: Path, tmp_path: Path, old: str, new: str
) -> None:
    from pipelines import certificate_templates

    ours = Path(certificate_templates.__file__).parent / "certificates/fre902-14.toml"
    text = ours.read_text("utf-8")
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new), "utf-8")
    done = forensics("certificate", "E-0001", "--template", tmp_path / "own.toml", "-c", case, "-o", tmp_path / "out")
    assert done.code == 2, done.err
    assert not (tmp_path / "out").exists()


def test_an_exhibit_encloses_the_paper_that_report_makes_and_is_verified(
    forensics: Run, case: Path, tmp_path: Path
) -> None:
    assert forensics("export", "E-0001", "E-0002", "E-0003", "-c", case, "--out", tmp_path).code == 0
    bag = tmp_path / "EXHIBIT-E-0001"
    assert forensics("verify", bag).code == 0
    script = subprocess.run(["sh", bag / "VERIFY.sh"], capture_output=True, text=True, check=False)
    assert (script.returncode, script.stdout.splitlines()[-1]) == (0, "VERIFIED"), script.stdout
    assert "  EXHIBIT.pdf\n" in (bag / "tagmanifest-sha256.txt").read_text()
    assert "EXHIBIT.pdf" in (bag / "READ-ME-FIRST.html").read_text()
    along = ("--with", "E-0002", "--with", "E-0003")
    assert forensics("report", "--exhibit", "E-0001", *along, "-c", case, "-o", tmp_path / "e.pdf").code == 0
    assert (bag / "EXHIBIT.pdf").read_bytes() == (tmp_path / "e.pdf").read_bytes()
    writable(bag, tmp_path / "changed")
    with (tmp_path / "changed/EXHIBIT.pdf").open("ab") as paper:
        paper.write(b"%")
    assert forensics("verify", tmp_path / "changed").code == 8
    script = subprocess.run(["sh", tmp_path / "changed/VERIFY.sh"], capture_output=True, text=True, check=False)
    assert script.returncode == 1


def test_without_typst_exhibit_and_certificate_are_made_and_say_what_lacks(
    forensics: Run, case: Path, tmp_path: Path
) -> None:
    """A package of the same name that cannot be imported, in front of the real one."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/typst.py").write_text("raise ImportError('hidden')\n")

    def without(*words: str | Path) -> subprocess.CompletedProcess[str]:
        given = conftest.environment()
        environ = {**given, "PYTHONPATH": f"{tmp_path / 'hidden'}:{given['PYTHONPATH']}"}
        call = [sys.executable, "-m", "pipelines", *map(str, words)]
        return subprocess.run(call, env=environ, capture_output=True, text=True, check=False, cwd=conftest.ROOT)

    done = without("export", "E-0002", "-c", case, "--out", tmp_path / "out")
    assert (done.returncode, "export.no_paper" in done.stderr) == (3, True)
    assert not (tmp_path / "out/EXHIBIT-E-0002/EXHIBIT.pdf").exists()
    assert forensics("verify", tmp_path / "out/EXHIBIT-E-0002").code == 0
    done = without("report", "--exhibit", "E-0002", "-c", case, "-o", tmp_path / "e.pdf")
    assert (done.returncode, "tool.no_extra" in done.stderr) == (6, True)
    assert not (tmp_path / "e.pdf").exists()
    done = without("certificate", "E-0002", "--template", "affidavit", "-c", case, "-o", tmp_path / "c")
    assert (done.returncode, "tool.no_extra" in done.stderr) == (3, True)
    assert sorted(path.suffix for path in (tmp_path / "c").iterdir()) == [".txt", ".txt"]
