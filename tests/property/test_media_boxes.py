"""Laws of the readers that see a file's bytes first: any bytes give an answer, and it is within bounds."""

from __future__ import annotations

import struct
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import MediaError
from forensics.media.diagnostics import MAX_LINE, Diagnostics
from forensics.media.frames import TimedFrames
from forensics.media.isobmff import Boxes, walk
from forensics.media.still import read_still

KINDS = st.sampled_from(
    [
        b"ftyp",
        b"moov",
        b"trak",
        b"mdia",
        b"mdhd",
        b"hdlr",
        b"tkhd",
        b"edts",
        b"elst",
        b"mdat",
        b"free",
        b"mvhd",
        b"\0x\xff ",
    ]
)
SIZES = st.one_of(st.integers(0, 64), st.sampled_from([0, 1, 7, 8, 16, 2**31, 2**32 - 1]))
PIECES = st.builds(lambda size, kind, body: struct.pack(">I", size) + kind + body, SIZES, KINDS, st.binary(max_size=40))
FILES = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=12).map(b"".join))


def walked(data: bytes) -> Boxes | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return walk(file.fileno())


@settings(max_examples=300, deadline=None)
@given(FILES)
def test_the_box_walk_answers_for_any_bytes(data: bytes) -> None:
    found = walked(data)
    if found is not None:
        assert 0 <= found.trailing_bytes <= len(data)
        assert found.missing_bytes >= 0
        assert not (found.trailing_bytes and found.missing_bytes)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "]), st.binary(max_size=120))
def test_a_still_is_read_or_refused(head: bytes, data: bytes) -> None:
    try:
        found = read_still(head + data)
    except MediaError as error:
        assert error.code.startswith("media.")
    else:
        assert found.luma.shape == found.bgr.shape[:2]


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_what_is_said_on_stderr_is_bounded(parts: list[bytes]) -> None:
    said = Diagnostics()
    for part in parts:
        said.feed(part)
    said.close()
    assert all(len(line) <= 2 * MAX_LINE for line in said.first)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=30), st.data())
def test_timestamps_survive_any_cut_of_the_pipe(clock: list[int], data: st.DataObject) -> None:
    text = b"".join(b"frame:%-4d pts:%-7d pts_time:0.0\nn=1\n" % (place, pts) for place, pts in enumerate(clock))
    frames = TimedFrames(1)
    frames.feed(bytes(len(clock)))
    got: list[int] = []
    while text:
        size = data.draw(st.integers(1, 64))
        got += [pts for pts, _ in frames.feed_timestamps(text[:size])]
        text = text[size:]
    assert got == clock
    assert frames.take(len(clock))[0] == clock
