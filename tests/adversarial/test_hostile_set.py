"""A sample of every class of hostile file, in one batch through the real command line (`make bench-all` runs all)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.adversarial import hostile_set

OTHERS = (
    "empty.mp4", "random_bytes.mp4", "two_mp4_concatenated.mp4", "webm_trunc.webm", "cover_first_then_video.mp4",
    "mp4_tkhd_65535.mp4", "gap_1_day.mp4", "elst_empty_huge.mp4", "mp4_duration_header_lies.mp4", "flip_mp4_1.mp4",
    "png_30000x30000.png", "mkv_5000_tracks.mkv", "meta_html.mp4", "exif_count_4g_gps_div0.jpg", "dji_nan.SRT",
    "tg_bigint.json",
)  # fmt: skip
"""Beside all lures."""


def test_a_batch_of_hostile_files_ends_with_every_file_kept_and_nothing_else_opened(
    shared: Path, tmp_path: Path
) -> None:
    hostile = shared / "hostile"
    listed = hostile_set.listed(hostile)
    names = [name for name, entry in listed.items() if entry["class"] == "A-lure"] + list(OTHERS)
    canaries = hostile_set.Canaries()
    canaries.put(Path(json.loads((hostile / "manifest.json").read_text())["canary_dir"]) / "canary.mp4")
    canaries.put(tmp_path / "in" / "canary_sibling.mp4")
    for name in names:
        shutil.copyfile(hostile / name, tmp_path / "in" / name)
    watched = canaries.works()
    ran = hostile_set.ingest([tmp_path / "in" / name for name in names], tmp_path / "case", jobs=2)
    faults = {name: found for name in names if (found := hostile_set.broken(name, listed[name], ran))}
    assert faults == {}
    assert ran.code == 3
    assert "Traceback" not in ran.err
    if watched:
        assert canaries.read() == []


def test_the_harness_sees_what_it_is_there_to_see(tmp_path: Path) -> None:
    entry = {"expect": "reject", "sha256": "00", "reason_any_of": ["playlist"]}
    row = {"id": "11", "status": "ingested", "notices": []}
    content = tmp_path / "store/11/11/v1/content"
    content.mkdir(parents=True)
    facts = {"exact": {"frames": {"complete": True, "decoded": 48}}}
    (content / "manifest.json").write_text(json.dumps({"predicate": {"facts": facts}}))
    ran = hostile_set.Ran(0, "", {"lure.avi": [row]}, tmp_path, 0.0)
    assert hostile_set.broken("lure.avi", {**entry, "frames": 100}, ran) == [
        "kept under another digest", "not in the store", "accepted", "48 of 100 frames, unsaid",
    ]  # fmt: skip
    row.update(status="failed", notices=[{"code": "media.limit"}])
    assert "refused for ['media.limit']" in hostile_set.broken("lure.avi", entry, ran)
    assert hostile_set.broken("other.avi", entry, ran) == ["no word about it"]
    assert hostile_set.broken("lure.avi", entry, hostile_set.Ran(0, "", {"lure.avi": [{}]}, tmp_path, 0.0)) == [
        "not kept"
    ]
    canaries = hostile_set.Canaries()
    canaries.paths.append(tmp_path / "canary")
    (tmp_path / "canary").write_bytes(b"x")
    if canaries.works():
        (tmp_path / "canary").read_bytes()
        assert canaries.read() == ["canary"]
