"""What commands print: JSON Lines or plain text on stdout, notices and errors on stderr."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import sys
from collections.abc import Mapping

import click

from forensics.errors import ForensicsError
from forensics.model.text import visible

MAX_LINE = 8192
"""Characters of one line on a terminal: a caption or a path may be far longer."""


def path_fields(path: str, name: str = "path") -> dict[str, str]:
    """``path`` as valid Unicode, and ``path_b64`` (the bytes) when they are not UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raw = os.fsencode(path)
        return {name: raw.decode("utf-8", "replace"), f"{name}_b64": base64.b64encode(raw).decode("ascii")}
    return {name: path}


def emit(value: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """One line of result on stdout, made safe for a terminal."""
    click.echo(_bounded(text))


def lay(text: str) -> None:
    """As `say`, folded at the width of the terminal; what goes into a file or a pipe is never folded."""
    if not sys.stdout.isatty():
        say(text)
        return
    from pipelines.tables import folded

    for piece in folded(_bounded(text), shutil.get_terminal_size().columns):
        click.echo(piece)


def tell(text: str, *, quiet: bool = False) -> None:
    """One line on stderr, made safe for a terminal."""
    if not quiet:
        click.echo(_bounded(text), err=True)


def tell_error(error: ForensicsError) -> None:
    """The error in one line: what and why, then what to do."""
    hint = f" - {error.hint}" if error.hint else ""
    tell(f"forensics: {error.message}{hint} [{error.code}]")


def tell_usage(error: click.ClickException) -> None:
    """What click says of a wrong command line, with the words of that command line made safe for a terminal."""
    told = io.StringIO()
    error.show(told)
    said = error.format_message()
    ours = isinstance(error, click.exceptions.NoArgsIsHelpError | click.MissingParameter)  # no word of the command line
    text = told.getvalue().replace("\t", "    ") if ours or not said else told.getvalue().replace(said, _bounded(said))
    click.echo(visible(text.rstrip("\n"), keep_newlines=True), err=True)


def _bounded(text: str) -> str:
    cut = len(text) - MAX_LINE
    return visible(text[:MAX_LINE]) + (f" … and {cut} more characters" if cut > 0 else "")
