"""Options and arguments that commands share."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from forensics.errors import InputError, IntegrityError, StoreError
from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import tell

if TYPE_CHECKING:
    from types import TracebackType

    from forensics.custody import Signer
    from pipelines.case import Case, Run
    from pipelines.config import Settings
    from pipelines.keys import OperatorKey
    from pipelines.run import KeyFor
    from pipelines.surroundings import Surroundings

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


def _as_flags(command: Command, *names: str) -> Command:
    """Hand these options to the command together, as entries of its one argument ``flags``."""

    @functools.wraps(command)
    def with_flags(**given: Any) -> Any:
        flags = given.pop("flags", {}) | {name: given.pop(name) for name in names}
        return command(**given, flags=flags)

    return cast("Command", with_flags)


def work_options(command: Command) -> Command:
    """Settings of a run, as ``flags``: who works, for whom, how long, how closely confined."""
    command = _as_flags(command, "jobs", "engine", "certs", "insecure", "operator", "cpu_s", "sandbox")
    for option in (
        click.option(
            "--insecure", is_flag=True, default=None, help="Let a cluster or a bucket be reached in the clear."
        ),
        click.option("--certs", metavar="DIR", help="Certificates of the cluster, made by: forensics cluster certs."),
        click.option(
            "--engine",
            metavar="ADDRESS",
            help="Who does the work: dask+tls://HOST:PORT of a scheduler, or module:function that opens an executor.  "
            "[default: local]",
        ),
        click.option(
            "--sandbox",
            type=click.Choice(["auto", "require"]),
            help="Confine ffmpeg as well as this machine can, or do not run it outside the full jail.  [default: auto]",
        ),
        click.option("--cpu-s", type=int, help="CPU seconds that decoding one file may take.  [default: 14400]"),
        click.option("--operator", help="Who acts, for the record."),
        click.option("-j", "--jobs", type=int, help="Worker processes; 0 means one a core.  [default: 0]"),
    ):
        command = option(command)
    return command


def model_options(command: Command) -> Command:
    """A model of learned descriptors, as ``flags``."""
    command = _as_flags(command, "model", "model_licence")
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


def catalog_option(command: Command) -> Command:
    """``--catalog``: where the list of the case's evidences is kept, as an entry of ``flags``."""
    command = _as_flags(command, "catalog")
    return click.option(
        "--catalog",
        metavar="WHERE",
        help="List of the case's evidences: local, off, or postgresql://USER@HOST/NAME.  [default: auto]",
    )(command)


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
    """Open the case to read it; what needs the log to be written goes through `Work`.

    Raises:
        CaseError: no case there.
        InputError: a setting of the wrong kind.

    """
    from pipelines.case import Run, case_config, find_case, open_case
    from pipelines.surroundings import Surroundings

    surroundings = Surroundings()
    root = find_case(case_dir, surroundings.environ, Path.cwd())
    case = open_case(root)
    settings = settings_for(flags, {**case.known_operator(), **case_config(root)}, surroundings.environ)
    run = Run(id=surroundings.new_urn(), operator=settings.operator, surroundings=surroundings)
    case = replace(case, numbered=functools.partial(_numbered, case, settings, surroundings))
    return Desk(case=case, settings=settings, run=run)


def _numbered(case: Case, settings: Settings, surroundings: Surroundings, exhibit: str) -> tuple[str, ...]:
    # Most commands look up no number: this loads half of the program.
    from pipelines.listing import Lister

    return Lister(case=case, settings=settings, surroundings=surroundings).numbered(exhibit)


class Work:
    """A command's work on a case: what it appends to the log is sealed at the end, whatever the end.

    ``signed``: the command makes documents that must be signed, and does not begin without a key. Others go on, and a
    notice says that what they logged is not sealed.
    """

    def __init__(self, desk: Desk, *, signed: bool, quiet: bool) -> None:
        from pipelines import footing, seal

        self._quiet = quiet
        self._worst = ExitCode.OK
        # Before anything is logged: the first line that is would hide that the clock went back.
        for notice in footing.notices(desk.case, desk.run):
            tell(f"{notice.message} [{notice.code}]")
            if notice.code == footing.CLOCK_BACK:
                self._worst = ExitCode.PARTIAL
        signer = desk.run.signer or self._signer(desk, signed)
        run = replace(desk.case.enrolled(desk.run, desk.settings.operator), signer=signer)
        self.desk = replace(desk, run=run)
        if signed:
            seal.enter(desk.case, run)
        self._before = desk.case.log.head().lines

    def __enter__(self) -> Desk:
        return self.desk

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A person who interrupts does not wait for a network too: the stamp is pending then.
        self.seal(stamp=kind is None, stopped=error if isinstance(error, StoreError) else None)

    def seal(self, *, stamp: bool = True, stopped: StoreError | None = None) -> None:
        """Seal what was done so far, and have the seal stamped. What ``stopped`` the work may hinder that too: then
        its message says so.
        """
        from pipelines import seal

        authorities = self.desk.settings.timestamp if stamp else ()
        for notice in seal.seal_at_end(self.desk.case, self.desk.run, self._before, authorities):
            if stopped is not None and notice.code == stopped.code:
                stopped.message = f"{stopped.message}; and the log is not sealed"
                continue
            found = {IntegrityError.code: ExitCode.INTEGRITY, StoreError.code: ExitCode.STORE}
            self._worst = max(self._worst, found.get(notice.code.partition(".")[0], ExitCode.PARTIAL))
            tell(f"{notice.message} [{notice.code}]")

    def code(self, code: ExitCode) -> ExitCode:
        """The exit code of the command, when its work ended with this one."""
        outranks = code is ExitCode.OK or self._worst in {ExitCode.STORE, ExitCode.INTEGRITY}
        return self._worst if outranks else code

    def _signer(self, desk: Desk, signed: bool) -> Signer | None:
        from pipelines import keys

        if signed:
            return key_maker(quiet=self._quiet)(desk.settings, desk.run.surroundings)
        try:
            return keys.open_key(desk.settings, desk.run.surroundings, ask)
        except InputError as error:
            tell(f"{error.message} - {error.hint} [{error.code}]")
            return None


def key_maker(*, quiet: bool) -> KeyFor:
    """What opens the operator's key, or makes one and says so; a person is asked for a passphrase once."""
    opened: dict[Path, Signer] = {}

    def key_for(settings: Settings, surroundings: Surroundings) -> Signer:
        from pipelines import keys

        path = keys.key_path(settings)
        if path not in opened:
            opened[path] = announced(keys.open_or_make(settings, surroundings, ask), quiet=quiet).signer
        return opened[path]

    return key_for


def announced(key: OperatorKey, *, quiet: bool) -> OperatorKey:
    """The key, and a word about it when it was made just now."""
    if key.made:
        kept = "" if key.signer.protection != "none" else "; it is NOT encrypted: whoever reads the file can sign"
        tell(f"a key was made for you: {key.path}, fingerprint {key.signer.key.fingerprint}{kept}", quiet=quiet)
    return key


def ask(question: str) -> bytes | None:
    """Ask for a passphrase at a terminal; None where there is none, or for an empty answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    new = question.startswith("New ")
    answer: str = click.prompt(
        question, hide_input=True, default="", show_default=False, err=True, confirmation_prompt=new
    )
    return answer.encode() or None


def settings_for(flags: Mapping[str, object], case: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """The settings in force: flag > environment > case > the user's file."""
    from platformdirs import user_config_path

    from pipelines.config import read_config, resolve

    user = read_config(user_config_path("footage-forensics") / "config.toml")
    return resolve(flags=flags, environ=environ, case=case, user=user)
