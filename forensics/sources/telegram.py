"""A Telegram Desktop export: its result.json tells which post each file belongs to.

Every message with a media file is an appearance of that file, so a file that two posts share is found twice. What the
export leaves out, names wrongly or cannot prove is passed over with a reason. When result.json cannot be read, that is
said, and the folder's media are taken as plain files, without posts.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import ExportInvalid, InputError
from forensics.model.provenance import Appearance, Found, Passed, SourceKind
from forensics.sources import folder, opening, sidecars, telegram_json
from forensics.sources.content import Looks
from forensics.sources.opening import Kind
from forensics.sources.telegram_clock import Clocks
from forensics.sources.telegram_files import ExportFiles, Media
from forensics.sources.telegram_json import Chat, Export, NoExport
from forensics.sources.telegram_posts import Message, Oddities, message_id, post
from forensics.sources.walk import Folder, Taker, walk

RESULT = "result.json"
THUMBNAIL_ENDING = "_thumb.jpg"
MEDIA_KEYS = ("file", "photo")

_PLACEHOLDERS = (
    ("(File not included", "telegram.file_not_included"),
    ("(File exceeds maximum size", "telegram.file_too_large"),
    ("(File unavailable", "telegram.file_unavailable"),
    ("(File ", "telegram.placeholder_unknown"),
)
_HEAD_MARKS = re.compile(
    rb'"(?:personal_information|left_chats|chats)"\s*+:|"type"\s*+:\s*+"(?:saved_messages|replies|verification_codes'
    rb'|(?:personal|bot)_chat|(?:private|public)_(?:group|supergroup|channel))"'
)
"""How the first lines of an export under another name give it away (the chat types of Telegram Desktop)."""

_ASSET = re.compile(r"images/(?:back|calls|web|(?:media|section)_\w+|frequent)(?:@2x)?\.png\Z")
"""Icons that Telegram Desktop puts beside its HTML pages (its Resources/export_html/images)."""


def sniff(path: str) -> bool:
    """Whether ``path`` is a folder with a regular result.json, or itself an export's JSON file."""
    try:
        kind = opening.kind_of(path)
        if kind is Kind.FOLDER:
            return opening.kind_of(os.path.join(path, RESULT)) is Kind.FILE
        if kind is not Kind.FILE or not path.lower().endswith(".json"):
            return False
        return os.path.basename(path) == RESULT or _HEAD_MARKS.search(opening.read_head(path)) is not None
    except InputError:
        return False


def read(path: str) -> Iterator[Found | Passed]:
    """The export's posts with their files, then (when the folder was given) the files that no message names.

    Given the JSON file itself, only what its messages name is looked at: the folder around it was not given.
    """
    whole = not path.lower().endswith(".json") or opening.kind_of(path) is Kind.FOLDER
    source = os.path.join(path, RESULT) if whole else path
    root = path if whole else os.path.dirname(path)
    try:
        export = telegram_json.load(_bytes_of(source))
    except InputError as err:
        yield from _without_posts(source, root, whole, err)
        return
    try:
        fd = opening.open_folder(os.path.join(root or ".", "."))
    except InputError as err:
        yield opening.passed(root, err)
        return
    try:
        yield from _Reading(source=source, files=ExportFiles(root, fd), export=export, whole=whole).run()
    finally:
        os.close(fd)


def _bytes_of(path: str) -> bytes:
    fd = opening.open_file(path)
    try:
        data = opening.read_up_to(fd, telegram_json.MAX_EXPORT_BYTES + 1)
    except OSError as err:
        raise opening.unreadable(path, err) from err
    finally:
        os.close(fd)
    if len(data) > telegram_json.MAX_EXPORT_BYTES:
        limit = telegram_json.MAX_EXPORT_BYTES >> 20
        raise ExportInvalid(f"larger than {limit} MiB; it was not read", code="telegram.export_too_large")
    return data


