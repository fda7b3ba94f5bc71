"""Where bytes were seen: a file in a folder, a post in a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from forensics.model.notice import Notice

_NUMBER = re.compile(r"(?:-100)?([0-9]+)\Z")
_PEER = re.compile(r"(?:channel|chat)?(?:-100)?([0-9]+)\Z")
"""As exporters write the number of another chat (``channel1234``); a person's (``user1234``) is no chat's. A chat's own
is never written so: ``channel1234`` may be a user name there, which anybody can take."""

SHOWN = "concealed"
"""What stands for a value whose disclosure is not at hand, where people look: it is no value, and equals no other."""


Chat = tuple[str, str]
"""What names a chat: ``number`` or ``name`` (its public one, in lower case), and that."""


def peer_chat(told: str | None) -> Chat | None:
    """The chat that an exporter's word for another one names (``forwarded_from_id``); None for a person, or nothing."""
    found = _PEER.match(told or "")
    return ("number", found[1]) if found else None


class SourceKind(StrEnum):
    """Which reader found the file."""

    FILE = "file"
    TELEGRAM_EXPORT = "telegram-desktop-export"
    YT_DLP = "yt-dlp-info"
    TELEGRAM_HTML_EXPORT = "telegram-desktop-html-export"
    TELEGRAM_PAGE = "telegram-page"
    TELETHON = "telethon-dump"
    PYROGRAM = "pyrogram-dump"
    TDL = "tdl-export"
    AUTO_ARCHIVER = "auto-archiver"
    ARCHIVE = "archive"
    """A zip or tar file whose members were read; each of these has the kind of its own reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondAccount:
    """Another document of the same export that tells the same post: its name there, its digest, and the bytes.

    ``fields`` of the post were read there, all others in `Appearance.source`; in ``differs`` the two tell otherwise.
    """

    document: str
    sha256: str
    source_offset: int | None
    source_length: int | None
    fields: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message of a channel or chat, as the export wrote it. Unknown is None, never guessed.

    ``posted_unixtime`` and ``edited_unixtime`` are seconds UTC (``date_unixtime`` in the export);
    ``posted_local`` is the exporter's wall clock without zone, as written. ``posted_candidates`` are the seconds UTC
    that an ambiguous label may mean, when ``posted_unixtime`` is unknown. ``channel_type`` and ``kind`` are the
    exporter's words for the chat and the message. ``source_offset`` and ``source_length`` are the bytes of the
    message in the document that speaks of it (`Appearance.source`). ``server_file`` is the name under which Telegram's
    servers gave the file out: plain the name on its web servers, with ``document:``, ``photo:`` or ``file_unique_id:``
    before it another kind of name; ``server_date_unixtime`` is when that file came to be there, in seconds UTC.

    ``forwarded_from_username`` is the name of the origin in a t.me address, ``forwarded_message_id`` the number of the
    very post that was forwarded; ``forwarded_candidates`` are to ``forwarded_unixtime``, when the original was posted,
    as ``posted_candidates`` to ``posted_unixtime``. ``second`` stands where an export has both JSON and HTML.
    ``views`` are as written (a page rounds them); ``edited`` tells an edit of which no time is told; ``album_id`` is
    equal in posts that were sent as one; ``public_page`` is the post's address at t.me when the document was made from
    there: anybody could look it up.
    """

    platform: str
    channel: str | None
    channel_id: str | None
    message_id: str
    posted_unixtime: int | None
    posted_local: str | None
    edited_unixtime: int | None = None
    author: str | None = None
    forwarded_from: str | None = None
    forwarded_from_id: str | None = None
    caption: str | None = None
    channel_type: str | None = None
    kind: str | None = None
    reply_to: str | None = None
    forwarded_unixtime: int | None = None
    forwarded_from_username: str | None = None
    forwarded_message_id: str | None = None
    views: str | None = None
    edited: bool | None = None
    album_id: str | None = None
    public_page: str | None = None
    posted_candidates: tuple[int, ...] = ()
    source_offset: int | None = None
    source_length: int | None = None
    server_file: str | None = None
    server_date_unixtime: int | None = None
    forwarded_candidates: tuple[int, ...] = ()
    second: SecondAccount | None = None

    def is_post(self, other: Post) -> bool | None:
        """Whether both are one post, told by two captures; None when their names of the chat cannot be compared."""
        if (self.platform, self.message_id) != (other.platform, other.message_id):
            return False
        mine, others = self.chat, other.chat
        if mine is not None and others is not None:
            return mine == others if mine[0] == others[0] else None
        return True if self.channel not in (None, SHOWN) and self.channel == other.channel else None

    @property
    def chat(self) -> Chat | None:
        """By number, or by user name, which Telegram takes without regard to case; None when neither is told."""
        if not self.channel_id or self.channel_id == SHOWN:
            return None
        number = _NUMBER.match(self.channel_id)
        return ("number", number[1]) if number else ("name", self.channel_id.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Which member of which archive a file was.

    ``path`` is its name as the archive writes it (undecodable bytes as surrogate escapes). ``offset`` is where its
    header begins: in a zip file in the file itself, in a tar in the bytes that the compression around it yields.
    ``modified`` is its time as written: ``2024-05-01T10:00:00`` without a zone in a zip, ``@1714557600`` in a tar.
    """

    archive_sha256: str
    path: str
    offset: int
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketObject:
    """Which version of an object in a bucket a file was, in its server's words.

    ``modified`` is the server's time for this version (RFC 3339 UTC, whole seconds); ``checksum`` the SHA-256 that it
    tells of the whole object, in base64, or None; the bytes that came had it.
    """

    server: str
    version_id: str
    modified: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """One place and time where these bytes were seen.

    ``path`` is the file as given or as found below a given folder (undecodable bytes as surrogate escapes);
    ``source`` is the document that speaks of it (an export's result.json), if any, and ``source_sha256`` the digest
    of that document's bytes as they were read, before anything in them was mended. The path of a ``member`` is that
    of its archive, a slash, and its place below it. What came from a ``bucket`` has the path s3://BUCKET/KEY.
    """

    kind: SourceKind
    path: str
    source: str | None = None
    post: Post | None = None
    source_sha256: str | None = None
    member: Member | None = None
    bucket: BucketObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file to acquire, where it was seen, and the files that belong beside it (telemetry, captions).

    ``staged`` is where a working copy lies of what has no path of its own, a member of an archive or an object of a
    bucket; ``notices`` is what its reader has to say of it. ``sha256`` is its digest when its reader read it whole:
    other bytes are not what was read.
    """

    appearance: Appearance
    sidecars: tuple[str, ...] = ()
    staged: str | None = None
    notices: tuple[Notice, ...] = ()
    sha256: str | None = None

    @property
    def path(self) -> str:
        """Where the file was seen."""
        return self.appearance.path

    @property
    def opened(self) -> str:
        """The file system path to read it from."""
        return self.path if self.staged is None else self.staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Something that was met and not taken, with the reason.

    ``failed`` tells a defect (unreadable, a loop, a missing export file) from a plain "this is no media file".
    """

    path: str
    code: str
    message: str
    failed: bool
