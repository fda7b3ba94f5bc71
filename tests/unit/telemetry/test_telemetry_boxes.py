"""Boxes of MP4 and MOV: each clock by itself, places at full precision, no attribution from little."""

import pytest

from forensics.model.media import Tag
from forensics.model.telemetry import Track
from forensics.telemetry import Source, read_boxes
from forensics.telemetry.writers import profile
from tests.telemetry_bytes import box, keyed, loci, movie_header, nested
from tests.telemetry_bytes import gpmf as entry

BRANDS = box(b"ftyp", b"isom", (512).to_bytes(4), b"isomiso2avc1mp41")
SECONDS = 3_570_596_428
"""2017-02-22T08:20:28Z since 1904."""


def _read(data: bytes) -> Track | None:
    return read_boxes(Source(len(data), lambda at, length: data[at : at + length]))


def _movie(*parts: bytes) -> Track:
    track = _read(BRANDS + box(b"moov", movie_header(SECONDS), *parts))
    assert track is not None
    return track


def _xyz(text: str) -> bytes:
    return box(b"udta", box(b"\xa9xyz", len(text).to_bytes(2), b"\x15\xc7", text.encode()))


def test_the_location_box_keeps_its_fraction() -> None:
    track = _movie(box(b"udta", loci(24.938123, 60.169876, 95.25)))
    (fix,) = track.fixes
    assert abs(float(fix.latitude or 0) - 60.169876) < 1 / 65_536
    assert abs(float(fix.longitude or 0) - 24.938123) < 1 / 65_536
    assert (fix.absolute_altitude, fix.at_ms) == ("95.25", None)
    assert len((fix.latitude or "").partition(".")[2]) > 4


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+51.4169-000.0806/", ("+51.4169", "-000.0806", None)),
        ("+51.4169-000.0806+012.5/", ("+51.4169", "-000.0806", "+012.5")),
        ("+27.5916+086.5640+8850CRSWGS_84/", ("+27.5916", "+086.5640", "+8850")),
    ],
)
def test_a_place_of_iso_6709_is_kept_as_written(text: str, place: tuple[str, str, str | None]) -> None:
    (fix,) = _movie(_xyz(text)).fixes
    assert (fix.latitude, fix.longitude, fix.absolute_altitude) == place


@pytest.mark.parametrize("text", ["+4011.5-07359.1/", "+91.0+000.0/", "somewhere", "+1+1/"])
def test_a_place_that_cannot_be_read_is_told(text: str) -> None:
    track = _movie(_xyz(text))
    assert track.fixes == ()
    assert [notice.code for notice in track.notices] == ["telemetry.value_invalid"]


def test_zero_zero_is_no_place() -> None:
    track = _movie(_xyz("+00.0000+000.0000/"))
    assert (track.located, [notice.code for notice in track.notices]) == ((), ["telemetry.no_fix"])


def test_each_clock_is_a_record_and_none_is_merged() -> None:
    track = _movie(keyed(com_apple_quicktime_creationdate="2017-02-22T11:20:45+0300", com_apple_quicktime_make="Apple"))
    told = {clock.source: (clock.raw, clock.basis, clock.utc, clock.offset_minutes) for clock in track.clocks}
    assert told["moov/mvhd creation"] == (str(SECONDS), "utc_declared", "2017-02-22T08:20:28.000000Z", None)
    assert told["moov/meta com.apple.quicktime.creationdate"] == (
        "2017-02-22T11:20:45+0300",
        "offset_declared",
        "2017-02-22T08:20:45.000000Z",
        180,
    )
    assert [tag.value for tag in track.tags if tag.name == "com.apple.quicktime.make"] == ["Apple"]


def test_a_clock_without_a_zone_stays_local_and_one_that_is_unset_is_none() -> None:
    track = _read(box(b"moov", movie_header(0), keyed(com_apple_quicktime_creationdate="2017-02-22T11:20:45")))
    assert track is not None
    assert [(clock.raw, clock.basis, clock.utc) for clock in track.clocks] == [
        ("2017-02-22T11:20:45", "local_unknown", None)
    ]


def test_track_clocks_that_read_as_the_movies_are_counted_and_others_are_told() -> None:
    same = box(b"trak", box(b"tkhd", movie_header(SECONDS)[8:]))
    other = box(b"trak", box(b"tkhd", movie_header(SECONDS + 17)[8:]))
    track = _movie(same, other)
    assert [tag.value for tag in track.tags if tag.name == "track_clocks_as_movie"] == ["2"]
    assert [clock.source for clock in track.clocks if "trak" in clock.source] == [
        "moov/trak[1]/tkhd creation",
        "moov/trak[1]/tkhd modification",
    ]


def test_the_serial_number_of_a_gopro_is_told() -> None:
    device = nested("DEVC", entry("CASN", "c", 1, 14, b"C3221324657219"))
    told = {tag.name: tag.value for tag in _movie(box(b"udta", box(b"GPMF", device))).tags}
    assert told["serial_number"] == "C3221324657219"


def test_what_is_no_such_file_is_none() -> None:
    assert _read(b"") is None
    assert _read(b"GIF89a" + bytes(100)) is None


@pytest.mark.parametrize(
    "data",
    [
        BRANDS + b"\xff\xff\xff\xffmoov" + movie_header(SECONDS),  # longer than the file
        BRANDS + box(b"moov", box(b"meta", bytes(4), box(b"keys", bytes(4), (10**9).to_bytes(4)))),
        BRANDS + box(b"moov", *[box(b"trak", box(b"mdia"))] * 30_000),
        BRANDS + b"\0\0\0\1moov" + (2**64 - 1).to_bytes(8),
        BRANDS + box(b"moov", box(b"udta", box(b"loci", bytes(7)), box(b"\xa9xyz", b"\xff\xff\0\0+1"))),
    ],
    ids=["longer", "billion", "many", "2^64", "short"],
)
def test_hostile_boxes_end_without_a_place(data: bytes) -> None:
    track = _read(data)
    assert track is not None
    assert track.located == ()


def _tags(*handlers: str, **values: str) -> list[Tag]:
    named = [Tag(group="ftyp", name=name, value=value) for name, value in values.items()]
    return named + [Tag(group="moov/trak[0]", name="handler_name", value=value) for value in handlers]


def test_the_writer_of_telegram_for_android_is_told_from_ffmpeg_and_from_a_phone() -> None:
    brands = {"major_brand": "isom", "minor_version": "512", "compatible_brands": "isom iso2 avc1 mp41"}
    assert profile(_tags("VideoHandle", "SoundHandle", **brands)) == "the writer of Telegram for Android"
    assert profile(_tags("VideoHandler", "SoundHandler", **brands)) is None
    assert profile([*_tags("VideoHandler", **brands), Tag(group="udta", name="\xa9too", value="Lavf59.27.100")]) == (
        "FFmpeg (libavformat)"
    )
    phone = {"major_brand": "mp42", "minor_version": "0", "compatible_brands": "isom mp42"}
    assert profile(_tags("VideoHandle", "SoundHandle", **phone)) is None
