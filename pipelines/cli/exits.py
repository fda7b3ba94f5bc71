"""Exit codes: the only place where an outcome becomes a number (docs/exit-codes.md)."""

from __future__ import annotations

from enum import IntEnum

from forensics.errors import (
    CaseError,
    ForensicsError,
    InputError,
    IntegrityError,
    ManifestError,
    MediaError,
    StampError,
    StoreError,
    ToolError,
)


class ExitCode(IntEnum):
    """What the shell gets."""

    OK = 0
    BUG = 1
    USAGE = 2
    PARTIAL = 3
    UNREADABLE = 4
    MANIFEST = 5
    TOOL = 6
    STORE = 7
    INTEGRITY = 8
    INTERRUPTED = 130


BY_ERROR: tuple[tuple[type[ForensicsError], ExitCode], ...] = (
    (InputError, ExitCode.USAGE),
    (CaseError, ExitCode.USAGE),
    (MediaError, ExitCode.UNREADABLE),
    (ManifestError, ExitCode.MANIFEST),
    (ToolError, ExitCode.TOOL),
    (StoreError, ExitCode.STORE),
    (StampError, ExitCode.PARTIAL),
    (IntegrityError, ExitCode.INTEGRITY),
)
"""The exit code of each branch of the tree in `forensics.errors`."""


def code_of(error: ForensicsError) -> ExitCode:
    """The exit code of an error that ended a command."""
    return next((code for kind, code in BY_ERROR if isinstance(error, kind)), ExitCode.BUG)
