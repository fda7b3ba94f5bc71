"""Pictures and sound from one process: the facts of two, and no fact of the one that hangs on the other."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from forensics import media
from forensics.errors import MediaError
from forensics.media.commands import Branch, Voice
from forensics.media.diagnostics import MAX_SPEAKERS, Diagnostics
from forensics.media.sound import CHROMAPRINT, Sound
from forensics.media.together import SoundInTheWay, keep_apart, may_share
from forensics.model.media import FrameBatch, Picture, Stream
from forensics.model.sound import SoundState
from forensics.model.time import MediaTime, TimeBase
from tests.unit.media.conftest import FFMPEG, Remux, ffmpeg, opened

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")


@dataclass(frozen=True)
class Passed:
    """What one pass gave: every item in its order, the outcome without its command, the sound."""

    items: list[tuple[object, ...]]
    outcome: media.DecodeOutcome
    sound: Sound | None
    command: tuple[str, ...]


def passed(tools: media.Tools, path: Path, *, listening: bool = True, **options: object) -> Passed:
    """The decode pass over a file, with its sound or without."""
    with opened(path) as fd:
        probed = media.probe(tools, fd)
        voice = media.voice_of(probed) if listening else None
        with media.decode(tools, fd, probed.probe, voice=voice, **options) as decoding:  # type: ignore[arg-type]
            items = [_digest(item) for item in decoding]
    outcome = decoding.outcome
    return Passed(items, replace(outcome, command=()), decoding.sound, outcome.command)


def _digest(item: FrameBatch | Picture) -> tuple[object, ...]:
    if isinstance(item, Picture):
        return (item.pts, hashlib.sha256(item.planes).hexdigest())
    return (*item.pts.tolist(), hashlib.sha256(item.luma.tobytes()).hexdigest())


def heard_alone(tools: media.Tools, path: Path) -> Sound:
    with opened(path) as fd:
        return media.read_sound(tools, fd, media.probe(tools, fd))


def told(sound: Sound) -> tuple[object, ...]:
    arrays = sound.words.tobytes(), sound.levels.tobytes()
    return (sound.state, sound.reason, sound.stream, sound.samples, sound.notices, *arrays)


@pytest.fixture(scope="module")
def talking(clips: Path) -> Path:
    """Twelve seconds, more frames than a batch has, and noise that is neither silent nor even."""
    path = clips / "talking.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=12", "-f", "lavfi", "-i", "anoisesrc=d=12:seed=7"),
        *(*X264, "-c:a", "aac", "-b:a", "64k", path),
    )
    return path


@pytest.mark.parametrize("sync_only", [False, True])
@pytest.mark.parametrize("name", ["same.mp4", "same.mov", "same.ts"])
def test_one_pass_gives_the_facts_of_two(
    tools: media.Tools, talking: Path, remux: Remux, name: str, sync_only: bool
) -> None:
    path = remux(f"talking-{name}", source=talking)
    both, pictures = (passed(tools, path, listening=hear, sync_only=sync_only) for hear in (True, False))
    assert (both.items, both.outcome) == (pictures.items, pictures.outcome)
    assert both.sound is not None
    assert both.sound.state is SoundState.READ
    assert told(both.sound) == told(heard_alone(tools, path))
    assert pictures.sound is None


def test_one_command_stands_for_both_and_graphs_do_not_wait_for_each_other(tools: media.Tools, talking: Path) -> None:
    found = passed(tools, talking)
    assert found.sound is not None
    assert found.sound.command == found.command
    assert found.command.count("-filter_complex") == 2
    assert found.command.count("-i") == 1
    assert found.command[-1] == "pipe:10"


def test_luma_beside_comes_with_the_sound(tools: media.Tools, talking: Path) -> None:
    beside = []
    with opened(talking) as fd:
        probed = media.probe(tools, fd)
        for voice in (media.voice_of(probed), None):
            branch = Branch("not(mod(n,5))", (16, 12))
            with media.decode(tools, fd, probed.probe, beside=branch, voice=voice) as decoding:
                assert sum(isinstance(item, FrameBatch) for item in decoding) == 2
            beside.append(decoding.beside)
            assert (decoding.sound is None) is (voice is None)
    assert beside[0] is not None
    assert len(beside[0][0]) == 60
    assert beside[0] == beside[1]


def test_the_command_of_a_mute_clip_is_as_ever(tools: media.Tools, clips: Path) -> None:
    path = clips / "mute-in-pass.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=5:d=1", *X264, path)
    with opened(path) as fd:
        assert media.voice_of(media.probe(tools, fd)) is None
    assert passed(tools, path).command == passed(tools, path, listening=False).command


def test_sound_in_ticks_longer_than_a_sample_is_left_to_be_heard_alone(
    tools: media.Tools, talking: Path, remux: Remux
) -> None:
    found = passed(tools, remux("talking.mkv", source=talking))
    assert found.sound is None
    assert found.command.count("-filter_complex") == 1


@pytest.mark.parametrize(
    ("base", "rate", "packets", "shared"),
    [
        ((1, 48000), 48000, 9, True),
        ((1, 90000), 44100, 9, True),
        ((1, 1000), 8000, 9, False),
        ((1, 22050), 44100, 9, False),
        ((32, 1225), 44100, 9, False),
        ((1, 48000), 48000, 0, False),
        ((1, 48000), 48000, None, False),
        ((1, 48000), None, 9, False),
    ],
)
def test_a_stream_is_shared_when_its_clock_tells_every_sample(
    base: tuple[int, int], rate: int | None, packets: int | None, shared: bool
) -> None:
    ticks = TimeBase(num=base[0], den=base[1])
    stream = Stream(
        index=1,
        kind="audio",
        codec="aac",
        time_base=ticks,
        start_pts=0,
        duration=None,
        packets=packets,
        sample_rate=rate,
    )
    assert may_share(Voice(stream, MediaTime(pts=0, base=ticks), CHROMAPRINT)) is shared


def _noise_in_the_sound(talking: Path, path: Path) -> None:
    ffmpeg("-i", talking, "-map", "0", "-c", "copy", "-bsf:a", "noise=amount='gt(n,300)*20'", path)


def _layouts_that_no_filter_takes(talking: Path, path: Path) -> None:
    tones = "|".join(f"sin({400 + 10 * place}*t)" for place in range(13))
    sources = ("-i", talking, "-f", "lavfi", "-i", f"aevalsrc={tones}:d=12")
    ffmpeg(*sources, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "pcm_s16le", path)


def _another_layout_half_way(talking: Path, path: Path) -> None:
    parts = []
    for channels, rate in ((2, 44100), (1, 48000)):
        part = path.with_suffix(f".{channels}.ts")
        ffmpeg("-i", talking, "-c:v", "copy", "-c:a", "mp2", "-ac", str(channels), "-ar", str(rate), part)
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))


def _undecodable_pictures(talking: Path, path: Path) -> None:
    """So many that ffmpeg, where it decodes nothing else, calls the whole a failure."""
    listed = FFMPEG and ffmpeg("-i", talking, "-map", "0:v", "-c", "copy", "-f", "framecrc", "-").decode()
    sizes = [int(line.split(",")[4]) for line in str(listed).splitlines() if not line.startswith("#")]
    packets = ffmpeg("-i", talking, "-map", "0:v", "-c", "copy", "-bsf:v", "null", "-f", "data", "-")
    data, at = talking.read_bytes(), 0
    for place, size in enumerate(sizes):
        packet = packets[at : at + size]
        at += size
        if place % 25 > 2:
            data = data.replace(packet, b"\xff" * size, 1)
    path.write_bytes(data)


FAULTS = {
    "noise.mov": _noise_in_the_sound,
    "thirteen.mov": _layouts_that_no_filter_takes,
    "layouts.ts": _another_layout_half_way,
    "pictures.mp4": _undecodable_pictures,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_either_costs_no_fact_of_the_other(
    tools: media.Tools, clips: Path, talking: Path, name: str
) -> None:
    path = clips / f"fault-{name}"
    FAULTS[name](talking, path)
    both, pictures = passed(tools, path), passed(tools, path, listening=False)
    assert (both.items, both.outcome) == (pictures.items, pictures.outcome)
    assert both.command == pictures.command
    assert both.sound is None
    assert pictures.items


def _behind(folder: Path, asked_for_sound: str) -> media.Tools:
    """The real programs, but for what ffmpeg does when it is asked for words."""
    script = folder / "ffmpeg"
    script.write_text(
        f'#!/bin/sh\ncase " $* " in *" -muxers "*) ;; *chromaprint*) {asked_for_sound};; esac\nexec {FFMPEG} "$@"\n'
    )
    script.chmod(0o755)
    os.symlink(str(FFMPEG).replace("ffmpeg", "ffprobe"), folder / "ffprobe")
    return media.find_tools(str(folder))


@pytest.mark.parametrize(
    ("asked_for_sound", "limits"),
    [
        ("echo \"[NULL @ 0x1] [error] Requested output format 'chromaprint' is not suitable\" >&2; exit 1", {}),
        ('echo "[error] No such filter: aresample" >&2; exit 1', {}),
        ("sleep 60", {"stall_s": 0.5}),
        ("while true; do :; done", {"decode_cpu_s": 1, "stall_s": 30.0}),
        (f'{FFMPEG} "$@"; exit 1', {}),
        ("kill -9 $$", {}),
    ],
    ids=["no muxer", "no filter", "hangs", "burns", "fails at the end", "is killed"],
)
def test_a_program_that_fails_over_the_sound_still_gives_every_picture(
    tools: media.Tools, talking: Path, tmp_path: Path, asked_for_sound: str, limits: dict[str, float]
) -> None:
    failing = _behind(tmp_path, asked_for_sound)
    found = passed(failing, talking, limits=replace(media.DEFAULT_LIMITS, **limits))
    whole = passed(tools, talking, listening=False)
    assert (found.items, found.outcome) == (whole.items, whole.outcome)
    assert found.outcome.complete
    assert found.sound is None


def test_pictures_that_differ_when_decoded_again_are_not_mixed(talking: Path, tmp_path: Path) -> None:
    other = _behind(tmp_path, f'{FFMPEG} -itsscale 2 "$@"; exit 1')
    with pytest.raises(MediaError) as caught:
        passed(other, talking)
    assert caught.value.code == "media.limit"


def test_a_pass_that_stops_at_the_frame_limit_leaves_the_sound_to_be_heard_alone(
    tools: media.Tools, talking: Path
) -> None:
    found = passed(tools, talking, limits=media.Limits(max_frames=30))
    assert [notice.code for notice in found.outcome.notices] == ["media.limit"]
    assert found.sound is None


class _Ended:
    """A child that said some lines and ended well."""

    def __init__(self, *lines: str) -> None:
        self.diagnostics = Diagnostics()
        self.diagnostics.feed("".join(f"{line}\n" for line in lines).encode())
        self.over_limit = False

    def wait(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("line", "apart"),
    [
        ("[h264 @ 0x1] [error] error while decoding MB 3 4", True),
        ("[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] stream 1, offset 0x30: partial file", True),
        ("[filter_units @ 0x1] [error] Invalid NAL unit", True),
        ("[warning] /dev/fd/3: corrupt input packet in stream 0", True),
        ("[warning] corrupt decoded frame in stream 0", True),
        ("[aac @ 0x1] [warning] Too large remapped id", True),
        ("[warning] /dev/fd/3: corrupt input packet in stream 1", False),
        ("[aac @ 0x1] [error] Input buffer exhausted", False),
        ("[error] Error while decoding stream #0:0: Invalid data found when processing input", False),
        ("[h264 @ 0x1] [error] get_buffer() failed", False),
        ("[h264 @ 0x1] [error] Cannot allocate memory", False),
        ("[NULL @ 0x1] [error] Invalid NAL unit size", False),
        ("[fatal] Error while filtering", False),
    ],
)
def test_what_may_be_of_the_sound_is_not_held_against_the_pictures(
    tools: media.Tools, talking: Path, line: str, apart: bool
) -> None:
    with opened(talking) as fd:
        probed = media.probe(tools, fd)
    voice = media.voice_of(probed)
    assert voice is not None
    try:
        keep_apart(_Ended(line), probed.probe, voice, ended=True)  # type: ignore[arg-type]
    except SoundInTheWay:
        assert not apart
    else:
        assert apart


def test_more_speakers_than_are_kept_are_nobodys() -> None:
    found = Diagnostics()
    found.feed(b"".join(b"[part%d @ 0x1] [error] x\n" % place for place in range(MAX_SPEAKERS + 5)))
    assert "" in found.concerned
    assert len(found.concerned) == MAX_SPEAKERS + 1
