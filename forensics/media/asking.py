"""Ask a program one short question, confined as decoders are: for what reads bytes of others and gives a few lines."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from forensics.errors import ToolError
from forensics.media.tools import start

PATIENCE_S = 30
"""Seconds, of CPU and by the clock: reading a token takes a hundredth of one."""


class Said(NamedTuple):
    """How the program ended, and what it wrote to its two outputs; bytes that are no UTF-8 are replaced."""

    code: int
    out: str
    err: str


def ask(path: str, *words: str, reads: Sequence[str] = ()) -> Said:
    """Run the program at ``path``: no input, no environment, in the folder ``/``, unable to write a file, and to read
    any but those of ``reads``.

    Raises ToolError (``tool.cannot_start``), also when it does not end.
    """
    process = start([path, *words], pass_fds=(), stdout=subprocess.PIPE, cpu_s=PATIENCE_S, paths=reads)
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ToolError(f"{path} does not answer", code="tool.cannot_start") from error
    return Said(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
