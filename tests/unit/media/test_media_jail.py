"""What a child in the jail cannot do, and what decoding loses by it: nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import media
from forensics.errors import ToolError
from forensics.media import jail, jail_check, system_calls
from forensics.media import tools as media_tools
from forensics.media.jail import Level, reached
from forensics.media.tools import start
from forensics.model.media import FrameBatch, Picture

PYTHON = os.path.realpath(sys.executable)
"""Not by the name in a virtual environment: its settings are a file that a child may not open."""

needs_full = pytest.mark.skipif(not reached().full, reason=f"this kernel gives {reached()}")


def in_jail(program: str, fds: tuple[int, ...] = (), **options: object) -> tuple[int, str, str]:
    words = [PYTHON, "-I", "-S", "-c", f"import os\n{program}"]
    process = start(words, pass_fds=fds, stdout=subprocess.PIPE, cpu_s=10, **options)  # type: ignore[arg-type]
    out, err = process.communicate(timeout=30)
    return process.returncode, out.decode(), err.decode()


@needs_full
def test_every_forbidden_act_is_refused() -> None:
    assert media.try_jail(sys.executable) == (len(jail_check.ACTS), ())


def test_without_the_jail_the_same_acts_are_seen_to_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(0, seccomp=False))
    allowed = media.try_jail(sys.executable).allowed
    assert {"open another file", "list a folder", "open a TCP socket", "start a process", "run another program"} <= set(
        allowed
    )


@pytest.mark.skipif(not reached().seccomp, reason=f"this kernel gives {reached()}")
def test_where_there_is_no_landlock_seccomp_still_refuses_all_but_reading_and_another_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(0, seccomp=True))
    assert set(media.try_jail(sys.executable).allowed) == {
        "open another file", "list a folder", "run another program",
    }  # fmt: skip


@needs_full
def test_landlock_alone_refuses_other_files_and_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(reached().landlock, seccomp=False))
    allowed = set(media.try_jail(sys.executable).allowed)
    assert not allowed & {"open another file", "list a folder", "open a file to write", "run another program"}


@pytest.mark.skipif(reached().landlock < 6, reason=f"this kernel gives {reached()}")
def test_landlock_alone_refuses_tcp_connections_and_signals_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(reached().landlock, seccomp=False))
    for program in ("import socket; socket.create_connection(('127.0.0.1', 9), 5)", "os.kill(os.getppid(), 0)"):
        status, _, err = in_jail(program)
        assert status == 1
        assert "PermissionError" in err


@needs_full
def test_a_child_reads_the_file_that_it_was_given_and_not_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"evidence")
    (tmp_path / "beside").write_bytes(b"another")
    fd = os.open(tmp_path / "given", os.O_RDONLY)
    try:
        program = f"print(open('/dev/fd/{fd}').read())\nopen({str(tmp_path / 'beside')!r})"
        status, out, err = in_jail(program, (fd,))
    finally:
        os.close(fd)
    assert (status, out) == (1, "evidence\n")
    assert "PermissionError" in err


@needs_full
def test_a_child_cannot_write_into_the_evidence_that_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"evidence")
    fd = os.open(path, os.O_RDONLY)
    try:
        for flags in ("os.O_WRONLY", "os.O_RDWR", "os.O_RDONLY | os.O_TRUNC"):
            status, _, err = in_jail(f"os.open('/dev/fd/{fd}', {flags})", (fd,))
            assert status == 1
            assert "PermissionError" in err
        status, _, err = in_jail(f"os.truncate('/dev/fd/{fd}', 0)", (fd,))
        assert "PermissionError" in err
    finally:
        os.close(fd)
    assert path.read_bytes() == b"evidence"


@needs_full
def test_a_target_can_be_written_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"")
    fd = os.open(tmp_path / "target", os.O_RDWR)
    try:
        program = f"open('/dev/fd/{fd}', 'wb').write(b'made')\nopen({str(tmp_path / 'other')!r}, 'wb')"
        status, _, err = in_jail(program, (fd,), writes=(fd,), file_bytes=1 << 20)
    finally:
        os.close(fd)
    assert status == 1
    assert "PermissionError" in err
    assert (tmp_path / "target").read_bytes() == b"made"
    assert not (tmp_path / "other").exists()


@needs_full
def test_the_jail_does_not_hold_the_parent() -> None:
    in_jail("pass")
    assert Path("/etc/passwd").read_bytes()
    assert "NoNewPrivs:\t1" not in Path("/proc/self/status").read_text()


@needs_full
def test_a_thread_may_be_started() -> None:
    program = "import _thread, time\n_thread.start_new_thread(print, ('in a thread',))\ntime.sleep(0.3)"
    assert in_jail(program)[:2] == (0, "in a thread\n")


def test_a_program_is_not_started_when_its_jail_cannot_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: jail.Jail) -> None:
        raise OSError(errno.EPERM, "refused")

    monkeypatch.setattr(jail.Jail, "enter", broken)
    with pytest.raises(ToolError) as caught:
        in_jail("print('ran')")
    assert caught.value.code == "tool.cannot_start"


def test_descriptors_do_not_pile_up(tmp_path: Path) -> None:
    in_jail("pass")
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        in_jail("pass")
    assert sys.platform != "linux" or len(os.listdir("/proc/self/fd")) == before


def test_a_script_runs_under_resource_limits_alone_and_is_named_so(tmp_path: Path) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\n")
    assert str(jail.level_of(str(script))).startswith("rlimits")


def test_the_level_is_named_in_words() -> None:
    assert str(Level(7, seccomp=True)).startswith("landlock 7, seccomp, rlimits")
    assert str(Level(0, seccomp=True)).startswith("seccomp, rlimits")
    assert [Level(2, seccomp=True).full, Level(3, seccomp=True).full, Level(7, seccomp=False).full] == [
        False, True, False,
    ]  # fmt: skip


def test_what_is_required_and_not_to_be_had_is_refused(tools: media.Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(0, seccomp=True))
    with pytest.raises(ToolError) as caught:
        media.demand_full_confinement(tools)
    assert caught.value.code == "tool.sandbox"
    assert "seccomp, rlimits" in caught.value.message
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(3, seccomp=True))
    media.demand_full_confinement(tools)


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip("the kernel's headers are absent")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    stated = {name: int(number) for name, number in found}
    known = system_calls.numbers(machine)
    assert len(known.keys() & stated.keys()) > 80
    assert {name: known[name] for name in known if name in stated} == {
        name: stated[name] for name in known if name in stated
    }


def verdict(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Run the filter as the kernel would (Documentation/networking/filter.rst), on little-endian data."""
    data = struct.pack("<IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = list(struct.iter_unpack("=HBBI", program))
    at = register = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            register = struct.unpack_from("<I", data, value)[0]
        else:
            held = {0x15: register == value, 0x35: register >= value, 0x45: bool(register & value)}[code]
            at += yes if held else no


@pytest.mark.parametrize(("machine", "arch"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_filter_refuses_by_number_and_argument_on_both_machines(machine: str, arch: int) -> None:
    known = system_calls.numbers(machine)
    code = system_calls.program(machine, writing=False)
    allow, refuse, kill = 0x7FFF0000, 0x50000 | errno.EPERM, 0x80000000
    conditional = {"clone", "clone3", "open", "openat", "openat2", "prlimit64", "tgkill"}
    for name in known.keys() - conditional:
        assert verdict(code, arch, known[name]) == refuse, name
    assert verdict(code, arch, known["clone"], 0x11) == refuse
    assert verdict(code, arch, known["clone"], 0x3D0F00) == allow
    assert verdict(code, arch, known["openat"], 0, 0, os.O_RDONLY) == allow
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
        assert verdict(code, arch, known["openat"], 0, 0, flags) == refuse
        assert verdict(system_calls.program(machine, writing=True), arch, known["openat"], 0, 0, flags) == allow
    assert verdict(code, arch, known["clone3"]) == verdict(code, arch, known["openat2"]) == 0x50000 | errno.ENOSYS
    assert [verdict(code, arch, known["prlimit64"], pid) for pid in (0, 1)] == [allow, refuse]
    assert [verdict(code, arch, known["tgkill"], 1, 1, number) for number in (6, 9)] == [allow, refuse]
    for name, number in {
        "x86_64": {"read": 0, "write": 1, "futex": 202, "execve": 59},
        "aarch64": {"read": 63, "write": 64, "futex": 98, "execve": 221},
    }[machine].items():
        assert verdict(code, arch, number) == allow, name
    assert verdict(code, 0x40000003, known["socket"]) == kill
    assert verdict(code, arch, 0x40000000 | known["socket"]) == kill


WITHOUT_LANDLOCK = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
load, equal, answer = 0x20, 0x15, 0x06
lines = ((load, 0, 0, 0), (equal, 0, 1, 444), (answer, 0, 0, 0x50000 | 38), (answer, 0, 0, 0x7FFF0000))
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines), 32)
header = ctypes.create_string_buffer(struct.pack("@HP", 4, ctypes.addressof(code)), 16)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, header, 0, 0) == 0
from forensics import media
tools = media.find_tools(os.environ["PATH"])
print(media.reached(), tools.confinement, len(media.try_jail(sys.executable).allowed), sep="|")
try:
    media.demand_full_confinement(tools)
