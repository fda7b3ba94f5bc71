"""One message of a Telegram Desktop export as a `Post`: what it says, bounded, nothing guessed.

Field names and their history follow Telegram Desktop's export_output_json.cpp: ``date`` is the exporter's wall clock
without a zone, ``date_unixtime`` (since June 2022) is text and UTC, ``text`` is text or a list of texts and entities.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Post
from forensics.sources.telegram_ids import sender_of
from forensics.sources.telegram_json import Chat, Member

MAX_CAPTION = 16_384
"""Characters. Telegram allows 4,096 in a text and in a caption; a longer one was not written by Telegram."""

MAX_NAME = 1024
"""Characters of a name, an id or a date. Telegram allows 128 in a title and 64 in each part of a person's name."""

MAX_ID = (1 << 63) - 1
"""Of a message; Telegram's numbers are 32 bits wide, and those of a group's earlier history lie below zero."""

PLACEHOLDERS = (
    ("(File not included", MediaState.NOT_INCLUDED),
    ("(File exceeds maximum size", MediaState.TOO_LARGE),
    ("(File unavailable", MediaState.UNAVAILABLE),
    ("(File ", MediaState.UNKNOWN),
)
"""How a text in place of a path begins when there is no file."""

_CONTENT = (
    "poll",
    "location_information",
    "place_name",
    "address",
    "contact_information",
    "game_title",
    "game_description",
    "game_link",
    "invoice_information",
    "title",
    "performer",
    "sticker_emoji",
)
_VOTES = frozenset(("total_voters", "voters", "chosen", "closed"))
_UNIXTIME = re.compile(r"[0-9]{1,11}\Z")
_SURROGATES = re.compile("[\ud800-\udfff]")

Message = dict[str, object]


@dataclass(frozen=True, slots=True)
class Oddities:
    """What had to be cut or replaced in the texts of an export, counted by code."""

    counts: Counter[str] = field(default_factory=Counter)

    def text(self, value: object, limit: int = MAX_NAME) -> str | None:
        """A JSON text that can be written as UTF-8, of bounded length; None for anything but text."""
        if not isinstance(value, str):
            return None
        if _SURROGATES.search(value):
            self.counts["telegram.text_replaced"] += 1
            value = _SURROGATES.sub("\ufffd", value)
        if len(value) > limit:
            self.counts["telegram.text_cut"] += 1
            value = value[:limit]
        return value

    def unixtime(self, value: object) -> int | None:
        """Seconds UTC from the export's decimal text (or number); None, and counted, for anything else."""
        if value is None:
            return None
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str) and _UNIXTIME.match(text):
            return int(text)
        self.counts["telegram.time_invalid"] += 1
        return None


def message_id(message: Message) -> int | None:
    """The message's whole number (it may be negative: history from before a group's migration)."""
    number = message.get("id")
    whole = isinstance(number, int) and not isinstance(number, bool) and abs(number) <= MAX_ID
    return int(number) if whole and isinstance(number, int) else None


def post(chat: Chat, message: Message, told: Member, oddities: Oddities) -> Post:
    """The post that a message stands for. ``author`` is the signature of a channel post, else the sender's name."""
    author = message.get("author") or message.get("from") or message.get("actor")
    reply_to = message.get("reply_to_message_id")
    return Post(
        platform="telegram",
        channel=oddities.text(chat.name),
        channel_id=chat.id,
        channel_type=oddities.text(chat.type),
        message_id=str(message_id(message)),
        kind=oddities.text(message.get("type")),
        posted_unixtime=oddities.unixtime(message.get("date_unixtime")),
        posted_local=oddities.text(message.get("date")),
        edited_unixtime=oddities.unixtime(message.get("edited_unixtime")),
        author=oddities.text(author),
        forwarded_from=oddities.text(message.get("forwarded_from")),
        forwarded_from_id=oddities.text(message.get("forwarded_from_id")),
        caption=caption(message.get("text"), oddities),
        reply_to=str(reply_to) if isinstance(reply_to, int) and not isinstance(reply_to, bool) else None,
        source_offset=told.offset,
        source_length=len(told.raw),
    )


def caption(value: object, oddities: Oddities) -> str | None:
    """The text without its markup: plain parts and the visible text of each entity, joined. None when empty."""
    parts = value if isinstance(value, list) else [value]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    joined = "".join(text for text in texts if isinstance(text, str))
    return oddities.text(joined, MAX_CAPTION) or None


def placeholder(path: str) -> MediaState | None:
    """Why there is no file, when a text stands in place of its path."""
    return next((state for start, state in PLACEHOLDERS if path.startswith(start)), None)


def sender(message: Message) -> str | None:
    """The id of who sent or did it."""
    return sender_of(message.get("from_id") or message.get("actor_id"))


def moment(message: Message, oddities: Oddities) -> tuple[int | None, int | None]:
    """When a message was posted, and the latest time that it speaks of, in seconds UTC."""
    posted, edited = oddities.unixtime(message.get("date_unixtime")), oddities.unixtime(message.get("edited_unixtime"))
    return posted, max((time for time in (posted, edited) if time is not None), default=None)


def captured(chat: Chat, message: Message, told: Member) -> CapturedPost:
    """A message as a value that can be compared with the same message of another capture."""
    oddities = Oddities()
    return CapturedPost(
        number=message_id(message) or 0,
        post=post(chat, message, told, oddities),
        sender=oddities.text(sender(message)),
        media=tuple(_media(message, oddities)),
        markup=_markup(message.get("text"), oddities),
        content=tuple(_content(message, oddities)),
    )


def _content(message: Message, oddities: Oddities) -> Iterator[tuple[str, str]]:
    """Polls, places and contacts, without what readers change: votes, and how long a place is still sent."""
    for name in _CONTENT:
        value = message.get(name)
        if isinstance(value, dict):
            value = {key: each for key, each in value.items() if key not in _VOTES}
            answers = value.get("answers")
            if isinstance(answers, list):
                value["answers"] = [
                    {key: each for key, each in answer.items() if key not in _VOTES}
                    if isinstance(answer, dict)
                    else answer
                    for answer in answers
                ]
        if value is not None:
            text = json.dumps(value, sort_keys=True, ensure_ascii=False)
            yield name, oddities.text(text, MAX_CAPTION) or ""


def _media(message: Message, oddities: Oddities) -> Iterator[PostMedia]:
    for key in ("file", "photo"):
        path = oddities.text(message.get(key), MAX_CAPTION)
        if not path:
            continue
        state = placeholder(path)
        kind = "photo" if key == "photo" else oddities.text(message.get("media_type"))
        yield PostMedia(
            state=state or MediaState.NAMED,
            kind=kind,
            name=path if state is None else None,
            file_name=oddities.text(message.get("file_name")) if key == "file" else None,
            mime=oddities.text(message.get("mime_type")),
            size=_whole(message.get("photo_file_size" if key == "photo" else "file_size")),
            duration_s=_whole(message.get("duration_seconds")),
            width=_whole(message.get("width")),
            height=_whole(message.get("height")),
        )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID else None


def _markup(value: object, oddities: Oddities) -> tuple[tuple[str, str, str], ...]:
    """Parts of a text that are more than text: kind, visible text, target of a link."""
    parts = value if isinstance(value, list) else []
    return tuple(
        (
            oddities.text(part.get("type")) or "",
            oddities.text(part.get("text"), MAX_CAPTION) or "",
            oddities.text(part.get("href"), MAX_CAPTION) or "",
        )
        for part in parts
        if isinstance(part, dict)
    )
