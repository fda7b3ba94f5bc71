"""Messages as Pyrogram writes them (``str(message)``): a JSON list, JSON lines, or a single one.

Its dates are the wall clock of the computer that ran it, without a zone: they are kept as written and never converted.
A file has a name that is its own on the servers in every account (``file_unique_id``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Post, SourceKind
from forensics.sources import json_records
from forensics.sources.telegram_json import Chat
from forensics.sources.telegram_posts import MAX_CAPTION, MAX_ID, Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.telethon_dump import ENDINGS
from forensics.sources.told import FileName, Record, Told, member, moment, number

KIND = SourceKind.PYROGRAM
PROGRAM = "a Pyrogram script"
NOTICE = "a script wrote this list: it does not tell whether posts were left out by choice, and its times have no zone"

_MESSAGE = re.compile(rb'"_"\s*+:\s*+"Message"')
_CHAT = re.compile(rb'"chat"\s*+:\s*+\{\s*+"_"\s*+:\s*+"Chat"')
_KINDS = {"CHANNEL": "channel", "SUPERGROUP": "channel", "GROUP": "chat", "PRIVATE": "user", "BOT": "user"}
_FILES = ("video", "animation", "video_note", "document", "photo", "audio", "voice", "sticker")
_BOT_PREFIX = "-100"


def sniff(name: str, head: bytes) -> bool:
    """Whether it begins with a message of Pyrogram's."""
    return name.lower().endswith(ENDINGS) and bool(_MESSAGE.search(head) and _CHAT.search(head))


def records(window: Window) -> Iterator[Record]:
    """Each message."""
    return json_records.records(window)


again = json_records.again


def selected(told: Told) -> bool | None:
    """It does not tell."""
    return None


def told(record: Record, oddities: Oddities) -> tuple[Told, ...]:
    """The post; none for what was no message any more when it was asked for (``empty``)."""
    return tuple(_told(record, oddities))


def _told(record: Record, oddities: Oddities) -> Iterator[Told]:
    message = record.value
    at = member(message, "id") or member(message, "message_id")
    known = isinstance(at, int) and not isinstance(at, bool) and abs(at) <= MAX_ID
    if member(message, "_") != "Message" or member(message, "empty") is True or not isinstance(at, int) or not known:
        return
    kind, chat = chat_of(member(message, "chat"))
    file = next((found for name in _FILES if isinstance(found := member(message, name), dict)), None)
    size = member(file, "file_size")
    whole = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_ID else None
    name = oddities.text(member(file, "file_name")) or None
    media = PostMedia(state=MediaState.NAMED, file_name=name, mime=oddities.text(member(file, "mime_type")), size=whole)
    yield Told(
        key=f"{kind or 'unknown'}:{chat or 'unknown'}",
        chat=Chat(name=oddities.text(member(message, "chat", "title")), id=chat),
        captured=CapturedPost(
            number=at,
            program=PROGRAM,
            post=_post(record, str(at), chat, member(file, "file_unique_id"), oddities),
            media=() if file is None else (media,),
        ),
        files=(FileName(name=name, size=whole),) if name else (),
    )


def _post(record: Record, at: str, chat: str | None, unique: object, oddities: Oddities) -> Post:
    message, origin = record.value, member(record.value, "forward_from_chat")
    kind, source = chat_of(origin)
    posted, local = moment(member(message, "date"), oddities)
    edited = moment(member(message, "edit_date"), oddities)
    server = oddities.text(unique)
    forwarded = member(origin, "title") or member(message, "forward_sender_name")
    return Post(
        platform="telegram",
        channel=oddities.text(member(message, "chat", "title")),
        channel_id=chat,
        message_id=at,
        kind="service" if member(message, "service") else "message",
        posted_unixtime=posted,
        posted_local=local,
        edited_unixtime=edited[0],
        edited=True if edited[1] is not None else None,
        author=oddities.text(member(message, "author_signature")),
        forwarded_from=oddities.text(forwarded),
        forwarded_from_id=f"{kind}{source}" if kind and source else None,
        forwarded_from_username=oddities.text(member(origin, "username")),
        forwarded_message_id=number(member(message, "forward_from_message_id")),
        forwarded_unixtime=moment(member(message, "forward_date"), oddities)[0],
        caption=oddities.text(member(message, "text") or member(message, "caption"), MAX_CAPTION) or None,
        views=number(member(message, "views")),
        album_id=number(member(message, "media_group_id")),
        reply_to=number(member(message, "reply_to_message_id")),
        server_file=f"file_unique_id:{server}" if server else None,
        source_offset=record.offset,
        source_length=len(record.raw),
    )


def chat_of(chat: object) -> tuple[str | None, str | None]:
    """Kind and bare number of a chat; Pyrogram writes ``-100`` before a channel's, and a minus before a group's."""
    kind = _KINDS.get(str(member(chat, "type")).rpartition(".")[2].upper())
    found = number(member(chat, "id"))
    if found is None:
        return kind, None
    if kind == "channel":
        return kind, found.removeprefix(_BOT_PREFIX)
    return kind, found.removeprefix("-")
