"""Files of data that come with the program, or that a user names in their place."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from pathlib import Path

from forensics import acquire
from forensics.errors import ForensicsError, InputError

MAX_BYTES = 2**18
"""Bytes of such a file: ours have 3 kB."""


def read_shipped(kind: str, name: str, folder: str, shipped: Collection[str]) -> bytes:
    """The bytes of the TOML file of this ``name`` in a ``folder`` of this package, or else of the file at that path.

    Raises InputError, which calls it a ``kind``: no file of the program's, and none that can be read.
    """
    if name in shipped:
        return resources.files("pipelines").joinpath(folder, f"{name}.toml").read_bytes()
    try:
        return acquire.read_kept(Path(name), MAX_BYTES)
    except ForensicsError as error:
        hint = f"one of {', '.join(shipped)}, or a file of that form"
        raise InputError(f"{kind} {name}: {error.message}", hint=hint) from error
