"""Data and text streams copied out of real containers: bytes as they were, times only where there are some."""

import os
import subprocess
from pathlib import Path

import pytest

from forensics import media
from forensics.media import commands
from forensics.media import data as data_module
from pipelines.embedded import leads, read_embedded
from tests.telemetry_bytes import sensor, st0601, transport_stream

PLACE = "[latitude: 50.00000{0}] [longitude: 6.5] [rel_alt: 5.3 abs_alt: 23.1]"
CUE = "{0}\n00:00:0{0},000 --> 00:00:0{1},000\n<font>2024-06-14 20:15:0{0}.042\n" + PLACE + "</font>\n\n"
SETS = [st0601(sensor(50 - n / 100, -6.5, 120.0, 1_700_000_000_000_000 + n)) for n in range(3)]


@pytest.fixture(scope="module")
def tools() -> media.Tools:
    return media.find_tools(os.environ["PATH"])


def _embedded(tools: media.Tools, path: Path):
    with path.open("rb") as file:
        probe = media.probe(tools, file.fileno()).probe
        return read_embedded(tools, file.fileno(), probe, media.DEFAULT_LIMITS)


def _with_text(tmp_path: Path, text: str, name: str, codec: str) -> Path:
    (tmp_path / "text.srt").write_text(text)
    out = tmp_path / name
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=size=64x64:rate=10:duration=4"]
    command += ["-i", str(tmp_path / "text.srt"), "-c:v", "mpeg4", "-c:s", codec, str(out)]
    subprocess.run(command, check=True)
    return out


@pytest.mark.parametrize("stream_type", [0x06, 0x15])
def test_klv_is_read_from_private_and_from_metadata_streams(
    tools: media.Tools, tmp_path: Path, stream_type: int
) -> None:
    path = tmp_path / "klv.ts"
    path.write_bytes(transport_stream(stream_type, [(90_000 * n, packet) for n, packet in enumerate(SETS)]))
    (carried,) = _embedded(tools, path).carried
    assert (carried.source, carried.track.family, len(carried.track.located)) == ("stream:0", "ST 0601", 3)
    assert [fix.at_ms for fix in carried.track.fixes] == [0, 1000, 2000]


@pytest.mark.parametrize("stream_type", [0x06, 0x15])
def test_a_packet_without_a_time_gets_none(tools: media.Tools, tmp_path: Path, stream_type: int) -> None:
    path = tmp_path / "klv.ts"
    path.write_bytes(transport_stream(stream_type, [(90_000, SETS[0]), (None, SETS[1]), (270_000, SETS[2])]))
    (carried,) = _embedded(tools, path).carried
    assert [fix.at_ms for fix in carried.track.fixes] == [1000, None, 3000]


@pytest.mark.parametrize(("name", "codec"), [("text.mp4", "mov_text"), ("text.mov", "mov_text"), ("text.mkv", "srt")])
def test_drone_text_in_a_clip_is_read_with_its_times(tools: media.Tools, tmp_path: Path, name: str, codec: str) -> None:
    path = _with_text(tmp_path, "".join(CUE.format(n, n + 1) for n in range(1, 4)), name, codec)
    found = [each.track for each in _embedded(tools, path).carried if each.source.startswith("stream:")]
    assert [track.family for track in found] == ["D"]
    assert [(fix.at_ms, fix.latitude) for fix in found[0].fixes] == [
        (1000, "50.000001"),
        (2000, "50.000002"),
        (3000, "50.000003"),
    ]


def test_subtitles_of_a_film_are_no_telemetry(tools: media.Tools, tmp_path: Path) -> None:
    path = _with_text(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\nWhere?\n\n", "film.mp4", "mov_text")
    found = _embedded(tools, path)
    assert [each.source for each in found.carried] == ["boxes"]
    assert found.unread == ("stream:1 tx3g",)
    assert found.notices == ()


def test_a_stream_over_the_limit_is_cut_at_a_packet_and_said(
    tools: media.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "MAX_STREAM_BYTES", 2 * len(SETS[0]) + 5)
    path = tmp_path / "klv.ts"
    path.write_bytes(transport_stream(0x06, [(90_000 * n, packet) for n, packet in enumerate(SETS)]))
    with path.open("rb") as file:
        found = media.read_data(tools, file.fileno(), media.probe(tools, file.fileno()).probe)
    assert [[len(packet.data) for packet in each.packets] for each in found.streams] == [[len(SETS[0])] * 2]
    assert [notice.code for notice in found.notices] == ["media.data_cut"]


def test_a_copy_that_ends_in_an_error_is_said(
    tools: media.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_ORDER_ONLY", "-N")  # times that fall: the muxer gives up
    path = tmp_path / "klv.ts"
    path.write_bytes(transport_stream(0x06, [(90_000 * n, packet) for n, packet in enumerate(SETS)]))
    with path.open("rb") as file:
        found = media.read_data(tools, file.fileno(), media.probe(tools, file.fileno()).probe)
    assert [notice.code for notice in found.notices] == ["media.data_cut"]


def test_a_clip_without_data_runs_no_program(tools: media.Tools, tmp_path: Path) -> None:
    path = tmp_path / "plain.mp4"
    source = "color=size=64x64:rate=10:duration=1"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(path)], check=True)
    with path.open("rb") as file:
        probe = media.probe(tools, file.fileno()).probe
        assert media.read_data(tools, file.fileno(), probe).command == ()


@pytest.mark.parametrize(("cues", "told"), [(4, []), (2, ["telemetry.length_mismatch"])])
def test_a_text_track_that_ends_before_its_clip_is_told_with_its_stream(
    tools: media.Tools, tmp_path: Path, cues: int, told: list[str]
) -> None:
    path = _with_text(tmp_path, "".join(CUE.format(n, n + 1) for n in range(cues)), "text.mp4", "mov_text")
    with path.open("rb") as file:
        probe = media.probe(tools, file.fileno()).probe
        found = leads(read_embedded(tools, file.fileno(), probe, media.DEFAULT_LIMITS), probe, [])
    assert [notice.code for notice in found] == told
    assert all(notice.message.startswith("stream:1: the track ends 2") for notice in found)


def test_places_and_clocks_of_an_inner_track_are_checked_like_those_beside_a_clip(
    tools: media.Tools, tmp_path: Path
) -> None:
    path = tmp_path / "klv.ts"
    start = 1_700_000_000_000_000
    far = [st0601(sensor(50 - n, -6.5, 120.0, start + n * (9_000_000 if n == 2 else 1_000_000))) for n in range(3)]
    path.write_bytes(transport_stream(0x06, [(90_000 * n, packet) for n, packet in enumerate(far)]))
    (carried,) = _embedded(tools, path).carried
    codes = {notice.code for notice in carried.track.notices}
    assert {"telemetry.implausible_jump", "telemetry.clock_discontinuity"} <= codes
