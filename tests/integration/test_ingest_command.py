"""ingest, through the real command line."""

import json
import os
import shutil
import subprocess

import pytest

from pipelines import persons
from pipelines.case import open_case
from tests.integration.conftest import ffmpeg


@pytest.fixture(scope="module")
def by_two(forensics, clips, tmp_path_factory):
    """A case whose clips were taken in by two workers, and what was printed. Tests only read it."""
    case = tmp_path_factory.mktemp("workers") / "case"
    forensics("init", case, "--case-id", "A")
    return case, forensics("ingest", clips, "-c", case, "-j", "2", "--json")


def test_each_file_gets_a_line_and_the_last_line_is_the_summary(by_two, clips) -> None:
    case, done = by_two
    assert done.code == 0
    evidence = done.of("evidence")
    assert {line["path"] for line in evidence} == {str(path) for path in clips.iterdir()}
    assert all(line["status"] == "ingested" and line["notices"] == [] for line in evidence)
    assert all((case / line["manifest"]).is_file() for line in evidence)
    assert {line["exhibit"] for line in evidence} == {"E-0001", "E-0002", "E-0003"}
    assert all(line["keyframes"] >= 1 and line["duration_s"] > 3 for line in evidence)
    summary = done.lines[-1]
    assert summary["type"] == "summary"
    assert (summary["ingested"], summary["known"], summary["failed"]) == (3, 0, 0)


def facts(case) -> dict[str, dict[str, str]]:
    """The digests of the facts by evidence."""
    predicates = {}
    for path in case.glob("store/*/*/v1/content/manifest.json"):
        kept = json.loads(path.read_bytes())["predicate"]["facts"]
        predicates[path.parents[2].name] = {name: kept[name] for name in ("exact_sha256", "recipe_sha256")}
    return predicates


def test_two_workers_derive_the_facts_that_one_does(by_two, ingested) -> None:
    assert len(facts(ingested)) == 3
    assert facts(by_two[0]) == facts(ingested)


def test_files_are_numbered_in_the_order_of_their_names_however_long_each_takes(forensics, clips, tmp_path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    ffmpeg("-stream_loop", "9", "-i", clips / "first.mp4", "-c", "copy", folder / "1-long.mp4")
    for number, start in enumerate(("0", "1", "2"), 2):
        ffmpeg("-ss", start, "-i", clips / "second.mp4", "-t", "0.4", folder / f"{number}-short.mp4")
    forensics("init", tmp_path / "case", "--case-id", "A")
    done = forensics("ingest", folder, "-c", tmp_path / "case", "-j", "2", "--json")
    assert [(os.path.basename(line["path"])[0], line["exhibit"]) for line in done.of("evidence")] == [
        ("1", "E-0001"),
        ("2", "E-0002"),
        ("3", "E-0003"),
        ("4", "E-0004"),
    ]


def test_the_original_bytes_are_kept_and_read_only(ingested, clips) -> None:
    kept = {path.read_bytes() for path in ingested.glob("store/*/*/v1/content/original")}
    assert kept == {path.read_bytes() for path in clips.iterdir()}
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in ingested.glob("store/*/*/v1/content/original"))


def test_the_same_command_again_changes_nothing(forensics, ingested, clips) -> None:
    before = {path: path.read_bytes() for path in ingested.glob("store/**/*") if path.is_file()}
    done = forensics("ingest", clips, "-c", ingested, "--json")
    assert done.code == 0
    assert {line["status"] for line in done.of("evidence")} == {"known"}
    assert {path: path.read_bytes() for path in ingested.glob("store/**/*") if path.is_file()} == before


def test_the_same_bytes_elsewhere_are_a_new_appearance_of_the_same_evidence(
    forensics, ingested, clips, tmp_path
) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    shutil.copy(clips / "first.mp4", tmp_path / "again.mp4")
    done = forensics("ingest", tmp_path / "again.mp4", "-c", case, "--json")
    line = done.of("evidence")[0]
    assert (done.code, line["status"], line["version"]) == (0, "known", 2)
    predicate = json.loads((case / line["manifest"]).read_bytes())["predicate"]
    assert [seen["name"] for seen in predicate["record"]["appearances"]] == ["first.mp4", "again.mp4"]
    (shown,) = forensics("show", line["id"], "-c", case, "--json").lines
    assert [seen["path"] for seen in shown["appearances"]] == [
        str(clips / "first.mp4"),
        str(tmp_path / "again.mp4"),
    ]
    assert len(list(case.glob(f"store/*/{line['id']}/v*/content/original"))) == 1
    assert forensics("verify", case).code == 0


