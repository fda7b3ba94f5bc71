"""forensics replay: what differs, and which recorded version has moved since."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from forensics import custody
from forensics.keyframes import FIRST_PNG, encode_png
from forensics.model.manifest import Manifest
from pipelines.keyframe_files import subject_of
from tests.adversarial.test_tamper_matrix import Case
from tests.integration.conftest import Ran

Call = Callable[..., Ran]


class Kept(Case):
    """A writable copy of a case, of which the manifest of one evidence is written anew by somebody who knows OCFL."""

    def __init__(self, source: Path, target: Path) -> None:
        shutil.copytree(source, target, symlinks=True)
        for path in target.rglob("*"):
            if path.is_file():
                path.chmod(0o600)
        super().__init__(target, "T-1")
        self.item = next(iter(self.store.ids()))

    def manifest_now(self) -> Manifest:
        return custody.decode_manifest(self.store.read(self.item, "manifest.json"))

    def write(self, manifest: Manifest) -> None:
        path = self.place(self.item) / "v1/content/manifest.json"
        path.write_bytes(custody.encode_manifest(manifest))
        self.reinventory(self.item, "v1/content/manifest.json")

    def change_facts(self, part: str, change: Callable[[dict], object]) -> None:
        manifest = self.manifest_now()
        value = json.loads(json.dumps(getattr(manifest.facts, part)))
        change(value)
        self.write(replace(manifest, facts=replace(manifest.facts, **{part: value})))

    def change_environment(self, change: Callable[[dict], object]) -> None:
        manifest = self.manifest_now()
        value = json.loads(json.dumps(manifest.record.environment))
        change(value)
        self.write(replace(manifest, record=replace(manifest.record, environment=value)))


@pytest.fixture
def kept(ingested: Path, tmp_path: Path) -> Kept:
    return Kept(ingested, tmp_path / "case")


def replayed(forensics: Call, kept: Kept) -> tuple[int, dict]:
    done = forensics("replay", kept.item, "-c", kept.root, "-j", "1", "--json")
    return done.code, done.of("replay")[0]


def test_a_keyframe_that_a_forged_version_recorded_otherwise_is_named_with_both_hashes_and_no_version(
    forensics: Call, kept: Kept
) -> None:
    true = kept.manifest_now().facts.recipe["keyframes"][0]["phash"]
    forged = true[:-1] + ("0" if true[-1] != "0" else "1")
    kept.change_facts("recipe", lambda recipe: recipe["keyframes"][0].update(phash=forged))
    code, told = replayed(forensics, kept)
    assert code == 3
    assert (told["equal"], told["exact_equal"], told["recipe_equal"], told["files_equal"]) == (False, True, False, True)
    assert told["differences"] == [f"recipe.keyframes[0].phash: {forged} -> {true}"]
    assert (told["moved"], told["only_versions"]) == ([], False)
    text = forensics("replay", kept.item, "-c", kept.root, "-j", "1").out
    assert "no recorded version has moved: none of them explains the difference" in text


def test_another_version_of_ffmpeg_is_named_and_that_the_values_are_equal(forensics: Call, kept: Kept) -> None:
    now = kept.manifest_now().facts.recipe["tools"]["ffmpeg"]
    kept.change_facts("recipe", lambda recipe: recipe["tools"].update(ffmpeg="4.4.2"))
    code, told = replayed(forensics, kept)
    assert code == 3
    assert told["differences"] == [f"recipe.tools.ffmpeg: 4.4.2 -> {now}"]
    assert told["moved"] == [{"name": "ffmpeg", "recorded": "4.4.2", "now": now}]
    assert told["only_versions"]
    text = forensics("replay", kept.item, "-c", kept.root, "-j", "1").out
    assert f"the values are equal; only versions moved: ffmpeg 4.4.2 -> {now}" in text


def test_a_case_from_before_recipes_of_png_were_named_is_equal_and_its_keyframes_are_packed_as_then(
    forensics: Call, kept: Kept
) -> None:
    manifest = kept.manifest_now()
    packed = {}
    for subject in manifest.subjects:
        if subject.name.endswith(".png"):
            data = (kept.place(kept.item) / "v1/content" / subject.name).read_bytes()
            bgr = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
            packed[subject.name] = subject_of(subject.name, encode_png(bgr, FIRST_PNG))
    subjects = tuple(packed.get(each.name, each) for each in manifest.subjects)
    assert packed and subjects != manifest.subjects
    kept.write(replace(manifest, subjects=subjects))

    def unnamed(recipe: dict) -> None:
        del recipe["png"]
        for keyframe, subject in zip(recipe["keyframes"], packed.values(), strict=True):
            keyframe["png_sha256"] = subject.sha256

    kept.change_facts("recipe", unnamed)
    code, told = replayed(forensics, kept)
    assert (code, told["equal"], told["differences"]) == (0, True, [])


def test_a_recipe_of_png_that_this_version_does_not_know_is_named(forensics: Call, kept: Kept) -> None:
    now = kept.manifest_now().facts.recipe["png"]["version"]
    kept.change_facts("recipe", lambda recipe: recipe["png"].update(version="999"))
    code, told = replayed(forensics, kept)
    assert (code, told["differences"]) == (3, [f"recipe.png.version: 999 -> {now}"])


def test_what_moved_is_named_also_where_every_fact_is_equal(forensics: Call, kept: Kept) -> None:
    def older(environment: dict) -> None:
        environment["packages"]["jinja2"] = "3.1.0"
        environment["packages"]["gone"] = "1.0"
        environment["programs"][0]["sha256"] = "0" * 64
        environment["machine"]["python"] = "3.10.1"

    kept.change_environment(older)
    code, told = replayed(forensics, kept)
    assert (code, told["equal"]) == (0, True)
    moved = {each["name"]: (each["recorded"], each["now"]) for each in told["moved"]}
    assert moved.keys() == {"jinja2", "gone", "file of ffmpeg", "python"}
    assert moved["gone"] == ("1.0", "none")
    assert moved["jinja2"][0] == "3.1.0"
    event = json.loads(kept.lines()[-1])
    assert event["event"] == "replication of analysis"
    assert "jinja2 3.1.0" in event["detail"]["moved"]


def test_an_exact_fact_that_was_forged_is_an_integrity_failure(forensics: Call, kept: Kept) -> None:
    kept.change_facts("exact", lambda exact: exact["frames"].update(decoded=exact["frames"]["decoded"] + 1))
    code, told = replayed(forensics, kept)
    assert (code, told["exact_equal"], told["recipe_equal"]) == (8, False, True)
    assert told["differences"][0].startswith("exact.frames.decoded: ")


def test_the_digest_of_the_original_is_computed_again_too(forensics: Call, kept: Kept) -> None:
    path = kept.place(kept.item) / "v1/content/original"
    path.write_bytes(path.read_bytes() + b"\0" * 8)
    code, told = replayed(forensics, kept)
    assert code == 8
    assert any(each.startswith("exact.identification.sha256: ") for each in told["differences"])


def test_a_derived_file_that_the_manifest_names_by_another_digest_is_named(forensics: Call, kept: Kept) -> None:
    manifest = kept.manifest_now()
    forged = tuple(
        replace(each, sha256="0" * 64) if each.name == "derived/contact-sheet.jpg" else each
        for each in manifest.subjects
    )
    assert forged != manifest.subjects
    kept.write(replace(manifest, subjects=forged))
    code, told = replayed(forensics, kept)
    assert (code, told["exact_equal"], told["recipe_equal"], told["files_equal"]) == (3, True, True, False)
    assert told["differences"][0].startswith(f"file derived/contact-sheet.jpg: SHA-256 {'0' * 64} -> ")


def test_a_fault_that_the_manifest_keeps_quiet_about_is_named(forensics: Call, clips: Path, tmp_path: Path) -> None:
    data = (clips / "first.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 9 // 10])
    whole = tmp_path / "source"
    assert forensics("init", whole, "--case-id", "T-1").code == 0
    forensics("ingest", tmp_path / "cut.mp4", "-c", whole)
    kept = Kept(whole, tmp_path / "case")
    manifest = kept.manifest_now()
    assert manifest.notices
    assert replayed(forensics, kept)[1]["equal"]
    kept.write(replace(manifest, notices=()))
    code, told = replayed(forensics, kept)
    assert (code, told["files_equal"]) == (3, False)
    assert told["differences"][0].startswith(f"notice {manifest.notices[0].code}: not recorded -> ")
