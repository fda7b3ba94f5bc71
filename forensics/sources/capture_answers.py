"""An open capture that is asked from another process, one question at a time.

The one that asks writes a line of JSON into a pipe for each question, and gets one `Answer`, or one for each post that
it asked for. The first comes unasked: what the capture is. The pipe's end is the end of the capture.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from forensics.model.capture import Capture, Captured, CapturedPost, Columns

Open = Callable[[str, ZoneInfo | None], AbstractContextManager[Captured]]
"""Opens the capture at a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All posts of the chat ``key``, as columns; with ``numbers``, these of them, and with ``files`` the digests of
    theirs.
    """

    key: str
    numbers: tuple[int, ...] | None = None
    files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked for, a post at a time. ``columns`` are the bytes of `Columns`, in the order of its fields."""

    about: Capture | None = None
    columns: tuple[bytes, bytes, bytes] | None = None
    post: CapturedPost | None = None


def line_of(question: Question) -> bytes:
    """The line that asks."""
    return json.dumps(msgspec.to_builtins(question)).encode("ascii") + b"\n"


def answers(handle: int, path: str, zone: str | None, open_capture: Open) -> Iterator[Answer]:
    """The answers to the questions that come over the pipe ``handle``. Raises InputError."""
    known = None if zone is None else ZoneInfo(zone)
    with open_capture(path, known) as capture, os.fdopen(handle, "rb") as questions:
        yield Answer(about=capture.about)
        for line in questions:
            yield from _answers(capture, msgspec.convert(json.loads(line), Question))


def _answers(capture: Captured, question: Question) -> Iterator[Answer]:
    if question.numbers is None:
        yield Answer(columns=_columns(capture.columns(question.key)))
        return
    for post in capture.posts(question.key, question.numbers, files=question.files):
        yield Answer(post=post)


def _columns(columns: Columns) -> tuple[bytes, bytes, bytes]:
    return columns.numbers.tobytes(), columns.digests.tobytes(), columns.filed.tobytes()
