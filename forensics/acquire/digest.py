"""Both SHA-2 digests (FIPS 180-4) of a stream in one pass, SHA-512 on a second thread.

hashlib lets go of the interpreter lock for large buffers, so on two cores reading, SHA-256 and writing run beside
SHA-512, which is the slower of the two where the processor has SHA instructions.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Self

from forensics.model.evidence import Digests

CHUNK = 2**20
"""Bytes of one read: large enough that hashing runs without the interpreter, small enough to stay in the cache."""

_BUFFERS = 4
"""Chunks in flight between the reader and the second digest."""


class Hashing:
    """Digests of one stream in the making. A context manager: leaving it waits for the second thread.

    ``sha512=False`` makes SHA-256 alone, for comparing with a digest already known.
    """

    def __init__(self, *, sha512: bool = True) -> None:
        self.size = 0
        self._both = sha512
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._work: SimpleQueue[memoryview | None] = SimpleQueue()
        self._lane: threading.Thread | None = None
        self._free.put(memoryview(bytearray(CHUNK)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lane is not None:
            self._work.put(None)
            self._lane.join()
            self._lane = None

    def read(self, fd: int) -> Iterator[memoryview]:
        """Read to the end; each chunk is digested and then given out, to be used before the next is asked for.

        Raises OSError as read(2) does.
        """
        while True:
            buffer = self._free.get()
            got = os.readv(fd, [buffer])
            if got == 0:
                self._free.put(buffer)
                return
            chunk = buffer[:got]
            self._update(buffer, chunk)
            yield chunk

    def sha256(self) -> str:
        """SHA-256 of what was read, lower-case hex."""
        return self._sha256.hexdigest()

    def digests(self) -> Digests:
        """Both digests and the size. Only after the block has been left."""
        return Digests(sha256=self.sha256(), sha512=self._sha512.hexdigest(), size=self.size)

    def _update(self, buffer: memoryview, chunk: memoryview) -> None:
        self.size += len(chunk)
        if self._both and self._lane is None and len(chunk) == CHUNK:
            self._start()
        if self._lane is not None:
            self._work.put(chunk)
        elif self._both:
            self._sha512.update(chunk)
        self._sha256.update(chunk)
        if self._lane is None:
            self._free.put(buffer)

    def _start(self) -> None:
        for _ in range(_BUFFERS - 1):
            self._free.put(memoryview(bytearray(CHUNK)))
        self._lane = threading.Thread(target=self._run, name="sha512", daemon=True)
        self._lane.start()

    def _run(self) -> None:
        while (chunk := self._work.get()) is not None:
            self._sha512.update(chunk)
            whole: memoryview = memoryview(chunk.obj)
            self._free.put(whole)
