"""forensics ingest --triage and forensics deepen: a first look, and what it leaves open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forensics.model.manifest import Facts
from pipelines.facts import status_of
from tests.integration.conftest import ROOT, Ran, environment

DRIVER = """
import io, json, sys
from pipelines.cli import run_command
told = []
for words in json.load(sys.stdin):
    sys.stdout, sys.stderr = out, err = [io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2)]
    code = int(run_command(words))
    told.append((code, *(each.buffer.getvalue().decode() for each in (out, err))))
json.dump(told, sys.__stdout__)
"""
"""Commands of the command line one after another in one process: a dozen starts of Python take half a minute."""

Call = Callable[..., Ran]


@dataclass(frozen=True)
class Looked:
    """A case in which one clip was triaged and deepened later; what each command told."""

    case: Path
    triaged: Ran
    matched: Ran
    shown: Ran
    replayed: Ran
    again: Ran
    deepened: Ran
    whole: Ran
    matched_whole: Ran
    verified: Ran
    direct: dict[str, Any]

    def manifest(self, version: int) -> dict[str, Any]:
        evidence = self.triaged.of("evidence")[0]["id"]
        found = self.case / "store" / evidence[:2] / evidence / f"v{version}/content/manifest.json"
        return json.loads(found.read_bytes())["predicate"]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("triage")
    clip, copy = folder / "clip.mp4", folder / "copy.mp4"
    drawn = ["-f", "lavfi", "-i", "mandelbrot=s=192x144:r=12:end_scale=0.02:end_pts=60", "-t", "4"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-g", "3", "-pix_fmt", "yuv420p", "-threads", "1"]
    for words in ([*drawn, *coded, clip], ["-i", clip, "-vf", "scale=160:-2", *coded, copy]):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *map(str, words)], check=True)
    case, other = folder / "case", folder / "other"
    ran = _ran(
        ("init", case, "--case-id", "T"),
        ("ingest", clip, "--triage", "-c", case, "--json"),
        ("ingest", copy, "-c", case),
        ("match", "-c", case, "--json"),
        ("show", "E-0001", "-c", case),
        ("replay", "E-0001", "-c", case, "--json"),
        ("ingest", clip, "-c", case, "--json"),
        ("deepen", "--all", "-c", case, "--json"),
        ("deepen", "E-0001", "-c", case, "--json"),
        ("match", "-c", case, "--json"),
        ("verify", case, "--json"),
        ("init", other, "--case-id", "O"),
        ("ingest", clip, "-c", other, "--json"),
    )
    _, triaged, _, matched, shown, replayed, again, deepened, whole, matched_whole, verified, _, fresh = ran
    facts = json.loads((other / fresh.of("evidence")[0]["manifest"]).read_bytes())["predicate"]["facts"]
    return Looked(
        case, triaged, matched, shown, replayed, again, deepened, whole, matched_whole, verified, direct=facts
    )


def _ran(*commands: tuple[str | Path, ...]) -> Iterator[Ran]:
    words = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        cwd=ROOT,
        env=environment(),
        input=words,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (Ran(*told) for told in json.loads(done.stdout))


def test_a_triage_says_what_it_is_and_what_is_not_known(looked: Looked) -> None:
    facts = looked.manifest(1)["facts"]
    assert looked.triaged.code == 3
    assert [n["code"] for n in looked.triaged.of("evidence")[0]["notices"]] == ["media.sync_frames_only"]
    assert facts["exact"]["frames"]["decoded"] == 16
    assert facts["exact"]["frames"]["sampled"] == "sync frames only"
    assert facts["exact"]["frames"]["complete"] is False
    assert facts["recipe"]["triage"]["recipe"] == "sync-frames"
    assert "cuts" in facts["recipe"]["triage"]["not_known"]
    assert facts["recipe"]["frames"].endswith(";sync-frames-only")
    assert "shots" not in facts["recipe"]
    assert "triage     sync frames only" in looked.shown.out


def test_reports_call_it_a_triage_until_it_is_deepened(looked: Looked) -> None:
    told = [looked.manifest(version)["facts"] for version in (1, 2)]
    assert [status_of(Facts(exact=each["exact"], recipe=each["recipe"])) for each in told] == ["triage", "whole"]


def test_digests_of_the_coded_stream_are_those_of_a_full_ingest(looked: Looked) -> None:
    assert looked.manifest(1)["facts"]["exact"]["essence"] == looked.direct["exact"]["essence"]


def test_a_triage_is_replayed_as_one(looked: Looked) -> None:
    assert looked.replayed.of("replay")[0]["equal"] is True


def test_what_a_triage_finds_stays_a_candidate(looked: Looked) -> None:
    (found,) = looked.matched.of("match")
    assert (found["decision"], found["assessment"]) == ("candidate", "same_recording_probable")
    assert found["score"] < 0.6
    assert "match.sync_frames_only" in looked.matched.err + looked.matched.out


def test_the_same_bytes_again_are_known_and_still_a_triage(looked: Looked) -> None:
    (again,) = looked.again.of("evidence")
    assert (again["status"], again["version"]) == ("known", 1)
    assert [n["code"] for n in again["notices"]] == ["media.sync_frames_only"]


def test_deepening_gives_the_facts_of_a_full_ingest_in_a_version_that_names_the_former(looked: Looked) -> None:
    first, second = looked.manifest(1), looked.manifest(2)
    assert looked.deepened.code == 0
    assert looked.deepened.of("deepened")[0]["status"] == "deepened"
    assert second["facts"] == looked.direct
    assert second["notices"] == []
    assert (first["version"], second["version"]) == (1, 2)
    assert second["record"]["appearances"] == first["record"]["appearances"]


def test_deepening_twice_changes_nothing(looked: Looked) -> None:
    assert looked.whole.code == 0
    assert looked.whole.of("deepened")[0] | {"notices": []} == {
        "type": "deepened",
        "id": looked.triaged.of("evidence")[0]["id"],
        "status": "whole",
        "version": 2,
        "notices": [],
    }


def test_a_deepened_evidence_can_match_and_the_case_verifies(looked: Looked) -> None:
    (found,) = looked.matched_whole.of("match")
    assert (found["decision"], found["assessment"]) == ("match", "same_recording")
    assert looked.verified.code == 0
    assert looked.verified.of("summary")[0]["verified"] is True


def test_the_rule_by_which_hashes_were_kept_is_in_the_manifest(looked: Looked) -> None:
    assert looked.direct["recipe"]["fingerprint"]["spec"]["keep_bits"] == 16


@pytest.mark.parametrize("command", ["deepen", "replay"])
@pytest.mark.parametrize("words", [(), ("--all", "E-0001")])
def test_naming_nothing_or_both_one_and_all_is_a_usage_error(
    looked: Looked, forensics: Call, command: str, words: tuple[str, ...]
) -> None:
    assert forensics(command, *words, "-c", looked.case).code == 2
