"""How much of a case's bytes `verify` reads, and how it reads several evidences at a time."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from forensics.errors import InputError
from forensics.model.store import Reading

SEED_BYTES = 8
"""Random bytes of a seed that nobody gave: enough that nobody guesses which evidences will be read."""

_SEED = re.compile(r"[A-Za-z0-9-]{1,64}\Z")

_AHEAD = 2
"""Evidences that are begun for each worker before the first is asked for."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What is read of each stored file: its SHA-256, or ``all_digests``; ``sample``: of so many evidences only, which
    ``seed`` chooses.
    """

    all_digests: bool = False
    sample: int | None = None
    seed: str = ""

    def __post_init__(self) -> None:
        if self.sample is not None and self.sample < 1:
            raise InputError(f"a sample of {self.sample} evidences", hint="give a number above 0")
        if self.sample is not None and not _SEED.match(self.seed):
            raise InputError(f"{self.seed!r:.80} is no seed", hint="letters, digits and hyphens, at most 64")

    def chosen(self, evidence: Sequence[str]) -> frozenset[str]:
        """Which evidences are read: all, or the ``sample`` of them whose SHA-256 of ``SEED ID`` is least."""
        if self.sample is None:
            return frozenset(evidence)
        ranked = sorted(evidence, key=lambda item: hashlib.sha256(f"{self.seed} {item}".encode()).digest())
        return frozenset(ranked[: self.sample])

    def reading(self, *, chosen: bool) -> Reading:
        """What is read of an evidence."""
        if not chosen:
            return Reading.DOCUMENTS
        return Reading.ALL_DIGESTS if self.all_digests else Reading.SHA256


def in_order(job: Callable[[_Item], _Result], items: Iterable[_Item], workers: int) -> Iterator[_Result]:
    """The results of ``job`` in the order of ``items``, of which ``workers`` threads do some at a time.

    Threads, since digests are computed without the interpreter's lock. What ``job`` raises is raised here.
    """
    with ThreadPoolExecutor(workers) as pool:
        begun: deque[Future[_Result]] = deque()
        for item in items:
            begun.append(pool.submit(job, item))
            if len(begun) > _AHEAD * workers:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
