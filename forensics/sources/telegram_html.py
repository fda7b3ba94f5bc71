"""A Telegram Desktop HTML export as a capture: messages.html, messages2.html, … of one chat.

Every page is digested as it is read; a post is read again from its page, which must be the same. HTML tells no id of
the chat, so it is known by its name only, and no time of an edit.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from forensics.errors import ChangedWhileRead, ExportInvalid, InputError
from forensics.model.capture import Capture, CapturedPost, Columns, MediaState, PostMedia
from forensics.model.notice import Notice
from forensics.sources import opening, paths
from forensics.sources.capture_files import posts_of, sha256_of
from forensics.sources.capture_index import ChatIndex
from forensics.sources.opening import Kind
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_html_posts import PageContext, author_of, captured, is_divider
from forensics.sources.telegram_json import Chat
from forensics.sources.telegram_page import MAX_PAGE_BYTES, decoded, encoded, messages_of, title_of
from forensics.sources.telegram_posts import Oddities

FORMAT = "telegram-desktop-html"
FIRST_PAGE = "messages.html"
KEPT_PAGES = 2
"""Pages kept taken apart while posts are compared in order: the one at hand and the one before."""

_PAGE = re.compile(r"messages([1-9][0-9]{0,5})?\.html\Z")


def sniff(path: str) -> bool:
    """Whether this is the first page of an export, or a folder with one."""
    try:
        kind = opening.kind_of(path)
        if kind is Kind.FOLDER:
            return opening.kind_of(paths.join(path, FIRST_PAGE)) is Kind.FILE
        return kind is Kind.FILE and paths.base(path) == FIRST_PAGE
    except InputError:
        return False


@contextmanager
def read(path: str, zone: ZoneInfo | None = None) -> Iterator[HtmlCapture]:
    """The capture in an export's folder, open until the context ends; ``zone`` is the exporter's, if known.

    Raises:
        ExportInvalid: no page holds a message that can be read.
        NotRegularFile, Unreadable: a page cannot be opened or read.
    """
    folder = path if opening.kind_of(path) is Kind.FOLDER else paths.parent(path)
    fd = opening.open_folder(paths.join(folder or ".", "."))
    try:
        pages = Pages(fd=fd, zone=zone)
        yield HtmlCapture(pages, *_indexed(pages, folder))
    finally:
        os.close(fd)


@dataclass(slots=True, kw_only=True)
class Pages:
    """The pages of an export in their order, behind the descriptor of its folder.

    Where a number is missing, the pages behind it are left out (``behind_gap`` of them): what stood on the missing one
    would look absent.
    """

    fd: int
    zone: ZoneInfo | None
    names: tuple[str, ...] = ()
    behind_gap: int = 0
    digests: list[str] = field(default_factory=list)
    authors: list[str | None] = field(default_factory=list)
    sizes: int = 0
    title: str | None = None
    oddities: Oddities = field(default_factory=Oddities)

    def __post_init__(self) -> None:
        found = {name: _PAGE.match(name) for name in opening.names_in(self.fd)}
        numbered = sorted((int(match[1] or 1), name) for name, match in found.items() if match)
        whole = [name for place, (number, name) in enumerate(numbered, 1) if number == place]
        self.names, self.behind_gap = tuple(whole), len(numbered) - len(whole)

    def text(self, place: int) -> tuple[str, str]:
        """A page as text, and its SHA-256. Raises ExportInvalid, NotRegularFile, Unreadable."""
        name = self.names[place]
        fd = opening.open_file(name, dir_fd=self.fd)
        try:
            data = opening.read_up_to(fd, MAX_PAGE_BYTES + 1)
        except OSError as err:
            raise opening.unreadable(err) from err
        finally:
            os.close(fd)
        if len(data) > MAX_PAGE_BYTES:
            limit = f"{MAX_PAGE_BYTES >> 20} MiB"
            raise ExportInvalid(f"{name} is larger than {limit}; no page is", code="telegram.page_too_large")
        return decoded(data), hashlib.sha256(data).hexdigest()

    def admit(self, place: int, author: str | None) -> str:
        """Read a page for the first time, all before it being read, and keep its digest. Raises as `text`.

        Args:
            place: Which page, from 0.
            author: The one of the last post before it.
        """
        text, digest = self.text(place)
        self.digests.append(digest)
        self.authors.append(author)
        self.sizes += len(encoded(text))
        self.title = self.title or self.oddities.text(title_of(text))
        return text

    def posts(self, place: int, text: str, author: str | None) -> Iterator[tuple[CapturedPost, bytes]]:
        """Each post of a page with its HTML. ``author`` is the one of the last post before it."""
        page = PageContext(document=self.names[place], channel=self.title, zone=self.zone, oddities=self.oddities)
        for message in messages_of(text):
            if is_divider(message):
                continue
            told = captured(message, page, author)
            if told.post.kind != "service":
                author = author_of(message) or author
            yield told, message.raw
        if not text.rstrip().endswith("</html>"):
            raise ExportInvalid("it does not end as a page does", code="telegram.page_cut")


@dataclass(slots=True)
class HtmlCapture:
    """An indexed HTML export behind the open descriptor of its folder. ``taken_apart`` counts pages read for posts."""

    pages: Pages
    about: Capture
    index: ChatIndex
    taken_apart: int = 0
    _kept: OrderedDict[int, dict[int, CapturedPost]] = field(default_factory=OrderedDict)

    def columns(self, key: str) -> Columns:
        """All posts of the chat that the capture has."""
        return self.index.columns()

    def post(self, key: str, number: int) -> CapturedPost:
        """One of them, from its page. Raises ChangedWhileRead."""
        place, _, _ = self.index.find(number)
        if place not in self._kept:
            self.taken_apart += 1
            text, digest = self.pages.text(place)
            if digest != self.pages.digests[place]:
                raise ChangedWhileRead(
                    f"{self.pages.names[place]}: written to while it was compared",
                    hint="compare again when nothing writes to it",
                )
            self._kept[place] = self._posts(place, text)
            if len(self._kept) > KEPT_PAGES:
                self._kept.popitem(last=False)
        return self._kept[place][number]

    def posts(self, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
        """Several of them, with ``files`` each with the digests of its own."""
        return posts_of(self, key, numbers, files=files)

    def sha256(self, media: PostMedia) -> str | None:
        """The digest of a post's file in the folder of the pages."""
        return sha256_of(ExportFiles(root=self.about.path, fd=self.pages.fd), media)

    def find(self, number: int) -> CapturedPost | None:
        """The post of a number, if the pages have one. Raises ChangedWhileRead."""
        return self.post("", number) if self.index.has(number) else None

    def _posts(self, place: int, text: str) -> dict[int, CapturedPost]:
        """The posts of a page by number, the first of each; of one that is damaged, those before, as when indexed."""
        found: dict[int, CapturedPost] = {}
        with suppress(ExportInvalid):
            for post, _ in self.pages.posts(place, text, self.pages.authors[place]):
                found.setdefault(post.number, post)
        return found


