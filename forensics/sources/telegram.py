"""A Telegram Desktop export: its result.json tells which post each file belongs to, with the pages beside it if any.

Every message with a media file is an appearance of that file, so a file that two posts share is found twice. What the
export leaves out, names wrongly or cannot prove is passed over with a reason. When result.json cannot be read, that is
said, and the folder's media are taken as plain files, without posts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

from forensics.errors import InputError
from forensics.model.provenance import Found, Passed
from forensics.sources import opening, paths, single, telegram_both, telegram_rest
from forensics.sources.opening import Kind
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_json import NoExport
from forensics.sources.telegram_media import PostFiles
from forensics.sources.telegram_reading import Reading, Source
from forensics.sources.telegram_survey import survey

_HEAD_MARKS = re.compile(
    rb'"(?:personal_information|left_chats|chats)"\s*+:|"type"\s*+:\s*+"(?:saved_messages|replies|verification_codes'
    rb'|(?:personal|bot)_chat|(?:private|public)_(?:group|supergroup|channel))"'
)
"""How the first lines of an export under another name give it away (the chat types of Telegram Desktop)."""
_POSTS_UNKNOWN = "the posts of this export are unknown; its media files are taken as plain files"


def sniff(path: str) -> bool:
    """Whether ``path`` is a folder with a regular result.json, or itself an export's JSON file."""
    try:
        kind = opening.kind_of(path)
        if kind is Kind.FOLDER:
            return opening.kind_of(paths.join(path, telegram_rest.RESULT)) is Kind.FILE
        if kind is not Kind.FILE or not path.lower().endswith(".json"):
            return False
        return paths.base(path) == telegram_rest.RESULT or bool(_HEAD_MARKS.search(opening.read_head(path)))
    except InputError:
        return False


def read(path: str) -> Iterator[Found | Passed]:
    """The export's posts with their files, then (when the folder was given) the files that no message names.

    Given the JSON file itself, only what its messages name is looked at: the folder around it was not given.
    """
    try:
        whole = opening.kind_of(path) is Kind.FOLDER
    except InputError as err:
        yield opening.passed(path, err)
        return
    source = paths.join(path, telegram_rest.RESULT) if whole else path
    root = path if whole else paths.parent(path)
    try:
        fd = opening.open_file(source)
    except InputError as err:
        yield from _without_posts(source, root, whole=whole, err=err)
        return
    try:
        yield from _read(Source(path=source, fd=fd, whole=whole), root)
    finally:
        os.close(fd)


def _read(source: Source, root: str) -> Iterator[Found | Passed]:
    try:
        about = survey(source.fd)
    except InputError as err:
        yield from _without_posts(source.path, root, whole=source.whole, err=err)
        return
    try:
        fd = opening.open_folder(paths.join(root or ".", "."))
    except InputError as err:
        yield opening.passed(root, err)
        return
    try:
        files = PostFiles(
            files=ExportFiles(root=root, fd=fd), claim=nested, whole=source.whole, taken={telegram_rest.RESULT}
        )
        with ExitStack() as stack:
            pages = telegram_both.open_beside(stack, root, about.chats) if source.whole else None
            yield from Reading(source=source, files=files, survey=about, pages=pages).run()
    finally:
        os.close(fd)


def _without_posts(source: str, root: str, *, whole: bool, err: InputError) -> Iterator[Found | Passed]:
    """The failure, then the folder's files as plain ones, or the JSON file itself if it was given by name.

    A result.json of some other program is no failure.
    """
    foreign = isinstance(err, NoExport)
    if whole or not foreign:
        yield Passed(path=source, code=err.code, message=err.message, failed=not foreign)
    if not whole:
        yield from single.read(source)
        return
    if not foreign:
        yield Passed(path=root, code="telegram.posts_unknown", message=_POSTS_UNKNOWN, failed=True)
    yield from telegram_rest.rest(root, nested, frozenset((telegram_rest.RESULT,)), frozenset())


def nested(path: str) -> Iterator[Found | Passed] | None:
    """The refusal of a JSON export inside another export; None for a folder that is none."""
    return telegram_rest.nested(path) if sniff(path) else None
