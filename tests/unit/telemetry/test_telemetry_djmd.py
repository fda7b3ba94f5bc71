"""DJI's stream without its schema, and drone text in a text track."""

import math

import pytest

from forensics.model.telemetry import Packet, Track
from forensics.telemetry import djmd, read_stream
from tests.telemetry_bytes import djmd_frame, message, tx3g

CUE = "F/2.8, SS 206.14, ISO 150, EV 0, GPS (-121.7458, 48.0771, 14), D 24.26m, H 200.70m, H.S n/a, V.S n/a "


def _codes(track: Track) -> list[str]:
    return [notice.code.removeprefix("telemetry.") for notice in track.notices]


def test_a_place_is_known_by_its_shape_and_marked_inferred() -> None:
    track = djmd.read_packets((Packet(33, djmd_frame(49.25, -2.5)),))
    (fix,) = track.fixes
    assert (fix.latitude, fix.longitude, fix.at_ms) == ("49.25", "-2.5", 33)
    assert (track.family, _codes(track)) == ("inferred", ["inferred"])
    assert {tag.name: tag.value for tag in track.tags} == {"serial_number": "1ZNBJ9F00C0001", "model": "DJI Test"}
    assert [(clock.raw, clock.basis, clock.utc) for clock in track.clocks] == [
        ("2024-06-14 20:15:47.042", "local_unknown", None)
    ]


def test_a_place_without_a_unit_is_in_radians() -> None:
    track = djmd.read_packets((Packet(0, djmd_frame(math.radians(49.25), math.radians(-2.5), unit=0)),))
    assert (track.fixes[0].latitude, track.fixes[0].longitude) == ("49.25", "-2.5")


def test_two_different_places_in_one_packet_give_none() -> None:
    both = djmd_frame(1.5, 2.5) + djmd_frame(3.5, 4.5)
    track = djmd.read_packets((Packet(0, both),))
    assert (track.located, _codes(track)) == ((), ["ambiguous", "no_position"])


@pytest.mark.parametrize(
    "place",
    [
        message((1, 1), (2, 91.0), (3, 1.0)),
        message((1, 1), (2, float("inf")), (3, 1.0)),
        message((1, 2), (2, 1.0), (3, 1.0)),
        message((1, 1), (2, 1.0), (3, 1.0), (4, 1)),
        message((1, 1), (2, 1.0)),
        message((2, 60.0), (3, 1.0)),  # radians
        message((1, 1), (2, 0.0), (3, 0.0)),
    ],
)
def test_what_has_not_the_shape_of_a_place_is_none(place: bytes) -> None:
    assert djmd.read_packets((Packet(0, message((3, message((4, place))))),)).located == ()


def test_bytes_that_are_no_message_are_counted() -> None:
    track = djmd.read_packets((Packet(0, b"\x07\xff"), Packet(33, djmd_frame(1.5, 2.5))))
    assert _codes(track) == ["inferred", "undecoded_cues"]
    assert track.cues == 2


def test_drone_text_of_a_text_track_is_read_as_in_a_sidecar() -> None:
    track = read_stream("mov_text", (Packet(0, tx3g(CUE)), Packet(500, tx3g("")), Packet(1000, tx3g(CUE))))
    assert track is not None
    assert [(fix.at_ms, fix.latitude, fix.longitude, fix.relative_altitude) for fix in track.fixes] == [
        (0, "48.0771", "-121.7458", "200.70"),
        (1000, "48.0771", "-121.7458", "200.70"),
    ]
    assert track.family == "B"


def test_text_without_a_count_is_read_too() -> None:
    track = read_stream("subrip", (Packet(0, CUE.encode()),))
    assert track is not None
    assert len(track.located) == 1


def test_somebodys_subtitles_are_no_telemetry() -> None:
    assert read_stream("mov_text", (Packet(0, tx3g("- Where is the bridge?")),)) is None
