"""forensics manual: pages for man(1), made from the help texts, so that neither can say what the other does not.

Our own, not click-man: it needs setuptools when it runs and writes the day into each page, while these are the same
bytes each time. The language is man(7), the one that groff and mandoc both read.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from forensics import __version__
from forensics.errors import StoreError
from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say

SECTION = "man1"
_KEPT_LINES = "\b"
"""click's mark before a paragraph whose lines stay as they are."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout.")
@click.pass_context
def manual(context: click.Context, folder: Path, as_json: bool) -> None:
    """Write the manual pages below FOLDER, in man1/; ~/.local/share/man is where man(1) looks for a user's own."""
    root = context.find_root().command
    assert isinstance(root, click.Group)
    try:
        (folder / SECTION).mkdir(parents=True, exist_ok=True)
        for name, text in pages(root).items():
            (folder / SECTION / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}", hint="name a folder that can be written") from error
    if as_json:
        emit({"type": "manual", **path_fields(str(folder))})
    else:
        say(f"man -M {folder} forensics")


def pages(root: click.Group) -> dict[str, str]:
    """Every page by its file name: that of the program, and one for each command and command of a group."""
    found = {"forensics.1": _page(root, ("forensics",), tuple(root.commands))}
    for words, command in _commands(root, ("forensics",)):
        inner = tuple(command.commands) if isinstance(command, click.Group) else ()
        found[f"{'-'.join(words)}.1"] = _page(command, words, inner)
    return found


def _commands(group: click.Group, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        words = (*above, name)
        yield words, command
        if isinstance(command, click.Group):
            yield from _commands(command, words)


def _page(command: click.Command, words: tuple[str, ...], inner: tuple[str, ...]) -> str:
    context = click.Context(command, info_name=" ".join(words), help_option_names=["-h", "--help"])
    title = "-".join(words)
    lines = [f'.TH "{_text(title.upper())}" "1" "" "footage-forensics {_text(__version__)}" "Video evidence forensics"']
    lines += [".SH NAME", f"{_text(title)} \\- {_text(command.get_short_help_str(limit=200).rstrip('.'))}"]
    lines += [".SH SYNOPSIS", f".B {_text(' '.join(words))}", _line(" ".join(command.collect_usage_pieces(context)))]
    lines += [".SH DESCRIPTION", *_prose(inspect.cleandoc(command.help or ""))]
    lines += [".SH OPTIONS"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:  # arguments stand in the synopsis
            lines += [".TP", f".B {_text(record[0])}", _line(record[1])]
    if inner:
        lines += [".SH COMMANDS", *(part for name in inner for part in _listed(command, words, name))]
    if len(words) == 1:
        lines += [".SH EXIT STATUS", *(part for code in ExitCode for part in (".TP", f".B {code.value}", code.name))]
    if command.epilog:
        lines += [".SH EXAMPLES", *_prose(command.epilog)]
    others = ["forensics(1)"] if len(words) > 1 else []
    others += [f"{'-'.join((*words, name))}(1)" for name in inner]
    if others:
        lines += [".SH SEE ALSO", _line(", ".join(others))]
    return "\n".join(lines) + "\n"


def _listed(group: click.Command, words: tuple[str, ...], name: str) -> tuple[str, ...]:
    assert isinstance(group, click.Group)
    told = group.commands[name].get_short_help_str(limit=200)
    return ".TP", f".B {_text(' '.join((*words[1:], name)))}", _line(told)


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; those under click's mark keep their lines."""
    for paragraph in text.split("\n\n"):
        kept = paragraph.startswith(_KEPT_LINES)
        yield ".PP"
        yield from [".nf"] * kept
        yield from (_line(line) for line in paragraph.removeprefix(_KEPT_LINES).strip("\n").splitlines())
        yield from [".fi"] * kept


def _line(text: str) -> str:
    """A line of text that is no request, whatever it begins with."""
    made = _text(text)
    return f"\\&{made}" if made.startswith((".", "'")) else made


def _text(text: str) -> str:
    """Text with what man(7) would read as its own: the escape character, and hyphens that are minus signs."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ").replace('"', "\\(dq")
