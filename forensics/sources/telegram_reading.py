"""Reading one Telegram export whose JSON could be read: each message's files, with the post that shows them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from forensics.errors import ChangedWhileRead, InputError
from forensics.model.notice import Notice
from forensics.model.provenance import Found, Passed, Post, SourceKind
from forensics.sources import opening
from forensics.sources.telegram_both import Pages
from forensics.sources.telegram_clock import Clocks
from forensics.sources.telegram_json import Chat, Export, Member
from forensics.sources.telegram_media import PLACEHOLDER_CODES, Document, PostFiles, where_of
from forensics.sources.telegram_posts import Message, Oddities, captured, message_id, placeholder, post
from forensics.sources.telegram_survey import MEDIA_KEYS, Survey, media_paths, repeated
from forensics.sources.telegram_window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The JSON file that is read: its path, its descriptor; ``whole`` tells that its folder was given, not it."""

    path: str
    fd: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One export being read, after its survey. ``pages`` lie beside it, or a notice why they are not joined with it."""

    source: Source
    files: PostFiles
    survey: Survey
    pages: Pages | Notice | None = None
    thumbnails: set[str] = field(default_factory=set)
    oddities: Oddities = field(default_factory=Oddities)
    clocks: Clocks = field(default_factory=Clocks)

    @property
    def document(self) -> Document:
        """The JSON file, with the digest that the survey found."""
        return Document(kind=SourceKind.TELEGRAM_EXPORT, path=self.source.path, sha256=self.survey.sha256)

    def run(self) -> Iterator[Found | Passed]:
        """Everything in the order of the file: what is odd about it, the posts, what the posts add up to, the rest."""
        yield from self._about_the_file()
        try:
            if isinstance(self.pages, Pages):
                self.files.taken.update(name for name, _ in self.pages.capture.about.documents)
            self.files.pair(sorted(self.survey.sidecars), self._paths())
            yield from self._posts()
        except InputError as err:  # the survey read it to its end
            yield self._changed(err.message)
        yield from self._about_the_posts()
        yield from self.files.rest(self.thumbnails)

    def _paths(self) -> Iterator[str]:
        for member in self._members().messages():
            yield from media_paths(member.value)

    def _members(self) -> Export:
        os.lseek(self.source.fd, 0, os.SEEK_SET)
        return Export(window=Window(self.source.fd))

    def _posts(self) -> Iterator[Found | Passed]:
        export = self._members()
        for number, members in groupby(export.messages(), key=lambda member: member.chat):
            if number == len(self.survey.chats):
                break  # the file has grown; its digest tells
            yield from self._chat(self.survey.chats[number], members)
        if export.window.drain() != self.survey.sha256:
            yield self._changed("its digest is another")

    def _chat(self, chat: Chat, members: Iterator[Member]) -> Iterator[Found | Passed]:
        numbers = array("q")
        for member in members:
            message = member.value
            number = message_id(message) if isinstance(message, dict) else None
            if not isinstance(message, dict) or number is None:
                yield self._passed("telegram.message_invalid", _INVALID.format(member.place), failed=True)
                continue
            numbers.append(number)
            yield from self._message(chat, message, member)
        times, first = repeated(numbers)
        if times:
            yield self._passed("telegram.message_repeated", _REPEATED.format(times, first), failed=True)

    def _message(self, chat: Chat, message: Message, member: Member) -> Iterator[Found | Passed]:
        told = post(chat, message, member, self.oddities)
        self.clocks.see(told)
        if isinstance(self.pages, Pages):
            told = self.pages.note(captured(chat, message, member)).post
        for key in MEDIA_KEYS:
            path = message.get(key)
            if isinstance(path, str) and path:
                yield from self._file(path, told)
            elif key in message:
                yield self._passed("telegram.file_unnamed", where_of(told) + _UNNAMED.format(key), failed=False)
        thumbnail = message.get("thumbnail")
        if self.source.whole and isinstance(thumbnail, str) and not thumbnail.startswith("("):
            self.thumbnails.add(thumbnail)

    def _file(self, path: str, told: Post) -> Iterator[Found | Passed]:
        state = placeholder(path)
        if state is not None:
            yield self._passed(PLACEHOLDER_CODES[state], where_of(told) + opening.shown(path), failed=False)
        else:
            yield from self.files.find(path, told, self.document)

    def _about_the_file(self) -> Iterator[Passed]:
        for kind, times in self.survey.repairs:
            yield self._passed("telegram.repaired", _REPAIRED.format(kind, times), failed=False)
        if self.survey.repeated_keys:
            yield self._passed("telegram.key_repeated", _KEYS.format(self.survey.repeated_keys), failed=True)

    def _about_the_posts(self) -> Iterator[Passed]:
        for code, times in sorted(self.oddities.counts.items()):
            yield self._passed(code, _ODDITIES[code].format(times), failed=False)
        finding = self.clocks.finding()
        if finding is not None:
            yield self._passed("telegram.clock_inconsistent", finding, failed=False)
        if self.pages is not None:
            for notice in (self.pages,) if isinstance(self.pages, Notice) else self.pages.notices():
                yield self._passed(notice.code, notice.message, failed=True)

    def _changed(self, why: str) -> Passed:
        return self._passed(ChangedWhileRead.code, _CHANGED.format(why), failed=True)

    def _passed(self, code: str, message: str, *, failed: bool) -> Passed:
        return self.document.passed(code, message, failed=failed)


_CHANGED = "the export was written to while it was read ({}); read it again when nothing writes to it"
_INVALID = "the message at place {} (from 0) has no whole number as its id; its file is taken without a post"
_UNNAMED = "its '{}' names no file"
_REPEATED = "{} message numbers stand more than once in one chat ({} for one); Telegram gives each number once"
_REPAIRED = "not legal JSON, as Telegram Desktop is known to write it: {} mended {} times before reading"
_KEYS = "{} objects name a key more than once; the last value was read"
_ODDITIES = {
    "telegram.text_replaced": "{} texts hold half a character pair, which was replaced by U+FFFD",
    "telegram.text_cut": "{} texts are longer than Telegram allows and were cut",
    "telegram.time_invalid": "{} times are no seconds in decimal digits and were left unknown",
}
