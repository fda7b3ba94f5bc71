"""What an ONNX file holds, read before any runtime sees it.

The file is a Protocol Buffers message (onnx.proto3 of ONNX; encoding: protobuf.dev/programming-guides/encoding). It
comes from anywhere, so it is walked over here, without a parser generated for it: a descriptor is a plain function of
one picture, and what such a function does not need is refused. Above all data outside the file: a path (or, to some
runtimes, an address in memory) that its author chose would be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from forensics.errors import ModelInvalid

MOST_BYTES = 512 << 20
"""Largest model that is read: the largest that its authors publish for copy detection (ResNeXt-101) takes 180 MB."""

MOST_FIELDS = 2_000_000
"""Parts of the message that are looked at (about ten seconds): such a network has a few thousand."""

MOST_DEPTH = 32
"""Messages within messages: a graph within a branch within a graph takes four a step."""

MOST_TEXT = 4096
"""Bytes of one entry of the metadata that are kept."""

DOMAINS = frozenset({"", "ai.onnx"})
"""Operators of the ONNX standard only: what a runtime adds of its own may read files."""

ENDLESS = frozenset({"Loop", "Scan"})
"""Operators that repeat: a picture's descriptor needs none, and nothing bounds them."""

UNSTEADY = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)
"""Operators that draw random numbers: the same picture would have another descriptor each time."""

HINT = "export the descriptor network alone, as one self-contained .onnx file"

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_MOST_VARINT = 10

_Kind: TypeAlias = str
_CHILDREN: Mapping[_Kind, Mapping[int, _Kind]] = {
    "model": {7: "graph", 8: "opset", 14: "entry", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Which field of which message holds which other message (onnx.proto3); what is not named holds none of interest."""

_OP_TYPE, _NODE_DOMAIN, _OPSET_DOMAIN = 4, 7, 1
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_KEY, _VALUE = 1, 2


@dataclass(slots=True)
class Contents:
    """What was met in a model: ``metadata`` as its maker wrote it, and the number of ``nodes``."""

    metadata: dict[str, str] = field(default_factory=dict)
    nodes: int = 0


class _Field(NamedTuple):
    number: int
    wire: int
    value: int
    data: memoryview


class _Walk:
    """One pass over the bytes of a model."""

    def __init__(self) -> None:
        self.contents = Contents()
        self._fields = 0

    def message(self, data: memoryview, kind: _Kind, depth: int = 0) -> None:
        """Look at one message and at those within it."""
        if depth > MOST_DEPTH:
            raise _damaged(f"its parts are nested more than {MOST_DEPTH} deep")
        children = _CHILDREN.get(kind, {})
        texts: dict[int, str] = {}
        for each in _fields(data):
            self._fields += 1
            if self._fields > MOST_FIELDS:
                raise _damaged(f"it has more than {MOST_FIELDS} parts")
            if kind == "tensor" and (each.number == _EXTERNAL_DATA or (each.number == _DATA_LOCATION and each.value)):
                raise ModelInvalid("it keeps weights outside itself", code="model.external_data", hint=HINT)
            if each.wire != _LENGTH:
                continue
            if each.number in children:
                self.message(each.data, children[each.number], depth + 1)
            elif kind in ("node", "opset", "entry"):
                texts[each.number] = bytes(each.data[:MOST_TEXT]).decode("utf-8", "replace")
        self._judge(kind, texts)

    def _judge(self, kind: _Kind, texts: Mapping[int, str]) -> None:
        if kind == "entry":
            self.contents.metadata.setdefault(texts.get(_KEY, ""), texts.get(_VALUE, ""))
        elif kind == "opset":
            _refuse_domain(texts.get(_OPSET_DOMAIN, ""))
        elif kind == "node":
            self.contents.nodes += 1
            _refuse_domain(texts.get(_NODE_DOMAIN, ""))
            name = texts.get(_OP_TYPE, "")
            if name in ENDLESS | UNSTEADY:
                raise ModelInvalid(f"it uses the operator {name}", code="model.operator", hint=HINT)


def inspect(data: bytes) -> Contents:
    """Walk over the bytes of a model and say what is in it.

    Raises:
        ModelInvalid: too large, not a whole message, with data outside the file, or with an operator that no
            descriptor of a picture needs.
    """
    if len(data) > MOST_BYTES:
        raise ModelInvalid(f"it is larger than {MOST_BYTES} bytes", code="model.too_large", hint=HINT)
    walk = _Walk()
    walk.message(memoryview(data), "model")
    if not walk.contents.nodes:
        raise _damaged("it holds no network")
    return walk.contents


def _refuse_domain(domain: str) -> None:
    if domain not in DOMAINS:
        raise ModelInvalid(
            f"it uses operators of {domain[:80]!r}, not of the ONNX standard", code="model.operator", hint=HINT
        )


def _fields(data: memoryview) -> Iterator[_Field]:
    """Yield the fields of one message in their order."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value, body = 0, data[:0]
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _LENGTH:
            length, at = _varint(data, at)
            if length > end - at:
                raise _damaged("it ends too early")
            body, at = data[at : at + length], at + length
        elif wire in _FIXED_BYTES:
            at += _FIXED_BYTES[wire]
            if at > end:
                raise _damaged("it ends too early")
        else:
            raise _damaged("it is no ONNX file")
        if not number:
            raise _damaged("it is no ONNX file")
        yield _Field(number, wire, value, body)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, least first, and the place behind it."""
    value = 0
    for place in range(_MOST_VARINT):
        if at + place >= len(data):
            raise _damaged("it ends too early")
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise _damaged("it is no ONNX file")


def _damaged(fault: str) -> ModelInvalid:
    return ModelInvalid(fault, code="model.damaged", hint="fetch the file again and compare its SHA-256")
