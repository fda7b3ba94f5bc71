"""The drone's own record: an SRT beside the clip (one cue a frame) and EXIF GPS for a still."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from math import cos, radians
from pathlib import Path

from flights import LATITUDE, LONGITUDE, Shoot
from stage import Pose

START_LOCAL = datetime(2025, 5, 17, 10, 42, 7, 120000)  # noqa: DTZ001 - the drone's clock carries no zone
START_UTC = "2025-05-17T08:42:07.000000Z"
METRES_PER_DEGREE = 111_320.0
MAP_CENTRE = 307.2
SEA_LEVEL_OFFSET = 21.4


def position(pose: Pose) -> tuple[float, float]:
    """Latitude and longitude of a pose, from its place on the map (local tangent plane)."""
    north, east = MAP_CENTRE - pose.y, pose.x - MAP_CENTRE
    return LATITUDE + north / METRES_PER_DEGREE, LONGITUDE + east / (METRES_PER_DEGREE * cos(radians(LATITUDE)))


def _timecode(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"


def write_srt(shoot: Shoot, target: Path) -> None:
    """One cue a frame in the bracket form of recent DJI drones; the track is the camera's own path."""
    step = 1000 // shoot.rate
    cues = []
    for frame in range(shoot.frames):
        pose = shoot.pose(frame / shoot.rate)
        latitude, longitude = position(pose)
        clock = START_LOCAL + timedelta(milliseconds=frame * step)
        yaw = (pose.yaw + 180) % 360 - 180
        cues.append(
            f"{frame + 1}\n{_timecode(frame * step)} --> {_timecode((frame + 1) * step)}\n"
            f'<font size="28">FrameCnt: {frame + 1}, DiffTime: {step}ms\n'
            f"{clock:%Y-%m-%d %H:%M:%S}.{clock.microsecond // 1000:03}\n"
            f"[iso: 110] [shutter: 1/640.0] [fnum: 2.8] [ev: 0] [color_md: default] [focal_len: 24.00] "
            f"[latitude: {latitude:.6f}] [longitude: {longitude:.6f}] "
            f"[rel_alt: {pose.z:.3f} abs_alt: {pose.z + SEA_LEVEL_OFFSET:.3f}] [ct: 5320] "
            f"[gb_yaw: {yaw:.1f} gb_pitch: {pose.pitch:.1f} gb_roll: {pose.roll:.1f}] </font>\n"
        )
    target.write_text("\n".join(cues) + "\n", "utf-8")


def location_tag(pose: Pose) -> str:
    """ISO 6709 text for the container's location atom."""
    latitude, longitude = position(pose)
    return f"{latitude:+08.4f}{longitude:+09.4f}/"


def exif(latitude: float, longitude: float, altitude: float, taken: str) -> bytes:
    """A JPEG APP1 segment with make, date and GPS (Exif 2.3, big endian TIFF); ``taken`` as `YYYY:MM:DD HH:MM:SS`."""
    first = [
        (0x010E, 2, b"synthetic still, no real place\0"),
        (0x0110, 2, b"rendered\0"),
        (0x0132, 2, taken.encode() + b"\0"),
    ]
    gps = [
        (0x0000, 1, bytes((2, 3, 0, 0))),
        (0x0001, 2, b"N\0"),
        (0x0002, 5, _angle(latitude)),
        (0x0003, 2, b"E\0"),
        (0x0004, 5, _angle(longitude)),
        (0x0005, 1, b"\0"),
        (0x0006, 5, struct.pack(">II", round(altitude * 1000), 1000)),
    ]
    start = 8
    pointer = start + 2 + 12 * (len(first) + 1) + 4 + sum(_padded(value) for _, _, value in first)
    tiff = b"MM\0*" + struct.pack(">I", start) + _directory([*first, (0x8825, 4, struct.pack(">I", pointer))], start)
    tiff += _directory(gps, pointer)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _angle(degrees: float) -> bytes:
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return struct.pack(">6I", whole, 1, minutes, 1, round(((degrees - whole) * 60 - minutes) * 60_000), 1000)


def _padded(value: bytes) -> int:
    return len(value) if len(value) > 4 else 0


def _directory(entries: list[tuple[int, int, bytes]], start: int) -> bytes:
    unit = {1: 1, 2: 1, 4: 4, 5: 8}
    rows, extra = b"", b""
    data = start + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        count = len(value) // unit[kind]
        field = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(">I", data + len(extra))
        rows += struct.pack(">HHI", tag, kind, count) + field
        extra += value if len(value) > 4 else b""
    return struct.pack(">H", len(entries)) + rows + b"\0\0\0\0" + extra


def with_exif(jpeg: bytes, segment: bytes) -> bytes:
    """Put an APP1 segment directly behind the start marker."""
    return jpeg[:2] + segment + jpeg[2:]
