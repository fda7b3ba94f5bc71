"""A Telegram Desktop JSON export as a capture: what it covers, and each of its posts when it is asked for.

One pass makes the index; a post is read again from its place when it is compared. A file that ends too soon, or that
is no JSON from some byte on, is a capture of what was whole before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from forensics.errors import ExportInvalid, InputError
from forensics.model.capture import Capture, CapturedPost, Columns, PostMedia
from forensics.model.notice import Notice
from forensics.sources import opening, paths, telegram_both, telegram_rest
from forensics.sources.capture_files import posts_of, sha256_of
from forensics.sources.capture_index import ChatIndex
from forensics.sources.opening import Kind
from forensics.sources.telegram_both import Pages
from forensics.sources.telegram_clock import Clocks
from forensics.sources.telegram_decoding import Decoder
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_ids import chat_key
from forensics.sources.telegram_json import Chat, Export, Member, NoExport
from forensics.sources.telegram_posts import Message, Oddities, captured, message_id, moment, placeholder, sender
from forensics.sources.telegram_survey import media_paths
from forensics.sources.telegram_window import Window

FORMAT = "telegram-desktop-json"

_ERAS = (
    ("forwarded_from_id", "2026 or later"),
    ("photo_file_size", "February 2025 or later"),
    ("file_size", "February 2025 or later"),
    ("media_spoiler", "December 2024 or later"),
    ("reactions", "September 2024 or later"),
    ("inline_bot_buttons", "December 2023 or later"),
    ("text_entities", "September 2022 or later"),
    ("date_unixtime", "June 2022 or later"),
)
"""Since when Telegram Desktop writes a field (history of its export_output_json.cpp), newest first."""


def sniff(path: str) -> bool:
    """Whether this is a JSON file, or a folder with a regular result.json."""
    try:
        kind = opening.kind_of(path)
        if kind is Kind.FOLDER:
            return opening.kind_of(paths.join(path, telegram_rest.RESULT)) is Kind.FILE
        return kind is Kind.FILE and path.lower().endswith(".json")
    except InputError:
        return False


@contextmanager
def read(path: str, zone: ZoneInfo | None = None) -> Iterator[JsonCapture]:
    """The capture in an export's folder or JSON file, open until the context ends.

    It tells UTC itself; ``zone`` is for the dates of forwards on the pages that may lie beside it in its folder.

    Raises:
        NoExport, ExportInvalid: nothing of it can be read as an export.
        NotRegularFile, Unreadable: it cannot be opened or read.
    """
    folder = opening.kind_of(path) is Kind.FOLDER
    source = paths.join(path, telegram_rest.RESULT) if folder else path
    with ExitStack() as stack:
        fd = opening.open_file(source)
        stack.callback(os.close, fd)
        root = paths.parent(source)
        below = opening.open_folder(paths.join(root or ".", "."))
        stack.callback(os.close, below)
        capture = _Indexing(fd=fd).run(source, ExportFiles(root=root, fd=below))
        yield _with_pages(capture, stack, path, zone) if folder else capture


def _with_pages(capture: JsonCapture, stack: ExitStack, folder: str, zone: ZoneInfo | None) -> JsonCapture:
    """The capture joined with the pages beside it, every post of both looked at; as it is when there are none."""
    pages = telegram_both.open_beside(stack, folder, list(capture.chats.values()), zone)
    if pages is None:
        return capture
    if isinstance(pages, Notice):
        return replace(capture, about=replace(capture.about, notices=(*capture.about.notices, pages)))
    for key in capture.chats:
        for number in capture.columns(key).numbers.tolist():
            pages.note(capture.post(key, number))
    about = replace(
        capture.about,
        documents=((telegram_rest.RESULT, capture.about.sha256), *pages.capture.about.documents),
        notices=(*capture.about.notices, *pages.notices()),
    )
    return replace(capture, about=about, pages=pages)


@dataclass(frozen=True, slots=True)
class JsonCapture:
    """An indexed export behind open descriptors of it and its folder, with the pages beside it if any.

    The digests of `columns` are those of the JSON alone.
    """

    fd: int
    about: Capture
    chats: dict[str, Chat]
    index: dict[str, ChatIndex]
    files: ExportFiles
    pages: Pages | None = None

    def columns(self, key: str) -> Columns:
        """All posts of a chat that the capture has."""
        return self.index[key].columns()

    def post(self, key: str, number: int) -> CapturedPost:
        """One of them, read again. Raises ChangedWhileRead."""
        offset, raw = self.index[key].read_again(self.fd, number, self.about.path)
        value = Decoder().value(raw, offset)
        assert isinstance(value, dict)
        told = captured(self.chats[key], value, Member(0, 0, offset, raw, value))
        return told if self.pages is None else self.pages.join(replace(told, document=telegram_rest.RESULT))

    def posts(self, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
        """Several of them, with ``files`` each with the digests of its own."""
        return posts_of(self, key, numbers, files=files)

    def sha256(self, media: PostMedia) -> str | None:
        """The digest of a post's file in the export."""
        return sha256_of(self.files, media)