def _indexed(pages: Pages, folder: str) -> tuple[Capture, ChatIndex]:
    index = ChatIndex()
    author: str | None = None
    newest: int | None = None
    notices: list[Notice] = []
    for place in range(len(pages.names)):
        text = pages.admit(place, author)
        try:
            for told, raw in pages.posts(place, text, author):
                filed = any(media.state is MediaState.NAMED for media in told.media)
                index.add(told.number, place, raw, None, filed=filed)
                author = author if told.post.kind == "service" else told.post.author
                newest = _later(newest, told)
        except ExportInvalid as err:
            notices.append(Notice(code="telegram.capture_cut", message=_CUT.format(pages.names[place], err.message)))
            break
    else:
        if pages.behind_gap:
            notices.append(Notice(code="telegram.capture_cut", message=_GAP.format(len(pages.names) + 1)))
    if not index.numbers:
        raise ExportInvalid("no message of an HTML export", hint="name the folder that holds messages.html")
    return _about(pages, folder, index, newest, notices), index


def _later(newest: int | None, told: CapturedPost) -> int | None:
    """The later of a time and that of a post, which is the least of what it may be."""
    posted = told.post.posted_unixtime
    least = min(told.post.posted_candidates, default=posted)
    return max((time for time in (newest, least) if time is not None), default=None)


def _about(pages: Pages, folder: str, index: ChatIndex, newest: int | None, notices: list[Notice]) -> Capture:
    documents = tuple(zip(pages.names, pages.digests, strict=False))
    listed = "".join(f"{digest}  {name}\n" for name, digest in documents)
    several = len(documents) > 1
    chat = Chat(name=pages.title)
    key = f"name:{pages.title or 'unknown'}"
    if index.repeated:
        notices.append(Notice(code="telegram.message_repeated", message=_REPEATED.format(index.repeated)))
    return Capture(
        path=folder or ".",
        sha256=hashlib.sha256(listed.encode()).hexdigest() if several else documents[0][1],
        size=pages.sizes,
        format=FORMAT,
        tool="Telegram Desktop",
        era="an HTML export" + (f", read in the zone {pages.zone.key}" if pages.zone else ""),
        chats=(index.coverage(key=key, chat=chat, complete=not notices or notices[0].code != "telegram.capture_cut"),),
        offsets=(),
        newest=newest,
        documents=documents,
        notices=tuple(notices),
    )


_CUT = "{} could be read in part only, and no page behind it was read: {}"
_GAP = "page {} is missing, and none behind it was read"
_REPEATED = "{} messages have the number of an earlier one; the first of each number was compared"
