"""Stills: the place of EXIF and that of DJI's XMP, each by itself; no clock gets a zone that is not written."""

import struct

import pytest

from forensics.model.telemetry import Track
from forensics.telemetry import xmp
from forensics.telemetry.stills import read

PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 drone-dji:AbsoluteAltitude="+1208.36" drone-dji:RelativeAltitude='-12.40'
 drone-dji:{longitude}="13.3777000" drone-dji:GpsLatitude="52.5163000"
 drone-dji:DroneSerialNumber="1ZNBJ9F00C0001">
 <exif:DateTimeOriginal>2024-06-14T20:15:47</exif:DateTimeOriginal><dc:title>not wanted</dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def _jpeg(packet: str) -> bytes:
    segment = b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + b"\xff\xd9"


def _codes(track: Track) -> list[str]:
    return [notice.code for notice in track.notices]


@pytest.mark.parametrize("longitude", ["GpsLongitude", "GpsLongtitude"])
def test_the_place_and_heights_of_dji_are_kept_as_written(longitude: str) -> None:
    track = read(_jpeg(PACKET.format(longitude=longitude)))
    (fix,) = track.fixes
    assert (fix.latitude, fix.longitude) == ("52.5163000", "13.3777000")
    assert (fix.relative_altitude, fix.absolute_altitude) == ("-12.40", "+1208.36")
    assert track.altitude_datum is None
    assert _codes(track) == []
    assert ("drone-dji:DroneSerialNumber", "1ZNBJ9F00C0001") in [(tag.name, tag.value) for tag in track.tags]
    assert [(clock.source, clock.raw, clock.basis) for clock in track.clocks] == [
        ("XMP exif:DateTimeOriginal", "2024-06-14T20:15:47", "local_unknown")
    ]


def test_a_height_that_ran_over_is_left_unknown_and_told() -> None:
    track = read(_jpeg(PACKET.format(longitude="GpsLongitude").replace("+1208.36", "4294927.296")))
    assert track.fixes[0].absolute_altitude is None
    assert _codes(track) == ["telemetry.value_invalid"]


def test_zero_zero_is_no_place() -> None:
    packet = PACKET.format(longitude="GpsLongitude").replace("13.3777000", "0").replace("52.5163000", "0.000")
    assert read(_jpeg(packet)).located == ()


def test_what_is_not_known_by_name_is_not_told() -> None:
    assert {tag.name for tag in xmp.read(PACKET.encode())} == {
        "drone-dji:AbsoluteAltitude",
        "drone-dji:RelativeAltitude",
        "drone-dji:GpsLatitude",
        "drone-dji:DroneSerialNumber",
        "exif:DateTimeOriginal",
    }


def test_entities_are_not_expanded_and_much_text_ends_soon() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]>' + 'aux:SerialNumber="&b;"' + "aux:SerialNumber=" * 4000 + '"' * 4000
    assert [tag.value for tag in xmp.read(bomb.encode())] == ["&b;"]
