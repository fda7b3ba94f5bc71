"""Reading one Telegram export whose JSON could be read: each message's files, with the post that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import InputError
from forensics.model.provenance import Appearance, Found, Passed, Post, SourceKind
from forensics.sources import folder, opening, sidecars, telegram_rest
from forensics.sources.content import Looks
from forensics.sources.telegram_clock import Clocks
from forensics.sources.telegram_files import ExportFiles, Media
from forensics.sources.telegram_json import Chat, Export
from forensics.sources.telegram_posts import Message, Oddities, message_id, post
from forensics.sources.walk import Claim

MEDIA_KEYS = ("file", "photo")

_PLACEHOLDERS = (
    ("(File not included", "telegram.file_not_included"),
    ("(File exceeds maximum size", "telegram.file_too_large"),
    ("(File unavailable", "telegram.file_unavailable"),
    ("(File ", "telegram.placeholder_unknown"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The JSON file that is read: its path, its bytes' digest; ``whole`` tells that its folder was given, not it."""

    path: str
    sha256: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One export being read."""

    source: Source
    files: ExportFiles
    export: Export
    claim: Claim
    pairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {telegram_rest.RESULT})
    oddities: Oddities = field(default_factory=Oddities)
    clocks: Clocks = field(default_factory=Clocks)

    def run(self) -> Iterator[Found | Passed]:
        """Everything in the order of the file: what is odd about it, the posts, what the posts add up to, the rest."""
        yield from self._about_the_file()
        self._pair()
        for chat in self.export.chats:
            yield from self._chat(chat)
        yield from self._about_the_posts()
        if self.source.whole:
            thumbnails = frozenset(self._texts("thumbnail"))
            yield from telegram_rest.rest(self.files.root, self.claim, frozenset(self.taken), thumbnails)

    def _pair(self) -> None:
        """Find the telemetry files of the posts' clips before the first post is told."""
        named = [found for key in MEDIA_KEYS for path in self._texts(key) if (found := self._media(path))]
        clips = {media.name for media in named if media.looks is Looks.VIDEO}
        others = {media.name for media in named if media.looks is None and sidecars.is_sidecar(media.name)}
        if self.source.whole:
            others |= telegram_rest.telemetry_files(self.files.root, self.claim)
        self.pairs.update(sidecars.pair_across_folders(clips, others))
        self.taken.update(name for names in self.pairs.values() for name in names)

    def _media(self, path: str) -> Media | None:
        found = None if _placeholder(path) else self.files.find(path)
        return found if isinstance(found, Media) else None

    def _texts(self, key: str) -> Iterator[str]:
        for chat in self.export.chats:
            for message in chat.messages:
                if isinstance(message, dict) and isinstance(text := message.get(key), str) and text:
                    yield text

    def _chat(self, chat: Chat) -> Iterator[Found | Passed]:
        numbers: Counter[str] = Counter()
        for place, message in enumerate(chat.messages):
            number = message_id(message) if isinstance(message, dict) else None
            if not isinstance(message, dict) or number is None:
                yield self._passed("telegram.message_invalid", _INVALID.format(place), failed=True)
                continue
            numbers[number] += 1
            yield from self._message(chat, message, number)
        repeated = [number for number, times in numbers.items() if times > 1]
        if repeated:
            detail = _REPEATED.format(len(repeated), repeated[0])
            yield self._passed("telegram.message_repeated", detail, failed=True)

    def _message(self, chat: Chat, message: Message, number: str) -> Iterator[Found | Passed]:
        told = post(chat, message, number, self.oddities)
        self.clocks.see(told)
        for key in MEDIA_KEYS:
            path = message.get(key)
            if isinstance(path, str) and path:
                yield from self._file(path, told)
            elif key in message:
                yield self._passed("telegram.file_unnamed", _where(told) + _UNNAMED.format(key), failed=False)

    def _file(self, path: str, told: Post) -> Iterator[Found | Passed]:
        where = _where(told)
        code = _placeholder(path)
        if code is not None:
            yield self._passed(code, where + opening.shown(path), failed=False)
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
                source_sha256=self.source.sha256,
            )
            beside = tuple(self.files.at(other) for other in self.pairs.get(media.name, ()))
            yield Found(appearance=seen, sidecars=beside)
        elif media.name not in self.taken:
            yield folder.no_media(place)

    def _about_the_file(self) -> Iterator[Passed]:
        for kind, times in self.export.repairs:
            yield self._passed("telegram.repaired", _REPAIRED.format(kind, times), failed=False)
        if self.export.repeated_keys:
            yield self._passed("telegram.key_repeated", _KEYS.format(self.export.repeated_keys), failed=True)

    def _about_the_posts(self) -> Iterator[Passed]:
        for code, times in sorted(self.oddities.counts.items()):
            yield self._passed(code, _ODDITIES[code].format(times), failed=False)
        finding = self.clocks.finding()
        if finding is not None:
            yield self._passed("telegram.clock_inconsistent", finding, failed=False)

    def _passed(self, code: str, message: str, *, failed: bool) -> Passed:
        return Passed(path=self.source.path, code=code, message=message, failed=failed)


def _where(told: Post) -> str:
    return f"message {told.message_id} of {opening.shown(told.channel or told.channel_id or 'an unnamed chat')}: "


def _placeholder(path: str) -> str | None:
    return next((code for start, code in _PLACEHOLDERS if path.startswith(start)), None)


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
