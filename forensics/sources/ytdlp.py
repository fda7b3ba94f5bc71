"""The info.json that yt-dlp writes beside a download: which Telegram post a clip is of.

Only its Telegram extractor is read (extractor key ``TelegramEmbed``). It tells the channel, the text, the time in UTC
and the address of the file on Telegram's servers; it keeps no forwards, views and edits.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass

import msgspec

from forensics.errors import ExportInvalid
from forensics.model.provenance import Post
from forensics.sources import opening
from forensics.sources.telegram_posts import MAX_CAPTION, Oddities

ENDING = ".info.json"
MAX_INFO_BYTES = 16 << 20
"""Most are some kilobytes; one with comments or many formats has some megabytes."""

_EXTRACTOR = "TelegramEmbed"
_PAGE = re.compile(r"https?://t\.me/(?:s/)?([A-Za-z0-9_]{2,64})/([0-9]{1,18})(?:[?#].*)?\Z")
_SERVER_FILE = re.compile(r"https?://[^/?#]++/(?:[^/?#]++/)*+([^/?#]{1,255})(?:[?#].*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The post that an info.json tells, and the digest of its bytes."""

    post: Post
    sha256: str


def info_name(name: str) -> str:
    """The name that yt-dlp gives to the info.json of a file."""
    return (name.rpartition(".")[0] or name) + ENDING


def data_of(name: str, *, dir_fd: int) -> bytes:
    """The bytes of an info.json in an open folder.

    Raises:
        ExportInvalid: too large.
        NotRegularFile, Unreadable: it cannot be opened or read.
    """
    fd = opening.open_file(name, dir_fd=dir_fd)
    try:
        data = opening.read_up_to(fd, MAX_INFO_BYTES + 1)
    except OSError as err:
        raise opening.unreadable(err) from err
    finally:
        os.close(fd)
    if len(data) > MAX_INFO_BYTES:
        raise ExportInvalid(f"larger than {MAX_INFO_BYTES >> 20} MiB; it was not read", code="ytdlp.info_too_large")
    return data


def read_info(data: bytes) -> Told | None:
    """What an info.json tells; None when it is of another site.

    Raises:
        ExportInvalid: no JSON object, or a Telegram post without channel and number.
    """
    try:
        info = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise ExportInvalid("not JSON; the clip is taken without its post", code="ytdlp.info_invalid") from err
    if not isinstance(info, dict):
        raise ExportInvalid("no JSON object; the clip is taken without its post", code="ytdlp.info_invalid")
    if info.get("extractor_key") != _EXTRACTOR:
        return None
    return Told(post=_post(info, len(data)), sha256=hashlib.sha256(data).hexdigest())


def _post(info: dict[str, object], length: int) -> Post:
    oddities = Oddities()
    page = _PAGE.match(str(info.get("webpage_url")))
    if page is None or page[1] == "c":  # t.me/c/… is a private chat, whose number yt-dlp takes for a post
        raise ExportInvalid("it names no post; the clip is taken without one", code="ytdlp.post_unknown")
    time = info.get("timestamp")
    whole = isinstance(time, int | float) and not isinstance(time, bool) and time == time // 1
    server = _SERVER_FILE.match(str(info.get("url")))
    return Post(
        platform="telegram",
        channel=oddities.text(info.get("channel")),
        channel_id=page[1],
        message_id=page[2],
        posted_unixtime=oddities.unixtime(int(time)) if whole and isinstance(time, int | float) else None,
        posted_local=None,
        caption=oddities.text(info.get("description"), MAX_CAPTION) or None,
        public_page=f"t.me/{page[1]}/{page[2]}",
        server_file=None if server is None else oddities.text(server[1]),
        source_offset=0,
        source_length=length,
    )
