"""The secret under which a user's catalogs are sealed: 32 random bytes beside the operator's key, outside every case.

It signs nothing and proves nothing to others. Who deletes it gets new catalogs.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from forensics.errors import InputError
from pipelines.surroundings import Surroundings

SECRET_FILE = "catalog_secret"  # noqa: S105  the name of a file


def own_secret(path: Path, surroundings: Surroundings) -> bytes:
    """The user's secret, beside the operator's key; one is made when there is none.

    Raises InputError when it cannot be used.
    """
    from forensics.catalog import SECRET_BYTES

    try:
        if not path.exists():
            _make_secret(path, surroundings.entropy(SECRET_BYTES))
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(SECRET_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}", hint="name another folder for the key, or --catalog off"
        ) from error
    if not stat.S_ISREG(mode) or mode & (stat.S_IRWXG | stat.S_IRWXO) or len(secret) != SECRET_BYTES:
        raise InputError(f"{path} is no secret of yours alone", hint="delete it; another is made, and a new catalog")
    return secret


def _make_secret(path: Path, secret: bytes) -> None:
    """Write it so that of several processes that do, all get the same. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()
