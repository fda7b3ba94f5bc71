"""Which chat of one capture is which chat of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forensics.model.capture import Capture, ChatCoverage

BY_NAME = "name:"
"""How the key of a chat begins whose format tells no id."""

BY_ADDRESS = "t.me:"
"""How the key of a chat begins that is known by its public address."""


def pairs(old: Capture, new: Capture) -> Iterator[tuple[ChatCoverage | None, ChatCoverage | None]]:
    """Every chat of both, in the order of the earlier capture, then those of the later alone.

    Chats are joined by id. Where one capture tells no id, by the name, if each has one chat of that name.
    """
    by_key = {chat.key: chat for chat in new.chats}
    named, single = _names(new), _names(old)
    met: set[str] = set()
    for chat in old.chats:
        later = by_key.get(chat.key)
        if later is None and chat.name in single:
            alike = named.get(chat.name or "")
            later = alike if alike is not None and _by_name(chat, alike) else None
        if later is not None:
            met.add(later.key)
        yield chat, later
    for chat in new.chats:
        if chat.key not in met:
            yield None, chat


def joined_by_name(old: Capture, new: Capture) -> int:
    """How many chats are taken for the same by their name alone."""
    return sum(1 for before, after in pairs(old, new) if before and after and _by_name(before, after))


def _by_name(one: ChatCoverage, other: ChatCoverage) -> bool:
    """Whether the name is what joins them; two addresses that differ are two chats, however they are called."""
    if one.key.startswith(BY_ADDRESS) and other.key.startswith(BY_ADDRESS):
        return False
    return one.key.startswith((BY_NAME, BY_ADDRESS)) or other.key.startswith((BY_NAME, BY_ADDRESS))


def _names(capture: Capture) -> dict[str, ChatCoverage]:
    """The chats whose name no other chat of the capture has."""
    times = Counter(chat.name for chat in capture.chats)
    return {chat.name: chat for chat in capture.chats if chat.name and times[chat.name] == 1}
