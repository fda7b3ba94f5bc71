"""An open capture that is asked from another process, one question at a time.

The one that asks writes a line of JSON (ASCII, so that names with lone surrogates pass) into a pipe for each question,
and gets one `Answer`. The first answer comes unasked: what the capture is. The pipe's end is the end of the capture.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from forensics.model.capture import Capture, Captured, CapturedPost, Columns, PostMedia

Open = Callable[[str, ZoneInfo | None], AbstractContextManager[Captured]]
"""Opens the capture at a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All posts of the chat ``key``; with a ``number``, one of them; with ``media`` alone, the digest of a file."""

    key: str = ""
    number: int | None = None
    media: PostMedia | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked for. ``columns`` are the bytes of `Columns`, in the order of its fields; a file that is not at
    hand has no ``sha256``.
    """

    about: Capture | None = None
    columns: tuple[bytes, bytes, bytes] | None = None
    post: CapturedPost | None = None
    sha256: str | None = None


def line_of(question: Question) -> bytes:
    """The line that asks."""
    return json.dumps(msgspec.to_builtins(question)).encode("ascii") + b"\n"


def answers(handle: int, path: str, zone: str | None, open_capture: Open) -> Iterator[Answer]:
    """The answers to the questions that come over the pipe ``handle``. Raises InputError."""
    known = None if zone is None else ZoneInfo(zone)
    with open_capture(path, known) as capture, os.fdopen(handle, "rb") as questions:
        yield Answer(about=capture.about)
        for line in questions:
            yield _answer(capture, msgspec.convert(json.loads(line), Question))


def _answer(capture: Captured, question: Question) -> Answer:
    if question.media is not None:
        return Answer(sha256=capture.sha256(question.media))
    if question.number is not None:
        return Answer(post=capture.post(question.key, question.number))
    return Answer(columns=_columns(capture.columns(question.key)))


def _columns(columns: Columns) -> tuple[bytes, bytes, bytes]:
    return columns.numbers.tobytes(), columns.digests.tobytes(), columns.filed.tobytes()
