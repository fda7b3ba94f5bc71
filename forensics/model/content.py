"""What a file looks like: by its first bytes, or by the name that somebody gave it.

Both count. Bytes tell a clip without an extension; a name tells that a file which holds something else *claims* to
be a clip, and then it is evidence too, though it will not decode.

Signatures: ISO/IEC 14496-12 (box types), RFC 8794 (EBML), RIFF (Microsoft 1991), ISO/IEC 13818-1 (transport and
program streams), Adobe FLV 10.1, Microsoft ASF 01.20.06, RFC 3533 (Ogg), GIF89a, ITU-T T.81 (JPEG), ISO/IEC 15948
(PNG), TIFF 6.0 and BigTIFF; of archives: PKWARE APPNOTE 6.3.10, RFC 1952 (gzip), bzip2, the .xz format 1.1.0.
"""

from __future__ import annotations

from enum import StrEnum


class Looks(StrEnum):
    """What a file is taken for."""

    VIDEO = "video"
    STILL = "still"


VIDEO_EXTENSIONS = frozenset(
    "mp4 mov mkv webm avi ts m4v 3gp flv wmv mpg mpeg mts m2ts ogv".split()  # noqa: SIM905 (a list to read aloud)
)
STILL_EXTENSIONS = frozenset("gif jpg jpeg png tif tiff heic dng webp".split())  # noqa: SIM905

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
"""Names of archives that are read here."""

CLOSED_ARCHIVE_ENDINGS = (".7z", ".rar", ".zst", ".tzst", ".lz4", ".cab", ".z01", ".001")
"""Names of archives, and of parts of split ones, that are not: footage may lie in them, so they are not passed in
silence."""

_COMPRESSED = frozenset(("gz", "bz2", "xz"))
_ARCHIVE_STARTS = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # one without members
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
)
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
"""POSIX.1-2017, pax: ustar interchange format; GNU tar writes the same mark."""

_STARTS = (
    (b"\x1a\x45\xdf\xa3", Looks.VIDEO),  # EBML: Matroska, WebM
    (b"\x00\x00\x01\xba", Looks.VIDEO),  # MPEG program stream
    (b"\x00\x00\x01\xb3", Looks.VIDEO),  # MPEG video sequence
    (b"FLV\x01", Looks.VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Looks.VIDEO),  # ASF header object
    (b"OggS", Looks.VIDEO),
    (b"GIF87a", Looks.STILL),
    (b"GIF89a", Looks.STILL),
    (b"\xff\xd8\xff", Looks.STILL),  # JPEG
    (b"\x89PNG\r\n\x1a\n", Looks.STILL),
    (b"II*\x00", Looks.STILL),  # TIFF, DNG
    (b"MM\x00*", Looks.STILL),
    (b"II+\x00", Looks.STILL),  # BigTIFF
    (b"MM\x00+", Looks.STILL),
)
_FIRST_BOXES = frozenset((b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"wide", b"free", b"skip", b"pnot"))
_STILL_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"))
_RIFF_FORMS = {b"AVI ": Looks.VIDEO, b"AVIX": Looks.VIDEO, b"WEBP": Looks.STILL}

_SYNC = 0x47
_SYNCS = 5
"""ISO/IEC 13818-1 has one sync byte a packet; five in step tell a stream from a text that begins with a G."""
_PACKETS = (188, 192, 204)
"""Packet lengths: plain, with the 4-byte time of M2TS, with Reed-Solomon parity."""


def extension(name: str) -> str:
    """What follows the last dot, in lower case; empty when there is no dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def looks(name: str, head: bytes) -> Looks | None:
    """What a file of this name with these first bytes is taken for; None when neither tells of media."""
    by_bytes = _by_bytes(head)
    if by_bytes is not None:
        return by_bytes
    ending = extension(name)
    if ending in VIDEO_EXTENSIONS:
        return Looks.VIDEO
    return Looks.STILL if ending in STILL_EXTENSIONS else None


def _by_bytes(head: bytes) -> Looks | None:
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] in _FIRST_BOXES:
        return Looks.STILL if head[8:12] in _STILL_BRANDS and head[4:8] == b"ftyp" else Looks.VIDEO
    if head.startswith(b"RIFF"):
        return _RIFF_FORMS.get(head[8:12])
    return Looks.VIDEO if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    for packet in _PACKETS:
        for first in range(packet):
            syncs = head[first : first + packet * _SYNCS : packet]
            if len(syncs) == _SYNCS and syncs.count(_SYNC) == _SYNCS:
                return True
    return False


def archive_form(head: bytes) -> str | None:
    """``zip``, ``tar``, ``gzip``, ``bzip2`` or ``xz`` by the first bytes; None for media and all else."""
    if _by_bytes(head) is not None:
        return None
    if head[_TAR_MARK_AT : _TAR_MARK_AT + len(_TAR_MARK)] == _TAR_MARK:
        return "tar"
    return next((form for start, form in _ARCHIVE_STARTS if head.startswith(start)), None)


def is_archive_name(name: str) -> bool:
    """Whether the name is that of an archive that can be read here."""
    return name.lower().endswith(ARCHIVE_ENDINGS)


def is_closed_archive_name(name: str) -> bool:
    """Whether the name is that of an archive that cannot be read here, or of a clip or still that was compressed."""
    stem, dot, ending = name.lower().rpartition(".")
    packed = dot and ending in _COMPRESSED and extension(stem) in VIDEO_EXTENSIONS | STILL_EXTENSIONS
    return bool(packed) or name.lower().endswith(CLOSED_ARCHIVE_ENDINGS)
