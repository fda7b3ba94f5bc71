"""The KLV sets that are read, by their universal label."""

from __future__ import annotations

from forensics.telemetry.eg0104 import read_eg0104
from forensics.telemetry.klv_items import VERSION_BYTE, Content
from forensics.telemetry.st0102 import read_security
from forensics.telemetry.st0601 import read_st0601

_ST0601 = bytes.fromhex("060e2b34020b01010e01030101000000")
_ST0102_LOCAL = bytes.fromhex("060e2b34020301010e01030302000000")
_EG0104 = bytes.fromhex("060e2b34020101010e01010201010000")


def read_set(key: bytes, value: bytes, whole: bytes) -> Content | None:
    """The content of a set; None when its standard is not read here."""
    key = key[:VERSION_BYTE] + b"\1" + key[VERSION_BYTE + 1 :]
    if key == _ST0601:
        return read_st0601(value, whole)
    if key == _ST0102_LOCAL:
        content = Content(family="ST 0102", places=False)
        read_security(content, value)
        return content
    if key == _EG0104:
        return read_eg0104(value)
    return None
