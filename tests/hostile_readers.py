"""Readers that a crafted file has taken over, or that are at fault: run in the jail by the tests of the jail."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from forensics.errors import MediaError, ToolError
from forensics.media.still import Still, shrunk_pictures
from forensics.model.media import Tag, Window
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from forensics.model.telemetry import Packet, Track
from forensics.sources import Answer, Info, Met, tell_capture, tell_members
from forensics.sources.archive_members import Head, Refusal


def eat_memory(handle: int) -> Still:
    held = []
    while True:
        held.append(np.empty(64 << 20, np.uint8))


def eat_cpu(handle: int) -> Track | None:
    while True:
        pass


def eat_cpu_over_tags(handle: int) -> tuple[tuple[Tag, ...], tuple[Notice, ...]]:
    while True:
        pass


def sleep() -> int:
    time.sleep(60)
    return 0


def crash() -> int:
    return len(ctypes.string_at(0))


def crash_over_text(name: str, data: bytes) -> Track | None:
    ctypes.string_at(0)
    return None


def leave() -> int:
    os._exit(0)


def leave_with_failure() -> int:
    os._exit(7)


def tell_another_type() -> int:
    return "no number"  # type: ignore[return-value]


def tell_much() -> bytes:
    return bytes(10_000)


def err() -> int:
    return {}["missing"]  # type: ignore[return-value]


def refuse_the_file() -> int:
    raise MediaError("nothing in it", code="media.damaged", hint="Fetch it again.")


def blame_the_machine() -> int:
    raise ToolError("ffmpeg is gone", code="tool.missing")


def open_another(path: str) -> str:
    with open(path) as file:
        return file.read()


def open_to_write(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT)


def write_to_evidence(handle: int) -> int:
    return os.open(f"/proc/self/fd/{handle}", os.O_RDWR)


def connect(port: int) -> int:
    socket.create_connection(("127.0.0.1", port), 5)
    return 0


def start_a_process() -> int:
    return os.fork() or os._exit(0)  # type: ignore[func-returns-value]


def run_a_program() -> int:
    return subprocess.run(["/bin/true"]).returncode


def become_a_program() -> int:
    os.execv("/bin/true", ["true"])


def signal_the_parent() -> int:
    os.kill(os.getppid(), 0)
    return 0


def evidence(handle: int, length: int) -> bytes:
    return os.pread(handle, length, 0)


def open_descriptors() -> tuple[int, ...]:
    """All that this process holds."""
    held = []
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        held.append(fd)
    return tuple(held)


def environment() -> dict[str, str]:
    return dict(os.environ)


def load_late() -> str:
    """A codec and a module that nothing loaded before the jail was closed."""
    before = {"encodings.cp037", "colorsys"} & sys.modules.keys()
    import colorsys

    return f"{sorted(before)} {'A'.encode('cp037').hex()} {colorsys.rgb_to_hls(0, 0, 0)[1]}"


def count_to(last: int, crash_at: int) -> Iterator[int]:
    for number in range(last):
        if number == crash_at:
            ctypes.string_at(0)
        yield number


def mix_with_an_error(length: int) -> Iterator[bytes | int]:
    """Small values, long ones, and an error behind the last."""
    for number in range(3):
        yield number
        yield bytes([number]) * (number * length)
    raise MediaError("nothing in it", code="media.damaged")


def undecodable_name() -> tuple[str, ...]:
    return ("clip\udcff.mp4", "clip.mp4")


def picture(side: int) -> Window:
    luma = np.arange(side * side, dtype=np.uint8).reshape(1, side, side)
    return Window(seconds=np.array([1.5]), luma=luma[:, :, ::-1])


def sizes(packets: tuple[Packet, ...]) -> tuple[int, ...]:
    return tuple(len(packet.data) for packet in packets)


def names_in(folder: str) -> Iterator[str]:
    yield from sorted(os.listdir(folder))


def crash_over_an_export(place: int, path: bytes) -> Iterator[Met]:
    ctypes.string_at(0)
    yield Met(None, None)


def read_beside_an_export(place: int, path: bytes) -> Iterator[Met]:
    with open(os.path.join(os.path.dirname(path), b"beside")) as file:
        yield Met(None, Passed(path="", code="stolen", message=file.read(), failed=False))


def crash_over_a_capture(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    ctypes.string_at(0)
    yield Answer()


def crash_when_asked(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    yield next(tell_capture(handle, path, zone))
    ctypes.string_at(0)


def read_beside_a_capture(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    with open(os.path.join(os.path.dirname(path), b"beside")) as file:
        yield Answer(columns=(file.read().encode(), b"", b""))


def tell_other_posts(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    """Falling numbers, then a post that was not asked for."""
    for answer in tell_capture(handle, path, zone):
        if answer.columns is not None:
            numbers, digests, filed = answer.columns
            answer = Answer(columns=(numbers[8:16] + numbers[:8] + numbers[16:], digests, filed))
        yield answer


def tell_the_next_post(handle: int, path: bytes, zone: str | None) -> Iterator[Answer]:
    """Each post under the number after its own."""
    for answer in tell_capture(handle, path, zone):
        post = answer.post
        yield answer if post is None else Answer(post=replace(post, number=post.number + 1))


def crash_over_an_info(data: bytes) -> Info | None:
    ctypes.string_at(0)
    return None


def read_another_over_an_info(data: bytes) -> Info | None:
    with open(json.loads(data)["beside"]) as file:
        raise MediaError(file.read())


def crash_in_the_second_member(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    heads = 0
    for word in tell_members(handle, size, most):
        heads += isinstance(word, Head)
        if heads == 2 and isinstance(word, bytes):
            ctypes.string_at(0)
        yield word


def tell_fewer_bytes(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    for word in tell_members(handle, size, most):
        yield word[1:] if isinstance(word, bytes) else word


def tell_no_bytes(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    for word in tell_members(handle, size, most):
        if isinstance(word, Head):
            yield replace(word, follows=False)


def lead_out(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    """Names that lead out, which its own reader would have told as they are."""
    for word in tell_members(handle, size, most):
        yield replace(word, name=b"../" + word.name) if isinstance(word, Head) else word


def write_beside_an_archive(handle: int, size: int, most: int) -> Iterator[bytes | Refusal | Head]:
    with open(os.readlink(f"/proc/self/fd/{handle}") + ".mine", "w"):
        yield b""


DARK = b"a picture over which a decoder is taken over"


def crash_over_dark_pictures(
    pictures: tuple[bytes, ...], long_side: int
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None, ...]:
    if DARK in pictures:
        ctypes.string_at(0)
    return shrunk_pictures(pictures, long_side)
