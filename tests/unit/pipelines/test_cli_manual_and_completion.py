"""Manual pages and completion scripts: made from the commands themselves, read by the programs they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pipelines.cli import commands
from pipelines.cli.completion import SHELLS, script
from pipelines.cli.manual import pages

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(commands)


def every_command(group: click.Group, words: tuple[str, ...] = ("forensics",)) -> dict[str, click.Command]:
    found = {}
    for name, command in group.commands.items():
        found["-".join((*words, name))] = command
        if isinstance(command, click.Group):
            found |= every_command(command, (*words, name))
    return found


def test_every_command_has_a_page_with_every_option(made: dict[str, str]) -> None:
    known = every_command(commands)
    assert set(made) == {"forensics.1", *(f"{name}.1" for name in known)}
    for name, command in known.items():
        page = made[f"{name}.1"].replace("\\-", "-")
        options = [each for parameter in command.params for each in parameter.opts if each.startswith("-")]
        assert [each for each in options if each not in page] == []
        assert command.get_short_help_str(200).rstrip(".") in page.replace("\\(dq", '"')


def test_pages_are_the_same_each_time_and_have_no_date(made: dict[str, str]) -> None:
    assert pages(commands) == made
    assert all('"1" ""' in page.splitlines()[0] for page in made.values())


def test_no_text_becomes_a_request() -> None:
    @click.group()
    def forensics() -> None:
        """All."""

    @forensics.command()
    @click.option("--odd", help=".so /etc/passwd")
    def one(odd: str) -> None:
        """.TH FAKE 1

        'br and \\fBbold\\fP "quoted" -dash
        """

    page = pages(forensics)["forensics-one.1"]
    assert "\n\\&.so /etc/passwd\n" in page
    assert "\n\\&.TH FAKE 1\n" in page
    assert "\n\\&'br and \\efBbold\\efP \\(dqquoted\\(dq \\-dash\n" in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff reads the pages")
def test_groff_has_no_warning(made: dict[str, str]) -> None:
    for name in ("forensics.1", "forensics-compare.1", "forensics-completion.1"):
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww"], input=made[name].encode(), capture_output=True, check=True
        )
        assert done.stderr == b""
        assert b"Video evidence forensics" in done.stdout


def test_every_shell_has_a_script_that_asks_this_program() -> None:
    for shell in SHELLS:
        assert f"_FORENSICS_COMPLETE={shell}_complete" in script(shell)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash runs the script")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    program = tmp_path / "forensics"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from pipelines.cli import main; main()" "$@"\n')
    program.chmod(0o755)
    (tmp_path / "script").write_text(script("bash"))
    told = (
        f". {tmp_path}/script; COMP_WORDS=(forensics compa); COMP_CWORD=1; _forensics_completion forensics; "
        'echo "${COMPREPLY[@]}"; '
        "COMPREPLY=(); COMP_WORDS=(forensics compare --sec); COMP_CWORD=2; _forensics_completion forensics; "
        'echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "--norc", "-c", told], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["compare", "--seconds"], done.stderr
