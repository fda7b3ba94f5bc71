"""compare, through the real command line: the film, the page and the record of a pair."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.custody import canonical
from pipelines.case import open_case
from pipelines.cli import run_command
from tests.integration.conftest import Ran, environment, ffmpeg


@pytest.fixture(scope="module")
def case(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of its own, for what is made is logged."""
    return Path(shutil.copytree(ingested, tmp_path_factory.mktemp("compare") / "case"))


@pytest.fixture(scope="module")
def exhibits(case: Path) -> dict[str, str]:
    """The exhibit number of each clip."""
    kept = open_case(case)
    records = [kept.manifest(evidence).record for evidence in kept.store.ids()]
    return {Path(record.appearances[0]["path"]).stem: record.case["exhibit"] for record in records}


@pytest.fixture(scope="module")
def made(forensics, case: Path, exhibits: dict[str, str]) -> Ran:
    return forensics("compare", exhibits["copy"], exhibits["first"], "-c", case, "--seconds", "1", "--json")


def outputs(made: Ran) -> tuple[Path, Path, Path]:
    (told,) = made.of("comparison")
    return Path(told["film"]), Path(told["page"]), Path(told["record"])


def test_what_is_left_out_of_the_film_is_said_aloud(made: Ran) -> None:
    assert made.code == 3
    (notice,) = made.of("notice")
    assert notice["code"] == "compare.cut"
    assert "left out" in made.err


