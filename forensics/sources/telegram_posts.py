"""One message of a Telegram Desktop export as a `Post`: what it says, bounded, nothing guessed.

Field names and their history follow Telegram Desktop's export_output_json.cpp: ``date`` is the exporter's wall clock
without a zone, ``date_unixtime`` (since June 2022) is text and UTC, ``text`` is text or a list of texts and entities.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from forensics.model.provenance import Post
from forensics.sources.telegram_json import Chat, Member

MAX_CAPTION = 16_384
"""Characters. Telegram allows 4,096 in a text and in a caption; a longer one was not written by Telegram."""

MAX_NAME = 1024
"""Characters of a name, an id or a date. Telegram allows 128 in a title and 64 in each part of a person's name."""

MAX_ID = (1 << 63) - 1
"""Of a message; Telegram's numbers are 32 bits wide, and those of a group's earlier history lie below zero."""

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
        source_length=told.length,
    )


def caption(value: object, oddities: Oddities) -> str | None:
    """The text without its markup: plain parts and the visible text of each entity, joined. None when empty."""
    parts = value if isinstance(value, list) else [value]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    joined = "".join(text for text in texts if isinstance(text, str))
    return oddities.text(joined, MAX_CAPTION) or None
