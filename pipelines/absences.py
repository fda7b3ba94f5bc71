"""Posts that a comparison of two captures found absent from the later one, as the custody log keeps them.

Only public channels stand in the log: by number, or by their address at t.me where the later capture is a page from
there. Who ran private chats is not for a file that others may read. What a page lacks is told of posts that were read
from a page, what an export lacks of posts with a number: which address is which number, neither capture tells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forensics.custody import PUBLIC_CHATS
from forensics.model.capture import Difference, State
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.provenance import Post

MAX_KEPT = 1000
"""Posts that one event of the log names: some twenty bytes each, far below the limit of a line. Its count holds for
all."""

DETAIL = "absent_posts"
"""Where the event has them: ``channel:77/3``, ``t.me:chronicle/3`` and so on, with spaces between them."""

_KEY = re.compile(r"(?:channel:[0-9]{1,19}|t\.me:[a-z][a-z0-9_]{1,31})/[0-9]{1,19}\Z")
_ADDRESS = "t.me:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One comparison in which a post was absent: the event's number and time, and the digests of both captures."""

    seq: int
    time: str
    old: str
    new: str


def key_of(difference: Difference) -> str | None:
    """What names an absent post of a public channel in the log; None for anything else."""
    chat = difference.chat
    public = chat.type in PUBLIC_CHATS or chat.key.startswith(_ADDRESS)
    if State.ABSENT not in difference.states or not public:
        return None
    key = f"{chat.key}/{difference.number}"
    return key if _KEY.match(key) else None


def absences(events: Iterable[CustodyEvent]) -> Mapping[str, tuple[Absence, ...]]:
    """The comparisons in which each post was absent, by the key of the post, in the order of the log."""
    found: dict[str, list[Absence]] = defaultdict(list)
    for event in events:
        if event.event is EventType.COMPARISON:
            absence = Absence(
                seq=event.seq,
                time=event.time,
                old=str(event.detail.get("old")),
                new=str(event.detail.get("new")),
            )
            for key in dict.fromkeys(str(event.detail.get(DETAIL, "")).split()):
                found[key].append(absence)
    return {key: tuple(each) for key, each in found.items()}


def absent(post: Post | None, found: Mapping[str, tuple[Absence, ...]]) -> tuple[Absence, ...]:
    """The comparisons in which a post was absent from the later capture."""
    if post is None or post.chat is None:
        return ()
    kind, told = post.chat
    if kind == "name":
        return found.get(f"{_ADDRESS}{told}/{post.message_id}", ()) if post.public_page is not None else ()
    return found.get(f"channel:{told}/{post.message_id}", ()) if post.channel_type in PUBLIC_CHATS else ()
