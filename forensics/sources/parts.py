"""Dividing what lies in the user's folders into parts, so that several runs, none of which knows another, take each
its own.

A *unit* is what must not be torn apart: a file with its telemetry and the info.json beside it, an export with its
media, an archive with its members. It is named by its path below the folder that was given; of a file the ending is
left off, with a drone's lens suffix, and case does not matter. A unit is in part ``I`` of ``N`` when the first 8 bytes
of the SHA-256 of its name, as a big-endian number, leave ``I - 1`` when divided by ``N``. So each unit is in one part
whoever asks, and no file that appears later moves another.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from forensics.errors import InputError
from forensics.sources import paths, sidecars, ytdlp

RULE = "sha256-of-unit/1"
"""Name of this rule in the log; another one needs another name."""

MAX_PARTS = 100_000
"""A Kubernetes indexed job has at most so many completions; a SLURM array is bounded lower on most sites."""

_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})\Z", re.ASCII)

Holds = Callable[[str], bool]
"""Whether the file, export or archive of this path is for the run that asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part ``number`` (from 1) of ``of``."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of <= MAX_PARTS:
            raise InputError(
                f"there is no part {self.number} of {self.of}", hint=f"1/N to N/N, where N is at most {MAX_PARTS}"
            )

    def holds(self, unit: str) -> bool:
        """Whether this unit is in the part."""
        return int.from_bytes(_digest(unit)) % self.of == self.number - 1


def read_part(text: str) -> Part:
    """The part that ``I/N`` names. Raises InputError."""
    found = _SHARD.match(text)
    if found is None:
        raise InputError(f"{text!r:.40} is no part", hint="--shard I/N, for example 3/8: the third of eight")
    return Part(number=int(found[1]), of=int(found[2]))


def unit_of(path: str) -> str:
    """The unit that a path below the given folder belongs to; two that must stay together have the same."""
    name = paths.base(path)
    if name.lower().endswith(ytdlp.ENDING):
        # Its clip has another ending in the same place.
        name = name[: -len(ytdlp.ENDING)] + "."
    return paths.join(paths.parent(path), sidecars.pairing_key(name))


def refuse_overlap(inputs: Sequence[str]) -> None:
    """Make sure that nothing is reached twice: by two names below two folders it could be in two parts.

    Raises InputError (``input.overlap``).
    """
    real = sorted((os.fsencode(os.path.realpath(path)).rstrip(b"/") + b"/", path) for path in inputs)
    for (above, first), (below, second) in itertools.pairwise(real):
        if below.startswith(above):
            raise InputError(
                f"{second!r:.200} is, or lies in, {first!r:.200}",
                code="input.overlap",
                hint="with --shard name each folder once, and nothing within it",
            )


@dataclass(slots=True)
class Choice:
    """The units that a run met, and those that are in its part. ``met`` has the start of a digest of each."""

    part: Part
    met: set[bytes] = field(default_factory=set)
    taken: set[bytes] = field(default_factory=set)

    def holds(self, unit: str) -> bool:
        """Whether this unit is for the run; it is counted."""
        held, short = self.part.holds(unit), _digest(unit)
        self.met.add(short)
        if held:
            self.taken.add(short)
        return held

    def below(self, root: str) -> Holds:
        """The same for paths of files, exports and archives below ``root``."""
        return lambda path: self.holds(unit_of(paths.below(path, root)))

    def holds_input(self, path: str, *, document: bool = False) -> bool:
        """Whether an input that is itself a unit is for the run: it goes by its own name, an export that is named by
        its ``document`` by the folder's too.
        """
        place = os.path.abspath(path)
        root = paths.parent(paths.parent(place)) if document else paths.parent(place)
        return self.holds(unit_of(paths.below(place, root)))


def _digest(unit: str) -> bytes:
    return hashlib.sha256(os.fsencode(unit)).digest()[:8]
