"""Finishing what a crash left half done in the store. Nothing is deleted, and nothing that was changed is put right.

Only two states come from a commit that was cut off: a whole version folder that the root inventory does not name yet,
and a root inventory that was replaced while its sidecar was not. Both are finished from the version's own inventory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from forensics.acquire.commit import replace_root_inventory
from forensics.acquire.durable import folder_lock, read_small, sync_directory, writing
from forensics.acquire.inventory import MAX_BYTES, SIDECAR, Inventory, encode_inventory, encode_sidecar, extends
from forensics.acquire.layout import load_inventory, object_ids, object_place
from forensics.acquire.source import digest_file
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.notice import Notice


def recover_objects(root: Path, quarantine: Path) -> tuple[Notice, ...]:
    """Go through every object; see `Store.recover`. Raises StoreError."""
    notices = []
    with writing(root):
        quarantine.mkdir(exist_ok=True)
        _remove_empty_folders(root)
        for sha256 in object_ids(root):
            place = object_place(root, sha256)
            with folder_lock(place, shared=False):
                notice = _recover(place, sha256, quarantine)
            if notice is not None:
                notices.append(notice)
    return tuple(notices)


def _recover(place: Path, sha256: str, quarantine: Path) -> Notice | None:
    try:
        inventory = load_inventory(place, sha256)
    except IntegrityError as error:
        return Notice(code="store.damaged", message=error.message)
    if read_small(place / SIDECAR, MAX_BYTES) != encode_sidecar(encode_inventory(inventory)):
        replace_root_inventory(place, inventory, quarantine)
        return Notice(
            code="store.rolled_forward", message=f"The inventory of {sha256} has its sidecar again ({inventory.head})."
        )
    begun = place / f"v{inventory.version + 1}"
    if not os.path.lexists(begun):
        return None
    later = _whole_version(place, begun, sha256, inventory)
    if later is None:
        kept = _set_aside(begun, quarantine, sha256)
        return Notice(
            code="store.quarantined",
            message=f"{begun.name} of {sha256} was begun and is not whole: moved to {quarantine.name}/{kept.name}.",
        )
    replace_root_inventory(place, later, quarantine)
    return Notice(code="store.rolled_forward", message=f"{begun.name} of {sha256} was whole and is now its head.")


def _whole_version(place: Path, begun: Path, sha256: str, former: Inventory) -> Inventory | None:
    """The inventory of a version folder that is complete: it extends the former and every new file has its digest."""
    try:
        later = load_inventory(begun, sha256)
        if not extends(later, former):
            return None
        for sha512, paths in later.manifest.items():
            for path in paths:
                if path.startswith(f"{begun.name}/") and digest_file(place / path).sha512 != sha512:
                    return None
    except ForensicsError:
        return None
    return later


def _set_aside(begun: Path, quarantine: Path, sha256: str) -> Path:
    count = 1
    while os.path.lexists(kept := quarantine / f"{sha256}-{begun.name}-{count}"):
        count += 1
    begun.rename(kept)
    sync_directory(quarantine)
    sync_directory(begun.parent)
    return kept


def _remove_empty_folders(root: Path) -> None:
    """A crash between making an object's parent folder and moving the object in leaves it empty (OCFL E073)."""
    for folder in root.iterdir():
        if len(folder.name) == 2 and folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            # Another process may move its object in at this moment: then it is not empty and stays.
            with suppress(OSError):
                folder.rmdir()
