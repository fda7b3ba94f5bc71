"""A learned model through the real command line: it proposes, geometry and motion decide, and without it nothing
changes.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import ROOT, Ran, ffmpeg
from tests.onnx_models import descriptor, graph_model, pooling_nodes, projection, written

if TYPE_CHECKING:
    from pipelines.learned import Learned

DRONE = ROOT / "sample_media/drone/DJI_0042.MP4"
FOREST = ROOT / "sample_media/more/forest_clearing.mp4"
CROP = "crop=iw*0.75:ih*0.75:iw*0.15:ih*0.05"


@pytest.fixture(scope="module")
def case(forensics: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned") / "case"
    forensics("init", folder, "--case-id", "L-1", "--operator", "t")
    assert forensics("ingest", DRONE, FOREST, "-c", folder, "-q", "-j", "1").code == 0
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("model"), descriptor(metadata={"license": "Apache-2.0"}))


def blurred(target: Path, sigma: int) -> Path:
    encode = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1"]
    ffmpeg("-ss", "8", "-i", DRONE, "-t", "4", "-vf", f"{CROP},gblur=sigma={sigma},scale=480:-2", *encode, target)
    return target


def last_event(case: Path) -> dict[str, object]:
    return json.loads((case / "log/custody.jsonl").read_text().splitlines()[-1])


def test_a_blurred_crop_that_hashes_and_features_miss_is_found_and_the_record_says_by_what(
    forensics: Callable[..., Ran], case: Path, model: Path, tmp_path: Path
) -> None:
    query = blurred(tmp_path / "blurred.mp4", 12)
    without = forensics("match", query, "-c", case, "-j", "1", "--json")
    assert (without.code, without.of("match")) == (0, [])
    assert "model" not in without.of("summary")[0]
    assert "model" not in last_event(case)["detail"]
    ran = forensics("match", query, "-c", case, "--model", model, "-j", "1", "--json")
    assert ran.code == 0, ran.err
    (found,) = ran.of("match")
    assert Path(found["reference"]["path"]).name == DRONE.name
    assert found["assessment"] == "same_recording"
    assert found["segments"][0]["reference_start_s"] - found["segments"][0]["query_start_s"] == pytest.approx(
        8, abs=0.15
    )
    (summary,) = ran.of("summary")
    assert summary["model"]["licence"] == "Apache-2.0"
    assert summary["model"]["runtime"].startswith("onnxruntime ")
    assert summary["validation"] is None
    asked = {"queries": 1, "references": 2, "model": summary["model"]["sha256"]}
    assert asked.items() <= last_event(case)["detail"].items()
    kept = sorted(path.name for path in (case / "index/learned" / summary["model"]["sha256"]).iterdir())
    assert kept == sorted(f"{path.name}.bin" for path in case.glob("store/??/*"))
    assert forensics("verify", case).code == 0


def test_a_picture_too_blurred_for_geometry_is_proposed_and_yet_not_named_and_the_cache_mends_itself(
    forensics: Callable[..., Ran], case: Path, model: Path, tmp_path: Path
) -> None:
    from forensics.matching import Ranking
    from pipelines.case import Run, open_case
    from pipelines.config import Settings
    from pipelines.learned import learned_for, open_model
    from pipelines.library import Library
    from pipelines.match import kit_for, read_query
    from pipelines.surroundings import Surroundings
    from pipelines.volumes import Volume, volumes_of

    query = blurred(tmp_path / "smeared.mp4", 40)
    opened = open_case(case)
    kit = kit_for(Run(id="urn:uuid:0", operator="t", surroundings=Surroundings()), Settings())
    library = Library(kit=kit, references=volumes_of(opened), queries=())
    learned = learned_for(open_model(Settings(model=str(model))), opened, library, [v.id for v in library.references])
    (tmp_path / "content").mkdir()
    volume = read_query(str(query), tmp_path / "content", kit)
    assert learned is not None and isinstance(volume, Volume)
    for reference in library.references:
        learned.describe(reference.id)
    with library.visited(volume):
        assert list(learned.visited(volume.id, str(query))) == []
        proposed = learned.added(Ranking((), 0), volume.id, [each.id for each in library.references]).candidates
    assert [opened.manifest(each.reference_id).record.appearances[0]["path"] for each in proposed] == [str(DRONE)]
    assert not (case / "index/learned" / learned.model.spec.sha256 / f"{volume.id}.bin").exists()
    assert_damage_is_mended(learned, case / "index/learned" / learned.model.spec.sha256)
    ran = forensics("match", query, "-c", case, "--model", model, "-j", "1", "--json")
    assert (ran.code, ran.of("match")) == (0, [])


def assert_damage_is_mended(learned: Learned, cache: Path) -> None:
    """A cached file that was changed and one that is gone are made again as they were."""
    before = {path.name: path.read_bytes() for path in cache.iterdir()}
    first, second = (cache / name for name in sorted(before))
    first.write_bytes(before[first.name][:-1] + bytes([before[first.name][-1] ^ 1]))
    second.unlink()
    learned.memo.clear()
    assert [learned.of(path.stem) for path in (first, second)] == [None, None]
    for path in (first, second):
        learned.describe(path.stem)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == before


def test_findings_name_the_model_and_without_it_they_are_the_same_bytes_as_before(
    forensics: Callable[..., Ran], matched: Path, tmp_path: Path
) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    (tmp_path / "LICENCE").write_text("Example Licence 1.0\n\nTerms.")
    model = written(tmp_path, descriptor())
    plain = {path.name: path.read_bytes() for path in (case / "findings").iterdir()}
    ran = forensics("match", "-c", case, "--model", model, "--model-licence", tmp_path / "LICENCE", "-j", "2")
    assert ran.code == 0, ran.err
    assert "licence: Example Licence 1.0 (from a file named by the user, SHA-256 " in ran.out
    named = [path for path in (case / "findings").glob("*.json") if path.name not in plain]
    assert len(named) == len([name for name in plain if name.endswith(".json")]) > 0
    method = json.loads(named[0].read_bytes())["predicate"]["method"]
    assert method["params"]["model_sha256"] in ran.out
    assert method["params"]["model_licence"] == "Example Licence 1.0"
    assert set(method["params"]) >= {"model_runtime", "model_input", "learned_least_cosine", "clear_peak"}
    assert "it decided nothing" in named[0].read_text()
    assert forensics("verify", case).code == 0
    page = tmp_path / "page.html"
    assert forensics("report", "-c", case, "-o", page).code == 0
    shown = re.sub(r"<[^>]*>", "", page.read_text())
    assert method["params"]["model_sha256"] in shown
    assert method["params_sha256"] in shown
    for path in (case / "findings").iterdir():
        path.unlink()
    assert forensics("match", "-c", case, "-j", "1").code == 0
    assert {path.name: path.read_bytes() for path in (case / "findings").iterdir()} == plain


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--model", "absent.onnx"), "model.unreadable"),
        (("--model", "batch.onnx"), "model.shape"),
        (("--model-licence", "batch.onnx"), "input"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line_and_stops_the_command(
    forensics: Callable[..., Ran], case: Path, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    written(tmp_path, graph_model(pooling_nodes(), [projection()], given=(2, 3, 64, 64)), "batch.onnx")
    log = (case / "log/custody.jsonl").read_bytes()
    ran = forensics("match", "-c", case, *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ran.err.endswith(f" [{code}]\n")
    assert " - " in ran.err
    assert (case / "log/custody.jsonl").read_bytes() == log


def test_a_model_that_the_case_itself_names_is_not_opened(
    forensics: Callable[..., Ran], ingested: Path, tmp_path: Path
) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    (case / "config.toml").write_text('model = "/dev/zero"\n')
    ran = forensics("match", "-c", case)
    assert ran.code == 2
    assert "the case's configuration cannot set model" in ran.err


def test_the_main_job_stops_at_a_wrong_model_before_it_takes_anything_in(
    forensics: Callable[..., Ran], tmp_path: Path
) -> None:
    model = written(tmp_path, b"no model")
    ran = forensics("run", FOREST, "-c", tmp_path / "case", "--operator", "t", "--model", model)
    assert ran.code == 2
    assert not list((tmp_path / "case/store").glob("??"))
