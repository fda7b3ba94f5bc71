"""Bringing a new object, or a new version of one, into the store: prepared and synced outside, then one rename.

A crash before the rename leaves the store as it was. After the rename of a version folder, the object's root inventory
still names the former version until it is replaced; `forensics.acquire.recovery` finishes that.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from forensics.acquire.durable import folder_lock, sync_directory, sync_tree, write_new, writing
from forensics.acquire.inventory import (
    CONTENT,
    NAME,
    SIDECAR,
    Inventory,
    encode_inventory,
    encode_sidecar,
    first_inventory,
    next_inventory,
)
from forensics.acquire.layout import OBJECT_NAMASTE, load_inventory
from forensics.acquire.source import digest_file
from forensics.errors import IntegrityError, StoreError
from forensics.model.manifest import Subject
from forensics.model.store import ORIGINAL_NAME

_ATTEMPTS = 16
"""Tries to move an object in while another process tidies the same, still empty, folder away."""


def commit_object(
    place: Path, sha256: str, staged: Path, files: tuple[Subject, ...], *, created: str, message: str, user: str
) -> None:
    """Complete a staged object folder and rename it to ``place``; see `Store.commit_new`."""
    original = next((file for file in files if file.name == ORIGINAL_NAME), None)
    if original is None or original.sha256 != sha256:
        raise IntegrityError(f"the object {sha256} has no file {ORIGINAL_NAME!r} with that digest")
    inventory = first_inventory(sha256, files, created=created, message=message, user=user)
    with writing(staged):
        _require_staged(staged / "v1" / CONTENT, files, trusted=ORIGINAL_NAME)
        _write_inventory(staged / "v1", inventory)
        _write_inventory(staged, inventory)
        write_new(staged / OBJECT_NAMASTE.name, OBJECT_NAMASTE.text)
        sync_tree(staged)
        move_in(staged, place)


def commit_next(
    place: Path,
    sha256: str,
    staged: Path,
    files: tuple[Subject, ...],
    *,
    expected: int | None,
    created: str,
    message: str,
    user: str,
) -> None:
    """Make a version of the staged content folder and add it to the object; see `Store.commit_version`."""
    with writing(place), folder_lock(place, shared=False):
        former = load_inventory(place, sha256)
        number = former.version + 1
        if expected is not None and expected != former.version:
            raise StoreError(
                f"{sha256} is at version {former.version} by now, not {expected}",
                code="store.conflict",
                hint="Another process added a version: make the manifest again on top of it.",
            )
        inventory = next_inventory(former, files, created=created, message=message, user=user)
        _require_staged(staged, files, trusted=None)
        prepared = staged.with_name(f"{staged.name}.v{number}")
        prepared.mkdir()
        staged.rename(prepared / CONTENT)
        _write_inventory(prepared, inventory)
        sync_tree(prepared)
        _move_version_in(prepared, place / f"v{number}", sha256)
        replace_root_inventory(place, inventory, prepared.parent)


def replace_root_inventory(place: Path, inventory: Inventory, spare: Path) -> None:
    """Put an inventory at the object's root, each of its two files by one rename out of ``spare``. Raises OSError."""
    data = encode_inventory(inventory)
    for name, content in ((NAME, data), (SIDECAR, encode_sidecar(data))):
        fresh = spare / f"{place.name}.{name}"
        fresh.unlink(missing_ok=True)
        write_new(fresh, content)
        fresh.replace(place / name)
        sync_directory(place)


def _write_inventory(folder: Path, inventory: Inventory) -> None:
    data = encode_inventory(inventory)
    write_new(folder / NAME, data)
    write_new(folder / SIDECAR, encode_sidecar(data))


def move_in(staged: Path, place: Path) -> None:
    """Give a whole object its place by one rename. Raises StoreError (``store.exists``), OSError."""
    for _ in range(_ATTEMPTS):
        place.parent.mkdir(exist_ok=True)
        try:
            staged.rename(place)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                raise StoreError(
                    f"{place.name} is in the store already",
                    code="store.exists",
                    hint="Another process kept the same bytes meanwhile: add an appearance instead.",
                ) from error
            raise
        sync_directory(place.parent)
        sync_directory(place.parent.parent)
        return
    raise StoreError(f"cannot move {place.name} into the store: its folder vanishes", code="store.write")


def _move_version_in(prepared: Path, place: Path, sha256: str) -> None:
    try:
        prepared.rename(place)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            raise StoreError(
                f"{sha256} has a version {place.name} that was begun and not ended",
                code="store.unfinished",
                hint="Run recover (every ingest begins with it), then the same command again.",
            ) from error
        raise
    sync_directory(place.parent)


def _require_staged(content: Path, files: tuple[Subject, ...], *, trusted: str | None) -> None:
    """The staged files are those declared, by name, size and digests.

    The bytes of ``trusted`` are not read: `acquire` has read them back already.
    """
    declared = {file.name: file for file in files}
    found = _regular_files(content)
    if found.keys() != declared.keys():
        odd = sorted(found.keys() ^ declared.keys())
        raise IntegrityError(f"staged and declared files differ: {', '.join(odd)[:400]}")
    for name, size in found.items():
        file = declared[name]
        if size != file.size:
            raise IntegrityError(f"staged {name} has {size} bytes, declared are {file.size}")
        if name == trusted:
            continue
        digests = digest_file(content / name)
        if (digests.sha256, digests.sha512) != (file.sha256, file.sha512):
            raise IntegrityError(f"staged {name} has SHA-256 {digests.sha256}, declared is {file.sha256}")


def _regular_files(root: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for folder, folders, names in os.walk(root, followlinks=False):
        for name in [*names, *folders]:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                found[path.relative_to(root).as_posix()] = path.lstat().st_size
            elif not stat.S_ISDIR(mode):
                raise IntegrityError(f"staged {name!r:.100} is neither a file nor a folder")
    return found