def test_the_record_is_canonical_and_names_film_page_commands_and_versions(made: Ran) -> None:
    film, page, path = outputs(made)
    record = canonical.decode_stored(path.read_bytes())
    assert record["statement"] == "Demonstrative. Not evidence."
    assert record["film"]["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    assert record["page"]["sha256"] == hashlib.sha256(page.read_bytes()).hexdigest()
    assert record["film"]["frames"] == 25
    assert record["assessment"] == "same_recording"
    assert record["finding"] is None  # the case was never matched: the pair was compared for the film
    assert [command[0] for command in record["commands"]] == ["ffmpeg"] * 3
    assert not any("/usr/" in word or str(film.parent) in word for command in record["commands"] for word in command)
    assert record["programs"]["ffmpeg"].startswith("ffmpeg version")
    (told,) = made.of("comparison")
    assert told["film_sha256"] == record["film"]["sha256"]
    assert told["record_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_film_plays_and_carries_what_it_is(made: Ran) -> None:
    film, _, _ = outputs(made)
    asked = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(film)]
    told = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    (stream,) = told["streams"]
    assert (stream["width"], stream["height"], stream["nb_read_frames"]) == (1920, 1080, "25")
    assert told["format"]["tags"]["title"] == "Demonstrative. Not evidence."


def test_the_page_needs_nothing_and_names_the_film(made: Ran) -> None:
    film, page, _ = outputs(made)
    text = page.read_text("utf-8")
    assert "default-src &#39;none&#39;" in text
    assert "Demonstrative. Not evidence." in text
    assert film.name in text
    assert text.count("data:image/jpeg") == 24
    assert "http:" not in text and "https:" not in text
    assert "<script" not in text
    assert len(text) < 2_000_000


def test_the_same_pair_gives_the_same_bytes(forensics, case: Path, exhibits, made: Ran, tmp_path: Path) -> None:
    again = forensics(
        *("compare", exhibits["copy"], exhibits["first"]), "-c", case, "--seconds", "1", "--out", tmp_path / "again"
    )
    assert again.code == 3
    for path in outputs(made):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_finding_is_shown_with_its_status_and_a_file_from_outside_is_not_admitted(
    forensics, case: Path, exhibits, made: Ran, tmp_path: Path, clips: Path
) -> None:
    assert made.code == 3
    mirrored = tmp_path / "spiegel.mp4"
    ffmpeg("-i", clips / "first.mp4", "-t", "2.5", "-vf", "hflip", "-threads", "1", mirrored)
    done = forensics("compare", exhibits["first"], mirrored, "-c", case, "--seconds", "1", "--out", tmp_path, "--json")
    assert done.code == 3, done.err
    _, page, path = outputs(done)
    record = canonical.decode_stored(path.read_bytes())
    digest = hashlib.sha256(mirrored.read_bytes()).hexdigest()
    assert record["right"]["sha256"] == record["query"] == digest
    assert "mirrored" in page.read_text("utf-8")
    assert "spiegel" not in path.read_text("utf-8")
    assert [record[side]["kept"] for side in ("left", "right")] == [True, False]
    assert len(list((case / "store").glob("??/*"))) == 3


def test_what_does_not_match_writes_nothing(forensics, case: Path, exhibits, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = forensics("compare", exhibits["second"], exhibits["first"], "-c", case, "--out", out)
    assert done.code == 0, done.err
    assert "no match" in done.out
    assert not out.exists()


def test_a_named_pair_that_no_search_proposes_is_looked_at_harder_and_says_so(
    forensics, case: Path, clips: Path, exhibits, tmp_path: Path
) -> None:
    corner = tmp_path / "corner.mp4"
    cut = "crop=140:104:20:20,scale=320:240"
    ffmpeg("-i", clips / "first.mp4", "-vf", cut, "-c:v", "libx264", "-preset", "veryfast", "-crf", "30", corner)
    assert not forensics("match", corner, "-c", case, "--json").of("match")
    done = forensics("compare", corner, exhibits["first"], "-c", case, "--out", tmp_path, "--seconds", "1", "--json")
    assert "compare.looked_harder" in {notice["code"] for notice in done.of("notice")}
    (told,) = done.of("comparison")
    assert (told["decision"], told["assessment"]) == ("match", "same_recording")
    for file in (told["page"], told["record"]):
        assert "compare.looked_harder" in Path(file).read_text("utf-8")


@pytest.mark.parametrize(
    ("names", "code"),
    [(("E-0001", "E-0001"), 2), (("E-0001", "E-9999"), 2), (("{clip}", "{clip}"), 2), (("{text}", "E-0001"), 4)],
)
def test_pairs_that_are_none_are_refused(
    case: Path, clips: Path, tmp_path: Path, names, code, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("FORENSICS_KEY", environment()["FORENSICS_KEY"])
    (tmp_path / "text").write_text("no video")
    words = [name.format(clip=clips / "first.mp4", text=tmp_path / "text") for name in names]
    assert run_command(["compare", *words, "-c", str(case)]) == code
    assert capsys.readouterr().err.startswith("forensics: ")


def test_a_pair_that_an_examiner_rejected_says_so(forensics, case: Path, exhibits, made: Ran, tmp_path: Path) -> None:
    assert made.code == 3
    pair = (exhibits["copy"], exhibits["first"])
    assert forensics("match", "-c", case, "-q").code == 0
    assert forensics("review", *pair, "--reject", "--reason", "two takes", "-c", case, "-q").code == 0
    done = forensics("compare", *pair, "-c", case, "--seconds", "1", "--out", tmp_path)
    assert "rejected by an examiner: same_recording" in done.out
    page = next(tmp_path.glob("*.html")).read_text("utf-8")
    assert "REJECTED by an examiner" in page
    record = canonical.decode_stored(next(tmp_path.glob("*.json")).read_bytes())
    assert record["status"] == "rejected"
    assert record["finding"]


def test_that_it_was_made_stands_in_the_log_and_the_case_verifies(forensics, case: Path, made: Ran) -> None:
    events = [json.loads(line) for line in (case / "log" / "custody.jsonl").read_text().splitlines()]
    (told,) = made.of("comparison")
    details = [event["detail"] for event in events if event["event"] == "dissemination"]
    assert {"what", "query", "reference", "sha256", "record"} == set(details[0])
    assert details[0]["record"] == told["record_sha256"]
    assert forensics("verify", case, "-q").code == 0
