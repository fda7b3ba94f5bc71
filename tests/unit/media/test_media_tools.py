"""Finding the programs, and what a child may and may not do."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import media
from forensics.errors import ToolError
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.tools import start

PYTHON = os.path.realpath(sys.executable)
"""Not by the name in a virtual environment: its settings are a file that a child may not open."""


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_the_tools_in_use_are_named_to_the_byte(tools: media.Tools) -> None:
    for tool in (tools.ffmpeg, tools.ffprobe):
        assert tool.banner.startswith(f"{tool.name} version {tool.version}")
        assert Path(tool.path).is_absolute()
        assert tool.sha256 == hashlib.sha256(Path(tool.path).read_bytes()).hexdigest()
    assert tools.ffmpeg.version_numbers == () or tools.ffmpeg.version_numbers >= (5, 1)


def test_a_missing_tool_comes_with_the_line_to_type(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        media.find_tools(str(tmp_path))
    assert caught.value.code == "tool.missing"
    assert "install" in caught.value.hint


@pytest.mark.parametrize(
    ("banner", "code"),
    [
        ("ffmpeg version 4.4.2 Copyright (c) 2000-2021\nlibavutil      56. 70.100 / 56. 70.100", "tool.too_old"),
        ("ffmpeg version N-100000-gabcdef\nlibavutil      57. 27.100 / 57. 27.100", "tool.too_old"),
        ("something else", "tool.cannot_start"),
        ("", "tool.cannot_start"),
    ],
)
def test_a_tool_that_is_too_old_or_another_program_is_refused(tmp_path: Path, banner: str, code: str) -> None:
    _program(tmp_path, "ffmpeg", f"cat <<'END'\n{banner}\nEND")
    with pytest.raises(ToolError) as caught:
        media.find_tools(str(tmp_path))
    assert caught.value.code == code
    assert "install" in caught.value.hint


@pytest.mark.parametrize(
    ("version", "numbers"), [("7.0.2-static", (7, 0, 2)), ("n6.1", (6, 1)), ("N-118448-g43be8d0728", ())]
)
def test_every_way_of_writing_a_version_is_understood(tmp_path: Path, version: str, numbers: tuple[int, ...]) -> None:
    for name in ("ffmpeg", "ffprobe"):
        _program(tmp_path, name, f"printf '{name} version {version} Copyright\\nlibavutil      59.  8.100 /\\n'")
    found = media.find_tools(str(tmp_path))
    assert (found.ffmpeg.version, found.ffmpeg.version_numbers) == (version, numbers)


def _inside(program: str, **options: object) -> dict[str, object]:
    """What a Python program finds when it runs as a child."""
    process = start(
        [PYTHON, "-I", "-S", "-c", f"import json, os, resource, sys\n{program}"],
        pass_fds=(),
        stdout=subprocess.PIPE,
        cpu_s=7,
        **options,  # type: ignore[arg-type]
    )
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_a_child_sees_no_environment_no_folder_and_no_descriptor_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("wb"):
        found = _inside(
            "print(json.dumps({'env': dict(os.environ), 'cwd': os.getcwd(), 'sid': os.getsid(0) == os.getpid(),"
            " 'fds': [n for n in range(3, 200) if os.path.exists(f'/proc/self/fd/{n}')]}))"
        )
    environment = found["env"]
    assert isinstance(environment, dict)
    assert set(environment) <= {"LC_ALL", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert (found["cwd"], found["sid"], found["fds"]) == ("/", True, [])


def test_a_child_runs_within_its_limits() -> None:
    found = _inside(
        "print(json.dumps({name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0]"
        " for name in ('CPU', 'CORE', 'FSIZE', 'NOFILE', 'AS')}))",
        limits=Limits(memory_bytes=1 << 30),
    )
    assert (found["CPU"], found["CORE"], found["FSIZE"], found["NOFILE"]) == (7, 0, 0, 64)
    if sys.platform == "linux":
        assert found["AS"] == 1 << 30


def test_a_child_can_write_no_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    program = f"open({str(target)!r}, 'wb', buffering=0).write(b'x')"
    process = start([PYTHON, "-I", "-S", "-c", program], pass_fds=(), stdout=subprocess.DEVNULL, cpu_s=5)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert not target.exists() or target.stat().st_size == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_AS")
def test_a_child_cannot_take_more_memory_than_allowed() -> None:
    found = _inside(
        "try:\n    held = bytearray(2 << 30)\nexcept MemoryError:\n    print(json.dumps({'refused': True}))",
        limits=Limits(memory_bytes=1 << 30),
    )
    assert found == {"refused": True}


def test_the_cpu_allowance_grows_with_the_work_up_to_a_ceiling() -> None:
    limits = DEFAULT_LIMITS
    assert limits.decode_allowance(0, 0) == limits.decode_base_cpu_s
    assert limits.decode_allowance(9000, 1920 * 1080) == 30 + 9000 * 1920 * 1080 * 60 // 10**9
    assert limits.decode_allowance(10**9, 8192 * 4320) == limits.decode_cpu_s


def test_the_file_is_named_by_its_descriptor_and_read_from_its_start(tmp_path: Path) -> None:
    from forensics.media.tools import rewind

    path = tmp_path / "a"
    path.write_bytes(b"abc")
    fd = os.open(path, os.O_RDONLY)
    os.read(fd, 2)
    assert rewind(fd) == f"/dev/fd/{fd}"
    assert os.read(fd, 3) == b"abc"
    os.close(fd)
