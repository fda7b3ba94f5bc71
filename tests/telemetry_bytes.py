"""Telemetry built byte by byte, for formats of which the project has no sample of its own."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ST0601 = bytes.fromhex("060e2b34020b01010e01030101000000")
EG0104 = bytes.fromhex("060e2b34020101010e01010201010000")


def ber(length: int) -> bytes:
    """A BER length, in the long form when it must be."""
    if length < 128:
        return bytes([length])
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([0x80 | len(digits)]) + digits


def st0601(items: Sequence[tuple[int, bytes]], *, checksum: int | None = None) -> bytes:
    """One ST 0601 packet with its checksum last, right unless another is given."""
    body = b"".join(bytes([tag]) + ber(len(value)) + value for tag, value in items)
    covered = ST0601 + ber(len(body) + 4) + body + b"\x01\x02"
    total = sum(covered[::2]) * 256 + sum(covered[1::2])
    return covered + ((total if checksum is None else checksum) & 0xFFFF).to_bytes(2)


def sensor(latitude: float, longitude: float, metres: float, micros: int) -> list[tuple[int, bytes]]:
    """Time stamp and sensor place as ST 0601 items."""
    return [
        (2, micros.to_bytes(8)),
        (13, round(latitude / 180 * (2**32 - 2)).to_bytes(4, signed=True)),
        (14, round(longitude / 360 * (2**32 - 2)).to_bytes(4, signed=True)),
        (15, round((metres + 900) / 19_900 * 65_535).to_bytes(2)),
    ]


def gpmf(key: str, kind: str, size: int, repeat: int, value: bytes) -> bytes:
    """One GPMF entry; kind ``\\0`` nests."""
    return key.encode() + struct.pack(">cBH", kind.encode("latin-1"), size, repeat) + value + bytes(-len(value) % 4)


def nested(key: str, *entries: bytes) -> bytes:
    """GPMF entries inside another."""
    body = b"".join(entries)
    return gpmf(key, "\0", 1, len(body), body)


def gps5(places: Sequence[tuple[int, int, int]], *, fix: int = 3, moment: str = "210617103000.000") -> bytes:
    """One payload of a GoPro with a GPS5 stream; degrees times 1e7, millimetres."""
    rows = b"".join(struct.pack(">5i", *place, 0, 0) for place in places)
    scale = struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100)
    return nested(
        "DEVC",
        gpmf("DVNM", "c", 1, 10, b"Hero7 Test"),
        nested(
            "STRM",
            gpmf("GPSF", "L", 4, 1, fix.to_bytes(4)),
            gpmf("GPSU", "U", 16, 1, moment.encode()),
            gpmf("SCAL", "l", 4, 5, scale),
            gpmf("GPS5", "l", 20, len(places), rows),
        ),
    )


def gps9(places: Sequence[tuple[int, int, int, int, int, int]]) -> bytes:
    """One payload with a GPS9 stream: latitude, longitude, height, days since 2000, milliseconds, fix."""
    rows = b"".join(struct.pack(">7i2H", la, lo, up, 0, 0, day, ms, 150, fix) for la, lo, up, day, ms, fix in places)
    scale = struct.pack(">9i", 10**7, 10**7, 1000, 1000, 100, 1, 1000, 100, 1)
    return nested(
        "DEVC",
        nested(
            "STRM",
            gpmf("GPSA", "F", 4, 1, b"MSLV"),
            gpmf("TYPE", "c", 1, 9, b"lllllllSS"),
            gpmf("SCAL", "l", 4, 9, scale),
            gpmf("GPS9", "?", 32, len(places), rows),
        ),
    )


def varint(value: int) -> bytes:
    """A protobuf number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(*fields: tuple[int, int | float | bytes]) -> bytes:
    """A protobuf message: whole numbers as varints, floats as doubles, bytes as they are."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def djmd_frame(latitude: float, longitude: float, *, unit: int = 1) -> bytes:
    """A frame in the shape of DJI's protocols, with a serial number, a model and one place."""
    head = message((1, message((1, message((5, b"1ZNBJ9F00C0001"), (10, b"DJI Test"))))))
    place = message(*([(1, unit)] if unit else []), (2, latitude), (3, longitude))
    return head + message((3, message((4, message((1, place), (2, 12_345))), (2, b"2024-06-14 20:15:47.042"))))


