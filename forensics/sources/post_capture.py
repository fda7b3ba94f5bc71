"""A page or a dump as a capture: what it covers, and each of its posts when it is asked for.

A page shows a window of numbers and covers nothing outside it. Several pages would leave gaps between their windows, so
one document is one capture.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from forensics.errors import ExportInvalid, InputError
from forensics.model.capture import Capture, CapturedPost, ChatCoverage, Columns, PostMedia
from forensics.model.notice import Notice
from forensics.model.provenance import SourceKind
from forensics.sources import opening, paths, post_documents
from forensics.sources.capture_files import posts_of
from forensics.sources.capture_index import ChatIndex
from forensics.sources.opening import Kind
from forensics.sources.telegram_json import MAX_CHATS, Chat
from forensics.sources.telegram_posts import Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.told import Format, Told


def sniff(path: str) -> bool:
    """Whether this is such a document, or a folder with one that is no export of Telegram Desktop."""
    return post_documents.sniff(path)


@contextmanager
def read(path: str, zone: ZoneInfo | None = None) -> Iterator[DocumentCapture]:
    """The capture in a document, open until the context ends. No zone is used: a time without one stays unknown.

    Raises:
        InputError: a folder has several documents.
        ExportInvalid: it has no post that can be read.
        NotRegularFile, Unreadable: it cannot be opened or read.
    """
    source, known = _document(path)
    fd = opening.open_file(source)
    try:
        yield _Indexing(fd=fd, format=known).run(source)
    finally:
        os.close(fd)


def _document(path: str) -> tuple[str, Format]:
    if opening.kind_of(path) is Kind.FOLDER:
        fd = opening.open_folder(path)
        try:
            found = post_documents.documents_in(fd)
        finally:
            os.close(fd)
        if len(found) != 1:
            raise InputError(
                f"has {len(found)} pages or dumps: what lies between two would look absent",
                hint="name one of them",
            )
        return paths.join(path, found[0][0]), found[0][1]
    known = post_documents.format_of(path)
    if known is None:
        raise ExportInvalid("is no page or dump that is known", hint="name one")
    return path, known


@dataclass(frozen=True, slots=True)
class DocumentCapture:
    """An indexed document behind an open descriptor."""

    fd: int
    format: Format
    about: Capture
    chats: dict[str, Chat]
    index: dict[str, ChatIndex]

    def columns(self, key: str) -> Columns:
        """All posts of a chat that the capture has."""
        return self.index[key].columns()

    def post(self, key: str, number: int) -> CapturedPost:
        """One of them, read again. Raises ChangedWhileRead."""
        offset, raw = self.index[key].read_again(self.fd, number, self.about.path)
        record = self.format.again(raw, offset, self.chats[key])
        return next(told.captured for told in self.format.told(record, Oddities()) if told.captured.number == number)

    def posts(self, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
        """Several of them, with ``files`` each with the digests of its own."""
        return posts_of(self, key, numbers, files=files)

    def sha256(self, media: PostMedia) -> str | None:
        """Nothing: which file beside a page or a dump is a post's is not told by a path."""
        return None


@dataclass(slots=True, kw_only=True)
class _Indexing:
    """The pass that makes the index, and what it learns on the way."""

    fd: int
    format: Format
    chats: dict[str, Chat] = field(default_factory=dict)
    index: dict[str, ChatIndex] = field(default_factory=dict)
    choices: Counter[str] = field(default_factory=Counter)
    newest: int | None = None
    others: int = 0

    def run(self, path: str) -> DocumentCapture:
        window = Window(self.fd)
        failure = self._read(window)
        sha256 = window.drain()
        if not self.index:
            raise failure or ExportInvalid("no post that can be read", hint="name a page or dump with posts")
        about = Capture(
            path=path,
            sha256=sha256,
            size=window.offset,
            format=str(self.format.KIND),
            tool=self.format.PROGRAM,
            era="unknown",
            chats=tuple(self._coverage(key, complete=failure is None) for key in self.index),
            offsets=(),
            newest=self.newest,
            notices=tuple(self._notices(failure)),
        )
        return DocumentCapture(self.fd, self.format, about, self.chats, self.index)

    def _read(self, window: Window) -> ExportInvalid | None:
        try:
            for record in self.format.records(window):
                posts = self.format.told(record, Oddities())
                self.others += not posts
                for told in posts:
                    self._note(told, record.offset, record.raw)
        except ExportInvalid as err:
            return err
        return None

    def _note(self, told: Told, offset: int, raw: bytes) -> None:
        if told.key not in self.index:
            if len(self.index) == MAX_CHATS:
                raise ExportInvalid(f"more than {MAX_CHATS} chats", code="telegram.too_many_chats")
            self.index[told.key], self.chats[told.key] = ChatIndex(), told.chat
        post = told.captured.post
        self.index[told.key].add(told.captured.number, offset, raw, None)
        self.choices[told.key] += self.format.selected(told) is True
        for time in (post.posted_unixtime, post.edited_unixtime):
            if time is not None and (self.newest is None or time > self.newest):
                self.newest = time

    def _coverage(self, key: str, *, complete: bool) -> ChatCoverage:
        found = self.index[key].coverage(key=key, chat=self.chats[key], complete=complete)
        page = self.format.KIND is SourceKind.TELEGRAM_PAGE
        return replace(found, type=None, selected=self.choices[key] > 0, leaves_out_services=page)

    def _notices(self, failure: ExportInvalid | None) -> Iterator[Notice]:
        yield Notice(code="telegram.capture_window", message=self.format.NOTICE)
        if failure is not None:
            yield Notice(code="telegram.capture_cut", message=_CUT.format(f"{failure.message} [{failure.code}]"))
        if self.others:
            yield Notice(code="telegram.message_invalid", message=_OTHERS.format(self.others))
        repeated = sum(index.repeated for index in self.index.values())
        if repeated:
            yield Notice(code="telegram.message_repeated", message=_REPEATED.format(repeated))


_CUT = "it could be read in part only, and covers what was whole before: {}"
_OTHERS = "{} entries are no posts, or of posts that were gone when they were asked for, and were not compared"
_REPEATED = "{} posts have the number of an earlier one of their chat; the first of each number was compared"
