"""Chat exports of tdl: ``{"id": …, "messages": [{"id", "type", "file", "date", "text", "raw"}, …]}``.

Without ``--all`` a post without media is left out; date, text and ``raw`` (Telegram's schema under Go names) are there
with ``--with-content`` and ``--raw`` only. tdl names what it downloads ``{chat}_{post}_{file}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Post, SourceKind
from forensics.sources import json_records
from forensics.sources.telegram_json import Chat, Export
from forensics.sources.telegram_posts import MAX_CAPTION, MAX_ID, Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.told import FileName, Record, Told, member, moment, number

KIND = SourceKind.TDL
PROGRAM = "tdl"
NOTICE = "tdl leaves out posts without media unless it is told not to, and any that its filter excludes"

_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*+\{\s*+"id"\s*+:\s*+-?[0-9]{1,18}\s*+,\s*+"messages"\s*+:\s*+\[')
_PEERS = (("ChannelID", "channel"), ("ChatID", "chat"), ("UserID", "user"))
_PARTS = re.compile(r"([0-9]{1,18})_([0-9]{1,18})_.")


def sniff(name: str, head: bytes) -> bool:
    """Whether it begins with a chat's number and its messages, as no other exporter writes them."""
    return name.lower().endswith(".json") and bool(_HEAD.match(head))


def own_name(name: str) -> str | None:
    """What begins a file's name that tdl gave: ``{chat}_{post}_``; None for others."""
    found = _PARTS.match(name)
    return f"{found[1]}_{found[2]}_" if found else None


def records(window: Window) -> Iterator[Record]:
    """Each message."""
    export = Export(window=window)
    kind: str | None = None
    for place, each in enumerate(export.messages()):
        if place == 0:  # the chat's number stands without its kind; the first message may tell it
            kind = next(iter(_peer(member(each.value, "raw", "PeerID")) or ()), None)
        chat = Chat(id=export.chats[each.chat].id, type=kind)
        yield Record(offset=each.offset, raw=each.raw, value=each.value, chat=chat)


def again(raw: bytes, offset: int, chat: Chat) -> Record:
    """A message from its bytes."""
    return json_records.again(raw, offset, chat)


def selected(told: Told) -> bool | None:
    """What was left out is not told."""
    return True


def told(record: Record, oddities: Oddities) -> tuple[Told, ...]:
    """The post."""
    return tuple(_told(record, oddities))


def _told(record: Record, oddities: Oddities) -> Iterator[Told]:
    message, raw = record.value, member(record.value, "raw")
    at = member(message, "id")
    if not isinstance(at, int) or isinstance(at, bool) or abs(at) > MAX_ID:
        return
    name = oddities.text(member(message, "file")) or None
    document = member(raw, "Media", "Document")
    size = member(document, "Size")
    whole = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_ID else None
    chat = record.chat.id
    media = PostMedia(
        state=MediaState.NAMED, file_name=name, mime=oddities.text(member(document, "MimeType")), size=whole
    )
    own = FileName(name=f"{chat}_{at}_", own=True, size=whole)
    yield Told(
        key=f"{record.chat.type or 'unknown'}:{chat or 'unknown'}",
        chat=record.chat,
        captured=CapturedPost(
            number=at, program=PROGRAM, post=_post(record, str(at), chat, oddities), media=(media,) if name else ()
        ),
        files=(own, FileName(name=name, size=whole)) if name else (),
    )


def _post(record: Record, at: str, chat: str | None, oddities: Oddities) -> Post:
    message, raw = record.value, member(record.value, "raw")
    forward, document = member(raw, "FwdFrom"), member(raw, "Media", "Document")
    posted, local = moment(member(message, "date") or member(raw, "Date"), oddities)
    origin = _peer(member(forward, "FromID"))
    server = number(member(document, "ID"))
    text = member(message, "text") or member(raw, "Message")
    return Post(
        platform="telegram",
        channel=None,
        channel_id=chat,
        message_id=at,
        kind=oddities.text(member(message, "type")),
        posted_unixtime=posted,
        posted_local=local,
        edited_unixtime=moment(member(raw, "EditDate"), oddities)[0],
        author=oddities.text(member(raw, "PostAuthor")) or None,
        forwarded_from=oddities.text(member(forward, "FromName")) or None,
        forwarded_from_id=None if origin is None else "".join(origin),
        forwarded_message_id=number(member(forward, "ChannelPost")),
        forwarded_unixtime=moment(member(forward, "Date"), oddities)[0],
        caption=oddities.text(text, MAX_CAPTION) or None,
        views=number(member(raw, "Views")),
        album_id=number(member(raw, "GroupedID")),
        server_file=None if server is None else f"document:{server}",
        server_date_unixtime=None if server is None else moment(member(document, "Date"), oddities)[0],
        source_offset=record.offset,
        source_length=len(record.raw),
    )


def _peer(peer: object) -> tuple[str, str] | None:
    for field, kind in _PEERS:
        found = number(member(peer, field))
        if found is not None:
            return kind, found
    return None
