"""Messages as Telethon writes them (``to_dict`` and ``to_json``): a JSON list, JSON lines, or a single one.

The fields are those of Telegram's own schema (``Message``, ``MessageFwdHeader``, ``Document``): dates in UTC, the exact
post that was forwarded (``channel_post``), and the number of the file on the servers (``document.id``) with its date.
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
from forensics.sources.told import FileName, Record, Told, member, moment, number

KIND = SourceKind.TELETHON
PROGRAM = "a Telethon script"
NOTICE = "a script wrote this list; it does not tell whether posts were left out by choice"
ENDINGS = (".json", ".jsonl", ".ndjson")

_MESSAGE = re.compile(rb'"_"\s*+:\s*+"Message(?:Service|Empty)?"')
_PEER = re.compile(rb'"(?:peer_id|to_id)"\s*+:\s*+\{\s*+"_"\s*+:\s*+"Peer')
_PEERS = (("channel_id", "channel"), ("chat_id", "chat"), ("user_id", "user"))


def sniff(name: str, head: bytes) -> bool:
    """Whether it begins with a message of Telethon's."""
    return (
        name.lower().endswith(ENDINGS)
        and bool(_MESSAGE.search(head) and _PEER.search(head))
        and b'"api_data"' not in head
    )


def records(window: Window) -> Iterator[Record]:
    """Each message."""
    return json_records.records(window)


again = json_records.again


def selected(told: Told) -> bool | None:
    """It does not tell."""
    return None


def told(record: Record, oddities: Oddities) -> tuple[Told, ...]:
    """The post; none for what was no message any more when it was asked for (``MessageEmpty``)."""
    return tuple(_told(record.value, record, oddities))


def _told(message: object, record: Record, oddities: Oddities) -> Iterator[Told]:
    kind = {"Message": "message", "MessageService": "service"}.get(str(member(message, "_")))
    at, peer = member(message, "id"), peer_of(member(message, "peer_id") or member(message, "to_id"))
    if kind is None or not isinstance(at, int) or isinstance(at, bool) or abs(at) > MAX_ID or peer is None:
        return
    media, size = _media(message, oddities)
    name = media[0].file_name if media else None
    yield Told(
        key=f"{peer[0]}:{peer[1]}",
        chat=Chat(id=peer[1]),
        captured=CapturedPost(
            number=at,
            program=PROGRAM,
            sender=_joined(peer_of(member(message, "from_id"))),
            post=_post(message, record, str(at), kind, peer, oddities),
            media=media,
        ),
        files=(FileName(name=name, size=size),) if name else (),
    )


def _post(message: object, record: Record, at: str, kind: str, peer: tuple[str, str], oddities: Oddities) -> Post:
    forward = member(message, "fwd_from")
    posted, local = moment(member(message, "date"), oddities)
    views = number(member(message, "views"))
    server, date = _server_file(message, oddities)
    return Post(
        platform="telegram",
        channel=None,
        channel_id=peer[1],
        message_id=at,
        kind=kind,
        posted_unixtime=posted,
        posted_local=local,
        edited_unixtime=moment(member(message, "edit_date"), oddities)[0],
        author=oddities.text(member(message, "post_author")),
        forwarded_from=oddities.text(member(forward, "from_name")),
        forwarded_from_id=_joined(peer_of(member(forward, "from_id"))),
        forwarded_message_id=number(member(forward, "channel_post")),
        forwarded_unixtime=moment(member(forward, "date"), oddities)[0],
        caption=oddities.text(member(message, "message"), MAX_CAPTION) or None,
        views=views,
        album_id=number(member(message, "grouped_id")),
        reply_to=number(member(message, "reply_to", "reply_to_msg_id")),
        server_file=server,
        server_date_unixtime=date,
        source_offset=record.offset,
        source_length=len(record.raw),
    )


def peer_of(peer: object) -> tuple[str, str] | None:
    """Kind and number of a ``Peer``."""
    for field, kind in _PEERS:
        found = number(member(peer, field))
        if found is not None:
            return kind, found
    return None


def _joined(peer: tuple[str, str] | None) -> str | None:
    return None if peer is None else "".join(peer)


def _server_file(message: object, oddities: Oddities) -> tuple[str | None, int | None]:
    """The number of the file on the servers, and when it came there."""
    for kind in ("document", "photo"):
        found = member(message, "media", kind)
        if (server := number(member(found, "id"))) is not None:
            return f"{kind}:{server}", moment(member(found, "date"), oddities)[0]
    return None, None


def _media(message: object, oddities: Oddities) -> tuple[tuple[PostMedia, ...], int | None]:
    document, photo = member(message, "media", "document"), member(message, "media", "photo")
    if isinstance(document, dict):
        size = member(document, "size")
        whole = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_ID else None
        parts = member(document, "attributes")
        names = [member(part, "file_name") for part in (parts if isinstance(parts, list) else [])]
        name = next((oddities.text(each) for each in names if isinstance(each, str) and each), None)
        mime = oddities.text(member(document, "mime_type"))
        kind = "video_file" if (mime or "").startswith("video/") else None
        return (PostMedia(state=MediaState.NAMED, kind=kind, file_name=name, mime=mime, size=whole),), whole
    return ((PostMedia(state=MediaState.NAMED, kind="photo"),), None) if isinstance(photo, dict) else ((), None)
