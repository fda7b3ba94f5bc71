"""GoPro's stream: digits from scales, no place without a fix, no time that is not written."""

import struct

import pytest

from forensics.model.telemetry import Packet, Track
from forensics.telemetry import gpmf
from tests.telemetry_bytes import gpmf as entry
from tests.telemetry_bytes import gps5, gps9, nested


def _codes(track: Track) -> list[str]:
    return [notice.code.removeprefix("telemetry.") for notice in track.notices]


def test_only_the_first_place_of_a_payload_has_a_time() -> None:
    places = [(331266299, -1173274386, -18524), (331266300, -1173274387, 5)]
    track = gpmf.read_packets((Packet(0, gps5(places)), Packet(1001, gps5(places, moment="210617103001.500"))))
    assert [(fix.latitude, fix.longitude, fix.absolute_altitude) for fix in track.fixes[:2]] == [
        ("33.1266299", "-117.3274386", "-18.524"),
        ("33.12663", "-117.3274387", "0.005"),
    ]
    assert [fix.at_ms for fix in track.fixes] == [0, None, 1001, None]
    assert [fix.utc for fix in track.fixes] == [
        "2021-06-17T10:30:00.000000Z",
        None,
        "2021-06-17T10:30:01.500000Z",
        None,
    ]
    assert [tag.value for tag in track.tags] == ["Hero7 Test"]
    assert track.altitude_datum is None


@pytest.mark.parametrize(("fix", "places"), [(0, 0), (2, 1), (3, 1)])
def test_a_place_without_a_lock_is_none(fix: int, places: int) -> None:
    track = gpmf.read(gps5([(10**7, 10**7, 1000)], fix=fix))
    assert len(track.located) == places
    assert _codes(track) == ([] if places else ["no_fix"])


def test_every_place_of_gps9_has_its_own_clock() -> None:
    track = gpmf.read(gps9([(10**7, 2 * 10**7, 1000, 8000, 43_200_500, 3), (10**7, 3 * 10**7, 1000, 8000, 1, 0)]))
    assert [fix.utc for fix in track.fixes] == ["2021-11-26T12:00:00.500000Z", "2021-11-26T00:00:00.001000Z"]
    assert [fix.longitude for fix in track.fixes] == ["2", None]
    assert (track.family, track.altitude_datum) == ("GPS9", "msl")
    assert _codes(track) == ["no_fix"]


def test_a_drone_that_writes_its_receiver_is_read_and_its_own_estimate_is_named() -> None:
    scale = struct.pack(">10i", 10**6, 10**7, 10**7, 1000, 100, 100, 100, 100, 1, 1)
    row = struct.pack(">QiiiHHHHBB", 145_911_705, 331253680, -1173310641, 15445, 0, 0, 0, 0, 3, 20)
    stream = nested(
        "STRM",
        entry("TYPE", "c", 1, 10, b"JlllSSSSBB"),
        entry("SCAL", "l", 4, 10, scale),
        entry("GPRI", "?", 30, 1, row),
    )
    other = nested("STRM", entry("GLPI", "?", 28, 1, bytes(28)))
    track = gpmf.read(nested("DEVC", stream, other))
    assert [(fix.latitude, fix.longitude, fix.clock_as_written) for fix in track.fixes] == [
        ("33.125368", "-117.3310641", "145911705")
    ]
    assert [(tag.name, tag.value) for tag in track.tags] == [("other_positions", "GLPI")]
    assert (track.family, track.altitude_datum, track.clocks) == ("GPRI", "msl", ())


def test_a_stream_without_scale_or_with_a_zero_in_it_gives_no_place() -> None:
    whole = gps5([(10**7, 10**7, 1000)])
    assert _codes(gpmf.read(whole.replace(struct.pack(">i", 10**7) * 2, struct.pack(">ii", 10**7, 0), 1)))[0] == (
        "value_invalid"
    )
    assert gpmf.read(whole.replace(b"SCAL", b"SKAL")).located == ()


def test_a_date_that_is_none_is_counted() -> None:
    track = gpmf.read(gps5([(10**7, 10**7, 1000)], moment="211317103000.000"))
    assert (track.fixes[0].utc, _codes(track)) == (None, ["value_invalid"])


def test_nesting_without_end_stops() -> None:
    data = b""
    for _ in range(2000):
        data = nested("DEVC", data)[-60_000:]
    assert gpmf.read(data).located == ()
