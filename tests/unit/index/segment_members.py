"""Made-up fingerprints, and segments of them."""

from __future__ import annotations

import hashlib

import numpy as np

from forensics.index import Member, Segment, encode_segment, open_segment
from forensics.model.fingerprint import Anchors, Fingerprint, HashSpec
from forensics.model.time import MediaTime, TimeBase

SPEC = HashSpec(name="pdq", version="1", bits=256, recipe="test", keep_bits=8)


def fingerprint(seed: int, rows: int = 7, anchors: int = 5, *, boxed: bool = False) -> Fingerprint:
    rng = np.random.default_rng(seed)
    pts = np.sort(rng.choice(100_000, rows, replace=False)).astype(np.int64) + 900
    return Fingerprint(
        spec=SPEC,
        origin=MediaTime(pts=900, base=TimeBase(num=1001, den=30_000 + seed)),
        frames=rows,
        end_pts=int(pts[-1]) if rows else 900,
        codes=rng.integers(0, 256, (rows, 32), dtype=np.uint8),
        pts=pts,
        quality=np.full(rows, 90, np.uint8),
        flags=rng.choice(np.array([0, 0, 1, 2, 4], np.uint8), rows),
        box_codes=rng.integers(0, 256, (rows if boxed else 0, 32), dtype=np.uint8),
        anchors=Anchors(
            pts=np.sort(rng.choice(pts, anchors) if rows else np.zeros(0, np.int64)),
            points=(rng.integers(0, 1 << 16, (anchors if rows else 0, 2)) / (1 << 16)).astype(np.float32),
            descriptors=rng.integers(0, 256, (anchors if rows else 0, 32), dtype=np.uint8),
        ),
    )


def member(seed: int, **shape: int) -> Member:
    made = fingerprint(seed, boxed=bool(seed % 2), **shape)
    return Member(named("evidence", seed), named("track", seed), made)


def named(what: str, seed: int) -> str:
    return hashlib.sha256(f"{what} {seed}".encode()).hexdigest()


def encoded(*members: Member, shelf: str = "videos") -> tuple[bytes, str]:
    data = b"".join(encode_segment(shelf, members))
    return data, hashlib.sha256(data).hexdigest()


def segment(*members: Member) -> Segment:
    return open_segment(*encoded(*members))
