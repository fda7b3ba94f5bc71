"""From a stream of decoded frames to a fingerprint: which hashes are kept, with what quality and flags."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.anchors import AnchorTaker
from forensics.fingerprint.borders import find_box
from forensics.fingerprint.box import Box, resample
from forensics.fingerprint.dct import SIDE, codes_of, quality_of
from forensics.fingerprint.flags import flag_batch
from forensics.fingerprint.spec import KEEP_BITS, KEEP_SECONDS, SPEC
from forensics.model.fingerprint import HASH_BYTES, Fingerprint, FrameFlag
from forensics.model.media import FrameBatch, Picture
from forensics.model.time import MediaTime, TimeBase

CARD_MS = 400
"""Milliseconds that a title card stands still at the least; what looks like one for less is footage."""

MOST_HELD = 16_384
"""Kept frames held (64 MiB of luma) before the box is decided from those: a quarter of an hour of moving footage."""


class Keeper:
    """The keeping rule: which rows of a sequence of frame hashes are kept.

    A hash is kept when it is the first, when it is more than `KEEP_BITS` bits from the last one kept, or when
    `KEEP_SECONDS` have passed since that one. So every frame lies within `KEEP_BITS` bits of a kept one.
    """

    def __init__(self, base: TimeBase) -> None:
        self._span = ceil(KEEP_SECONDS / base.fraction)
        self._code: int | None = None
        self._pts = 0

    def rows(self, codes: npt.NDArray[np.uint8], pts: npt.NDArray[np.int64]) -> list[int]:
        """Rows kept of the next codes uint8 (n, 32) with their ``pts`` int64 (n,)."""
        # Frame by frame as Python integers: 0.3 µs a frame, and an array operation of this size costs 3.
        data, kept = codes.tobytes(), []
        for row, moment in enumerate(pts.tolist()):
            code = int.from_bytes(data[row * HASH_BYTES : (row + 1) * HASH_BYTES])
            if (
                self._code is None
                or (code ^ self._code).bit_count() > KEEP_BITS
                or abs(moment - self._pts) >= self._span
            ):
                self._code, self._pts = code, moment
                kept.append(row)
        return kept


class BoxHasher:
    """Collects the kept frames of one video and hashes their content box, if there is one."""

    def __init__(self) -> None:
        self._held: list[npt.NDArray[np.uint8]] = []
        self._count = 0
        self._decided = False
        self._box: Box | None = None
        self._codes: list[npt.NDArray[np.uint8]] = []

    def add(self, luma: npt.NDArray[np.uint8]) -> None:
        """Take the next kept frames, luma uint8 (n, 64, 64)."""
        if self._decided:
            self._hash(luma)
            return
        self._held.append(luma)
        self._count += len(luma)
        if self._count >= MOST_HELD:
            self._decide()

    def finish(self) -> npt.NDArray[np.uint8]:
        """Hashes of the box uint8 (n, 32), one for each frame added, or no rows when there is no border."""
        if not self._decided:
            self._decide()
        return np.concatenate([np.empty((0, HASH_BYTES), dtype=np.uint8), *self._codes])

    def _decide(self) -> None:
        held = np.concatenate([np.empty((0, SIDE, SIDE), dtype=np.uint8), *self._held])
        self._held = []
        self._decided = True
        self._box = find_box(held)
        self._hash(held)

    def _hash(self, luma: npt.NDArray[np.uint8]) -> None:
        if self._box is not None:
            self._codes.append(codes_of(resample(luma, self._box)))


class Fingerprinter:
    """Makes the fingerprint of one video from its frames (`add`) and its candidate pictures (`add_picture`).

    ``base`` is the time base of the video stream, in which all timestamps are given.
    """

    def __init__(self, base: TimeBase) -> None:
        self._base = base
        self._keeper = Keeper(base)
        self._anchors = AnchorTaker(base)
        self._box = BoxHasher()
        self._frames = 0
        self._codes: list[npt.NDArray[np.uint8]] = []
        self._pts: list[npt.NDArray[np.int64]] = []
        self._quality: list[npt.NDArray[np.uint8]] = []
        self._flags: list[npt.NDArray[np.uint8]] = []
        self._pending: FrameBatch | None = None

    def add(self, batch: FrameBatch) -> None:
        """Take the next decoded frames. Raises ValueError when timestamps and frames differ in number."""
        if len(batch.pts) != len(batch.luma):
            raise ValueError(f"{len(batch.pts)} timestamps for {len(batch.luma)} frames")
        if not len(batch.pts):
            return
        codes = codes_of(batch.luma)
        rows = self._keeper.rows(codes, batch.pts)
        self._keep(batch.pts[rows], batch.luma[rows], codes[rows])
        self._frames += len(batch.pts)
        last_is_kept = bool(rows) and rows[-1] == len(batch.pts) - 1
        self._pending = None if last_is_kept else FrameBatch(batch.pts[-1:].copy(), batch.luma[-1:].copy())

    def add_picture(self, picture: Picture) -> None:
        """Take a full picture: an anchor, if one is due."""
        self._anchors.add(picture)

    def finish(self, origin: MediaTime) -> Fingerprint:
        """Return the fingerprint of all that was added. ``origin`` is the zero of the presentation clock.

        Raises ValueError when the origin counts in another time base than the frames.
        """
        if origin.base.fraction != self._base.fraction:
            raise ValueError(f"the origin counts in {origin.base} s, the frames in {self._base} s")
        if self._pending is not None:
            self._keep(self._pending.pts, self._pending.luma, codes_of(self._pending.luma))
            self._pending = None
        pts = np.concatenate([np.empty(0, dtype=np.int64), *self._pts])
        empty = np.empty(0, dtype=np.uint8)
        flags = np.concatenate([empty, *self._flags])
        return Fingerprint(
            spec=SPEC,
            origin=origin,
            frames=self._frames,
            end_pts=int(pts[-1]) if len(pts) else origin.pts,
            codes=np.concatenate([empty.reshape(0, HASH_BYTES), *self._codes]),
            pts=pts,
            quality=np.concatenate([empty, *self._quality]),
            flags=self._without_brief_cards(flags, pts),
            box_codes=self._box.finish(),
            anchors=self._anchors.finish(),
        )

    def _keep(self, pts: npt.NDArray[np.int64], luma: npt.NDArray[np.uint8], codes: npt.NDArray[np.uint8]) -> None:
        if not len(pts):
            return
        self._pts.append(pts)
        self._codes.append(codes)
        self._quality.append(quality_of(luma))
        self._flags.append(flag_batch(luma))
        self._box.add(luma)

    def _without_brief_cards(self, flags: npt.NDArray[np.uint8], pts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Clear the flag of title cards beside which nothing stood still for `CARD_MS`.

        The time to the next kept hash is how long a frame's hash stayed within `KEEP_BITS`; the last row goes with
        the stretch that ends in it.
        """
        if not len(pts):
            return flags
        least = min(ceil(CARD_MS / (1000 * self._base.fraction)), np.iinfo(np.int64).max)
        still = np.diff(pts) >= least
        stands = np.r_[still, False] | np.r_[False, still]
        return np.where(stands, flags, flags & np.uint8(0xFF ^ FrameFlag.TITLE_CARD)).astype(np.uint8)
