r"""One value of a Telegram Desktop export: decoded, mended where the program errs, or refused.

Three outputs of the program's own writer are illegal (its export_output_json.cpp; issues 27571 and 24961): control
characters as ``\x0B``; U+2028 and U+2029 escaped *and* followed by their last two UTF-8 bytes; and a custom emoji's
``document_id`` written bare when it is a file name. Only these are repaired, byte by byte, escapes respected, only
in a value that is no JSON without, and each repair is counted. Anything else that is not JSON (RFC 8259) is refused:
a guess would be a forged post.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec

from forensics.model.text import visible
from forensics.sources.telegram_window import BARE_KEY, BARE_NAME, MAX_NESTING, invalid

_BARE_ID = re.compile(rb"(" + BARE_KEY + rb")(" + BARE_NAME + rb")")
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u202([89])(\x80[\xa8\xa9])|.)", re.DOTALL)
_decode = msgspec.json.Decoder().decode


class TooDeep(ValueError):
    """Containers nested beyond `MAX_NESTING`."""


@dataclass(slots=True)
class Decoder:
    """Decodes values and counts what was odd: ``repairs`` by kind, objects that name a key twice."""

    repairs: Counter[str] = field(default_factory=Counter)
    repeated_keys: int = 0

    def quick(self, raw: bytes) -> object:
        """The value of bytes that are legal JSON without a repeated key.

        Raises:
            ValueError: they may be something else; `value` tells.
        """
        try:
            found = _decode(raw)
        except RecursionError as err:
            raise ValueError from err
        if b"\\u003" in raw or raw.count(b":") != colons(found):
            raise ValueError
        return found

    def value(self, raw: bytes, offset: int) -> object:
        """The value of the bytes that stand at ``offset`` of the file. Raises ExportInvalid."""
        try:
            return self.quick(raw)
        except ValueError:
            pass
        try:
            return self._strict(raw)
        except ValueError as err:
            failure = err
        mended, repairs = _repaired(raw)
        if not repairs:
            raise invalid(_reason(failure, offset)) from failure
        try:
            found = self._strict(mended)
        except ValueError as err:
            reason = err.msg if isinstance(err, json.JSONDecodeError) else str(err)
            raise invalid(
                f"not JSON, even after the known repairs: {visible(reason[:200])} (value at byte {offset})"
            ) from err
        self.repairs += repairs
        return found

    def _strict(self, raw: bytes) -> object:
        """The standard library's decoder: the last word on what is JSON. Raises ValueError."""
        repeated = 0

        def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
            nonlocal repeated
            members = dict(found)
            repeated += len(members) != len(found)
            return members

        value = json.loads(raw.decode("utf-8"), object_pairs_hook=pairs, parse_constant=_no_constant)
        self.repeated_keys += repeated
        return value


def colons(value: object, depth: int = 1) -> int:
    """How many colons a value has as JSON without escapes for them: one a member, and those in its texts.

    Equal to the colons in the bytes that it was decoded from only if no member was lost there to another of the
    same name. Raises TooDeep.
    """
    if isinstance(value, str):
        return value.count(":")
    if not isinstance(value, dict | list):
        return 0
    if depth > MAX_NESTING:
        raise TooDeep
    total = 0
    if isinstance(value, dict):
        total = len(value) + "".join(value).count(":")
        value = list(value.values())
    for item in value:
        if isinstance(item, str):
            total += item.count(":")
        elif isinstance(item, dict | list):
            total += colons(item, depth + 1)
    return total


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _reason(err: ValueError, offset: int) -> str:
    if isinstance(err, UnicodeDecodeError):
        return f"not UTF-8 at byte {offset + err.start}"
    if isinstance(err, json.JSONDecodeError):
        return f"not JSON at byte {offset + len(err.doc[: err.pos].encode())}: {err.msg}"
    return f"not JSON: {visible(str(err)[:200])} (value at byte {offset})"


def _repaired(raw: bytes) -> tuple[bytes, Counter[str]]:
    repairs: Counter[str] = Counter()
    mended = _BARE_ID.sub(_quoting(repairs), raw)
    return _ESCAPE.sub(_escaping(repairs), mended), repairs


def _quoting(repairs: Counter[str]) -> Callable[[re.Match[bytes]], bytes]:
    def quote(found: re.Match[bytes]) -> bytes:
        value = found[2].rstrip()
        comma = b"," if value.endswith(b",") else b""
        value = value.removesuffix(b",")
        repairs["bare_document_id"] += 1
        return found[1] + b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"' + comma

    return quote


def _escaping(repairs: Counter[str]) -> Callable[[re.Match[bytes]], bytes]:
    def escape(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            repairs["hex_escape"] += 1
            return b"\\u00" + found[1]
        if found[3] is not None:
            repairs["u2028_stray_bytes"] += 1
            return b"\\u202" + found[2]
        return found[0]

    return escape
