"""Papers: what is typeset is what was given, nothing of it acts, and the same paper is the same bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("typst", reason="the extra [report] is not installed")

from forensics.errors import InputError, ToolError
from forensics.report import (
    LANGUAGES,
    CustodyRow,
    ExhibitView,
    Form,
    KeyframeView,
    ManifestFiles,
    Paper,
    PaperSize,
    Row,
    as_text,
    bates_from,
    exhibit_paper,
    printable,
    render_exhibit,
    typeset,
    words_of,
)
from forensics.report.paper import Attachment, Boxed, Commands, Heading, Items, Large, Para, Rows, Table, TableRow
from forensics.report.typeset import _covered
from tests.report_values import JPEG

pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("pdftotext", "pdfdetach", "pdfinfo")), reason="poppler-utils is absent"
)

HOSTILE = (
    '#panic("x") #import "@preview/evil:1.0.0": * $x$ *b* _i_ `raw` @label <label> // /* \\ ~ = h',
    '#read("/etc/passwd") #image("main.typ") #include "main.typ" #sys.inputs',
    "gpj.exe \u202emoc\u202c \u2066iso\u2069 \u200f",
    "</script><script>alert(1)</script> %PDF-1.4 endobj",
    "first line\nsecond line\rthird\x1b[2J\x00",
    "{page} {pages} {0} {label.__class__}",
    "Київ ґ є ї — Ёлка — مرحبا بالعالم — עברית",
    "你好 😀 \U000e0041 \ud800",
    "A" * 3000,
    "\u0301" * 50,
)


def paper(*blocks: object, **changes: object) -> Paper:
    plain = Paper(
        title="A paper",
        language="en",
        size=PaperSize.A4,
        head_left="left",
        head_right="right",
        foot="foot",
        page_of="Page {page} of {pages}",
        moment=datetime(2026, 11, 22, 8, 14, 3, tzinfo=UTC),
        blocks=blocks,  # type: ignore[arg-type]
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def text_of(data: bytes, tmp_path: Path, *options: str) -> str:
    (tmp_path / "paper.pdf").write_bytes(data)
    done = subprocess.run(["pdftotext", *options, tmp_path / "paper.pdf", "-"], capture_output=True, check=True)
    return done.stdout.decode()


def view(**changes: object) -> ExhibitView:
    plain = ExhibitView(
        case_id="T-1",
        case_title=None,
        custodian="concealed",
        label="E-0001",
        sealed=False,
        sha256="ab" * 32,
        sha512="cd" * 64,
        size=1234567,
        status="whole",
        names=("clip.mp4",),
        manifest=ManifestFiles(
            data='{"item":"ї"}\n'.encode(),
            sha256="12" * 32,
            signature=b"-----BEGIN SSH SIGNATURE-----\n",
            signers=b"operator ssh-ed25519 AAAA\n",
            version=1,
            verify_time="20261122081403Z",
        ),
        facts=(Row(label="kind", value="video"),),
        seen=((Row(label="name", value="clip.mp4"),),),
        keyframes=(KeyframeView(time_text="0:01.000", pts_text="25*1/25", planes_sha256="34" * 32, jpeg=JPEG),),
        keyframes_kept=1,
        custody=(
            CustodyRow(
                seq=4,
                time="2026-11-22T08:14:03.000000Z",
                event="ingestion",
                who="op-07",
                detail=(Row(label="manifest", value="12" * 32),),
                sha256="56" * 32,
            ),
        ),
        unshown=0,
        findings=(),
        withheld=0,
        notices=(),
        limits=("A limit.",),
        keys=("SHA256:" + "k" * 43,),
        moment=datetime(2026, 11, 22, 8, 14, 3, tzinfo=UTC),
        tool="footage-forensics 0",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_printed_wherever_it_stands_and_nothing_of_it_acts(hostile: str, tmp_path: Path) -> None:
    blocks = (
        Heading(text=hostile),
        Para(text=hostile),
        Boxed(title=hostile, text=hostile),
        Items(texts=(hostile,)),
        Rows(rows=(Row(label=hostile[:40], value=hostile),)),
        Table(
            head=("a", "b"),
            widths=(1, 1),
            rows=(TableRow(cells=(hostile, "x"), below=(Row(label="l", value=hostile),)),),
        ),
        Commands(lines=(hostile[:200],)),
        Large(label=hostile, texts=(hostile[:60],)),
        Para(text="the end of it all"),
    )
    made = text_of(typeset(paper(*blocks, title=hostile, head_left=hostile[:60])), tmp_path)
    assert "the end of it all" in made
    assert "root:" not in made
    if hostile.isascii() and "\n" not in hostile and " " in hostile:
        squeezed = "".join(made.split()).replace("\u200b", "")
        assert squeezed.count("".join(hostile.split())) >= 6


def test_controls_and_what_the_fonts_lack_are_printed_as_code_points(tmp_path: Path) -> None:
    made = text_of(typeset(paper(Para(text="a\u202eb 你 😀 \x1b \u27e8U+202E\u27e9"))), tmp_path)
    assert "a⟨U+202E⟩b ⟨U+4F60⟩ ⟨U+1F600⟩ ⟨U+001B⟩ ⟨U+27E8⟩U+202E⟩" in made


def test_nothing_runs_off_the_page_and_no_digest_is_broken(tmp_path: Path) -> None:
    word, digest = "W" * 400, "0f" * 32
    row = TableRow(cells=(word, "x"), below=(Row(label="l", value=word),))
    blocks = (
        Para(text=word),
        Rows(rows=(Row(label="l", value=word),)),
        Table(head=("a", "b"), widths=(1, 1), rows=(row,)),
    )
    made = text_of(
        typeset(
            paper(*blocks, Para(text=f"Record {digest}.")),
        ),
        tmp_path,
        "-bbox",
    )
    ends = [float(each) for each in re.findall(r'xMax="([0-9.]+)"', made)]
    assert len(ends) > 20
    assert max(ends) < 595 - 40
    assert ">Record<" in made
    assert made.count(f"{digest}.") == 1


def test_cyrillic_arabic_and_hebrew_are_in_the_fonts() -> None:
    for told in ("Київ ґ є ї І", "Ёлка ъыэ", "مرحبا بالعالم پ چ گ", "שלום"):
        assert printable(told) == told


def test_every_sign_that_is_called_covered_is() -> None:
    signs = [chr(sign) for sign in sorted(_covered())]
    assert len(signs) > 3000
    every = tuple("".join(signs[at : at + 60]) for at in range(0, len(signs), 60))
    blocks = [block for each in every for block in (Para(text=each), Para(text=each, strong=True))]
    typeset(paper(*blocks, Commands(lines=every)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_text_at_all_is_typeset(texts: list[str]) -> None:
    assert typeset(paper(*(Para(text=each) for each in texts), Items(texts=tuple(texts)))).startswith(b"%PDF-1.7")


def test_the_same_paper_is_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib; from tests.unit.report import test_report_paper as t; "
        "sys.stdout.write(hashlib.sha256(t.render_exhibit(t.view(), t.Form())).hexdigest())"
    )
    root = Path(__file__).resolve().parents[3]
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={"PYTHONPATH": str(root), "TZ": zone, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "Asia/Tokyo")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_attached_files_come_back_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "e.pdf").write_bytes(render_exhibit(view(), Form()))
    files = view().manifest
    for number, data in enumerate((files.data, files.signature, files.signers), start=1):
        subprocess.run(["pdfdetach", "-save", str(number), "-o", tmp_path / "got", tmp_path / "e.pdf"], check=True)
        assert (tmp_path / "got").read_bytes() == data


def test_it_says_that_it_is_pdf_a_3(tmp_path: Path) -> None:
    data = render_exhibit(view(), Form())
    (tmp_path / "e.pdf").write_bytes(data)
    done = subprocess.run(["pdfinfo", "-meta", tmp_path / "e.pdf"], capture_output=True, text=True, check=True)
    assert "<pdfaid:part>3</pdfaid:part>" in done.stdout
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_digests_the_fingerprint_and_its_own_words(language: str, tmp_path: Path) -> None:
    made = text_of(render_exhibit(view(), Form(language=language)), tmp_path)
    for told in ("ab" * 32, "cd" * 32, "12" * 32, "34" * 32, "56" * 32, "SHA256:" + "k" * 43, "1234567 "):
        assert told in made
    words = words_of(language)
    for name in ("custody.heading", "event.ingestion", "limits.heading", "verify.trust", "key.label"):
        assert words(name) in made


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places(language: str) -> None:
    from string import Formatter

    first, texts = words_of(LANGUAGES[0]).texts, words_of(language).texts
    assert texts.keys() == first.keys()
    places = {name: sorted(part[1] for part in Formatter().parse(text) if part[1]) for name, text in first.items()}
    assert {
        name: sorted(part[1] for part in Formatter().parse(text) if part[1]) for name, text in texts.items()
    } == places
    assert all(text.strip() and printable(text) == text for text in texts.values())


@pytest.mark.parametrize("group", ["event", "finding_status", "decision", "assessment", "meaning"])
def test_what_the_record_can_say_has_its_words(group: str) -> None:
    from forensics.model.custody import EventType
    from forensics.model.finding import FindingStatus
    from forensics.model.match import Assessment, Decision

    said = {
        "event": [each.replace(" ", "_") for each in EventType],
        "finding_status": [each.replace("-", "_") for each in FindingStatus],
        "decision": list(Decision),
        "assessment": list(Assessment),
        "meaning": list(Assessment),
    }[group]
    assert {f"{group}.{each}" for each in said} == {
        name for name in words_of("en").texts if name.startswith(f"{group}.")
    }


def test_the_english_meanings_are_those_of_the_case_report() -> None:
    from forensics.report.wording import ASSESSMENT_MEANINGS, STILL_MEANINGS

    words = words_of("en")
    assert {each: words(f"meaning.{each}") for each in ASSESSMENT_MEANINGS} == ASSESSMENT_MEANINGS
    for each in STILL_MEANINGS:
        assert words.known(f"still_meaning.{each}", words(f"meaning.{each}")) == STILL_MEANINGS[each]


def test_an_empty_custody_table_is_printed_and_says_so(tmp_path: Path) -> None:
    made = text_of(render_exhibit(view(custody=(), keyframes=(), keyframes_kept=0), Form()), tmp_path)
    assert "Time (UTC)" in made
    assert "The log holds no line on this item." in made
    assert "No frame of this item is kept." in made


@pytest.mark.parametrize(("size", "points"), [(PaperSize.A4, "595"), (PaperSize.LETTER, "612")])
def test_each_page_has_its_number_its_bates_number_and_the_digest(size: PaperSize, points: str, tmp_path: Path) -> None:
    form = Form(size=size, bates=bates_from("ACME-000099"))
    pages = text_of(render_exhibit(view(), form), tmp_path).split("\f")[:-1]
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert f"ACME-{98 + number:06d}" in page
        assert "ab" * 32 in page
    told = subprocess.run(["pdfinfo", tmp_path / "paper.pdf"], capture_output=True, text=True, check=True).stdout
    assert f"Page size:       {points}" in told


@pytest.mark.parametrize("wrong", ["ACME-", "", "A" * 40 + "1", "A\n1", "#1", "Ж-1"])
def test_what_is_no_bates_number_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="Bates"):
        bates_from(wrong)


def test_a_paper_without_typst_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ToolError, match="typst is not installed") as caught:
        typeset(paper(Para(text="x")))
    assert (caught.value.code, "[report]" in caught.value.hint) == ("tool.no_extra", True)


def test_what_the_typesetter_refuses_is_an_error_of_ours() -> None:
    broken = Attachment(name="paper.json", data=b"not json", media_type="text/plain", what="x")
    with pytest.raises(ToolError) as caught:
        typeset(paper(Para(text="x"), attachments=(broken,)))
    assert caught.value.code == "tool.typesetting"


def test_plain_text_has_what_the_pages_have() -> None:
    told = "\n".join(as_text(exhibit_paper(view(), Form())))
    for each in ("ab" * 32, "56" * 32, "sha256sum original", "SHA256:" + "k" * 43):
        assert each in told


def test_keyframes_without_a_picture_keep_their_digest(tmp_path: Path) -> None:
    kept = tuple(
        KeyframeView(
            time_text="0:01.000", pts_text="1*1/25", planes_sha256=f"{number:064x}", jpeg=JPEG if number < 3 else None
        )
        for number in range(30)
    )
    made = text_of(render_exhibit(view(keyframes=kept, keyframes_kept=30), Form()), tmp_path)
    assert [each for each in kept if each.planes_sha256 not in made] == []
    assert "3 of 30 frames kept" in made


def test_text_that_is_too_long_is_cut_aloud() -> None:
    told = printable("ж" * 20_000)
    assert told.endswith("ж […]")
    assert len(told) < 10_000


def test_evidence_that_was_never_signed_says_so_and_carries_no_signature(tmp_path: Path) -> None:
    plain = replace(view().manifest, signature=None)
    made = text_of(render_exhibit(view(manifest=plain, keys=()), Form()), tmp_path)
    assert "The manifest of this item is not signed." in made
    assert "no key: nothing in this case is signed" in made
    listed = subprocess.run(["pdfdetach", "-list", tmp_path / "paper.pdf"], capture_output=True, text=True, check=True)
    assert "1 embedded files" in listed.stdout
