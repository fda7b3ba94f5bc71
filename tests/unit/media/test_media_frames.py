"""Pairing of frames with timestamps, the order they leave in, and counting what ffmpeg says."""

from __future__ import annotations

import random

import numpy as np

from forensics.media.child import canonical
from forensics.media.completeness import Ending, Tally, judge
from forensics.media.diagnostics import MAX_FIRST, MAX_LINE, Diagnostics
from forensics.media.frames import NO_PTS, Schedule, TimedFrames
from forensics.model.media import Stream


def test_frames_and_timestamps_pair_however_the_pipes_are_cut() -> None:
    raw = bytes(range(240))
    text = b"".join(b"frame:%-4d pts:%-7d pts_time:1\nn=1\n" % (place, place * 40) for place in range(24))
    for seed in range(20):
        cut = random.Random(seed)
        frames, rest, lines = TimedFrames(10), raw, text
        got: list[tuple[list[int], bytes]] = []
        while rest or lines:
            size = cut.randint(1, 60)
            frames.feed(rest[:size])
            rest = rest[size:]
            size = cut.randint(1, 200)
            frames.feed_timestamps(lines[:size])
            lines = lines[size:]
            if frames.ready >= 3:
                got.append(frames.take(3))
        got.append(frames.take(frames.ready))
        assert b"".join(part for _, part in got) == raw
        assert [pts for listed, _ in got for pts in listed] == [place * 40 for place in range(24)]
        assert (frames.unpaired, frames.taken) == (0, 24)


def test_a_frame_without_timestamp_and_a_rebuilt_graph_are_seen() -> None:
    frames = TimedFrames(1)
    fresh = frames.feed_timestamps(b"frame:0 pts:5 x\nframe:1 pts:NOPTS x\nnoise\nframe:0    pts:-3 x\n")
    assert fresh == [(5, False), (NO_PTS, False), (-3, True)]
    assert frames.restarts == 1


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    frames = TimedFrames(1)
    for _ in range(100):
        frames.feed_timestamps(b"x" * 10_000)
    assert len(frames._rest) < 1000


def test_the_schedule_takes_what_the_select_filter_takes() -> None:
    schedule = Schedule(10, batch_frames=100, batch_pictures=100)
    clock = [0, 4, 9, 10, 15, 21, 31, 2, 5, 12, 13]
    schedule.add((pts, False) for pts in clock)
    assert [schedule.take(1) for _ in clock] == [1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 0]


def test_the_schedule_starts_anew_with_the_graph_and_after_a_frame_without_time() -> None:
    schedule = Schedule(10, batch_frames=100, batch_pictures=100)
    schedule.add([(0, False), (1, True), (2, False), (NO_PTS, False), (3, False)])
    assert [schedule.take(1) for _ in range(5)] == [1, 1, 0, 1, 1]


def test_a_batch_is_full_by_frames_or_by_pictures() -> None:
    by_frames = Schedule(1000, batch_frames=4, batch_pictures=9)
    by_frames.add((pts, False) for pts in range(10))
    assert [by_frames.full_batch(ready) for ready in (0, 3, 4, 10)] == [0, 0, 4, 4]
    by_pictures = Schedule(2, batch_frames=100, batch_pictures=2)
    by_pictures.add((pts, False) for pts in range(10))
    assert [by_pictures.full_batch(ready) for ready in (2, 3, 10)] == [0, 3, 3]


def test_messages_are_counted_by_kind_and_kept_without_addresses() -> None:
    said = Diagnostics()
    said.feed(b"[h264 @ 0x5619fc8d61c0] [error] error while decoding MB 9 11, byte")
    said.feed(b"stream -6\n[rawvideo @ 0x1] [error] Application provided invalid dts\n[info] hello\n")
    said.feed(b"[matroska,webm @ 0x55a0b5d21900] [error] File ended prematurely\n[warning] The bitrate is low\n")
    said.feed(b"[error] /dev/fd/12: Invalid data found when processing input")
    said.close()
    assert (said.errors, said.truncations) == (3, 1)
    assert said.first == [
        "h264: error while decoding MB 9 11, bytestream -6",
        "matroska,webm: File ended prematurely",
        "Invalid data found when processing input",
    ]


def test_a_flood_of_messages_is_counted_and_not_kept() -> None:
    said = Diagnostics()
    for _ in range(2000):
        said.feed(b"[h264 @ 0x1] [error] concealing errors in the frame\n" * 10)
    said.feed(b"y" * 10_000_000)
    assert said.errors == 20_000
    assert len(said.first) == MAX_FIRST
    assert len(said._rest) <= MAX_LINE


def test_descriptors_are_renumbered_in_arguments_and_in_filter_graphs() -> None:
    argv = ["ffmpeg", "-i", "/dev/fd/19", "-filter_complex", r"metadata=file=pipe\\:23:mode=print", "pipe:21", "21"]
    assert canonical(argv, 19, (21, 23)) == (
        *("ffmpeg", "-i", "/dev/fd/3", "-filter_complex", r"metadata=file=pipe\\:5:mode=print", "pipe:4", "21"),
    )


def _stream(packets: int | None) -> Stream:
    return Stream(index=0, kind="video", codec="x", time_base=None, start_pts=0, duration=None, packets=packets)


def _ending(**changes: object) -> Ending:
    usual: dict[str, object] = {"status": 0, "over_limit": False, "flooded": False, "restarts": 0, "unpaired": 0}
    return Ending(**{**usual, **changes})  # type: ignore[arg-type]


def test_each_way_of_falling_short_has_its_notice() -> None:
    tally = Tally(None)
    tally.add(np.arange(5, dtype=np.int64))
    assert judge(tally, _stream(5), Diagnostics(), _ending()) == ((), True)
    cases = {
        "media.fewer_frames": judge(tally, _stream(6), Diagnostics(), _ending()),
        "media.decode_failed": judge(tally, _stream(5), Diagnostics(), _ending(status=69)),
        "media.limit": judge(tally, _stream(None), Diagnostics(), _ending(over_limit=True, status=255)),
        "media.frames_unpaired": judge(tally, _stream(None), Diagnostics(), _ending(unpaired=-2)),
    }
    for code, (notices, complete) in cases.items():
        assert [notice.code for notice in notices] == [code]
        assert not complete


def test_the_tally_counts_jumps_hidden_and_untimed_frames_across_batches() -> None:
    tally = Tally([(10, 20), (40, 50)])
    for batch in ([5, 10, 19], [20, NO_PTS, 45], [44], []):
        tally.add(np.array(batch, dtype=np.int64))
    assert (tally.frames, tally.last_pts, tally.backward, tally.untimed, tally.hidden) == (7, 44, 1, 1, 2)
    notices, complete = judge(tally, _stream(7), Diagnostics(), _ending(restarts=1))
    assert complete
    assert [notice.code for notice in notices] == [
        *("media.hidden_frames", "media.clock_jumps_back", "media.no_timestamps", "media.geometry_changes"),
    ]
