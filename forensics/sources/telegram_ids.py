"""Telegram's ids in the forms that programs write, brought to one.

Since April 2021 Telegram Desktop writes ``user5``, ``channel5``, ``chat5``; before, one number with the kind in its
upper half ((1 << 32) a user, (2 << 32) a chat or channel). Bots and many libraries write ``-1005`` for channel 5.
"""

from __future__ import annotations

_KINDS = {
    "saved_messages": "user",
    "replies": "user",
    "verification_codes": "user",
    "personal_chat": "user",
    "bot_chat": "user",
    "private_group": "chat",
    "private_supergroup": "channel",
    "public_supergroup": "channel",
    "private_channel": "channel",
    "public_channel": "channel",
}
_USER, _CHAT = 1 << 32, 2 << 32
_BOT_PREFIX = "-100"


def chat_key(kind: str | None, number: str | None, *, old_ids: bool) -> str:
    """What names a chat in every capture: its kind and bare id.

    Args:
        kind: Telegram Desktop's word for it.
        number: The id as written.
        old_ids: The export is of the time when the kind stood in the upper half of an id.
    """
    bare = number or "unknown"
    if bare.startswith(_BOT_PREFIX) and len(bare) > len(_BOT_PREFIX):
        bare = bare[len(_BOT_PREFIX) :]
    elif old_ids and bare.isdecimal() and _USER <= int(bare) < _CHAT + _USER:
        bare = str(int(bare) % _USER)
    return f"{_KINDS.get(kind or '', 'unknown')}:{bare}"


def sender_of(value: object) -> str | None:
    """The id of a sender: text as it is, an old number as the text of later versions, as far as it tells the kind."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if _USER <= value < _CHAT:
        return f"user{value % _USER}"
    return f"peer{value % _USER}" if _CHAT <= value < _CHAT + _USER else str(value)
