"""The store: one OCFL 1.1 object for each evidence, never changed, only added to.

Every way into it leads through `Store.commit_new` and `Store.commit_version`: what they are given is digested there,
made read-only, on disk before it is named, and named by one rename.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from forensics.acquire.commit import commit_next, commit_object, move_in
from forensics.acquire.durable import read_kept, writing
from forensics.acquire.fixity import check_object, check_storage_root
from forensics.acquire.inventory import Inventory, contents
from forensics.acquire.layout import create_root, locked_inventory, object_ids, object_place
from forensics.acquire.recovery import recover_objects
from forensics.acquire.source import open_source
from forensics.errors import ForensicsError, StoreError
from forensics.model.custody import Check
from forensics.model.manifest import Subject
from forensics.model.notice import Notice
from forensics.model.store import ObjectState, Reading

MAX_SMALL = 64 * 2**20
"""Bytes of a file that is read whole: no manifest is larger."""

Documents: TypeAlias = Mapping[str, bytes | None]
"""Bytes of small files by logical name."""


class Store:
    """The storage root at ``root`` (CASE/store). Staging lies outside it, on the same file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> None:
        """Make an empty store; one that is there is left as it is. Raises StoreError."""
        create_root(self.root)

    def contains(self, sha256: str) -> bool:
        """Whether there is an object for this evidence."""
        return object_place(self.root, sha256).is_dir()

    def ids(self) -> Iterator[str]:
        """The SHA-256 of every evidence, sorted. Raises StoreError when the store cannot be read."""
        yield from object_ids(self.root)

    def head(self, sha256: str) -> ObjectState:
        """The files of the last version.

        Raises StoreError when there is no such object or it cannot be read, IntegrityError when its inventory does
        not agree with its sidecar or contradicts itself.
        """
        inventory = self._inventory(sha256)
        return self._state(sha256, inventory, inventory.version)

    def states(self, sha256: str) -> tuple[ObjectState, ...]:
        """The files of every version, first to last. Raises as `head`."""
        inventory = self._inventory(sha256)
        return tuple(self._state(sha256, inventory, number + 1) for number in range(inventory.version))

    def read_versions(self, sha256: str, names: Collection[str]) -> tuple[tuple[ObjectState, Documents], ...]:
        """Every version, first to last, with the bytes of these small files: None for one that cannot be read.

        What a version does not have is left out. Raises as `head`.
        """
        inventory = self._inventory(sha256)
        place = object_place(self.root, sha256)
        return tuple(
            (
                self._state(sha256, inventory, number),
                {each.name: _kept(place / each.path) for each in contents(inventory, number) if each.name in names},
            )
            for number in range(1, inventory.version + 1)
        )

    def path(self, sha256: str, name: str, version: int | None = None) -> Path:
        """Where the bytes of a logical file lie, in the last or the given version. Raises as `head`."""
        inventory = self._inventory(sha256)
        number = inventory.version if version is None else version
        if not 1 <= number <= inventory.version:
            raise StoreError(f"{sha256} has no version {number}", code="store.unknown")
        for content in contents(inventory, number):
            if content.name == name:
                return object_place(self.root, sha256) / content.path
        raise StoreError(f"{sha256} has no file {name!r:.200} in version {number}", code="store.unknown")

    def places(self, sha256: str) -> dict[str, str]:
        """Where the bytes of each logical file of the last version lie, below the object's folder. Raises as `head`."""
        inventory = self._inventory(sha256)
        return {content.name: content.path for content in contents(inventory, inventory.version)}

    def folder(self, sha256: str) -> Path:
        """The folder of an object, whether or not there is one. Raises StoreError for what is no SHA-256."""
        return object_place(self.root, sha256)

    def has_version(self, sha256: str, number: int) -> bool:
        """Whether an object has a folder for this version: its inventory is not read."""
        return (object_place(self.root, sha256) / f"v{number}").is_dir()

    def open(self, sha256: str, name: str) -> int:
        """A read-only descriptor of a file of the last version; the caller closes it. Raises as `head`,
        NotRegularFile or Unreadable.
        """
        return open_source(os.fspath(self.path(sha256, name)))

    def read(self, sha256: str, name: str, version: int | None = None) -> bytes:
        """The bytes of a small file (a manifest, a capture) of the last or the given version.

        Raises as `head`, IntegrityError when it is no regular file or larger than any such, Unreadable.
        """
        return read_kept(self.path(sha256, name, version), MAX_SMALL)

    def commit_new(
        self,
        sha256: str,
        staged_object_dir: Path,
        files: tuple[Subject, ...],
        created: str,
        message: str,
        user: str,
    ) -> None:
        """Bring a new object in: ``staged_object_dir`` has v1/content/ with exactly ``files``.

        Both digests of every file are computed again, but for ``original``, which `acquire` has read back. On return
        the object is on disk. ``created`` is RFC 3339; ``message`` and ``user`` go into the inventory.

        Raises IntegrityError when the staged files are not those declared, StoreError (``store.exists``) when the
        store has the object already, StoreError when the disk is full or may not be written, ManifestError for a
        name, time or text that is not allowed.
        """
        place = object_place(self.root, sha256)
        commit_object(place, sha256, staged_object_dir, files, created=created, message=message, user=user)

    def adopt(self, sha256: str, whole_object_dir: Path) -> None:
        """Bring a new object in that another store on the same file system has: all its versions, by one rename.

        That store's commits have digested what it holds. Raises StoreError (``store.exists``) when the object is here
        already, StoreError when it may not be written.
        """
        place = object_place(self.root, sha256)
        with writing(place):
            move_in(whole_object_dir, place)

    def path_of(self, sha256: str) -> Path:
        """The folder of an object, whether it is there or not."""
        return object_place(self.root, sha256)

    def commit_version(
        self,
        sha256: str,
        staged_version_content: Path,
        new_files: tuple[Subject, ...],
        created: str,
        message: str,
        user: str,
        *,
        expected: int | None = None,
    ) -> None:
        """Add a version: ``staged_version_content`` holds exactly ``new_files``, new or changed; all other files of
        the last version are in this one too.

        ``expected`` is the version that this one was made on top of. Raises StoreError (``store.conflict``) when
        another process was faster, (``store.unfinished``) when `recover` has to run first, and as `commit_new`.
        """
        commit_next(
            object_place(self.root, sha256),
            sha256,
            staged_version_content,
            new_files,
            expected=expected,
            created=created,
            message=message,
            user=user,
        )

    def recover(self, quarantine: Path) -> tuple[Notice, ...]:
        """Finish what a crash left half done, or move it to ``quarantine``; nothing is deleted.

        What does not look like a commit cut off is left as it is, for `check` to speak of, with a notice.
        Raises StoreError.
        """
        return recover_objects(self.root, quarantine)

    def check_root(self) -> Iterator[Check]:
        """The storage root's own files and everything in it that is no object: every problem. Never raises."""
        return check_storage_root(self.root)

    def check(self, sha256: str, reading: Reading = Reading.SHA256) -> Iterator[Check]:
        """One object: inventories, sidecars, declared against present files, and the digests of what is to be read.

        Every problem, not the first. Never raises for what is found in the store.
        """
        return check_object(object_place(self.root, sha256), sha256, reading)

    def _inventory(self, sha256: str) -> Inventory:
        return locked_inventory(object_place(self.root, sha256), sha256)

    def _state(self, sha256: str, inventory: Inventory, number: int) -> ObjectState:
        place = object_place(self.root, sha256)
        return ObjectState(
            item=sha256,
            version=number,
            files=tuple(
                Subject(
                    name=content.name,
                    sha256=content.sha256,
                    sha512=content.sha512,
                    size=_size(place / content.path),
                )
                for content in contents(inventory, number)
            ),
        )


def _kept(path: Path) -> bytes | None:
    try:
        return read_kept(path, MAX_SMALL)
    except ForensicsError:
        return None


def _size(path: Path) -> int:
    """Bytes of a content file; -1 when it is gone (`Store.check` says so too, by name)."""
    try:
        return path.lstat().st_size
    except OSError:
        return -1
