"""The OCFL 1.1 storage root: its own files, and where each object lies.

Objects lie at ``<first 2 hex>/<sha256>`` (OCFL community extension 0007-n-tuple-omit-prefix-storage-layout, tuples of
two, one level, prefix up to the last colon of ``urn:sha256:<hex>`` left out).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from forensics.acquire.durable import folder_lock, read_small, sync_directory, write_new, writing
from forensics.acquire.inventory import MAX_BYTES, NAME, SIDECAR, Inventory, decode_inventory, encode_sidecar
from forensics.errors import IntegrityError, StoreError

EXTENSION = "0007-n-tuple-omit-prefix-storage-layout"

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_VERSION = re.compile(r"v[1-9][0-9]{0,8}\Z")
_TUPLE = re.compile(r"[0-9a-f]{2}\Z")


class Fixed(NamedTuple):
    """A file whose name and whole text OCFL or the layout prescribes."""

    name: str
    text: bytes


def _document(value: dict[str, str | int | bool]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode("ascii")


OBJECT_NAMASTE = Fixed("0=ocfl_object_1.1", b"ocfl_object_1.1\n")

ROOT_FILES = (
    Fixed("0=ocfl_1.1", b"ocfl_1.1\n"),
    Fixed(
        "ocfl_layout.json",
        _document(
            {
                "extension": EXTENSION,
                "description": "urn:sha256:<hex> lies at <first 2 hex>/<hex>: see the extension's config.json",
            }
        ),
    ),
    Fixed(
        f"extensions/{EXTENSION}/config.json",
        _document(
            {
                "extensionName": EXTENSION,
                "delimiter": ":",
                "tupleSize": 2,
                "numberOfTuples": 1,
                "zeroPadding": "left",
                "reverseObjectRoot": False,
            }
        ),
    ),
)
"""The root's own files; the conformance declaration comes first and is written last."""


def create_root(root: Path) -> None:
    """Make an empty storage root; one that is there is left as it is. Raises StoreError."""
    with writing(root):
        root.mkdir(exist_ok=True)
        for fixed in reversed(ROOT_FILES):
            path = root / fixed.name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_whole(path, fixed.text)
        for folder in (root / "extensions" / EXTENSION, root / "extensions", root, root.parent):
            sync_directory(folder)


def object_place(root: Path, sha256: str) -> Path:
    """The folder of an object. Raises StoreError for what is no SHA-256 in lower-case hex."""
    if not _HEX64.match(sha256):
        raise StoreError(f"{sha256!r:.100} is no SHA-256 in lower-case hex", code="store.unknown")
    return root / sha256[:2] / sha256


def object_ids(root: Path) -> Iterator[str]:
    """The SHA-256 of every object folder in the place where it belongs, sorted. Raises StoreError."""
    with writing(root):
        for tuple_name in _folder_names(root):
            if _TUPLE.match(tuple_name):
                for name in _folder_names(root / tuple_name):
                    if _HEX64.match(name) and name.startswith(tuple_name):
                        yield name


def version_names(place: Path) -> list[str]:
    """The version folders that an object has on disk, first to last. Raises OSError."""
    return sorted((name for name in _names(place) if _VERSION.match(name)), key=lambda name: int(name[1:]))


def strays(root: Path) -> Iterator[str]:
    """Relative paths in the storage hierarchy that belong to no object and are none of the root's files.

    Raises OSError.
    """
    own = {fixed.name.split("/", maxsplit=1)[0] for fixed in ROOT_FILES}
    for first in _names(root):
        if first in own:
            continue
        if not _TUPLE.match(first) or (root / first).is_symlink() or not (root / first).is_dir():
            yield first
            continue
        for second in _names(root / first):
            path = root / first / second
            if not _HEX64.match(second) or second[:2] != first or path.is_symlink() or not path.is_dir():
                yield f"{first}/{second}"
    yield from _extension_strays(root)


def load_inventory(place: Path, sha256: str) -> Inventory:
    """The root inventory of an object (or a version's), its sidecar checked; the caller holds the object's lock.

    Raises IntegrityError when either is missing or does not agree, StoreError when there is no such object or it
    cannot be read.
    """
    try:
        data = read_small(place / NAME, MAX_BYTES)
        sidecar = read_small(place / SIDECAR, MAX_BYTES)
    except FileNotFoundError as error:
        if not place.is_dir():
            raise StoreError(
                f"the store has no {sha256}", code="store.unknown", hint="List what it has with the ids of the case."
            ) from error
        raise IntegrityError(
            f"the object {sha256} lacks its inventory or its sidecar", code="integrity.inventory"
        ) from error
    except OSError as error:
        raise StoreError(f"cannot read the object {sha256}: {error.strerror or error}", code="store.read") from error
    if sidecar != encode_sidecar(data) and not sidecar_is_late(place, data, sidecar):
        raise IntegrityError(
            f"the inventory of {sha256} does not have the digest that its sidecar names",
            code="integrity.inventory",
            hint="If a run was cut off, recover puts it right; if not, it was changed: run verify.",
        )
    return decode_inventory(data, sha256)


def sidecar_is_late(place: Path, inventory: bytes, sidecar: bytes) -> bool:
    """Whether an object's root is in the one state that a commit cut off between its two last renames leaves: the
    inventory is the one that the last version's sidecar names, and the root's sidecar is that of the version before.
    """
    try:
        versions = version_names(place)
        if len(versions) < 2:
            return False
        former, last = place / versions[-2], place / versions[-1]
        return (
            read_small(last / SIDECAR, MAX_BYTES) == encode_sidecar(inventory)
            and read_small(former / SIDECAR, MAX_BYTES) == sidecar
        )
    except (OSError, IntegrityError):
        return False


def locked_inventory(place: Path, sha256: str) -> Inventory:
    """As `load_inventory`, under a shared lock: never between the two renames of a commit."""
    try:
        with folder_lock(place, shared=True):
            return load_inventory(place, sha256)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(f"the store has no {sha256}", code="store.unknown") from error
    except OSError as error:
        raise StoreError(f"cannot read the object {sha256}: {error.strerror or error}", code="store.read") from error


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that under its name there is never a part of it."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    write_new(part, data)
    part.rename(path)


def _extension_strays(root: Path) -> Iterator[str]:
    folder = root / "extensions"
    if not folder.is_dir():
        return
    for name in _names(folder):
        inside = _names(folder / name) if name == EXTENSION else []
        if name != EXTENSION:
            yield f"extensions/{name}"
        yield from (f"extensions/{name}/{other}" for other in inside if other != "config.json")


def _folder_names(folder: Path) -> list[str]:
    # Listed so that the kind of an entry costs no further call: a store holds up to a million objects.
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
