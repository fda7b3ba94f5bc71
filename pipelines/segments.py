"""The index of a case on disk: segments made from the tracks, checked whenever opened, made again in any doubt.

CASE/index/segments/<SHA-256>.segment    a cache: it may be deleted

1  open every segment; delete what is not whole
2  drop those of which nothing is wanted any more; fold those that hold rows of evidence that is gone, that are more
   than a quarter dead, or too small and too many
3  read the tracks of what is in no segment that stays, each checked against its manifest; write new segments
4  delete what was replaced

A segment appears under its name in one step, after its bytes are on disk: a crash leaves the old segments, or the old
and some new ones. A member that is in two counts once. Nothing marks a member as dead on disk: it is dead when the
case has no evidence with that track, so no mark can be stale.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from forensics import index
from forensics.errors import IntegrityError, StoreError
from forensics.model.fingerprint import Fingerprint

SUFFIX = ".segment"
_UNFINISHED = ".unfinished"

MOST_ROWS = 1 << 20
"""Rows of a segment: about 50 MB, so that writing one takes little memory and rewriting one little time."""

MOST_SMALL = 8
"""Segments below half of `MOST_ROWS` that are left beside one another: each run of new evidence makes one."""

MOST_DEAD = 4
"""A segment is folded when more than one row in so many is dead because its evidence has another track by now: each
dead row is compared for nothing. Of evidence that is gone no row stays.
"""

Read = Callable[[index.Wanted], Fingerprint]
"""The fingerprint of an evidence, checked against its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What bringing the index up to date took: segments that were not whole, were written, were dropped."""

    broken: int
    written: int
    dropped: int


def bring_up(folder: Path, shelves: Mapping[str, Sequence[index.Wanted]], read: Read) -> Upkeep:
    """Have every wanted member of every shelf in a segment on disk.

    Raises:
        IntegrityError: a track is not the one that its manifest names.
        StoreError: the index cannot be written.
    """
    with _mapped(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        held, broken = _opened(folder)
        # Before anything is written: what is made again has the name of what was broken.
        _delete(folder, broken)
        stay: set[str] = set()
        written: set[str] = set()
        there = {evidence for wanted in shelves.values() for evidence, _ in wanted}
        for shelf, wanted in shelves.items():
            mine = [segment for segment in held if segment.shelf == shelf and there.issuperset(segment.evidence)]
            kept = _kept(mine, wanted)
            stay |= {segment.sha256 for segment in kept}
            for batch in _batches(index.absent(kept, wanted), read):
                written.add(_write(folder, index.encode_segment(shelf, batch)))
        dropped = {segment.sha256 for segment in held} - stay - written
        _delete(folder, [folder / f"{name}{SUFFIX}" for name in sorted(dropped)])
    return Upkeep(broken=len(broken), written=len(written), dropped=len(dropped))


def segments_for(
    folder: Path | None, shelf: str, wanted: Sequence[index.Wanted], read: Read
) -> tuple[index.Segment, ...]:
    """Segments that hold every wanted member of a shelf: from the folder, and made in memory where there is none there.

    Raises:
        IntegrityError: a track is not the one that its manifest names.
    """
    held = [] if folder is None or not wanted else _opened(folder, shelf)[0]
    names = set(wanted)
    useful = [
        each
        for each in held
        if each.shelf == shelf and not names.isdisjoint(zip(each.evidence, each.tracks, strict=True))
    ]
    made = []
    for batch in _batches(index.absent(useful, wanted), read):
        data = b"".join(index.encode_segment(shelf, batch))
        made.append(index.open_segment(data, hashlib.sha256(data).hexdigest()))
    return (*useful, *made)


class Proof(StrEnum):
    """What making a segment again from the tracks showed."""

    EQUAL = "equal"
    DIFFERENT = "different"
    OUTDATED = "outdated"
    NOT_WHOLE = "not whole"


def prove(folder: Path, tracks: Container[index.Wanted], read: Read) -> Iterator[tuple[str, Proof]]:
    """Make every segment on disk again from its tracks, and compare digests: the file's name, and what was seen.

    Its own digest shows that a segment was not damaged; this shows that it is what the tracks give. One with members
    that are none of the ``tracks`` is outdated: it cannot be made again, and is not searched for them.

    Raises:
        IntegrityError: a track is not the one that its manifest names.
    """
    held, broken = _opened(folder)
    yield from ((path.name, Proof.NOT_WHOLE) for path in broken)
    for segment in held:
        pairs = tuple(zip(segment.evidence, segment.tracks, strict=True))
        if not all(pair in tracks for pair in pairs):
            yield f"{segment.sha256}{SUFFIX}", Proof.OUTDATED
            continue
        digest = hashlib.sha256()
        for chunk in index.encode_segment(segment.shelf, [index.Member(*pair, read(pair)) for pair in pairs]):
            digest.update(chunk)
        equal = digest.hexdigest() == segment.sha256
        yield f"{segment.sha256}{SUFFIX}", Proof.EQUAL if equal else Proof.DIFFERENT


def _opened(folder: Path, shelf: str | None = None) -> tuple[list[index.Segment], list[Path]]:
    """Step 1: the segments that are whole, and the files that are none; of one ``shelf``, where it is named."""
    found, broken = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix not in (SUFFIX, _UNFINISHED):
            continue
        try:
            data = _mapping(path)
            # Who asks for one shelf need not digest the others; what this header says of itself is checked below.
            if shelf is None or index.shelf_line(shelf) in data[: index.MOST_HEADER_BYTES]:
                segment = index.open_segment(data, path.name.removesuffix(SUFFIX))
                segment.release()
                found.append(segment)
        except (OSError, IntegrityError):
            broken.append(path)
    return found, broken


def _mapping(path: Path) -> mmap.mmap:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode) or not 0 < state.st_size <= index.MOST_SEGMENT_BYTES:
            raise IntegrityError(f"{path} is no segment", code="integrity.index")
        return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(fd)


def _kept(held: Sequence[index.Segment], wanted: Sequence[index.Wanted]) -> list[index.Segment]:
    """Step 2: the segments of a shelf that stay as they are."""
    left = set(wanted)
    kept: list[index.Segment] = []
    small: list[index.Segment] = []
    for segment in held:
        starts = zip(segment.code_starts, segment.code_starts[1:], strict=False)
        anchors = zip(segment.anchor_starts, segment.anchor_starts[1:], strict=False)
        alive = 0
        mine: list[index.Wanted] = []
        for pair, code, anchor in zip(zip(segment.evidence, segment.tracks, strict=True), starts, anchors, strict=True):
            if pair in left:
                alive += int(code[1] - code[0] + anchor[1] - anchor[0])
                mine.append(pair)
        if not mine or (segment.rows - alive) * MOST_DEAD > segment.rows:
            continue
        left.difference_update(mine)
        (small if segment.rows < MOST_ROWS // 2 else kept).append(segment)
    return kept + (small if len(small) <= MOST_SMALL else [])


def _batches(wanted: Iterable[index.Wanted], read: Read) -> Iterator[list[index.Member]]:
    """Step 3: members for one segment after another, read when their turn comes."""
    batch: list[index.Member] = []
    rows = 0
    for pair in wanted:
        fingerprint = read(pair)
        size = index.rows_of(fingerprint)
        if batch and rows + size > MOST_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(index.Member(*pair, fingerprint))
        rows += size
    if batch:
        yield batch


def _write(folder: Path, chunks: Iterable[bytes]) -> str:
    """Write a segment so that it is there whole or not at all; its SHA-256."""
    unfinished = folder / f"new{_UNFINISHED}"
    digest = hashlib.sha256()
    with _mapped(folder):
        with unfinished.open("wb") as handle:
            for chunk in chunks:
                digest.update(chunk)
                handle.write(chunk)
            handle.flush()
            os.fchmod(handle.fileno(), 0o444)
            os.fsync(handle.fileno())
        unfinished.replace(folder / f"{digest.hexdigest()}{SUFFIX}")
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    return digest.hexdigest()


def _delete(folder: Path, paths: Iterable[Path]) -> None:
    with _mapped(folder):
        for path in paths:
            path.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One at a time changes the index. Readers need no lock: what they have open stays as it is."""
    with _mapped(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _mapped(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _mapped(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}", hint="make room or check permissions") from error
