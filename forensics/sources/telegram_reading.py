"""Reading one Telegram export whose JSON could be read: each message's files, with the post that shows them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from forensics.errors import ChangedWhileRead, InputError
from forensics.model.capture import MediaState
from forensics.model.provenance import Appearance, Found, Passed, Post, SourceKind
from forensics.sources import folder, opening, sidecars, telegram_rest
from forensics.sources.content import Looks
from forensics.sources.telegram_clock import Clocks
from forensics.sources.telegram_files import ExportFiles, Media
from forensics.sources.telegram_json import Chat, Export, Member
from forensics.sources.telegram_posts import Message, Oddities, message_id, placeholder, post
from forensics.sources.telegram_survey import MEDIA_KEYS, Survey, media_paths, repeated
from forensics.sources.telegram_window import Window
from forensics.sources.walk import Claim

_PLACEHOLDER_CODES = {
    MediaState.NOT_INCLUDED: "telegram.file_not_included",
    MediaState.TOO_LARGE: "telegram.file_too_large",
    MediaState.UNAVAILABLE: "telegram.file_unavailable",
    MediaState.UNKNOWN: "telegram.placeholder_unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The JSON file that is read: its path, its descriptor; ``whole`` tells that its folder was given, not it."""

    path: str
    fd: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One export being read, after its survey."""

    source: Source
    files: ExportFiles
    survey: Survey
    claim: Claim
    pairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {telegram_rest.RESULT})
    thumbnails: set[str] = field(default_factory=set)
    oddities: Oddities = field(default_factory=Oddities)
    clocks: Clocks = field(default_factory=Clocks)

    def run(self) -> Iterator[Found | Passed]:
        """Everything in the order of the file: what is odd about it, the posts, what the posts add up to, the rest."""
        yield from self._about_the_file()
        try:
            self._pair()
            yield from self._posts()
        except InputError as err:  # the survey read it to its end
            yield self._changed(err.message)
        yield from self._about_the_posts()
        if self.source.whole:
            taken, thumbnails = frozenset(self.taken), frozenset(self.thumbnails)
            yield from telegram_rest.rest(self.files.root, self.claim, taken, thumbnails)

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

    def _pair(self) -> None:
        """Find the telemetry files of the posts' clips before the first post is told."""
        beside = [self._media(path) for path in sorted(self.survey.sidecars)]
        others = {found.name for found in beside if found and found.looks is None and sidecars.is_sidecar(found.name)}
        if self.source.whole:
            others |= telegram_rest.telemetry_files(self.files.root, self.claim)
        if not others:
            return
        keys = {sidecars.pairing_key(name) for name in others}
        clips: set[str] = set()
        for member in self._members().messages():
            for path in media_paths(member.value):
                media = self._media(path)
                if media and media.looks is Looks.VIDEO and sidecars.pairing_key(media.name) in keys:
                    clips.add(media.name)
        self.pairs.update(sidecars.pair_across_folders(clips, others))
        self.taken.update(name for names in self.pairs.values() for name in names)

    def _media(self, path: str) -> Media | None:
        found = None if placeholder(path) else self.files.find(path)
        return found if isinstance(found, Media) else None

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
        for key in MEDIA_KEYS:
            path = message.get(key)
            if isinstance(path, str) and path:
                yield from self._file(path, told)
            elif key in message:
                yield self._passed("telegram.file_unnamed", _where(told) + _UNNAMED.format(key), failed=False)
        thumbnail = message.get("thumbnail")
        if isinstance(thumbnail, str) and not thumbnail.startswith("("):
            self.thumbnails.add(thumbnail)

    def _file(self, path: str, told: Post) -> Iterator[Found | Passed]:
        where = _where(told)
        state = placeholder(path)
        if state is not None:
            yield self._passed(_PLACEHOLDER_CODES[state], where + opening.shown(path), failed=False)
            return
        media = self.files.find(path)
        if isinstance(media, InputError):
            yield self._passed(media.code, f"{where}{opening.shown(path)} {media.message}", failed=True)
            return
        if media.respelled:
            detail = f"{where}{opening.shown(path)} was found as {opening.shown(media.name)}"
            yield self._passed("telegram.path_respelled", detail, failed=False)
        yield from self._found(media, told)
        self.taken.add(media.name)

    def _found(self, media: Media, told: Post) -> Iterator[Found | Passed]:
        place = self.files.at(media.name)
        if media.looks is not None:
            seen = Appearance(
                kind=SourceKind.TELEGRAM_EXPORT,
                path=place,
                source=self.source.path,
                post=told,
                source_sha256=self.survey.sha256,
            )
            beside = tuple(self.files.at(other) for other in self.pairs.get(media.name, ()))
            yield Found(appearance=seen, sidecars=beside)
        elif media.name not in self.taken:
            yield folder.no_media(place)

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

    def _changed(self, why: str) -> Passed:
        return self._passed(ChangedWhileRead.code, _CHANGED.format(why), failed=True)

    def _passed(self, code: str, message: str, *, failed: bool) -> Passed:
        return Passed(path=self.source.path, code=code, message=message, failed=failed)


def _where(told: Post) -> str:
    return f"message {told.message_id} of {opening.shown(told.channel or told.channel_id or 'an unnamed chat')}: "


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
