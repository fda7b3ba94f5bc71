"""The stored form of a fingerprint, and what is refused when it is read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from forensics.errors import IntegrityError
from forensics.fingerprint import SPEC, decode, encode
from forensics.fingerprint.track import MAGIC
from forensics.model.fingerprint import Anchors, Fingerprint
from forensics.model.time import MediaTime, TimeBase


def example(rows: int = 5, anchor_pts: tuple[int, ...] = (0, 0, 0, 7, 7)) -> Fingerprint:
    random = np.random.default_rng(5)
    return Fingerprint(
        spec=SPEC,
        origin=MediaTime(pts=-1024, base=TimeBase(num=1, den=12_800)),
        frames=2 * rows,
        end_pts=2**62,
        codes=random.integers(0, 256, (rows, 32)).astype(np.uint8),
        pts=random.integers(-(2**63), 2**63 - 1, rows),
        quality=random.integers(0, 101, rows).astype(np.uint8),
        flags=random.integers(0, 8, rows).astype(np.uint8),
        box_codes=random.integers(0, 256, (rows, 32)).astype(np.uint8),
        anchors=Anchors(
            pts=np.array(anchor_pts, dtype=np.int64),
            points=(random.integers(0, 65536, (len(anchor_pts), 2)) / 65536).astype(np.float32),
            descriptors=random.integers(0, 256, (len(anchor_pts), 32)).astype(np.uint8),
        ),
    )


TRACK = encode(example())
HEADER_END = TRACK.index(b"\n", len(MAGIC)) + 1


def with_header(**changes: Any) -> bytes:
    header = json.loads(TRACK[len(MAGIC) : HEADER_END])
    header.update(changes)
    line = json.dumps(
        {name: value for name, value in header.items() if value is not ...}, sort_keys=True, separators=(",", ":")
    )
    return MAGIC + line.encode() + b"\n" + TRACK[HEADER_END:]


def test_what_was_encoded_decodes_to_the_same_values() -> None:
    stored, read = example(), decode(TRACK)
    assert (read.spec, read.origin, read.frames, read.end_pts) == (
        stored.spec,
        stored.origin,
        stored.frames,
        stored.end_pts,
    )
    for name in ("codes", "pts", "quality", "flags", "box_codes"):
        assert np.array_equal(getattr(read, name), getattr(stored, name))
        assert getattr(read, name).dtype == getattr(stored, name).dtype
    for name in ("pts", "points", "descriptors"):
        assert np.array_equal(getattr(read.anchors, name), getattr(stored.anchors, name))
        assert getattr(read.anchors, name).dtype == getattr(stored.anchors, name).dtype


def test_encoding_again_gives_the_same_bytes() -> None:
    assert encode(decode(TRACK)) == TRACK == encode(example())


def test_an_empty_fingerprint_has_a_track() -> None:
    empty = replace(example(rows=0, anchor_pts=()), end_pts=0)
    assert encode(decode(encode(empty))) == encode(empty)


def test_the_header_is_one_line_of_canonical_json() -> None:
    line = TRACK[len(MAGIC) : HEADER_END - 1]
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode()
    assert json.loads(line)["origin_pts"] == "-1024"


def test_a_track_holds_forty_two_bytes_for_each_kept_hash() -> None:
    plain = [
        replace(example(rows=rows, anchor_pts=()), box_codes=np.zeros((0, 32), dtype=np.uint8)) for rows in (50, 60)
    ]
    assert len(encode(plain[1])) - len(encode(plain[0])) - 42 * 10 <= 2


def test_the_arrays_of_a_decoded_track_cannot_be_written_to() -> None:
    read = decode(TRACK)
    arrays = (read.codes, read.pts, read.quality, read.flags, read.box_codes, read.anchors.pts, read.anchors.points)
    assert not any(array.flags.writeable for array in arrays)


def test_a_shorter_or_longer_track_is_refused_whatever_its_length() -> None:
    for length in range(len(TRACK)):
        with pytest.raises(IntegrityError):
            decode(TRACK[:length])
    for extra in (b"\0", b"\n", TRACK):
        with pytest.raises(IntegrityError, match="follow"):
            decode(TRACK + extra)


def test_no_changed_byte_goes_unseen() -> None:
    for place in range(len(TRACK)):
        changed = bytearray(TRACK)
        changed[place] ^= 0x40
        try:
            read = decode(bytes(changed))
        except IntegrityError:
            continue
        assert encode(read) == bytes(changed)


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 4},
        {"rows": 6},
        {"rows": -1},
        {"rows": 2**40},
        {"rows": 5.0},
        {"rows": "5"},
        {"rows": True},
        {"rows": None},
        {"rows": ...},
        {"box_rows": 4},
        {"frames": 4},
        {"frames": 2**53},
        {"frames": 10**400},
        {"anchor_rows": 4},
        {"anchor_frames": 1},
        {"base_num": 0},
        {"base_den": -1},
        {"end_pts": 5},
        {"end_pts": "05"},
        {"end_pts": "-0"},
        {"end_pts": "+1"},
        {"end_pts": "1e3"},
        {"end_pts": str(2**63)},
        {"origin_pts": "x"},
        {"origin_pts": "1" * 3000},
        {"spec_bits": 64},
        {"spec_keep_bits": 257},
        {"spec_name": "a\nb"},
        {"spec_name": "é"},
        {"spec_recipe": "x" * 5000},
        {"unknown": 1},
    ],
)
def test_a_header_that_encode_would_not_write_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError) as caught:
        decode(with_header(**changes))
    assert caught.value.code == "integrity.fingerprint"
    assert caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"NaN",
        b"[" * 4000,
        b'{"rows":' * 400,
        b"\xff\xfe",
        b" " * 4095,
        b'"' + b"x" * 10_000 + b'"',
    ],
)
def test_a_header_that_is_no_header_is_refused(line: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode(MAGIC + line + b"\n" + TRACK[HEADER_END:])


def test_a_header_in_another_order_is_refused() -> None:
    header = json.loads(TRACK[len(MAGIC) : HEADER_END])
    turned = json.dumps(dict(reversed(header.items())), separators=(",", ":")).encode()
    with pytest.raises(IntegrityError, match="canonical"):
        decode(MAGIC + turned + b"\n" + TRACK[HEADER_END:])


def test_a_member_given_twice_is_refused() -> None:
    doubled = TRACK.replace(b'"rows":5,', b'"rows":5,"rows":5,')
    assert doubled != TRACK
    with pytest.raises(IntegrityError):
        decode(doubled)


@pytest.mark.parametrize("data", [b"", b"\n", MAGIC, MAGIC.replace(b"1", b"2") + TRACK[len(MAGIC) :], TRACK[1:]])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode(data)


def test_a_quality_above_a_hundred_and_an_unknown_flag_are_refused() -> None:
    quality = HEADER_END + 5 * (32 + 8)
    for place, value in ((quality, 101), (quality + 5, 8)):
        changed = bytearray(TRACK)
        changed[place] = value
        with pytest.raises(IntegrityError):
            decode(bytes(changed))


def test_two_runs_of_one_anchor_frame_are_refused() -> None:
    split = encode(example(anchor_pts=(0, 0, 0, 7, 7)))
    runs = len(split) - 5 * 36 - 2 * 2 - 2 * 8
    changed = bytearray(split)
    changed[runs + 8 : runs + 16] = changed[runs : runs + 8]
    with pytest.raises(IntegrityError, match="anchor"):
        decode(bytes(changed))


def test_an_empty_run_of_anchors_is_refused() -> None:
    runs = len(TRACK) - 5 * 36 - 2 * 2
    changed = bytearray(TRACK)
    changed[runs : runs + 4] = b"\x05\x00\x00\x00"
    with pytest.raises(IntegrityError, match="anchor"):
        decode(bytes(changed))


@pytest.mark.parametrize("point", [1.0, -0.5, 1 / 3, float("nan"), float("inf")])
def test_a_point_between_the_units_is_not_written(point: float) -> None:
    stored = example(anchor_pts=(0,))
    anchors = replace(stored.anchors, points=np.array([[point, 0.5]], dtype=np.float32))
    with pytest.raises(ValueError, match="65536"):
        encode(replace(stored, anchors=anchors))


def test_a_value_that_decode_would_refuse_is_not_written() -> None:
    for broken in (
        replace(example(), quality=np.full(5, 101, dtype=np.uint8)),
        replace(example(), flags=np.full(5, 8, dtype=np.uint8)),
        replace(example(), frames=4),
        replace(example(), end_pts=2**63),
        replace(example(), spec=replace(SPEC, name="naïve")),
        replace(example(), spec=replace(SPEC, recipe="x" * 5000)),
    ):
        with pytest.raises(ValueError, match=r"\S"):
            encode(broken)