def test_bad_input_gets_one_clear_line_each_and_the_rest_is_done(forensics, clips, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(clips / "first.mp4", folder / "good.mp4")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("ffconcat version 1.0\nfile 'good.mp4'\n")
    data = (clips / "second.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(data[: len(data) // 3])
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac", folder / "sound.mp4")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.mp4")
    case = tmp_path / "case"
    forensics("init", case, "--case-id", "B")
    done = forensics("ingest", folder, tmp_path / "missing.mp4", "-c", case, "-j", "2", "--json")
    assert done.code == 3
    status = {os.path.basename(line["path"]): line["status"] for line in done.of("evidence")}
    assert status.pop("good.mp4") == "ingested"
    assert status == dict.fromkeys(
        ["empty.mp4", "text.mp4", "cut.mp4", "sound.mp4", "loop", "pipe.mp4", "missing.mp4"], "failed"
    )
    for name in status:
        said = [line for line in done.err.splitlines() if name in line]
        assert len(said) == 1, (name, done.err)
    assert "Traceback" not in done.err
    kept = {line["path"] for line in done.of("evidence") if line["manifest" if "manifest" in line else "id"]}
    assert {os.path.basename(path) for path in kept} >= {"empty.mp4", "text.mp4", "cut.mp4", "sound.mp4", "good.mp4"}
    assert forensics("verify", case).code == 0


def test_a_name_that_is_not_utf8_is_kept_as_bytes(forensics, clips, tmp_path) -> None:
    import base64

    name = os.fsencode(tmp_path) + b"/\xd3\xe4\xe0\xf0\x1b[2J.mp4"
    shutil.copy(os.fsencode(clips / "second.mp4"), name)
    done = forensics("run", "--files0-from", "-", "-c", tmp_path / "case", "-j", "2", "--json", stdin=name + b"\0")
    line = done.of("evidence")[0]
    assert base64.b64decode(line["path_b64"]) == name
    assert "\x1b" not in done.err
    assert done.code == 0


def test_ctrl_c_leaves_the_case_whole_and_the_same_command_goes_on(forensics, clips, tmp_path) -> None:
    import signal
    import sys
    import time

    from tests.integration.conftest import ROOT, environment

    case = tmp_path / "case"
    forensics("init", case, "--case-id", "C")
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines", "ingest", str(clips), "-c", str(case), "-j", "2"],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    while child.poll() is None and not any((case / "staging").iterdir()):
        time.sleep(0.02)
    time.sleep(0.3)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode in (130, 0)
    assert b"Traceback" not in err
    again = forensics("ingest", clips, "-c", case, "-j", "2", "--json")
    assert again.code == 0
    assert forensics("verify", case).code == 0
    assert len(list(case.glob("store/*/*/0=ocfl_object_1.1"))) == 3


def test_the_same_bytes_twice_in_one_run_are_one_evidence_with_two_appearances(forensics, clips, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        shutil.copy(clips / "first.mp4", folder / name)
    done = forensics("run", folder, "-c", tmp_path / "case", "--json", "-j", "2")
    assert done.code == 0, done.err
    assert sorted(line["status"] for line in done.of("evidence")) == ["ingested", "known", "known"]
    manifests = list((tmp_path / "case").glob("store/*/*/v3/content/manifest.json"))
    assert len(json.loads(manifests[0].read_bytes())["predicate"]["record"]["appearances"]) == 3


def test_the_operator_is_the_flag_or_the_environment_or_the_case(
    forensics, ingested, clips, tmp_path, monkeypatch
) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)

    def last_operator() -> str:
        pseudonym = json.loads((case / "log/custody.jsonl").read_text().splitlines()[-1])["operator"]
        return persons.names(open_case(case))[pseudonym]

    forensics("ingest", clips, "-c", case)
    assert last_operator() == "tester"
    (case / "config.toml").write_text('operator = "of the case"')
    forensics("ingest", clips, "-c", case)
    assert last_operator() == "of the case"
    forensics("ingest", clips, "-c", case, "--operator", "of the flag")
    assert last_operator() == "of the flag"


def test_a_telemetry_file_named_beside_its_clip_is_kept_with_it_and_not_apart(forensics, clips, tmp_path) -> None:
    shutil.copy(clips / "first.mp4", tmp_path / "DJI_1.MP4")
    cue = "[latitude: 50.1] [longitude: 14.2] [rel_alt: 5.300 abs_alt: 23.057]"
    (tmp_path / "DJI_1.SRT").write_text(
        f"1\n00:00:00,000 --> 00:00:00,040\nFrameCnt: 1, DiffTime: 40ms\n2026-06-14 20:15:47.042\n{cue}\n\n"
    )
    done = forensics("run", tmp_path / "DJI_1.MP4", tmp_path / "DJI_1.SRT", "-c", tmp_path / "case", "--json")
    assert (len(done.of("evidence")), len(done.of("skipped"))) == (1, 1)
    manifest = json.loads((tmp_path / "case" / done.of("evidence")[0]["manifest"]).read_bytes())
    telemetry = manifest["predicate"]["facts"]["exact"]["telemetry"][0]
    assert (telemetry["first"]["latitude"], telemetry["clock_first"]) == ("50.1", "2026-06-14 20:15:47.042")
    assert telemetry["file"] in {subject["name"] for subject in manifest["subject"]}


def test_a_still_is_kept_with_its_exif_and_its_hashes(forensics, clips, tmp_path) -> None:
    ffmpeg("-i", clips / "first.mp4", "-frames:v", "1", tmp_path / "still.jpg")
    done = forensics("run", tmp_path / "still.jpg", "-c", tmp_path / "case", "--json")
    assert (done.code, done.of("evidence")[0]["keyframes"]) == (0, 1)
    assert forensics("replay", "--all", "-c", tmp_path / "case").code == 0
