"""validate, and what match says of its record, through the real command line."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from forensics.custody import decode_validation
from tests.integration.conftest import Ran, ffmpeg

ATTACKS = ("mirror", "crop_light", "trim")
FLAGS = ("-j", "1", "--most", "1", *(word for name in ATTACKS for word in ("--attack", name)))


@pytest.fixture(scope="module")
def matched(forensics, tmp_path_factory) -> Path:
    """A case with two small clips of moving detail, matched."""
    folder = tmp_path_factory.mktemp("validate")
    clips = folder / "clips"
    clips.mkdir()
    encode = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")
    first = "mandelbrot=s=192x144:r=12:end_scale=0.02:end_pts=100"
    second = "life=s=192x144:r=12:mold=10:ratio=0.3:seed=7:death_color=#483D8B:life_color=#E0C080"
    for name, source in (("first", first), ("second", second)):
        ffmpeg("-f", "lavfi", "-i", source, "-t", "7.5", *encode, clips / f"{name}.mp4")
    assert forensics("init", folder / "case", "--case-id", "V-1", "--operator", "tester").code == 0
    assert forensics("ingest", clips, "-c", folder / "case", "-j", "1").code == 0
    early = forensics("validate", "-c", folder / "case", *FLAGS)
    assert early.code == 2
    assert "not matched" in early.err
    unmeasured = forensics("match", "-c", folder / "case", "-j", "1", "--json")
    assert unmeasured.of("summary")[0]["validation"]["own"] is False
    return folder / "case"


@pytest.fixture(scope="module")
def validated(forensics, matched, tmp_path_factory) -> tuple[Path, Ran]:
    case = shutil.copytree(matched, tmp_path_factory.mktemp("validated") / "case", symlinks=True)
    done = forensics("validate", "-c", case, *FLAGS, "--json")
    assert done.code == 0, done.err
    return case, done


def test_the_record_is_logged_and_decodes_and_nothing_is_admitted(forensics, matched, validated) -> None:
    case, done = validated
    (path,) = (case / "validation").glob("*.json")
    data = path.read_bytes()
    record = decode_validation(data)
    assert path.stem == hashlib.sha256(data).hexdigest() == done.of("summary")[0]["record"]
    last = json.loads((case / "log/custody.jsonl").read_bytes().splitlines()[-1])
    assert last["event"] == "validation"
    assert last["detail"]["record"] == path.stem
    assert [attack.attack for attack in record.attacks] == ["trim", "crop_light", "mirror"]
    assert record.overall.matched == 3
    assert not record.false_matches
    unrelated, other_time = record.nulls
    assert (unrelated.pairs, unrelated.trials, other_time.pairs) == (1, 3, 1)
    assert record.search.references == 2
    assert [path.name for path in sorted(case.glob("store/??/*"))] == [
        path.name for path in sorted(matched.glob("store/??/*"))
    ]
    verified = forensics("verify", case, "--json")
    assert verified.code == 0
    assert "validation record" in {line["name"] for line in verified.of("check")}


def test_the_same_seed_gives_the_same_record_but_for_the_time(forensics, matched, validated, tmp_path) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    again = forensics("validate", "-c", case, *FLAGS, "--json")
    assert again.of("summary")[0]["id"] == validated[1].of("summary")[0]["id"]


def test_match_names_the_record_and_refuses_a_changed_one(forensics, validated, tmp_path) -> None:
    case = shutil.copytree(validated[0], tmp_path / "case", symlinks=True)
    record = validated[1].of("summary")[0]["record"]
    assert record in forensics("match", "-c", case, "-j", "1").out
    (path,) = (case / "validation").glob("*.json")
    path.write_bytes(path.read_bytes().replace(b'"false_pairs":0', b'"false_pairs":1'))
    assert forensics("match", "-c", case, "-j", "1").code == 8
    assert forensics("verify", case).code == 8


def test_an_unknown_attack_is_a_usage_error(forensics, matched) -> None:
    done = forensics("validate", "-c", matched, "--attack", "nonsense")
    assert done.code == 2
    assert "mirror" in done.err
