"""Options and arguments that commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from forensics.errors import InputError

if TYPE_CHECKING:
    from pipelines.case import Case, Run
    from pipelines.config import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def case_option(command: Command) -> Command:
    """``-c/--case``: the case folder."""
    return click.option(
        "-c",
        "--case",
        "case_dir",
        type=click.Path(path_type=Path),
        help="Case folder. Default: FORENSICS_CASE, or the nearest parent folder that holds case.json.",
    )(command)


def output_options(command: Command) -> Command:
    """``--json``, ``-q`` and ``-v``."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Say more on stderr."),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no notices on stderr."),
        click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout."),
    ):
        command = option(command)
    return command


def work_options(command: Command) -> Command:
    """Settings of a run: ``--jobs``, ``--operator``, ``--cpu-s``."""
    for option in (
        click.option("--cpu-s", type=int, help="CPU seconds that decoding one file may take.  [default: 14400]"),
        click.option("--operator", help="Who acts, for the record."),
        click.option("-j", "--jobs", type=int, help="Worker processes; 0 means one a core.  [default: 0]"),
    ):
        command = option(command)
    return command


def model_options(command: Command) -> Command:
    """A model of learned descriptors: ``--model``, ``--model-licence``."""
    for option in (
        click.option("--model-licence", metavar="FILE", help="Text of that model's licence, for the record."),
        click.option(
            "--model",
            metavar="FILE",
            help="ONNX model whose descriptors propose more pairs, or package:NAME.  [default: none]",
        ),
    ):
        command = option(command)
    return command


def input_arguments(required: bool) -> Callable[[Command], Command]:
    """Paths, and ``--files0-from`` for the output of find -print0."""

    def decorate(command: Command) -> Command:
        command = click.argument("inputs", nargs=-1, type=click.Path())(command)
        return click.option(
            "--files0-from",
            metavar="FILE",
            help="Read NUL-separated paths from FILE, or from stdin with '-'." + ("" if required else " (queries)"),
        )(command)

    return decorate


def gather(inputs: tuple[str, ...], files0_from: str | None) -> tuple[str, ...]:
    """The paths of the command line and of ``--files0-from`` together.

    Raises:
        InputError: the list cannot be read.

    """
    if files0_from is None:
        return inputs
    try:
        data = sys.stdin.buffer.read() if files0_from == "-" else Path(files0_from).read_bytes()
    except OSError as error:
        raise InputError(f"{files0_from}: {error.strerror}", hint="--files0-from takes a file or '-'") from error
    return inputs + tuple(os.fsdecode(path) for path in data.split(b"\0") if path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open case, the settings in force and the run that a command works under."""

    case: Case
    settings: Settings
    run: Run


def open_desk(case_dir: Path | None, flags: Mapping[str, object]) -> Desk:
    """Open the case and begin a run on it.

    Raises:
        CaseError: no case there.
        InputError: a setting of the wrong kind.

    """
    from pipelines.case import Run, case_config, find_case, open_case
    from pipelines.surroundings import Surroundings

    surroundings = Surroundings()
    root = find_case(case_dir, surroundings.environ, Path.cwd())
    case = open_case(root)
    settings = settings_for(flags, {"operator": case.info.operator, **case_config(root)}, surroundings.environ)
    run = Run(id=surroundings.new_urn(), operator=settings.operator, surroundings=surroundings)
    return Desk(case=case, settings=settings, run=run)


def settings_for(flags: Mapping[str, object], case: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """The settings in force: flag > environment > case > the user's file."""
    from platformdirs import user_config_path

    from pipelines.config import read_config, resolve

    user = read_config(user_config_path("footage-forensics") / "config.toml")
    return resolve(flags=flags, environ=environ, case=case, user=user)
