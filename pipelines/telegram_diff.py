"""Two captures of Telegram chats compared.

1  open both and index their posts: digests, coverage, times, what had to be mended
2  compare chat by chat, and the files of posts that both have by their bytes, and yield each difference
3  in a case, log that they were compared, with both digests, the counts and the absent posts of public channels
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from forensics import captures, media
from forensics.errors import InputError, ParserStopped
from forensics.model.capture import Capture, Captured, CapturedPost, ChatCoverage, Difference, PostMedia, State
from forensics.model.custody import EventType
from forensics.model.manifest import Json
from forensics.model.notice import Notice
from pipelines import absences, open_captures
from pipelines.case import Case, Run

MAX_ON_PAGE = 500
"""Differences of one state that the page lists, so that many of one kind hide none of another; JSON lines have all."""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Both captures, and what was found so far: the counts are whole when `differences` has ended."""

    old: Captured
    new: Captured
    files: captures.Files | None
    unlisted: captures.Unlisted = field(default_factory=captures.Unlisted)
    counts: Counter[str] = field(default_factory=Counter)
    listed: list[Difference] = field(default_factory=list)
    found: int = 0
    shown: Counter[State] = field(default_factory=Counter)
    absent: list[str] = field(default_factory=list)

    def differences(self) -> Iterator[Difference]:
        """Step 2. Raises InputError when a document changes meanwhile, ParserStopped when its reader is stopped."""
        for difference in captures.compare(self.old, self.new, self.files, self.unlisted):
            self.found += 1
            for state in difference.states:
                self.counts[str(state)] += difference.count
            if len(self.absent) < absences.MAX_KEPT and (key := absences.key_of(difference)) is not None:
                self.absent.append(key)
            if any(self.shown[state] < MAX_ON_PAGE for state in difference.states):
                self.shown.update(difference.states)
                self.listed.append(difference)
            yield difference

    def notices(self) -> Iterator[Notice]:
        """What a reader must know of the captures themselves."""
        for which, capture in (("OLD", self.old.about), ("NEW", self.new.about)):
            for notice in capture.notices:
                yield Notice(code=notice.code, message=f"{which}: {notice.message}")
        before, after = self.old.about, self.new.about
        if before.newest is not None and after.newest is not None and before.newest > after.newest:
            yield Notice(code="telegram.capture_order", message=_ORDER)
        if by_name := captures.joined_by_name(before, after):
            yield Notice(code="telegram.chat_by_name", message=_BY_NAME.format(by_name))
        if not any(one and other for one, other in captures.pairs(before, after)):
            yield Notice(code="telegram.no_common_chat", message="the captures have no chat in common")

    def record(self, case: Case, run: Run) -> None:
        """Step 3."""
        detail: dict[str, str | int] = {"old": self.old.about.sha256, "new": self.new.about.sha256}
        kept = {absences.DETAIL: " ".join(self.absent)} if self.absent else {}
        case.record(run, EventType.COMPARISON, None, detail | kept | dict(sorted(self.counts.items())))


def open_both(stack: ExitStack, old: str, new: str, zone: str | None = None, *, files: bool = True) -> Comparison:
    """Step 1; the captures are closed with the stack.

    Args:
        stack: Closes them.
        old: Path of the earlier capture.
        new: Path of the later one.
        zone: IANA name of the exporters' time zone, for what tells no UTC.
        files: Compare the files of posts that both have, too, by SHA-256: each is read once.

    Raises:
        InputError: one of them cannot be read as a capture; no zone of that name.
        ParserStopped: the reader of one was stopped.
    """
    if zone is not None:
        _require_zone(zone)
    return Comparison(
        old=_open(stack, old, zone),
        new=_open(stack, new, zone),
        files=captures.Files() if files else None,
    )


def _open(stack: ExitStack, path: str, zone: str | None) -> Captured:
    try:
        return stack.enter_context(open_captures.open_capture(path, zone, media.DEFAULT_LIMITS))
    except (InputError, ParserStopped) as err:
        raise type(err)(f"{path}: {err.message}", hint=err.hint, code=err.code) from err


def _require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise InputError(
            f"{name}: no such time zone", hint="name it as in Europe/Kyiv; a system without time zone data needs tzdata"
        ) from err