def _without_posts(source: str, root: str, whole: bool, err: InputError) -> Iterator[Found | Passed]:
    foreign = isinstance(err, NoExport)
    yield Passed(path=source, code=err.code, message=err.message, failed=not (foreign and whole))
    if not whole:
        return
    if not foreign:
        message = "the posts of this export are unknown; its media files are taken as plain files"
        yield Passed(path=root, code="telegram.posts_unknown", message=message, failed=True)
    yield from walk(root, lambda found: _except(found, root, frozenset((RESULT,))), _nested)


def _except(found: Folder, root: str, taken: frozenset[str]) -> Taker:
    """The plain folder's rules for all files but those that were dealt with (names below the root)."""
    plain = folder.survey(found)
    above = os.path.relpath(found.path, root) if found.path != root else ""

    def take(name: str) -> Iterator[Found | Passed]:
        below = f"{above}/{name}" if above else name
        if below in taken:
            return
        if _ASSET.match(below):
            yield Passed(path=found.at(name), code="telegram.export_asset", message=_ICON, failed=False)
        elif name.lower().endswith(THUMBNAIL_ENDING) and name[: -len(THUMBNAIL_ENDING)] in found.files:
            yield Passed(path=found.at(name), code="telegram.thumbnail", message=_THUMBNAIL, failed=False)
        else:
            yield from plain(name)

    return take


def _nested(path: str) -> Iterator[Found | Passed] | None:
    if not sniff(path):
        return None
    message = "an export inside an export was not read: give this folder by itself"
    return iter((Passed(path=path, code="telegram.nested_export", message=message, failed=True),))


_ICON = "an icon of the export's own pages"
_THUMBNAIL = "a thumbnail that Telegram made of the file it is named after"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One export being read."""

    source: str
    files: ExportFiles
    export: Export
    whole: bool
    oddities: Oddities = field(default_factory=Oddities)
    clocks: Clocks = field(default_factory=Clocks)

    def run(self) -> Iterator[Found | Passed]:
        yield from self._about_the_file()
        pairs = self._pairs()
        lent = frozenset(name for names in pairs.values() for name in names)
        taken = {RESULT, *lent}
        for chat in self.export.chats:
            numbers: Counter[str] = Counter()
            for place, message in enumerate(chat.messages):
                number = message_id(message) if isinstance(message, dict) else None
                if not isinstance(message, dict) or number is None:
                    yield self._passed("telegram.message_invalid", _INVALID.format(place), failed=True)
                    continue
                numbers[number] += 1
                yield from self._message(chat, message, number, pairs, lent, taken)
            repeated = [number for number, times in numbers.items() if times > 1]
            if repeated:
                yield self._passed(
                    "telegram.message_repeated", _REPEATED.format(len(repeated), repeated[0]), failed=True
                )
        yield from self._about_the_posts()
        if self.whole:
            yield from self._left_over(frozenset(taken))

    def _message(
        self,
        chat: Chat,
        message: Message,
        number: str,
        pairs: dict[str, tuple[str, ...]],
        lent: frozenset[str],
        taken: set[str],
    ) -> Iterator[Found | Passed]:
        told = post(chat, message, number, self.oddities)
        self.clocks.see(told)
        where = f"message {number} of {opening.shown(chat.name or chat.id or 'an unnamed chat')}: "
        for path in _media_paths(message):
            code = next((code for start, code in _PLACEHOLDERS if path.startswith(start)), None)
            if code is not None:
                yield self._passed(code, where + opening.shown(path), failed=False)
                continue
            media = self.files.find(path)
            if isinstance(media, InputError):
                yield self._passed(media.code, where + media.message, failed=True)
                continue
            taken.add(media.name)
            if media.respelled:
                detail = f"{where}{opening.shown(path)} was found as {opening.shown(media.name)}"
                yield self._passed("telegram.path_respelled", detail, failed=False)
            if media.looks is not None:
                seen = Appearance(
                    kind=SourceKind.TELEGRAM_EXPORT, path=self.files.at(media.name), source=self.source, post=told
                )
                beside = tuple(self.files.at(other) for other in pairs.get(media.name, ()))
                yield Found(appearance=seen, sidecars=beside)
            elif media.name not in lent:
                yield folder.no_media(self.files.at(media.name))

    def _pairs(self) -> dict[str, tuple[str, ...]]:
        """Sidecars of the posts' clips: of the same folder, else the only one of that name in the export."""
        named = [media for path in self._paths() if isinstance(media := self.files.find(path), Media)]
        clips = {media.name for media in named if media.looks is Looks.VIDEO}
        others = {media.name for media in named if media.looks is None and sidecars.is_sidecar(media.name)}
        if self.whole:
            others.update(self._telemetry_in_folder())
        return _pair_across(clips, others)

    def _paths(self) -> Iterator[str]:
        for chat in self.export.chats:
            for message in chat.messages:
                if isinstance(message, dict) and message_id(message) is not None:
                    yield from (path for path in _media_paths(message) if not path.startswith("(File "))

    def _telemetry_in_folder(self) -> Iterator[str]:
        names: list[str] = []

        def survey(found: Folder) -> Taker:
            above = os.path.relpath(found.path, self.files.root) if found.path != self.files.root else ""
            names.extend(f"{above}/{name}" if above else name for name in found.files if sidecars.is_sidecar(name))
            return lambda _: iter(())

        for _ in walk(self.files.root, survey, _nested):
            pass
        return iter(names)

    def _left_over(self, taken: frozenset[str]) -> Iterator[Found | Passed]:
        thumbnails = {
            thumbnail
            for chat in self.export.chats
            for message in chat.messages
            if isinstance(message, dict) and isinstance(thumbnail := message.get("thumbnail"), str)
        }

        def survey(found: Folder) -> Taker:
            plain = _except(found, self.files.root, taken)
            above = os.path.relpath(found.path, self.files.root) if found.path != self.files.root else ""

            def take(name: str) -> Iterator[Found | Passed]:
                below = f"{above}/{name}" if above else name
                if below in thumbnails and below not in taken and name.lower().endswith(".jpg"):
                    yield Passed(path=found.at(name), code="telegram.thumbnail", message=_THUMBNAIL, failed=False)
                else:
                    yield from plain(name)

            return take

        yield from walk(self.files.root, survey, _nested)

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
        return Passed(path=self.source, code=code, message=message, failed=failed)


