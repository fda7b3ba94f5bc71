r"""Telegram Desktop's result.json, which is not always JSON: read, mended where the program errs, or refused.

Three outputs of the program's own writer are illegal (its export_output_json.cpp; issues 27571 and 24961): control
characters as ``\x0B``; U+2028 and U+2029 escaped *and* followed by their last two UTF-8 bytes; and a custom emoji's
``document_id`` written bare when it is a file name. Only these are repaired, byte by byte, escapes respected, and each
repair is counted. Anything else that is not JSON (RFC 8259) is refused: a guess would be a forged post.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from forensics.errors import ExportInvalid
from forensics.model.text import visible

MAX_EXPORT_BYTES = 128 << 20
"""An export is parsed in memory, at about six times its size when it must be mended; 190,000 posts with files take
about as much as this."""

_CHAT_KEYS = ("chats", "left_chats", "list", "messages", "name", "id", "text")
_MESSAGE_KEYS = ("date", "date_unixtime", "edited_unixtime", "author", "from", "actor", "file", "photo", "thumbnail")
KEYS = frozenset((*_CHAT_KEYS, *_MESSAGE_KEYS, "forwarded_from", "forwarded_from_id"))
"""What is kept of each object; the rest would take most of the memory."""

_BARE_ID = re.compile(rb'("document_id"[ \t]*+:[ \t]*+)([^"\s\[{\d\-,}\]][^\r\n]*+)')
_LITERALS = frozenset((b"null", b"true", b"false"))
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u202([89])(\x80[\xa8\xa9])|.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat of an export. ``id`` is the whole number of the file as text; ``messages`` are unchecked values;
    ``kind`` is what the file calls its ``type``.
    """

    name: str | None
    id: str | None
    messages: list[object]
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All chats of an export in file order.

    ``repairs`` counts what had to be mended, by kind; ``repeated_keys`` counts objects that name a key twice, where
    the last value was read.
    """

    chats: tuple[Chat, ...]
    repairs: tuple[tuple[str, int], ...]
    repeated_keys: int


class NoExport(ExportInvalid):
    """JSON, but nothing that Telegram Desktop writes."""

    code = "telegram.no_export"


def load(data: bytes) -> Export:
    """Read the bytes of a result.json.

    Raises:
        NoExport: it is JSON without chats.
        ExportInvalid: it is no JSON, even after the known repairs; too deep; a number too long; no UTF-8.
    """
    try:
        return _parse(data)
    except RecursionError as err:
        raise ExportInvalid("nested deeper than any export", hint=_HINT) from err
    except UnicodeDecodeError as err:
        raise ExportInvalid(f"not UTF-8 at byte {err.start}", hint=_HINT) from err
    except json.JSONDecodeError as err:
        raise ExportInvalid(f"not JSON at line {err.lineno}, column {err.colno}: {err.msg}", hint=_HINT) from err
    except ValueError as err:
        raise ExportInvalid(f"not JSON: {visible(str(err)[:200])}", hint=_HINT) from err


_HINT = "export the chat again, or keep the folder's files without their posts"


def _parse(data: bytes) -> Export:
    repairs: dict[str, int] = {}
    try:
        document, repeated = _load(data)
    except ValueError as err:
        failure = err.with_traceback(None)  # the frames of a failed parse hold a second copy of the text
    else:
        return Export(chats=tuple(_chats(document)), repairs=(), repeated_keys=repeated)
    mended = _repair(data, repairs)
    if not repairs:
        raise failure
    document, repeated = _load(mended)
    return Export(chats=tuple(_chats(document)), repairs=tuple(sorted(repairs.items())), repeated_keys=repeated)


def _load(data: bytes) -> tuple[object, int]:
    repeated = 0

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        names = {key for key, _ in found}
        repeated += len(names) != len(found)
        return {key: value for key, value in found if key in KEYS or (key == "type" and "messages" in names)}

    return json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs, parse_constant=_no_constant), repeated


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _repair(data: bytes, repairs: dict[str, int]) -> bytes:
    def count(kind: str) -> None:
        repairs[kind] = repairs.get(kind, 0) + 1

    def quote(found: re.Match[bytes]) -> bytes:
        value = found[2].rstrip()
        comma = b"," if value.endswith(b",") else b""
        value = value.removesuffix(b",")
        if value in _LITERALS:
            return found[0]
        count("bare_document_id")
        return found[1] + b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"' + comma

    def escape(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            count("hex_escape")
            return b"\\u00" + found[1]
        if found[3] is not None:
            count("u2028_stray_bytes")
            return b"\\u202" + found[2]
        return found[0]

    return _ESCAPE.sub(escape, _BARE_ID.sub(quote, data))


def _chats(document: object) -> list[Chat]:
    if not isinstance(document, dict):
        raise NoExport("JSON, but no Telegram export")
    if isinstance(document.get("messages"), list):
        return [_chat(document)]
    lists = [document[key].get("list") for key in ("chats", "left_chats") if isinstance(document.get(key), dict)]
    found = [chat for chats in lists if isinstance(chats, list) for chat in chats if isinstance(chat, dict)]
    if not any(isinstance(chats, list) for chats in lists):
        raise NoExport("JSON, but no Telegram export: it has neither messages nor chats")
    return [_chat(chat) for chat in found]


def _chat(value: dict[str, object]) -> Chat:
    name, number, messages, kind = value.get("name"), value.get("id"), value.get("messages"), value.get("type")
    return Chat(
        name=name if isinstance(name, str) else None,
        id=str(number) if isinstance(number, int) and not isinstance(number, bool) else None,
        messages=messages if isinstance(messages, list) else [],
        kind=kind if isinstance(kind, str) else None,
    )
