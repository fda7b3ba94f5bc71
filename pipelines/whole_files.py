"""Small files that are on disk whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from forensics import acquire
from forensics.errors import NotRegularFile


def require_place_of_file(path: Path) -> None:
    """Refuse a device, a pipe or a socket as the place of a file, and the names of open ones (/dev/stdout, /dev/fd/1).

    A file that is written whole takes the place of what was there: it would take that of the device.

    Raises:
        NotRegularFile: it is one of them.
    """
    with suppress(OSError):  # what cannot be looked at cannot be written to, and that is told then
        mode, folder = path.stat().st_mode, path.parent.resolve()
        known = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if not known or folder == Path("/dev") or folder.is_relative_to("/proc"):
            raise NotRegularFile(
                f"{path} is a device, a pipe or a socket, and this is written to a file",
                hint="name a file with --out, and read it from there",
            )


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that it is there whole or not at all.

    Raises StoreError when the disk is full, NotRegularFile for a device, OSError for anything else.
    """
    require_place_of_file(path)
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if acquire.is_full(error):
            raise acquire.disk_full(error.strerror or str(error)) from error
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk. Raises OSError."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