def _media_paths(message: Message) -> Iterator[str]:
    for key in MEDIA_KEYS:
        path = message.get(key)
        if isinstance(path, str) and path:
            yield path


def _pair_across(clips: set[str], others: set[str]) -> dict[str, tuple[str, ...]]:
    """Pair within each folder; then pair what is left across folders where one name fits one clip only."""
    pairs: dict[str, tuple[str, ...]] = {}
    for place in sorted({os.path.dirname(clip) for clip in clips}):
        here = (name for name in others if os.path.dirname(name) == place)
        pairs.update(sidecars.pair((clip for clip in clips if os.path.dirname(clip) == place), here))
    lent = {name for names in pairs.values() for name in names}
    across = sidecars.pair(clips - pairs.keys(), others - lent)
    uses = Counter(name for names in across.values() for name in names)
    pairs.update({clip: names for clip, names in across.items() if len(names) == 1 and uses[names[0]] == 1})
    return pairs


_INVALID = "the message at place {} (from 0) has no whole number as its id; its file is taken without a post"
_REPEATED = "{} message numbers stand more than once in one chat, {} for one; Telegram gives each number once"
_REPAIRED = "not legal JSON as written by Telegram Desktop: {} mended {} times before reading; the file was not touched"
_KEYS = "{} objects name a key more than once; the last value was read"
_ODDITIES = {
    "telegram.text_replaced": "{} texts hold half a character pair, which was replaced by U+FFFD",
    "telegram.text_cut": "{} texts are longer than Telegram allows and were cut",
    "telegram.time_invalid": "{} times are no seconds in decimal digits and were left unknown",
}
