"""show, timeline and match on a terminal of 80 columns: nothing is wider, nothing is lost, --json is as in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.integration.conftest import ROOT, Ran, environment

CHANNEL = "قناة 漢字 Долина Верби · новини "
ACTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@pytest.fixture(scope="module")
def named(forensics, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of two copies whose path is long and in several scripts."""
    root = tmp_path_factory.mktemp("terminal")
    folder = root / (CHANNEL * 2).strip() / ("дуже-довга-назва-" * 4)
    folder.mkdir(parents=True)
    for name in ("first.mp4", "copy.mp4"):
        os.link(clips / name, folder / name)
    case = root / "case"
    assert forensics("run", folder, "-c", case, "--case-id", "T-9", "--operator", "Тест", "--no-verify", "-q").code == 0
    return case


def on_a_terminal(*arguments: str | Path) -> list[str]:
    """The lines that a terminal of 80 columns gets on stdout."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    words = [sys.executable, "-m", "pipelines", *map(str, arguments)]
    kept = {name: value for name, value in environment().items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(words, cwd=ROOT, env=kept, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    said = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # what Linux says when the other end is closed
            break
        if not data:
            break
        said += data
    os.close(ours)
    assert process.wait() in (0, 3)
    return ACTS.sub("", said.decode()).splitlines()


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("command", [("show", "E-0001"), ("timeline",)])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(forensics, named: Path, command) -> None:
    piped: Ran = forensics(*command, "-c", named)
    lines = on_a_terminal(*command, "-c", named)
    assert max(map(cell_len, lines)) <= 80
    assert max(map(cell_len, piped.out.splitlines())) > 80
    assert bare("".join(lines)) == bare(piped.out)


def test_json_is_the_same_on_a_terminal_and_in_a_pipe(forensics, named: Path) -> None:
    assert "\n".join(on_a_terminal("timeline", "-c", named, "--json")) + "\n" == forensics(
        "timeline", "-c", named, "--json"
    ).out  # fmt: skip