_BY_NAME = "chats taken for the same by their name alone, because one of the captures tells no id: {}"
_ORDER = "OLD speaks of later posts than NEW: they may have been named in the wrong order"


def capture_fields(capture: Capture) -> dict[str, Json]:
    """A capture in JSON. ``not_before``: it was made no earlier than this (seconds UTC)."""
    return {
        "sha256": capture.sha256,
        "size": capture.size,
        "format": capture.format,
        "tool": capture.tool,
        "era": capture.era,
        "not_before": capture.newest,
        "utc_offsets": [{"seconds": offset, "posts": posts} for offset, posts in capture.offsets],
        "repairs": dict(capture.repairs),
        "documents": [{"name": name, "sha256": sha256} for name, sha256 in capture.documents],
        "chats": [_coverage(chat) for chat in capture.chats],
        "notices": [{"code": notice.code, "message": notice.message} for notice in capture.notices],
    }


def _coverage(chat: ChatCoverage) -> dict[str, Json]:
    return {
        **_chat(chat),
        "posts": chat.posts,
        "least": chat.least,
        "greatest": chat.greatest,
        "complete": chat.complete,
        "order": str(chat.order),
        "selected": chat.selected,
        "leaves_out_services": chat.leaves_out_services,
    }


def _chat(chat: ChatCoverage) -> dict[str, Json]:
    return {"key": chat.key, "id": chat.id, "name": chat.name, "type": chat.type}


def difference_fields(difference: Difference, comparison: Comparison) -> dict[str, Json]:
    """A difference in JSON, with the digests of both captures, so that a line can stand by itself."""
    return {
        "type": "difference",
        "states": [str(state) for state in difference.states],
        "chat": _chat(difference.chat),
        "id": difference.number,
        "ranges": [list(each) for each in difference.ranges],
        "count": difference.count,
        "reason": difference.reason,
        "changes": [{"field": each.field, "old": each.old, "new": each.new} for each in difference.changes],
        "neighbours": None if difference.neighbours is None else list(difference.neighbours),
        "album": list(difference.album),
        "old": {"sha256": comparison.old.about.sha256, "post": _post(difference.old)},
        "new": {"sha256": comparison.new.about.sha256, "post": _post(difference.new)},
    }


def _post(told: CapturedPost | None) -> dict[str, Json] | None:
    if told is None:
        return None
    post = told.post
    return {
        "document": told.document,
        "offset": post.source_offset,
        "length": post.source_length,
        "kind": post.kind,
        "posted_unixtime": post.posted_unixtime,
        "posted_candidates": list(post.posted_candidates),
        "posted_local": post.posted_local,
        "edited_unixtime": post.edited_unixtime,
        "sender": told.sender,
        "author": post.author,
        "forwarded_from": post.forwarded_from,
        "forwarded_from_id": post.forwarded_from_id,
        "forwarded_unixtime": post.forwarded_unixtime,
        "forwarded_candidates": list(post.forwarded_candidates),
        "forwarded_from_username": post.forwarded_from_username,
        "forwarded_message_id": post.forwarded_message_id,
        "views": post.views,
        "edited": post.edited,
        "server_file": post.server_file,
        "server_date_unixtime": post.server_date_unixtime,
        "second": None if post.second is None else msgspec.to_builtins(post.second),
        "reply_to": post.reply_to,
        "text": post.caption,
        "media": [_media(media) for media in told.media],
    }


def _media(media: PostMedia) -> dict[str, Json]:
    return {
        "state": str(media.state),
        "kind": media.kind,
        "name": media.name,
        "file_name": media.file_name,
        "mime": media.mime,
        "size": media.size,
        "duration_s": media.duration_s,
        "width": media.width,
        "height": media.height,
        "sha256": media.sha256,
    }


def summary_fields(comparison: Comparison) -> dict[str, Json]:
    """The last JSON line, but for both captures: how many posts are in each state."""
    return {
        "type": "summary",
        "differences": comparison.found,
        "states": dict(sorted(comparison.counts.items())),
        "unlisted": comparison.unlisted.posts,
        "files": None if comparison.files is None else asdict(comparison.files),
        "notices": [{"code": each.code, "message": each.message} for each in comparison.notices()],
    }
