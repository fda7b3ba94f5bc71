"""A cut that a file cannot tell is a limit of its manifest; one that it can is a notice."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.acquire import digest_file
from pipelines.config import Settings
from pipelines.derive import UNCOUNTED, Derived, derive
from pipelines.kit import Kit, open_kit
from pipelines.surroundings import Surroundings

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@pytest.fixture(scope="module")
def kit() -> Kit:
    return open_kit(Surroundings().search_path(), Settings())


def made(folder: Path, kind: str) -> bytes:
    path = folder / f"whole.{kind}"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1", "-c:v", "mpeg4", "-bf", "0", "-g", "1")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *picture, str(path)], check=True, timeout=60)
    return path.read_bytes()


def derived(folder: Path, data: bytes, kit: Kit) -> Derived:
    path, into = folder / "a", folder / "content"
    path.write_bytes(data)
    into.mkdir()
    handle = os.open(path, os.O_RDONLY)
    try:
        return derive(handle, digest_file(handle), (), into, kit)
    finally:
        os.close(handle)


def codes(found: Derived) -> set[str]:
    return {notice.code for notice in found.notices}


def test_a_transport_stream_cut_between_two_pictures_is_whole_and_its_manifest_claims_no_more(
    tmp_path: Path, kit: Kit
) -> None:
    data = made(tmp_path, "ts")
    begins = [at for at in range(0, len(data), 188) if data[at + 1 : at + 3] == b"\x41\x00" and not data[at + 3] & 0x80]
    found = derived(tmp_path, data[: begins[6]], kit)
    frames = found.facts.exact["frames"]
    assert isinstance(frames, dict) and frames["decoded"] == 6
    assert (codes(found), found.limits) == (set(), (UNCOUNTED.format("mpegts"),))


def test_an_avi_that_is_cut_is_told_and_no_limit_is(tmp_path: Path, kit: Kit) -> None:
    data = made(tmp_path, "avi")
    found = derived(tmp_path, data[:-40], kit)
    assert "media.truncated" in codes(found)
    assert found.limits == ()
