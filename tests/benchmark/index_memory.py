"""Memory and time to open the index of a large case and to search it: a process of its own, its own peak.

    python -m tests.benchmark.index_memory [--evidence 100000] [--hashes 100] [--features 60] [--append]

1  write segments of so many made-up fingerprints, as `match` does (only the tracks are made up: no file is read for them)
2  in a new process: the volumes as `match` holds them, open and check every segment, search 60 hashes and 60 features
3  the same in another process with every fingerprint decoded in memory, as without segments, for a tenth of them
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from forensics.index import Wanted
from forensics.model.fingerprint import Anchors, Fingerprint, HashSpec
from forensics.model.media import Probe
from forensics.model.time import MediaTime, TimeBase

ASKED = 60


def fingerprint_of(number: int, hashes: int, features: int) -> Fingerprint:
    """A made-up fingerprint of a minute or so."""
    rng = np.random.default_rng(number)
    pts = np.arange(hashes, dtype=np.int64) * 6000
    codes = rng.integers(0, 2**64, (hashes + features, 4), dtype=np.uint64).view(np.uint8)
    return Fingerprint(
        spec=HashSpec(name="pdq", version="1", bits=256, recipe="made up", keep_bits=8),
        origin=MediaTime(pts=0, base=TimeBase(num=1, den=90_000)),
        frames=hashes,
        end_pts=int(pts[-1]),
        codes=codes[:hashes],
        pts=pts,
        quality=np.full(hashes, 90, np.uint8),
        flags=(rng.random(hashes) < 0.01).astype(np.uint8),
        box_codes=np.zeros((0, 32), np.uint8),
        anchors=Anchors(
            pts=np.sort(rng.choice(pts, features)),
            points=(rng.integers(0, 1 << 16, (features, 2)) / (1 << 16)).astype(np.float32),
            descriptors=codes[hashes:],
        ),
    )


def names(number: int) -> Wanted:
    """An evidence and its track."""
    return tuple(hashlib.sha256(f"{what} {number}".encode()).hexdigest() for what in ("evidence", "track"))  # type: ignore[return-value]


def probe(number: int) -> Probe:
    """The container facts of a usual clip with sound."""
    from tests.benchmark import made_probe

    return made_probe.probe(number)


def memory() -> dict[str, float]:
    """Megabytes of this process: now, of its own (not of files), at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in lines
        if line.startswith(("VmRSS", "RssAnon", "VmHWM"))
    }
    return {"rss": found["VmRSS"], "anon": found["RssAnon"], "peak": found["VmHWM"]}
