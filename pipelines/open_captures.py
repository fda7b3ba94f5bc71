"""Captures of chats, each opened in a jail of its own and asked for its posts as they are compared.

The child can read what lies in the capture's own folder, and tells of it alone: what one capture does to its reader
does not reach the other. The comparison itself is made here, of values whose types and order were looked at.
"""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from forensics import media, sources
from forensics.errors import ParserStopped
from forensics.model.capture import Capture, CapturedPost, Columns
from forensics.sources import Answer, Question

CAPTURE_CPU_S = 4 * 3600
"""CPU seconds of one capture: the files of its posts are digested, too, and 10 TB take three hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCapture:
    """A `Captured` whose reader runs in a jail. Every method raises ParserStopped when that was stopped."""

    path: str
    about: Capture
    ask: int
    told: Iterator[Answer]

    def columns(self, key: str) -> Columns:
        """All posts of a chat, of which the description tells how many there are and between which numbers."""
        self._put(Question(key=key))
        told = self._answer().columns
        chat = next(chat for chat in self.about.chats if chat.key == key)
        if told is None or tuple(map(len, told)) != (8 * chat.posts, 16 * chat.posts, chat.posts):
            raise self._nonsense()
        numbers = np.frombuffer(told[0], dtype=np.int64)
        if not chat.posts or (numbers[1:] <= numbers[:-1]).any() or max(told[2]) > 1:
            raise self._nonsense()
        digests = np.frombuffer(told[1], dtype=np.uint64).reshape(-1, 2)
        return Columns(numbers=numbers, digests=digests, filed=np.frombuffer(told[2], dtype=np.bool_))

    def post(self, key: str, number: int) -> CapturedPost:
        """One of them. Raises InputError when the document has changed since."""
        (told,) = self.posts(key, (number,), files=False)
        return told

    def posts(self, key: str, numbers: Sequence[int], *, files: bool) -> Iterator[CapturedPost]:
        """Several of them; the reader begins before the first is taken."""
        self._put(Question(key=key, numbers=tuple(numbers), files=files))
        return self._posts(numbers)

    def _posts(self, numbers: Sequence[int]) -> Iterator[CapturedPost]:
        for number in numbers:
            told = self._answer().post
            if told is None or told.number != number:
                raise self._nonsense()
            yield told

    def _put(self, question: Question) -> None:
        line = sources.line_of(question)
        with suppress(BrokenPipeError):  # the reader has ended: its last word says why
            while line:
                line = line[os.write(self.ask, line) :]

    def _answer(self) -> Answer:
        try:
            return _next(self.told)
        except ParserStopped as err:
            raise ParserStopped(f"{self.path}: {err.message}", code=err.code) from err

    def _nonsense(self) -> ParserStopped:
        return ParserStopped(f"{self.path}: {_NONSENSE}", code="parser.nonsense")


@contextmanager
def open_capture(path: str, zone: str | None, limits: media.Limits) -> Iterator[AskedCapture]:
    """The capture in an export's folder or document, open until the context ends.

    Args:
        path: As the user gave it.
        zone: IANA name of the exporter's time zone, one that is known here.
        limits: Bounds of the reader.

    Raises:
        InputError: nothing is there, or nothing that a reader knows.
        ParserStopped: its reader was stopped.
        ToolError: ``tool.cannot_start``.
    """
    whole = path if Path(path).is_dir() else os.fspath(Path(path).parent)
    clocks = () if zone is None else tuple(each for each in zoneinfo.TZPATH if Path(each).is_dir())
    with ExitStack() as stack:
        asked, ask = os.pipe()
        stack.callback(os.close, ask)
        stack.callback(os.close, asked)
        told = media.read_each(
            sources.tell_capture,
            os.fsencode(path),
            zone,
            handle=asked,
            folders=(os.path.realpath(whole), *clocks),
            limits=replace(limits, reader_cpu_s=CAPTURE_CPU_S),
            prompt=True,
        )
        stack.enter_context(closing(told))
        first = _next(told).about
        if first is None:
            raise ParserStopped(_NONSENSE, code="parser.nonsense")
        yield AskedCapture(path=path, about=first, ask=ask, told=told)


def _next(told: Iterator[Answer]) -> Answer:
    answer = next(told, None)
    if answer is None:
        raise ParserStopped(_NONSENSE, code="parser.nonsense")
    return answer


_NONSENSE = "the reader of a capture told what is no answer"
