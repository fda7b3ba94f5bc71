"""match, report and show, through the real command line."""

import json
import re
import shutil

from tests.integration.conftest import ffmpeg


def test_a_reencoded_copy_is_found_and_the_line_has_the_promised_shape(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    done = forensics("match", "-c", case, "-j", "2", "--json")
    assert done.code == 0, done.err
    found = done.of("match")
    assert {
        frozenset((line["query"]["path"], line["reference"]["path"])) for line in found if line["decision"] == "match"
    } == {frozenset((str(clips / "first.mp4"), str(clips / "copy.mp4")))}
    line = found[0]
    assert 0 <= line["score"] <= 1
    assert set(line) >= {"query", "reference", "score", "decision", "mirrored", "assessment", "segments", "method"}
    segment = line["segments"][0]
    assert abs(segment["query_start_s"] - segment["reference_start_s"]) < 0.2
    assert segment["query_end_s"] > 4
    assert set(segment["evidence"]) >= {"frames", "hamming_median", "inlier_ratio"}
    assert set(line["method"]) == {"name", "version", "params_sha256"}


def test_findings_stand_once_however_often_matching_is_run(forensics, matched, tmp_path) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    before = sorted(path.name for path in (case / "findings").iterdir())
    forensics("match", "-c", case)
    assert sorted(path.name for path in (case / "findings").iterdir()) == before
    assert len(before) >= 1
    assert forensics("verify", case).code == 0


def test_the_numbers_that_other_commands_take_are_printed(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    run = forensics("run", clips, "-c", case)
    assert re.search(r"^verified: [1-9]\d* checks hold, no problem$", run.out, re.MULTILINE), run.out
    assert "not verified: --no-verify" in forensics("run", clips, "-c", case, "--no-verify").out
    first, copy = (
        re.search(rf"^ +[0-9a-f]{{12}}  (E-\d{{4}})  {re.escape(str(clips / name))}$", run.out, re.MULTILINE)
        for name in ("first.mp4", "copy.mp4")
    )
    assert first and copy
    assert f"with {copy[1]} " in forensics("show", first[1], "-c", case).out


def test_a_query_from_outside_is_compared_and_not_admitted(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    ffmpeg("-ss", "1", "-i", clips / "first.mp4", "-t", "3", "-vf", "hflip", tmp_path / "query.mp4")
    store = sorted(path.name for path in case.glob("store/??/*"))
    done = forensics("match", tmp_path / "query.mp4", "-c", case, "-j", "0", "--json")
    line = done.of("match")[0]
    assert (line["decision"], line["mirrored"]) == ("match", True)
    assert abs(line["segments"][0]["reference_start_s"] - 1) < 0.25
    assert sorted(path.name for path in case.glob("store/??/*")) == store
    assert not list((case / "findings").iterdir())
    assert forensics("verify", case).code == 0


def test_a_query_that_is_in_the_case_is_said_to_be_the_identical_file(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    shutil.copy(clips / "second.mp4", tmp_path / "again.mp4")
    done = forensics("match", tmp_path / "again.mp4", "-c", case, "--json")
    assert [line["assessment"] for line in done.of("match")] == ["identical_file"]


def test_a_remuxed_file_is_said_to_be_the_identical_bitstream(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    ffmpeg("-i", clips / "second.mp4", "-c", "copy", tmp_path / "remux.mkv")
    done = forensics("match", tmp_path / "remux.mkv", "-c", case, "--json")
    assert [line["assessment"] for line in done.of("match")] == ["identical_bitstream"]


def test_a_query_that_is_no_video_is_said_and_gives_partial(forensics, ingested, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    (tmp_path / "text.mp4").write_text("no video")
    done = forensics("match", tmp_path / "text.mp4", "-c", case, "--json")
    assert done.code == 3
    assert done.of("summary")[0]["not_compared"] == 1


def test_a_damaged_fingerprint_is_an_integrity_error_and_withdraws_nothing(forensics, matched, tmp_path) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    log = (case / "log/custody.jsonl").read_text()
    assert '"finding"' in log
    track = next(case.glob("store/*/*/v1/content/derived/fingerprint.bin"))
    track.chmod(0o644)
    data = bytearray(track.read_bytes())
    data[-1] ^= 1
    track.write_bytes(data)
    assert forensics("match", "-c", case).code == 8
    assert '"withdrawn"' not in (case / "log/custody.jsonl").read_text()


def test_the_report_is_one_file_that_names_every_evidence(forensics, matched, tmp_path) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    done = forensics("report", "-c", case, "--verify", "-o", tmp_path / "page.html", "--json")
    assert done.code == 0, done.err
    page = (tmp_path / "page.html").read_text()
    assert "http:" not in page
    assert "https:" not in page
    ids = [path.name for path in case.glob("store/??/*")]
    assert all(each[:8] in page for each in ids)
    assert page.count("data:image/jpeg") >= 6


def test_show_finds_an_evidence_by_prefix_and_by_exhibit_number(forensics, ingested) -> None:
    evidence = next(ingested.glob("store/??/*")).name
    by_prefix = json.loads(forensics("show", evidence[:8], "-c", ingested, "--json").out)
    by_exhibit = json.loads(forensics("show", by_prefix["exhibit"], "-c", ingested, "--json").out)
    assert by_prefix == by_exhibit
    assert by_prefix["id"] == evidence
    assert forensics("show", "ffffff", "-c", ingested).code == 2
    assert evidence in forensics("show", evidence, "-c", ingested).out


def test_replay_says_equal_and_names_what_differs(forensics, ingested, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    done = forensics("replay", "--all", "-c", case, "-j", "2", "--json")
    assert done.code == 0
    assert [line["equal"] for line in done.of("replay")] == [True] * 3
    assert done.of("summary")[0] == {"type": "summary", "replayed": 3, "equal": 3, "different": 0}


def test_doctor_is_content_with_this_machine(forensics, ingested) -> None:
    done = forensics("doctor", "-c", ingested, "--json")
    assert done.code == 0, [line for line in done.lines if not line["ok"]]
