r"""A JSON file seen through a buffer of bounded size: one value at a time, wherever it stands in the file.

The scan for a value's end looks at nothing but strings and brackets, so that it holds for the illegal outputs of
Telegram Desktop too (see `telegram_json`). Whether the bytes of a value are JSON is the decoder's to say.
"""

from __future__ import annotations

import hashlib
import os
import re

from forensics.errors import ExportInvalid
from forensics.sources import opening

CHUNK_BYTES = 1 << 18
"""Read at once: large enough that few values stand across two reads, small beside an interpreter."""

MAX_VALUE_BYTES = 1 << 21
"""One message, or one value that is not looked into. Telegram's longest text is 4,096 characters; written twice, each
as an escape of six bytes, with a hundred entities, it stays under 100 kB."""

MAX_NESTING = 100
"""Containers in one value. Telegram Desktop writes a message with five."""

BARE_KEY = rb'"document_id"[ \t]*+:[ \t]*+'
BARE_NAME = rb'(?!(?:null|true|false)[\s,}])[^"\s\[{\d\-,}\]][^\r\n]*+'
"""A file name written without quotes behind its key (tdesktop issue 24961): it ends with its line."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COLON, COMMA, QUOTE = ord(":"), ord(","), ord('"')
OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT = ord("["), ord("]"), ord("{"), ord("}")
END = -1
"""What `peek` says behind the last byte."""

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_RUN = re.compile(rb"(?:" + BARE_KEY + BARE_NAME + rb"|" + _STRING + rb'|[^"{}\[\]]++)*+', re.DOTALL)
_SCALAR = re.compile(_STRING + rb'|[^ \t\r\n,:"{}\[\]]++', re.DOTALL)
_HINT = "export the chat again, or keep the folder's files without their posts"


class ExportCut(ExportInvalid):
    """The file ends before the export does."""

    code = "telegram.export_cut"


def invalid(message: str, *, code: str | None = None) -> ExportInvalid:
    """An error about the export's bytes, with what to do."""
    return ExportInvalid(message, hint=_HINT, code=code)


def cut(message: str) -> ExportCut:
    """An error about an export that ends too soon."""
    return ExportCut(f"not JSON: {message}", hint=_HINT)


class Window:
    """An open file's bytes from its current place on.

    ``offset`` is the place in the file of the byte that comes next; ``digest`` runs over all that was read.
    """

    def __init__(self, fd: int, chunk: int = CHUNK_BYTES) -> None:
        self._fd = fd
        self._chunk = chunk
        self._base = 0
        self.data = b""
        self.at = 0
        self.digest = hashlib.sha256()

    @property
    def offset(self) -> int:
        """Bytes before the one that comes next."""
        return self._base + self.at

    def more(self) -> bool:
        """Read on; what lies behind is let go. Whether there was more. Raises Unreadable."""
        try:
            chunk = os.read(self._fd, self._chunk)
        except OSError as err:
            raise opening.unreadable(err) from err
        self.digest.update(chunk)
        self._base += self.at
        self.data = self.data[self.at :] + chunk
        self.at = 0
        return bool(chunk)

    def drain(self) -> str:
        """Read to the end of the file and give the SHA-256 of all of it, in hex. Raises Unreadable."""
        self.at = len(self.data)
        while self.more():
            self.at = len(self.data)
        return self.digest.hexdigest()

    def skip_mark(self) -> None:
        """Step over a byte order mark at the start."""
        while len(self.data) < len(BYTE_ORDER_MARK) and self.more():
            pass
        if self.data.startswith(BYTE_ORDER_MARK):
            self.at = len(BYTE_ORDER_MARK)

    def peek(self) -> int:
        """The next byte that is no white space, or `END`."""
        while True:
            found = _SPACE.match(self.data, self.at)
            assert found is not None
            self.at = found.end()
            if self.at < len(self.data):
                return self.data[self.at]
            if not self.more():
                return END

    def indent(self) -> bytes | None:
        """Step to the next byte that is no white space; the line feed and the blanks before it, if it begins a line."""
        blanks = b""
        while True:
            found = _SPACE.match(self.data, self.at)
            assert found is not None
            blanks = (blanks + found[0])[-MAX_NESTING:]
            self.at = found.end()
            if self.at < len(self.data) or not self.more():
                break
        line = blanks.rfind(b"\n")
        return None if line < 0 else blanks[line:]

    def line_value(self, closing: bytes) -> bytes | None:
        """The bytes from here to the first ``closing``, itself included; None where none comes within the limit."""
        while (found := self.data.find(closing, self.at)) < 0:
            if len(self.data) - self.at > MAX_VALUE_BYTES or not self.more():
                return None
        return self.data[self.at : found + len(closing)]

    def value(self, *, document: bool = False) -> bytes:
        """The bytes of the value that begins here; it is not stepped over.

        Args:
            document: It may be all of a JSON text, so that a number or a word may end with the file.

        Raises:
            ExportCut: the file ends inside it.
            ExportInvalid: longer than `MAX_VALUE_BYTES`, nested deeper than `MAX_NESTING`, or no value.
        """
        while (length := self._length()) is None:
            if len(self.data) - self.at > MAX_VALUE_BYTES:
                raise self._too_large()
            if not self.more():
                if document and _SCALAR.fullmatch(self.data, self.at) and self.data[self.at] != QUOTE:
                    return self.data[self.at :]
                raise cut(f"it ends inside the value at byte {self.offset}")
        if length > MAX_VALUE_BYTES:
            raise self._too_large()
        return self.data[self.at : self.at + length]

    def _length(self) -> int | None:
        """Bytes of the value that begins here; None when the buffer ends first."""
        if self.data[self.at] not in (OPEN_OBJECT, OPEN_LIST):
            return self._scalar_length()
        depth, place = 0, self.at
        while True:
            run = _RUN.match(self.data, place)
            assert run is not None
            place = run.end()
            if place == len(self.data) or self.data[place] == QUOTE:
                return None
            if self.data[place] in (OPEN_OBJECT, OPEN_LIST):
                depth += 1
                if depth > MAX_NESTING:
                    raise self.too_deep()
            else:
                depth -= 1
            place += 1
            if depth == 0:
                return place - self.at

    def _scalar_length(self) -> int | None:
        found = _SCALAR.match(self.data, self.at)
        if found is None:
            if self.data[self.at] == QUOTE:
                return None
            raise invalid(f"not JSON: no value at byte {self.offset}")
        whole = self.data[self.at] == QUOTE or found.end() < len(self.data)
        return found.end() - self.at if whole else None

    def too_deep(self) -> ExportInvalid:
        """What to raise for a value in which containers stand too deep."""
        return invalid(
            f"nested deeper than any export: more than {MAX_NESTING} containers in the value at byte {self.offset}",
            code="telegram.nested_too_deep",
        )

    def _too_large(self) -> ExportInvalid:
        return invalid(
            f"the value at byte {self.offset} is longer than {MAX_VALUE_BYTES >> 20} MiB; no message is",
            code="telegram.message_too_large",
        )
