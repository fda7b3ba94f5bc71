"""Values of the model as bytes, from a reader in its jail to the program that asked: typed, bounded, nothing to run.

A value is one frame of MessagePack, decoded into the type that the reader's signature declares and into nothing else;
its arrays lie in a file in memory that both sides map, so that a picture does not go through a pipe. Text that is no
Unicode (names of files keep undecodable bytes as lone surrogates) makes the frame JSON, which can hold it.
"""

from __future__ import annotations

import json
import math
import re
import struct
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from forensics import errors
from forensics.errors import ForensicsError, InputError, MediaError, ParserStopped

HEADER = struct.Struct("<cQ")
"""Before each frame: its kind, and how many bytes follow."""

VALUE, LOOSE, FAULT, RAW = b"V", b"J", b"F", b"R"
"""MessagePack; JSON; an error; bytes as they are, which in a stream may be most of what is told."""

ALIGNED = 64
"""Arrays begin at multiples of it: a cache line."""

MAX_MESSAGE = 1000
"""Characters of an error's message or hint; ours are below 300."""

if TYPE_CHECKING:
    import numpy as np

_CODE = re.compile(r"[a-z_]{1,40}(?:\.[a-z_]{1,40}){0,3}\Z")


class Fault(msgspec.Struct, frozen=True):
    """An error that a reader raised: the name of its class in `forensics.errors`, or none for one that is not ours."""

    kind: str
    code: str
    message: str
    hint: str = ""


def frame_of(value: Any) -> tuple[bytes, list[memoryview]]:
    """The frame of a value, and its arrays in the order in which they lie. Raises TypeError for what cannot be told."""
    arrays: list[memoryview] = []
    end = 0

    def placed(other: Any) -> tuple[int, str, tuple[int, ...]]:
        import numpy as np  # most files need none of it, and it takes longer to load than the rest

        nonlocal end
        if not isinstance(other, np.ndarray):
            raise TypeError(f"a reader cannot tell a {type(other).__name__}")
        arrays.append(np.ascontiguousarray(other).reshape(-1).view(np.uint8).data)
        at, end = end, aligned(end + arrays[-1].nbytes)
        return at, other.dtype.str, other.shape

    try:
        return _frame(VALUE, msgspec.msgpack.encode(value, enc_hook=placed)), arrays
    except UnicodeEncodeError:
        return _frame(LOOSE, json.dumps(msgspec.to_builtins(value)).encode("ascii")), []


def aligned(at: int) -> int:
    """Where the next array begins."""
    return -(-at // ALIGNED) * ALIGNED


def fault_frame(error: BaseException) -> bytes:
    """The frame of an error: one of ours by its name in `forensics.errors`, any other as what went wrong."""
    if isinstance(error, ForensicsError):
        known = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
        fault = Fault(known, error.code, error.message[:MAX_MESSAGE], error.hint[:MAX_MESSAGE])
    elif isinstance(error, MemoryError):
        fault = Fault("", "parser.memory", "it wanted more memory than a reader may have")
    else:
        fault = Fault("", "parser.failed", f"{type(error).__name__}: {error}"[:MAX_MESSAGE])
    text = json.dumps(msgspec.to_builtins(fault)).encode("ascii")
    return _frame(FAULT, text)


def _frame(kind: bytes, payload: bytes) -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


def value_from(kind: bytes, payload: bytes | bytearray, arrays: memoryview, declared: Any) -> Any:
    """The value of a frame, of the type that is ``declared``; ``arrays`` is the memory in which its arrays lie.

    Raises what a `FAULT` tells, and ParserStopped (``parser.nonsense``) for what is no such value.
    """

    def placed(wanted: Any, told: Any) -> Any:
        return _array(wanted, told, arrays)

    try:
        if kind == FAULT:
            raise _error(msgspec.convert(json.loads(payload), Fault))
        if kind == RAW:
            return msgspec.convert(bytes(payload), declared)
        if kind == LOOSE:
            return msgspec.convert(json.loads(payload), declared)
        if kind == VALUE:
            return msgspec.msgpack.decode(payload, type=declared, dec_hook=placed)
    except (ValueError, TypeError, RecursionError) as error:
        raise ParserStopped(
            f"a reader told what is no answer: {error}"[:MAX_MESSAGE], code="parser.nonsense"
        ) from error
    raise ParserStopped("a reader told what is no answer", code="parser.nonsense")


def _array(wanted: Any, told: Any, arrays: memoryview) -> np.ndarray[Any, Any]:
    """One array, of the element type that is declared."""
    import numpy as np

    (element,) = typing.get_args(typing.get_args(wanted)[1])
    at, kind, shape = msgspec.convert(told, tuple[int, str, tuple[int, ...]])
    dtype = np.dtype(element)
    if kind != dtype.str or at < 0 or min(shape, default=1) < 0:
        raise ValueError("an array of another kind")
    end = at + math.prod(shape) * dtype.itemsize
    if end > arrays.nbytes:
        raise ValueError("an array beyond what was told")
    return np.frombuffer(arrays[at:end], dtype=dtype).reshape(shape)


def _error(fault: Fault) -> ForensicsError:
    """The error that is told: one that speaks of what was read, so that no file can end a batch by another's name."""
    kind = getattr(errors, fault.kind, None) if fault.kind else ParserStopped
    if not (isinstance(kind, type) and issubclass(kind, MediaError | InputError) and _CODE.match(fault.code)):
        raise ValueError("an error of an unknown kind")
    return kind(fault.message[:MAX_MESSAGE], hint=fault.hint[:MAX_MESSAGE], code=fault.code)
