"""Leads that one post gives: its file's own date on Telegram's servers against the times of the post.

Leads, no verdicts: each has an innocent reading, and says it. What a post does not tell gives none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.model.provenance import Post

OLDER_S = 86_400
"""Seconds by which a file must be older than its post: uploads, drafts and posts put on a timer take hours."""

NEWER_S = 60
"""Seconds by which a file must be newer: the date of a post is set when it is sent, that of its file when the upload
was finished, perhaps by another server's clock."""


class LeadKind(StrEnum):
    """What a post and the date of its file, taken together, may mean."""

    REUSED = "older_media_without_attribution"
    REPLACED = "media_replaced_after_posting"
    UNEXPLAINED = "media_newer_than_its_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead with the seconds between post and file (positive) and a sentence that says both readings."""

    kind: LeadKind
    seconds: int
    text: str


def lead_of(post: Post) -> Lead | None:
    """The lead that a post gives, if any. A forward names its origin, so that an older file is no lead there."""
    if post.server_date_unixtime is None or post.posted_unixtime is None:
        return None
    gap = post.posted_unixtime - post.server_date_unixtime
    if gap > OLDER_S:
        named = (post.forwarded_from, post.forwarded_from_id, post.forwarded_from_username, post.forwarded_message_id)
        text = _REUSED_EDITED if post.edited or post.edited_unixtime is not None else _REUSED
        return Lead(kind=LeadKind.REUSED, seconds=gap, text=text) if not any(named) else None
    if gap >= -NEWER_S:
        return None
    if post.edited_unixtime is None and post.edited:
        return Lead(kind=LeadKind.REPLACED, seconds=-gap, text=_REPLACED_SOMETIME)
    edited = post.edited_unixtime is not None and post.edited_unixtime >= post.server_date_unixtime - NEWER_S
    kind, text = (LeadKind.REPLACED, _REPLACED) if edited else (LeadKind.UNEXPLAINED, _UNEXPLAINED)
    return Lead(kind=kind, seconds=-gap, text=text)


_REUSED = (
    "the servers had the file more than a day before this post, which names no origin: older media used again, or a "
    "draft, or an own file sent once more"
)
_REUSED_EDITED = f"{_REUSED}; the post was edited, which may have brought it in"
_REPLACED_SOMETIME = (
    "the file is newer than the post, which was edited at a time that is not told: the media was replaced after "
    "posting, or that edit was an earlier one and the dump is not as Telegram gave it"
)
_REPLACED = "the file is newer than the post, which was edited since: the media was replaced after posting"
_UNEXPLAINED = (
    "the file is newer than the post, and no edit at that time or later is told: another edit was, or the dump is not "
    "as Telegram gave it"
)
