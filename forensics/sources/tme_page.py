"""Saved pages of t.me: the preview of a channel (``t.me/s/name``) and one post of it (``?embed=1``).

A page tells the post's number, its time in UTC, rounded views, whether it was edited, the address of the very post that
was forwarded, and the name of each file on Telegram's web servers (the ``tgme_widget_message`` markup of its pages). It
shows a stretch of numbers; some service messages are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from forensics.errors import ExportInvalid
from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Post, SourceKind
from forensics.sources.telegram_json import Chat
from forensics.sources.telegram_page import MAX_PAGE_MESSAGES, Element, decoded, element_at, encoded
from forensics.sources.telegram_posts import MAX_CAPTION, Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.told import FileName, Record, Told, address, moment

KIND = SourceKind.TELEGRAM_PAGE
PROGRAM = "a page of t.me"
NOTICE = "a page shows a stretch of posts as Telegram chose to, without some service messages; views are rounded"

MAX_SAVED_BYTES = 16 << 20
"""A preview shows twenty posts in some hundred kilobytes; one that was scrolled before it was saved has more."""

MAX_FILES = 10
"""Of one post: what Telegram allows in an album."""

_ENDINGS = (".html", ".htm")
_MARKS = (b"tgme_widget_message", b"tgme_channel_info", b"/css/widget-frame.css")
_MESSAGE = re.compile(r'<div((?:\s[a-zA-Z][a-zA-Z-]{0,31}="[^"<>]{0,4096}")++)\s?>')
_POST = re.compile(r'\sdata-post="([A-Za-z0-9_]{2,64})/([0-9]{1,18})"')
_CLASS = re.compile(r'\sclass="(?:[^"<>]*\s)?tgme_widget_message(?:\s[^"<>]*)?"')
_BACKGROUND = re.compile(r"background-image:\s*url\(['\"]?([^'\")]{1,4096})['\"]?\)")
_SERVER_NAME = re.compile(r"/([A-Za-z0-9_-]{8,250}\.[A-Za-z0-9]{1,5})(?:[?#].*)?\Z", re.DOTALL)
"""At the end of an address: ten hexadecimal digits for a video. A shorter name may be anybody's; that of a photo is
longer than a file system takes."""
_OTHERS = ("tgme_widget_message_link_preview", "tgme_widget_message_reply")
"""Parts of a post that show what is not its own: the page behind a link, the post that it answers."""
_PHOTO = "tgme_widget_message_photo_wrap"
_GROUPED = "grouped_media_wrap"


def sniff(name: str, head: bytes) -> bool:
    """Whether it is named as a page and begins as one of t.me."""
    return name.lower().endswith(_ENDINGS) and any(mark in head for mark in _MARKS)


def records(window: Window) -> Iterator[Record]:
    """Each post's markup. Raises ExportInvalid, Unreadable."""
    while window.more():
        if len(window.data) > MAX_SAVED_BYTES:
            limit = f"{MAX_SAVED_BYTES >> 20} MiB"
            raise ExportInvalid(f"larger than {limit}; no saved page is", code="telegram.page_too_large")
    page = decoded(window.data)
    at = offset = count = 0
    while (found := _start(page, at)) is not None:
        count += 1
        if count > MAX_PAGE_MESSAGES:
            raise ExportInvalid(f"more than {MAX_PAGE_MESSAGES} posts on a page", code="telegram.too_many_messages")
        element, end = element_at(page, found)
        offset += len(encoded(page[at:found]))
        raw = encoded(page[found:end])
        yield Record(offset=offset, raw=raw, value=element, chat=Chat())
        offset, at = offset + len(raw), end


def _start(page: str, at: int) -> int | None:
    for found in _MESSAGE.finditer(page, at):
        if _CLASS.search(found[1]) and _POST.search(found[1]):
            return found.start()
    return None


def again(raw: bytes, offset: int, chat: Chat) -> Record:
    """A post's markup from its bytes."""
    return Record(offset=offset, raw=raw, value=element_at(decoded(raw), 0)[0], chat=chat)


def selected(told: Told) -> bool | None:
    """A page is a stretch of the channel, not a choice from it."""
    return None


def told(record: Record, oddities: Oddities) -> tuple[Told, ...]:
    """The post, and the others of its album, of which a page tells the numbers and files."""
    message = record.value
    assert isinstance(message, Element)
    username, _, number = message.attributes["data-post"].partition("/")
    found = _POST.match(f' data-post="{username}/{number}"')
    if found is None:
        return ()
    grouped = [(_linked(each, username) or int(number), each) for each in message.inside(_GROUPED)]
    album = sorted({each for each, _ in grouped} | {int(number)})[:MAX_FILES]
    first = _post(record, message, username, int(number), oddities)
    if len(album) == 1:
        return (_with_files(first, _files(message), oddities),)
    return tuple(
        _with_files(
            _in_album(first, each, int(number)),
            [name for at, part in grouped if at == each for name in _files(part)],
            oddities,
        )
        for each in album
    )


