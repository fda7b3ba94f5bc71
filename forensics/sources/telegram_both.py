"""One chat told twice by one export: result.json with messages.html beside it, joined post by post into one account.

The account is that of result.json, which tells UTC and ids. What only the pages tell (when the original of a forward
was posted) is added, and the post says where it was read (`Post.second`). What both tell otherwise is kept as
result.json has it, named in the post, and counted here with the first post of each kind: neither is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from forensics.errors import ExportInvalid, InputError
from forensics.model.capture import CapturedPost, Change, MediaState
from forensics.model.notice import Notice
from forensics.model.provenance import SecondAccount
from forensics.sources import opening, paths, telegram_html
from forensics.sources.opening import Kind
from forensics.sources.telegram_html import FIRST_PAGE, HtmlCapture
from forensics.sources.telegram_json import Chat

_COMPARED = ("posted_local", "forwarded_from", "reply_to")
"""Beside kind, text, time and files. The author is not: a page shows the chat's name where the JSON has a signature."""

_ONLY_ON_PAGES = ("forwarded_unixtime", "forwarded_candidates")
"""What Telegram Desktop writes in HTML alone."""


MAX_READINGS = 4
"""Times that each page may be taken apart, all in all: both formats have one order, in which once is enough."""


class _Chats(Protocol):
    """How many chats result.json holds is asked before pages are joined with it."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int) -> Chat: ...


@dataclass(slots=True, kw_only=True)
class Pages:
    """The pages beside a result.json, and what the two tell otherwise so far."""

    capture: HtmlCapture
    met: int = 0
    left_out: int = 0
    alone: int = 0
    first_alone: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def join(self, told: CapturedPost) -> CapturedPost:
        """The account of both; of a post that the pages do not have, that of result.json. Raises ChangedWhileRead."""
        page = self._page(told.number)
        if page is None:
            return told
        return joined(told, page, dict(self.capture.about.documents)[page.document or FIRST_PAGE])

    def note(self, told: CapturedPost) -> CapturedPost:
        """As `join`, counted for `notices`: once for every post of result.json. Raises as `join`.

        Posts in another order than the pages' would have a page read for each: past a limit they are left as they are.
        """
        if self.capture.taken_apart > MAX_READINGS * len(self.capture.pages.names):
            self.left_out += 1
            return told
        page = self._page(told.number)
        if page is None:
            if told.post.kind == "message":
                self.first_alone = told.number if not self.alone else self.first_alone
                self.alone += 1
            return told
        self.met += 1
        for change in differences(told, page):
            self.differing[change.field] += 1
            self.first.setdefault(change.field, _example(told.number, change))
        return self.join(told)

    def _page(self, number: int) -> CapturedPost | None:
        return self.capture.find(number)

    def notices(self) -> Iterator[Notice]:
        """What the two tell otherwise, when every post was noted."""
        yield from self.capture.about.notices
        for name, times in sorted(self.differing.items()):
            yield Notice(code="telegram.accounts_differ", message=_DIFFER.format(name, times, self.first[name]))
        whole = self.capture.about.chats[0].complete
        if self.alone and whole:
            yield Notice(code="telegram.accounts_differ", message=_ALONE.format(self.alone, self.first_alone))
        if self.left_out:
            yield Notice(code="telegram.accounts_apart", message=_LEFT_OUT.format(self.left_out))
            return
        more = self.capture.about.chats[0].posts - self.met
        if more > 0:
            yield Notice(code="telegram.accounts_differ", message=_MORE.format(more))


def open_beside(stack: ExitStack, folder: str, chats: _Chats, zone: ZoneInfo | None = None) -> Pages | Notice | None:
    """The pages that lie beside a result.json, open until the stack ends; why they cannot be joined; None without any.

    Args:
        stack: Closes them.
        folder: Of the export.
        chats: Those of result.json with messages.
        zone: The exporter's, if the user knows it.
    """
    try:
        if opening.kind_of(paths.join(folder, FIRST_PAGE)) is not Kind.FILE:
            return None
    except InputError:
        return None
    try:
        capture = stack.enter_context(telegram_html.read(folder, zone))
    except ExportInvalid:
        return None  # a page of another program: it is passed over like any other file
    except InputError as err:
        return Notice(code=err.code, message=f"{FIRST_PAGE} {err.message}")
    name = capture.about.chats[0].name
    if len(chats) != 1 or chats[0].name != name:
        return Notice(
            code="telegram.accounts_apart", message=_APART.format(opening.shown(name or "no name"), len(chats))
        )
    return Pages(capture=capture)


def joined(told: CapturedPost, page: CapturedPost, sha256: str) -> CapturedPost:
    """The post of result.json with what only its page tells. ``sha256`` is the page's."""
    added = {name: getattr(page.post, name) for name in _ONLY_ON_PAGES if not getattr(told.post, name)}
    added = {name: value for name, value in added.items() if value}
    second = SecondAccount(
        document=page.document or FIRST_PAGE,
        sha256=sha256,
        source_offset=page.post.source_offset,
        source_length=page.post.source_length,
        fields=tuple(added),
        differs=tuple(dict.fromkeys(change.field for change in differences(told, page))),
    )
    return replace(told, post=replace(told.post, **added, second=second))


def differences(told: CapturedPost, page: CapturedPost) -> tuple[Change, ...]:
    """What both tell, and tell otherwise: ``old`` as in result.json, ``new`` as on the page."""
    if told.post.kind == "unsupported":
        return ()
    return tuple(_differences(told, page))


def _differences(told: CapturedPost, page: CapturedPost) -> Iterator[Change]:
    one, other = told.post, page.post
    if one.kind != other.kind:
        yield Change(field="kind", old=one.kind, new=other.kind)
        return
    for name in _COMPARED:
        before, after = getattr(one, name), getattr(other, name)
        if None not in (before, after) and before != after:
            yield Change(field=name, old=before, new=after)
    moments = other.posted_candidates or ((other.posted_unixtime,) if other.posted_unixtime is not None else ())
    if one.posted_unixtime is not None and moments and one.posted_unixtime not in moments:
        yield Change(
            field="posted_unixtime", old=str(one.posted_unixtime), new=" or ".join(str(each) for each in moments)
        )
    if one.kind == "message":
        # Each format lays out white space in its own way.
        if (one.caption or "").split() != (other.caption or "").split():
            yield Change(field="caption", old=one.caption or "", new=other.caption or "")
        yield from _files(told, page)


def _files(told: CapturedPost, page: CapturedPost) -> Iterator[Change]:
    """One run of the exporter writes both formats: the paths are the same, or why there is no file."""
    before, after = ([media.name or str(media.state) for media in each.media] for each in (told, page))
    unknown = any(media.state is MediaState.UNKNOWN for media in (*told.media, *page.media))
    if len(before) != len(after) or (before != after and not unknown):
        yield Change(field="media", old=", ".join(before) or "none", new=", ".join(after) or "none")


def _example(number: int, change: Change) -> str:
    return f"message {number}: {opening.shown(change.old or '')} and {opening.shown(change.new or '')}"


_DIFFER = "result.json and messages.html tell '{}' otherwise in {} posts, and neither is believed; first {}"
_ALONE = "{} messages stand in result.json only, not on the pages beside it; first {}"
_MORE = "{} posts stand on the pages only, not in the result.json beside them"
_LEFT_OUT = (
    "result.json has its posts in another order than the pages beside it, which no exporter does; "
    "{} were not joined with them"
)
_APART = (
    "the pages of {} lie beside a result.json of {} chats that is not of that chat alone; they were not joined with it"
)