@dataclass(slots=True, kw_only=True)
class _Indexing:
    """The pass that makes the index, and what it learns on the way."""

    fd: int
    found: dict[int, ChatIndex] = field(default_factory=dict)
    clocks: Clocks = field(default_factory=Clocks)
    oddities: Oddities = field(default_factory=Oddities)
    newest: int | None = None
    invalid: int = 0
    old_ids: bool = False
    telltales: set[str] = field(default_factory=set)

    def run(self, path: str, files: ExportFiles) -> JsonCapture:
        export = Export(window=Window(self.fd))
        failure = self._read(export)
        sha256 = export.window.drain()
        chats = self._chats(export)
        coverage = tuple(
            index.coverage(key=key, chat=chat, complete=complete) for key, (chat, index, complete) in chats.items()
        )
        about = Capture(
            path=path,
            sha256=sha256,
            size=export.window.offset,
            format=FORMAT,
            tool="Telegram Desktop" if export.own_lines else "Telegram Desktop's fields, laid out by another program",
            era=next((era for key, era in _ERAS if key in self.telltales), "before June 2022"),
            chats=coverage,
            offsets=tuple(sorted(self.clocks.offsets.items())),
            newest=self.newest,
            repairs=tuple(sorted(export.decoder.repairs.items())),
            notices=tuple(self._notices(export, failure, chats)),
        )
        kept = {key: chat for key, (chat, _, _) in chats.items()}
        return JsonCapture(self.fd, about, kept, {key: index for key, (_, index, _) in chats.items()}, files)

    def _read(self, export: Export) -> ExportInvalid | None:
        """Read as far as it goes. Raises what leaves nothing to compare."""
        try:
            for member in export.messages():
                message = member.value
                number = message_id(message) if isinstance(message, dict) else None
                if not isinstance(message, dict) or number is None:
                    self.invalid += 1
                    self.found.setdefault(member.chat, ChatIndex()).unread += 1
                    continue
                self._note(message, member, number)
        except NoExport:
            raise
        except ExportInvalid as err:
            if not self._with_posts():
                raise
            return err
        return None

    def _note(self, message: Message, member: Member, number: int) -> None:
        self.found.setdefault(member.chat, ChatIndex())
        who = None if message.get("type") == "service" else sender(message)
        filed = any(placeholder(path) is None for path in media_paths(message))
        self.found[member.chat].add(number, member.offset, member.raw, who, filed=filed)
        posted, latest = moment(message, self.oddities)
        self.clocks.note(message.get("date"), posted)
        if latest is not None and (self.newest is None or latest > self.newest):
            self.newest = latest
        if isinstance(message.get("from_id"), int):
            self.old_ids = True
        if len(self.telltales) < len(_ERAS):
            self.telltales.update(key for key, _ in _ERAS if key in message)

    def _chats(self, export: Export) -> dict[str, tuple[Chat, ChatIndex, bool]]:
        """The chats with posts by key; of one that stands twice in the file only the first place is compared, and what
        stands in the other counts as unread.
        """
        chats: dict[str, tuple[Chat, ChatIndex, bool]] = {}
        for number, index in self._with_posts().items():
            told = export.chats[number]
            chat = replace(told, name=self.oddities.text(told.name), type=self.oddities.text(told.type))
            key = chat_key(chat.type, chat.id, old_ids=self.old_ids)
            first = chats.setdefault(key, (chat, index, number in export.closed))[1]
            if first is not index:
                first.unread += len(index.numbers) + index.unread
        return chats

    def _with_posts(self) -> dict[int, ChatIndex]:
        return {number: index for number, index in self.found.items() if index.numbers}

    def _notices(
        self, export: Export, failure: ExportInvalid | None, chats: dict[str, tuple[Chat, ChatIndex, bool]]
    ) -> Iterator[Notice]:
        if failure is not None:
            yield Notice(code="telegram.capture_cut", message=_CUT.format(f"{failure.message} [{failure.code}]"))
        if self.invalid:
            yield Notice(code="telegram.message_invalid", message=_INVALID.format(self.invalid))
        repeated = sum(index.repeated for _, index, _ in chats.values())
        if repeated:
            yield Notice(code="telegram.message_repeated", message=_REPEATED.format(repeated))
        twice = len(self._with_posts()) - len(chats)
        if twice:
            yield Notice(code="telegram.chat_repeated", message=_CHATS.format(twice))
        for code, times in sorted(self.oddities.counts.items()):
            yield Notice(code=code, message=_ODD.format(times))
        if export.decoder.repeated_keys:
            yield Notice(code="telegram.key_repeated", message=_KEYS.format(export.decoder.repeated_keys))
        finding = self.clocks.finding()
        if finding is not None:
            yield Notice(code="telegram.clock_inconsistent", message=finding)


_CUT = "it could be read in part only, and covers what was whole before: {}"
_INVALID = (
    "{} messages have no whole number as their id and were not compared; nothing is called absent from their chats"
)
_ODD = "{} names or times in it were cut, replaced or left unknown"
_REPEATED = "{} messages have the number of an earlier one of their chat; the first of each number was compared"
_CHATS = "{} chats stand in the file a second time; their first place was compared, and calls nothing absent"
_KEYS = "{} objects name a key more than once; the last value was read"
