"""The one door through which time, random and environment come in."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_TIMEX_BYTES, _TIMEX_MAXERROR, _TIMEX_STATUS = 208, 24, 40
_STA_UNSYNC = 0x40  # linux/timex.h


def _now() -> datetime:
    return datetime.now(UTC)


def _mounts() -> str:
    """Linux's table of mounted file systems (proc(5)); nothing on other systems."""
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _environ() -> Mapping[str, str]:
    return dict(os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run takes from the machine that it happens to be on. Tests pass their own."""

    now: Callable[[], datetime] = _now
    entropy: Callable[[int], bytes] = os.urandom
    environ: Mapping[str, str] = field(default_factory=_environ)
    mounts: Callable[[], str] = _mounts

    def timestamp(self) -> str:
        """The present moment, RFC 3339 UTC with microseconds."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def new_urn(self) -> str:
        """A fresh ``urn:uuid:`` of version 7 (RFC 9562, 5.7): 48 bits of milliseconds, 74 random bits."""
        milliseconds = int(self.now().timestamp() * 1000) & (2**48 - 1)
        bits = int.from_bytes(self.entropy(10), "big")
        value = milliseconds << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | bits & (2**62 - 1)
        text = f"{value:032x}"
        return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def search_path(self) -> str:
        """Where programs are looked for."""
        return self.environ.get("PATH", os.defpath)


THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where numeric libraries read how many threads to start."""


def one_thread_each() -> None:
    """Let numeric libraries, which read this when they load, use one thread: there is one worker for each core."""
    for name in THREADS:
        os.environ.setdefault(name, "1")


def machine() -> dict[str, str]:
    """Python and operating system, for the record."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


class ClockError(NamedTuple):
    """What the kernel says of its clock: whether nothing keeps it right, and by how many seconds it may be off."""

    unsynchronised: bool
    at_most_s: float


def clock_error() -> ClockError | None:
    """The kernel's own account of its clock (adjtimex(2), which changes nothing when asked so); None elsewhere."""
    if sys.platform != "linux":
        return None
    # struct timex: modes, offset, freq, maxerror ... with C's padding; 208 bytes on 64-bit machines.
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    if state < 0:
        return None
    status, most_us = (
        struct.unpack_from("@i", timex, _TIMEX_STATUS)[0],
        struct.unpack_from("@l", timex, _TIMEX_MAXERROR)[0],
    )
    return ClockError(unsynchronised=bool(status & _STA_UNSYNC), at_most_s=most_us / 1e6)


def cpu_count() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