def _linked(element: Element, username: str) -> int | None:
    where = address(element.attributes.get("href"))
    return int(where[1]) if where and where[1] and where[0].lower() == username.lower() else None


def _in_album(told: CapturedPost, number: int, first: int) -> CapturedPost:
    page = (told.post.public_page or "").rpartition("/")[0]
    post = replace(told.post, message_id=str(number), album_id=str(first), public_page=f"{page}/{number}")
    if number != first:
        post = replace(post, caption=None)
    return replace(told, number=number, post=post)


def _post(record: Record, message: Element, username: str, number: int, oddities: Oddities) -> CapturedPost:
    forward = _first(message, "tgme_widget_message_forwarded_from_name")
    origin = None if forward is None else address(forward.attributes.get("href"))
    meta = _first(message, "tgme_widget_message_meta")
    words = "" if meta is None else meta.text(but="tgme_widget_message_from_author")
    reply = _first(message, "tgme_widget_message_reply")
    answered = None if reply is None else _linked(reply, username)
    service = "service_message" in message.classes
    return CapturedPost(
        number=number,
        rendered=True,
        program=PROGRAM,
        post=Post(
            platform="telegram",
            channel=_words(_first(message, "tgme_widget_message_owner_name"), oddities),
            channel_id=username,
            message_id=str(number),
            kind="service" if service else "message",
            posted_unixtime=_posted(message, oddities),
            posted_local=None,
            edited=True if "edited" in words.split() else None,
            author=_words(_first(message, "tgme_widget_message_from_author"), oddities),
            forwarded_from=_words(forward, oddities),
            forwarded_from_username=None if origin is None else origin[0],
            forwarded_message_id=None if origin is None else origin[1],
            caption=_words(_first(message, "tgme_widget_message_text", "js-message_text"), oddities, MAX_CAPTION),
            views=_words(_first(message, "tgme_widget_message_views"), oddities),
            reply_to=None if answered is None else str(answered),
            public_page=f"t.me/{username}/{number}",
            source_offset=record.offset,
            source_length=len(record.raw),
        ),
    )


def _first(message: Element, *classes: str) -> Element | None:
    return next(message.inside(*classes), None)


def _words(element: Element | None, oddities: Oddities, limit: int = 1024) -> str | None:
    return None if element is None else oddities.text(element.text().strip(), limit) or None


def _posted(message: Element, oddities: Oddities) -> int | None:
    """The time of the link to the post itself; the lengths of videos stand in elements of the same name."""
    for link in message.inside("tgme_widget_message_date"):
        for each in link.holds:
            if isinstance(each, Element) and each.name == "time" and "datetime" in each.attributes:
                return moment(each.attributes["datetime"], oddities)[0]
    return None


def _files(place: Element) -> list[tuple[str, str]]:
    """The kind of each file in a place, and its address: on Telegram's servers, or where the browser saved it."""
    found: dict[str, str] = {}
    for part in _own(place):
        if part.name == "video" and part.attributes.get("src"):
            round_video = any("roundvideo" in name for name in part.classes)
            found.setdefault(part.attributes["src"], "video_message" if round_video else "video_file")
        elif _PHOTO in part.classes and (style := _BACKGROUND.search(part.attributes.get("style", ""))):
            found.setdefault(style[1], "photo")
    return [(kind, source) for source, kind in found.items()][:MAX_FILES]


def _own(place: Element) -> Iterator[Element]:
    """The element and all inside that are the post's own."""
    yield place
    for each in place.holds:
        if isinstance(each, Element) and each.classes.isdisjoint(_OTHERS):
            yield from _own(each)


def _with_files(captured: CapturedPost, files: list[tuple[str, str]], oddities: Oddities) -> Told:
    username = captured.post.channel_id or ""
    names = [(kind, source, server_name(source)) for kind, source in files]
    post = captured.post
    server = {name for _, _, name in names if name}
    if len(server) == 1:  # of several, none is the post's
        post = replace(post, server_file=oddities.text(server.pop()))
    media = tuple(PostMedia(state=MediaState.NAMED, kind=kind, name=oddities.text(name)) for kind, _, name in names)
    return Told(
        key=f"t.me:{username.lower()}",
        chat=Chat(name=post.channel, id=username),
        captured=replace(captured, post=post, media=media),
        files=tuple(FileName(name=name, own=True) for _, _, name in names if name),
    )


def server_name(source: str) -> str | None:
    """The name of a file at the end of its address, as the servers gave it and a browser keeps it."""
    found = _SERVER_NAME.search(source)
    return None if found is None else found[1]
