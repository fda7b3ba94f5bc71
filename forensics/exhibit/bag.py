"""A bag (BagIt 1.0, RFC 8493) as values: its tag files to bytes and back, in one form only.

    bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt      what the standard asks for
    tagmanifest-sha256.txt                                              over these and the pages beside them
    seal/tagmanifest-sha256.txt.sig                                     over that, and so over everything else

``seal/`` alone is in no manifest: a signature cannot be in what it is over. RFC 8493 (2.2.1) lets a tag manifest leave
files out. Names are ASCII, relative and plain, so that no rule of encoding (RFC 8493, 5.2) applies.

https://www.rfc-editor.org/rfc/rfc8493
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from forensics.errors import IntegrityError
from forensics.model.evidence import Digests
from forensics.model.text import visible

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""bagit.txt (RFC 8493, 2.1.1)."""

BAGIT, BAG_INFO = "bagit.txt", "bag-info.txt"
SHA256, SHA512, TAGS = "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt"
SEAL = f"seal/{TAGS}.sig"
PAYLOAD = "data/"

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
"""Names inside a bag: never absolute, hidden or climbing, and the same in every encoding and file system."""

MAX_NAME = 255

MAX_TAG_FILE = 64 * 2**20
"""Bytes of a manifest: some 300,000 files."""

_INFO = re.compile(r"([A-Z][A-Za-z0-9-]*): ([\x20-\x7e]+)\Z")


def manifest(files: Mapping[str, Digests], *, sha512: bool = False) -> bytes:
    """A manifest of these files (RFC 8493, 2.1.3): digest, two spaces, name; sorted by name."""
    return "".join(
        f"{digests.sha512 if sha512 else digests.sha256}  {name}\n" for name, digests in sorted(files.items())
    ).encode("ascii")


def parse_manifest(data: bytes, *, sha512: bool = False) -> dict[str, str]:
    """Name to digest, of a manifest in the one form that `manifest` writes.

    Raises IntegrityError (``integrity.bag``): another form, a name twice or out of order, a name that is not plain.
    """
    line = re.compile(rf"([0-9a-f]{{{128 if sha512 else 64}}})  (.+)\Z")
    listed: dict[str, str] = {}
    text = data.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise unsound("a manifest does not end in a newline")
    for each in text[:-1].split("\n"):
        found = line.match(each)
        if found is None or not is_plain(found[2]):
            raise unsound(f"a manifest has a line of another form: {visible(each)[:120]!r}")
        if found[2] in listed or (listed and found[2] <= next(reversed(listed))):
            raise unsound(f"a manifest names a file twice, or not in order: {found[2][:120]}")
        listed[found[2]] = found[1]
    return listed


def is_plain(name: str) -> bool:
    """Whether a file of a bag may have this name."""
    return len(name) <= MAX_NAME and NAME.match(name) is not None


def bag_info(fields: Mapping[str, str]) -> bytes:
    """bag-info.txt (RFC 8493, 2.2.2), in the order given. Raises ValueError for what is not printable ASCII."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    if not all(_INFO.match(line) for line in lines):
        raise ValueError("bag-info.txt takes printable ASCII only")
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def parse_bag_info(data: bytes) -> dict[str, str]:
    """The fields of bag-info.txt. Raises IntegrityError (``integrity.bag``) for another form."""
    fields = {}
    for line in data.decode("ascii", "replace").removesuffix("\n").split("\n"):
        found = _INFO.match(line)
        if found is None or found[1] in fields:
            raise unsound(f"bag-info.txt has a line of another form: {visible(line)[:120]!r}")
        fields[found[1]] = found[2]
    if bag_info(fields) != data:
        raise unsound("bag-info.txt is not in the one form that is written")
    return fields


def oxum(files: Mapping[str, Digests]) -> str:
    """Payload-Oxum (RFC 8493, 2.2.2): bytes, a point, files."""
    return f"{sum(each.size for each in files.values())}.{len(files)}"


def unsound(message: str) -> IntegrityError:
    """The library's error for a bag that is not as it must be."""
    return IntegrityError(
        f"the exhibit is not sound: {message}",
        code="integrity.bag",
        hint="Ask for it anew, and keep this one as it came.",
    )
