"""MISB sets: checksums, reserved numbers, security first, what does not fit is counted and never read."""

import struct

from forensics.model.telemetry import ClockBasis, Packet, Track
from forensics.telemetry import klv
from forensics.telemetry.klv_items import ber
from forensics.telemetry.st0601 import checksum_holds
from tests.telemetry_bytes import EG0104, sensor, st0601
from tests.telemetry_bytes import ber as written

MOMENT = 1_224_807_209_913_000


def _codes(track: Track) -> list[str]:
    return [notice.code.removeprefix("telemetry.") for notice in track.notices]


def test_a_set_has_its_place_its_height_and_utc_of_its_own() -> None:
    track = klv.read_packets((Packet(40, st0601(sensor(60.5, -128.25, 100.0, MOMENT))),))
    (fix,) = track.fixes
    assert (round(float(fix.latitude or 0), 7), round(float(fix.longitude or 0), 7)) == (60.5, -128.25)
    assert abs(float(fix.absolute_altitude or 0) - 100) < 0.16  # half a step of 19,900 m in 16 bits
    assert (fix.at_ms, fix.utc, fix.clock_as_written) == (40, "2008-10-24T00:13:29.913000Z", str(MOMENT))
    assert [(clock.basis, clock.utc) for clock in track.clocks] == [(ClockBasis.UTC_DECLARED, fix.utc)]
    assert track.altitude_datum == "msl"


def test_a_wrong_checksum_is_told_and_the_set_is_read() -> None:
    good, bad = st0601(sensor(1, 2, 3, MOMENT)), st0601(sensor(1, 2, 3, MOMENT), checksum=7)
    track = klv.read(good + bad)
    assert _codes(track) == ["checksum"]
    assert len(track.located) == 2
    assert [tag.value for tag in track.tags if tag.name == "checksums"] == ["1 good, 1 bad"]


def test_a_changed_byte_breaks_the_checksum() -> None:
    packet = bytearray(st0601(sensor(1, 2, 3, MOMENT)))
    stated = int.from_bytes(packet[-2:])
    assert checksum_holds(bytes(packet), stated)
    packet[30] ^= 1
    assert not checksum_holds(bytes(packet), stated)


def test_the_reserved_number_is_no_place() -> None:
    items = sensor(1, 2, 3, MOMENT)
    items[1] = (13, bytes.fromhex("80000000"))
    track = klv.read(st0601(items))
    assert track.located == ()
    assert track.fixes[0].absolute_altitude is not None
    assert _codes(track) == ["no_position"]


def test_zero_zero_is_no_fix() -> None:
    track = klv.read(st0601(sensor(0, 0, 3, MOMENT)))
    assert (track.located, _codes(track)) == ((), ["no_fix"])


def test_security_is_told_first_and_later_values_too() -> None:
    security = bytes.fromhex("010104") + b"\x03\x04//US"
    first = st0601([(3, b"MISSION01"), (48, security), *sensor(1, 2, 3, MOMENT)])
    second = st0601([(3, b"MISSION02"), (48, security), *sensor(1, 2, 3, MOMENT)])
    told = [(tag.group, tag.name, tag.value) for tag in klv.read(first + second).tags]
    assert told[:2] == [("st0102", "classification", "SECRET"), ("st0102", "classifying_country", "//US")]
    assert [value for _, name, value in told if name == "mission"] == ["MISSION01", "MISSION02"]


def test_the_header_of_an_access_unit_is_no_lost_byte_but_others_are() -> None:
    packet = st0601(sensor(1, 2, 3, MOMENT))
    assert _codes(klv.read(b"\x00\x00\xdf\x00\x2f" + packet)) == []
    assert _codes(klv.read(b"\x00" * 9 + packet)) == ["bytes_skipped"]


def test_a_set_that_says_it_is_longer_than_the_file_is_not_read() -> None:
    packet = st0601(sensor(1, 2, 3, MOMENT))
    track = klv.read(packet + packet[:-1])
    assert (len(track.fixes), _codes(track)) == (1, ["cut_set"])
    huge = packet[:16] + b"\x88" + b"\xff" * 8 + packet[17:]
    assert _codes(klv.read(huge)) == ["no_cues", "cut_set"]


def test_a_value_of_a_wrong_length_is_counted_and_left_unknown() -> None:
    track = klv.read(st0601([(13, b"\1\2"), (14, b""), (2, b"\0")]))
    assert (track.located, _codes(track)) == ((), ["value_invalid", "no_position"])


def test_a_universal_set_has_ieee_numbers() -> None:
    def item(words: str, value: bytes) -> bytes:
        return bytes.fromhex("060e2b3401010101" + words) + written(len(value)) + value

    body = (
        item("0702010101050000", MOMENT.to_bytes(8))
        + item("0701020102040200", struct.pack(">d", 38.15993))
        + item("0701020102060200", struct.pack(">d", -77.356214))
        + item("0701020102020000", struct.pack(">f", 1984.6))
        + item("0701020102040200", struct.pack(">d", float("nan")))
    )
    track = klv.read(EG0104 + written(len(body)) + body)
    assert _codes(track) == ["value_invalid", "no_position"]
    body = body[: -(16 + 1 + 8)]
    (fix,) = klv.read(EG0104 + written(len(body)) + body).fixes
    assert (fix.latitude, fix.longitude, fix.absolute_altitude) == ("38.15993", "-77.356214", "1984.6")


def test_a_length_that_is_indefinite_or_cut_is_none() -> None:
    assert ber(b"\x80", 0) is None
    assert ber(b"\x89" + bytes(9), 0) is None
    assert ber(b"\x82\x01", 0) is None
    assert ber(b"", 0) is None
    assert ber(b"\x82\x01\x00", 0) == (256, 3)
