"""A Telegram Desktop export: its result.json tells which post each file belongs to.

Every message with a media file is an appearance of that file, so a file that two posts share is found twice. What the
export leaves out, names wrongly or cannot prove is passed over with a reason. When result.json cannot be read, that is
said, and the folder's media are taken as plain files, without posts.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator

from forensics.errors import ExportInvalid, InputError
from forensics.model.provenance import Found, Passed
from forensics.sources import opening, paths, single, telegram_json, telegram_rest
from forensics.sources.opening import Kind
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_json import NoExport
from forensics.sources.telegram_reading import Reading, Source

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
        data = _bytes_of(source)
        digest = hashlib.sha256(data).hexdigest()
        export = telegram_json.load(data)
        del data  # an export may be large, and reading its files takes long
    except InputError as err:
        yield from _without_posts(source, root, whole=whole, err=err)
        return
    try:
        fd = opening.open_folder(paths.join(root or ".", "."))
    except InputError as err:
        yield opening.passed(root, err)
        return
    try:
        about = Source(path=source, sha256=digest, whole=whole)
        yield from Reading(source=about, files=ExportFiles(root=root, fd=fd), export=export, claim=_nested).run()
    finally:
        os.close(fd)


def _bytes_of(path: str) -> bytes:
    fd = opening.open_file(path)
    try:
        data = opening.read_up_to(fd, telegram_json.MAX_EXPORT_BYTES + 1)
    except OSError as err:
        raise opening.unreadable(err) from err
    finally:
        os.close(fd)
    if len(data) > telegram_json.MAX_EXPORT_BYTES:
        limit = telegram_json.MAX_EXPORT_BYTES >> 20
        raise ExportInvalid(f"larger than {limit} MiB; it was not read", code="telegram.export_too_large")
    return data


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
    yield from telegram_rest.rest(root, _nested, frozenset((telegram_rest.RESULT,)), frozenset())


def _nested(path: str) -> Iterator[Found | Passed] | None:
    return telegram_rest.nested(path) if sniff(path) else None