except Exception as error:
    print(error.code)
print(media.reader_level(), len(media.try_reader_jail().allowed), sep="|")
"""
"""A process for which landlock_create_ruleset is an unknown system call, as on Linux before 5.13."""


@needs_full
def test_where_the_kernel_knows_no_landlock_the_next_level_is_in_force_and_named() -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root)}
    words = [sys.executable, "-c", WITHOUT_LANDLOCK]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.stdout.splitlines() == [
        "seccomp, rlimits|seccomp, rlimits|3", "tool.sandbox", "seccomp, rlimits|2",
    ], done.stderr  # fmt: skip


@needs_full
def test_a_decode_is_equal_to_the_byte_with_and_without_the_jail(
    tools: media.Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    lavfi = ["-f", "lavfi", "-i", "testsrc2=s=192x108:d=3:r=25", "-f", "lavfi", "-i", "sine=d=3"]
    subprocess.run(
        [tools.ffmpeg.path, "-v", "error", *lavfi, "-c:v", "libx264", "-c:a", "aac", str(path)], check=True, timeout=60
    )
    inside = everything(tools, path)
    monkeypatch.setattr(media_tools, "level_of", lambda _path: Level(0, seccomp=False))
    assert everything(tools, path) == inside


def everything(tools: media.Tools, path: Path) -> str:
    """A digest over all that probing, decoding and listening gave."""
    seen = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY)
    try:
        probed = media.probe(tools, fd)
        seen.update(repr(probed.probe).encode())
        with media.decode(tools, fd, probed.probe) as decoding:
            for item in decoding:
                if isinstance(item, FrameBatch):
                    seen.update(item.pts.tobytes() + item.luma.tobytes())
                else:
                    assert isinstance(item, Picture)
                    seen.update(repr(item.pts).encode() + item.planes)
        outcome = decoding.outcome
        seen.update(
            json.dumps([outcome.frames, outcome.complete, repr(outcome.essence), repr(outcome.notices)]).encode()
        )
        assert outcome.frames == 75
    finally:
        os.close(fd)
    return seen.hexdigest()
