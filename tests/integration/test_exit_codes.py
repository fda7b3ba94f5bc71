"""Every row of the exit table, through the real command line."""

import importlib
import json
import os
import shutil
import subprocess

import pytest

from pipelines.cli import COMMANDS
from pipelines.cli.exits import BY_ERROR, ExitCode


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_error_of_the_library_has_an_exit_code_and_a_code_of_its_own() -> None:
    from forensics import errors

    importlib.import_module("forensics.media.reading")  # its own error counts too, whichever tests ran before
    tree = list(subclasses(errors.ForensicsError))
    assert all(any(issubclass(kind, branch) for branch, _ in BY_ERROR) for kind in tree)
    assert len({kind.code for kind in tree}) == len(tree)
    assert all(kind.__name__ in errors.__doc__ for kind in tree if kind.__module__ == errors.__name__)


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_of_every_command_loads_neither_numpy_nor_opencv(command) -> None:
    import sys

    program = (
        "import sys; from pipelines.cli import run_command; code = run_command([sys.argv[1], '--help']);"
        "heavy = {'numpy', 'cv2', 'faiss', 'scipy', 'rich'} & set(sys.modules); print(sorted(heavy)); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"


def test_ok_when_all_is_done_without_notices(forensics, ingested, clips) -> None:
    assert forensics("ingest", clips, "-c", ingested, "--json").code == ExitCode.OK


@pytest.mark.parametrize(
    "arguments",
    [["ingest"], ["ingest", "--no-such-flag", "x"], ["show", "-c", "/nonexistent-case", "abcdef"], ["nonsense"]],
)
def test_usage_for_bad_flags_and_no_case(forensics, arguments) -> None:
    done = forensics(*arguments)
    assert done.code == ExitCode.USAGE
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [[], ["track", "E-0001"]])
def test_what_is_missing_on_a_command_line_is_told_on_lines_of_their_own(forensics, arguments) -> None:
    done = forensics(*arguments)
    assert done.code == ExitCode.USAGE
    assert len(done.err.splitlines()) > 5
    assert "⟨" not in done.err


@pytest.mark.parametrize("arguments", [["compare", "E-0001", "gone.mp4"], ["track", "gone.SRT", "--format", "csv"]])
def test_a_misspelt_file_is_called_a_file_that_is_not_there(forensics, ingested, arguments) -> None:
    done = forensics(*arguments, "-c", ingested)
    assert done.code == ExitCode.USAGE
    assert "gone" in done.err
    assert "no such file, and no evidence of this case by that name" in done.err


def test_usage_for_a_folder_that_is_no_case(forensics, tmp_path, clips) -> None:
    done = forensics("ingest", clips, "-c", tmp_path)
    assert done.code == ExitCode.USAGE
    assert "is no case" in done.err


def test_usage_for_a_bad_configuration(forensics, ingested, clips, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    (case / "config.toml").write_text("speed = 11")
    done = forensics("ingest", clips, "-c", case)
    assert done.code == ExitCode.USAGE
    assert "unknown setting: speed" in done.err


def test_unreadable_when_the_only_input_is_no_video(forensics, tmp_path) -> None:
    (tmp_path / "clip.mp4").write_text("this is text")
    done = forensics("run", tmp_path / "clip.mp4", "-c", tmp_path / "case", "--json")
    assert done.code == ExitCode.UNREADABLE


def test_tool_when_ffmpeg_is_missing(forensics, ingested, clips, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = forensics("ingest", clips, "-c", ingested)
    assert done.code == ExitCode.TOOL
    assert "install" in done.err


def test_tool_when_the_required_sandbox_is_not_to_be_had(forensics, ingested, clips, monkeypatch, tmp_path) -> None:
    for name in ("ffmpeg", "ffprobe"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    done = forensics("ingest", clips, "-c", ingested, "--sandbox", "require")
    assert done.code == ExitCode.TOOL
    assert "[tool.sandbox]" in done.err
    assert "Traceback" not in done.err
    assert forensics("ingest", clips, "-c", ingested).code == ExitCode.OK


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_store_when_the_case_cannot_be_written(forensics, tmp_path, clips) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert forensics("run", clips, "-c", tmp_path / "locked" / "case").code == ExitCode.STORE


def test_store_when_the_case_folder_is_a_file(forensics, tmp_path, clips) -> None:
    (tmp_path / "case").write_text("")
    done = forensics("run", clips, "-c", tmp_path / "case")
    assert done.code == ExitCode.STORE
    assert "Traceback" not in done.err


def test_integrity_when_a_stored_byte_was_changed(forensics, ingested, tmp_path) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    original = next(case.glob("store/*/*/v1/content/original"))
    original.chmod(0o644)
    data = bytearray(original.read_bytes())
    data[len(data) // 2] ^= 1
    original.write_bytes(data)
    done = forensics("verify", case, "--json")
    assert done.code == ExitCode.INTEGRITY
    summary = done.of("summary")[0]
    assert summary["verified"] is False
    assert summary["problems"] >= 1
    failed = [check for check in done.of("check") if check["status"] == "failed"]
    assert any(original.parts[-4] in json.dumps(check) for check in failed)


def test_a_broken_pipe_is_no_traceback(ingested) -> None:
    import sys

    from tests.integration.conftest import ROOT, environment

    line = f"{sys.executable} -m pipelines verify {ingested} --json | head -1"
    done = subprocess.run(line, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
