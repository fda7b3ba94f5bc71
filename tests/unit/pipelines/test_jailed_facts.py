"""Facts are the same with and without the jail of readers, and a hostile reader costs its own part of a file only."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import media
from forensics.media import clock, headers, outline, reading
from forensics.media.reading import reader_level
from forensics.model.evidence import Digests
from forensics.model.media import MediaKind
from pipelines import derive as deriving
from pipelines import embedded, readers
from pipelines.config import Settings
from pipelines.derive import Derived, derive
from pipelines.kit import Kit, open_kit
from pipelines.sidecars import Sidecar
from tests import hostile_readers as hostile

SRT = b"1\r\n00:00:00,000 --> 00:00:01,000\r\nGPS (30.5, 50.4, 15), D 24.26m, H 6.00m\r\n\r\n"


def directly(function: Callable[..., object], *words: object, handle: int | None = None, **_: object) -> object:
    """The reader in this process, as if there were no jail."""
    return function(*words) if handle is None else function(handle, *words)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that burns its second of CPU is stopped for that, however small its share of a busy machine is."""
    monkeypatch.setattr(reading, "_PATIENCE", 120)


@pytest.fixture
def kit() -> Kit:
    kit = open_kit(os.environ["PATH"], Settings())
    return replace(kit, limits=replace(kit.limits, reader_cpu_s=1, memory_bytes=1 << 30))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=s=128x96:r=10:d=1", "-metadata", "location=+50.4500+030.5200/"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-pix_fmt", "yuv420p", path], check=True, timeout=60)
    return path


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("still") / "still.jpg"
    source = ["-f", "lavfi", "-i", "testsrc=s=256x192:d=1", "-frames:v", "1"]
    subprocess.run(["ffmpeg", "-v", "error", *source, path], check=True, timeout=60)
    tiff = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0DJI\0\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    return path


def derived(path: Path, into: Path, kit: Kit, sidecars: tuple[Sidecar, ...] = ()) -> Derived:
    data = path.read_bytes()
    into.mkdir()
    digests = Digests(size=len(data), sha256=hashlib.sha256(data).hexdigest(), sha512=hashlib.sha512(data).hexdigest())
    with path.open("rb") as file:
        return derive(file.fileno(), digests, sidecars, into, kit)


def digest(one: Derived) -> str:
    return hashlib.sha256(repr((one.kind, one.facts, one.files, one.notices)).encode()).hexdigest()


BESIDE = (Sidecar(found_as="DJI_\udcff.SRT", stored_as="source/sidecar-1.srt", data=SRT),)
"""With a name that is no UTF-8."""


def test_facts_are_the_same_in_the_jail_and_out_of_it(
    clip: Path, still: Path, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jailed = [derived(clip, tmp_path / "a", kit, BESIDE), derived(still, tmp_path / "b", kit)]
    for room in (media, headers, clock):
        monkeypatch.setattr(room, "read", directly)
    plain = [derived(clip, tmp_path / "c", kit, BESIDE), derived(still, tmp_path / "d", kit)]
    assert [digest(each) for each in jailed] == [digest(each) for each in plain]
    assert jailed[0].facts.recipe["embedded"]
    assert jailed[1].facts.recipe["metadata"]
    assert [each.kind for each in jailed] == [MediaKind.VIDEO, MediaKind.STILL]


def test_a_still_whose_decoder_eats_memory_is_kept_with_its_tags_and_a_notice(
    still: Path, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "STILL", hostile.eat_memory)
    found = derived(still, tmp_path / "a", kit)
    assert found.kind is MediaKind.UNDECODABLE
    assert [notice.code for notice in found.notices] == ["parser.memory"]
    assert found.facts.recipe["metadata"]


def test_a_still_whose_exif_eats_cpu_is_decoded_without_it(
    still: Path, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "TAGS", hostile.eat_cpu_over_tags)
    found = derived(still, tmp_path / "a", kit)
    assert found.kind is MediaKind.STILL
    assert [notice.code for notice in found.notices] == ["parser.cpu"]
    assert found.facts.recipe["metadata"] == []


def test_a_clip_whose_boxes_and_sidecar_stop_their_readers_is_decoded_all_the_same(
    clip: Path, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "BOXES", hostile.eat_cpu)
    monkeypatch.setattr(readers, "TRACK", hostile.crash_over_text)
    found = derived(clip, tmp_path / "a", kit, BESIDE)
    assert found.kind is MediaKind.VIDEO
    assert sorted(notice.code for notice in found.notices) == ["parser.cpu", "parser.killed"]
    assert any(notice.message.startswith("source/sidecar-1.srt: ") for notice in found.notices)
    assert found.facts.exact["telemetry"] == [
        {"file": "source/sidecar-1.srt", "sha256": hashlib.sha256(SRT).hexdigest(), "format": None}
    ]


def test_headers_that_stop_their_reader_leave_a_notice_and_a_decoded_clip(
    clip: Path, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline, "outline_of", hostile.eat_cpu)
    found = derived(clip, tmp_path / "a", kit)
    assert found.kind is MediaKind.VIDEO
    assert "edit lists and trailing bytes are not known" in found.notices[0].message


def test_the_record_names_the_jail_of_readers(kit: Kit) -> None:
    from pipelines.environment import environment_record, moved

    record = environment_record(kit.tools, Settings(), ())
    assert record["confinement_of_readers"] == str(reader_level())
    (change,) = moved(record, {**record, "confinement_of_readers": "rlimits"})
    assert change.name == "confinement_of_readers"


def test_every_reader_declares_what_it_takes_and_tells() -> None:
    for reader in readers.READERS:
        types, told = media.reading.signature(reader)
        assert types
        assert told is not None
