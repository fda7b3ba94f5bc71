"""A film of pictures that we drew ourselves: raw frames down a pipe into one confined encoder, MP4 out.

Nothing of an input reaches the encoder but pixels: no name, no text, no metadata. With one thread and exact flags the
same frames give the same bytes from the same ffmpeg.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from forensics.errors import MediaError, ToolError
from forensics.media.child import canonical
from forensics.media.commands import film_command
from forensics.media.diagnostics import Diagnostics
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.tools import Tools, rewind, start

MAX_FILM_BYTES = 512 << 20
"""Half a gigabyte: what courts take as one file; two minutes of a drawn film are below a tenth of it."""

MAX_FILM_PIXELS = 1920 * 1080

MEMORY_BYTES = 3 << 30
"""Address space: the encoder's look-ahead of full-size frames."""

FRAME_CPU_S = Fraction(1, 2)
"""CPU seconds granted for a frame of the largest size: twenty-five times what one cost here."""

_BASE_CPU_S = 30
_CHUNK = 1 << 16


class Film:
    """An encoder that takes frames BGR uint8 (height, width, 3). Use as a context manager, `add` each frame, `finish`.

    ``size`` is (width, height), both even; ``frames`` how many there will be at the most; the file open as ``target``
    is written. ``title`` are fixed words of the caller.
    """

    def __init__(
        self,
        tools: Tools,
        target: int,
        size: tuple[int, int],
        rate: Fraction,
        frames: int,
        title: str,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if size[0] % 2 or size[1] % 2 or not 0 < size[0] * size[1] <= MAX_FILM_PIXELS:
            raise ValueError(f"a film has even sides and at most {MAX_FILM_PIXELS} pixels, not {size}")
        self._shape = (size[1], size[0], 3)
        self._limits = limits
        read, self._pipe = os.pipe()
        try:
            names = (f"pipe:{read}", rewind(target))
            written = f"{rate.numerator}/{rate.denominator}"
            argv = film_command(tools.ffmpeg, names, size=size, rate=written, title=title, limits=limits)
            self.command = canonical(argv, read, (target,))
            self._process = start(
                argv,
                pass_fds=(read, target),
                stdout=subprocess.DEVNULL,
                cpu_s=_BASE_CPU_S + int(FRAME_CPU_S * frames),
                limits=replace(limits, memory_bytes=max(limits.memory_bytes, MEMORY_BYTES)),
                file_bytes=MAX_FILM_BYTES,
                writes=(target,),
            )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(read)
        os.set_blocking(self._pipe, False)
        self._diagnostics = Diagnostics()
        assert self._process.stderr is not None
        self._stderr = self._process.stderr.fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_WRITE)
        self._selector.register(self._stderr, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def add(self, frame: npt.NDArray[np.uint8]) -> None:
        """Hand over one frame. Raises as `finish` when the encoder has ended."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"a frame of this film is uint8 {self._shape}, not {frame.dtype} {frame.shape}")
        rest = memoryview(np.ascontiguousarray(frame).data).cast("B")
        deadline = time.monotonic() + self._limits.stall_s
        while rest:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise MediaError("the encoder takes no more frames", code="media.limit")
            if any(key.fd == self._stderr for key, _ in ready):
                self._listen()
            if any(key.fd == self._pipe for key, _ in ready):
                try:
                    rest = rest[os.write(self._pipe, rest) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise self._failed() from None

    def finish(self) -> None:
        """End the film and wait for the file to be whole.

        Raises `ToolError` (``tool.no_encoder``) where ffmpeg has no libx264, `MediaError` (``media.limit``) for a film
        that grew too large or took too long.
        """
        self._selector.unregister(self._pipe)
        os.close(self._pipe)
        self._pipe = -1
        deadline = time.monotonic() + self._limits.stall_s
        while self._stderr in {key.fd for key in self._selector.get_map().values()}:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise MediaError("the encoder does not end", code="media.limit")
            self._listen()
        if self._status() != 0:
            raise self._failed()

    def _listen(self) -> None:
        said = os.read(self._stderr, _CHUNK)
        if said:
            self._diagnostics.feed(said)
        else:
            self._selector.unregister(self._stderr)

    def _status(self) -> int | None:
        """The exit status; None, after it was killed, when it would not end."""
        try:
            return self._process.wait(self._limits.stall_s)
        except subprocess.TimeoutExpired:
            self._kill()
            return None

    def _failed(self) -> MediaError | ToolError:
        """Why the encoder ended."""
        self._status()
        while self._stderr in {key.fd for key in self._selector.get_map().values()}:
            self._listen()
        self._diagnostics.close()
        said = " ".join(self._diagnostics.first)
        if self._diagnostics.refusal:
            return ToolError(
                f"{self.command[0]} does not understand its options: {self._diagnostics.refusal}",
                code="tool.refused",
                hint="Use ffmpeg 5.1 or later, built with the usual filters.",
            )
        if "Unknown encoder" in said:
            return ToolError(
                f"{self.command[0]} has no encoder libx264: no film can be made",
                code="tool.no_encoder",
                hint="Install an ffmpeg built with libx264 (the ones of Debian, Ubuntu and Homebrew are).",
            )
        return MediaError(f"the film cannot be written: {said or 'a limit was reached'}", code="media.limit")

    def _end(self) -> None:
        """Kill the encoder if it still runs, reap it, close every pipe. May be called more than once."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        self._kill()
        self._selector.close()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _kill(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