def tx3g(text: str) -> bytes:
    """One sample of a 3GPP text track."""
    raw = text.encode()
    return len(raw).to_bytes(2) + raw


def box(kind: bytes, *parts: bytes) -> bytes:
    """One box of an ISO file."""
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4) + kind + body


def movie_header(seconds: int) -> bytes:
    """An ``mvhd`` of version 0 that was created then, seconds since 1904."""
    return box(b"mvhd", bytes(4), seconds.to_bytes(4), seconds.to_bytes(4), (1000).to_bytes(4), bytes(84))


def loci(longitude: float, latitude: float, metres: float) -> bytes:
    """A 3GPP location box."""
    fixed = [round(value * 65_536).to_bytes(4, signed=True) for value in (longitude, latitude, metres)]
    return box(b"loci", bytes(4), b"\x15\xc7", b"\0", b"\0", *fixed, b"earth\0\0")


def keyed(**values: str) -> bytes:
    """A QuickTime ``meta`` box with keys and texts; ``_`` in a key stands for a dot."""
    names = [name.replace("_", ".").encode() for name in values]
    keys = box(b"keys", bytes(4), len(names).to_bytes(4), *((8 + len(n)).to_bytes(4) + b"mdta" + n for n in names))
    items = [
        (16 + 8 + len(text.encode())).to_bytes(4)
        + number.to_bytes(4)
        + box(b"data", (1).to_bytes(4), bytes(4), text.encode())
        for number, text in enumerate(values.values(), 1)
    ]
    handler = box(b"hdlr", bytes(8), b"mdta", bytes(13))
    return box(b"meta", handler, keys, box(b"ilst", *items))


def transport_stream(stream_type: int, packets: Sequence[tuple[int | None, bytes]]) -> bytes:
    """An MPEG transport stream of metadata alone (Rec. ITU-T H.222.0): KLVA as 0x06 (private) or 0x15 (with headers of
    access units). Packets are a time in ticks of 90 kHz, or none, and the bytes.
    """
    registration = b"\x05\x04KLVA"
    pat = _section(0, b"\x00\x01\xe1\x00")
    pmt = _section(
        2, b"\xe1\x01\xf0\x00" + bytes([stream_type]) + b"\xe1\x01\xf0" + bytes([len(registration)]) + registration
    )
    out, counter = _ts(0, 0, b"\0" + pat) + _ts(0x100, 0, b"\0" + pmt), 0
    for pts, data in packets:
        body = (b"\0\0\xdf" + len(data).to_bytes(2) if stream_type == 0x15 else b"") + data
        head = b"" if pts is None else _stamp(pts)
        flags = b"\x80" + (b"\x80" if pts is not None else b"\0") + bytes([len(head)])
        pes = flags + head + body
        stream_id = b"\xfc" if stream_type == 0x15 else b"\xbd"
        payload = b"\0\0\1" + stream_id + len(pes).to_bytes(2) + pes
        for at in range(0, len(payload), 184):
            out += _ts(0x101, counter, payload[at : at + 184], first=at == 0)
            counter = (counter + 1) % 16
    return out


def _section(table: int, body: bytes) -> bytes:
    """A program table with its CRC-32/MPEG-2."""
    data = bytes([table]) + (0xB000 | len(body) + 9).to_bytes(2) + b"\0\1\xc1\0\0" + body
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return data + crc.to_bytes(4)


def _ts(pid: int, counter: int, payload: bytes, *, first: bool = True) -> bytes:
    """One packet of 188 bytes; a short payload is filled by an adaptation field, or in a table by 0xFF."""
    head = b"\x47" + ((0x4000 if first else 0) | pid).to_bytes(2)
    room = 184 - len(payload)
    if room == 0:
        return head + bytes([0x10 | counter]) + payload
    if pid != 0x101:
        return head + bytes([0x10 | counter]) + payload + b"\xff" * room
    field = bytes([room - 1]) + (b"\0" + b"\xff" * (room - 2) if room > 1 else b"")
    return head + bytes([0x30 | counter]) + field + payload


def _stamp(pts: int) -> bytes:
    """A presentation time in the five bytes of a PES header."""
    return (
        bytes([0x21 | (pts >> 30 & 7) << 1])
        + ((pts >> 15 & 0x7FFF) << 1 | 1).to_bytes(2)
        + ((pts & 0x7FFF) << 1 | 1).to_bytes(2)
    )
