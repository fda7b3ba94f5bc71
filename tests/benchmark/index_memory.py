"""Memory and time to open the index of a large case and to search it: a process of its own, its own peak.

    python -m tests.benchmark.index_memory [--evidence 100000] [--hashes 100] [--features 60] [--folder DIR]

1  write segments of so many made-up fingerprints, as `match` does (no track is read: they are made up)
2  in a new process: the volumes as `match` holds them; what a driver does before its workers search (check the index,
   send them the volumes); what a worker does: open and check every segment, search 60 hashes and 60 features
3  the same in another process with every fingerprint decoded in memory, as without segments, for a tenth of them
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np

from forensics import matching
from forensics.index import FlatIndex, Wanted
from forensics.model.fingerprint import Anchors, Fingerprint, HashSpec
from forensics.model.media import MediaKind, Probe, Stream
from forensics.model.time import MediaTime, TimeBase
from pipelines.entries import packed
from pipelines.kit import Kit
from pipelines.library import Library
from pipelines.searched import prepared
from pipelines.segments import bring_up
from pipelines.volumes import Volume

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
    evidence, track = (hashlib.sha256(f"{what} {number}".encode()).hexdigest() for what in ("evidence", "track"))
    return evidence, track


def probe(number: int) -> Probe:
    """The container facts of a usual clip with sound: no two quite alike."""
    base = TimeBase(num=1, den=90_000)
    usual = {"index": 0, "start_pts": 0, "duration": f"60.{number:06d}", "packets": 1800, "time_base": base}
    return Probe(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration=f"60.{number:06d}",
        start="0.000000",
        bit_rate=str(1_300_000 + number),
        brands=("isom", "iso2", "avc1", "mp41"),
        streams=(
            Stream(
                kind="video", codec="h264", width=1280, height=720, pixel_format="yuv420p", frame_rate="30/1", **usual
            ),
            Stream(kind="audio", codec="aac", sample_rate=48_000, channels=2, **{**usual, "index": 1}),
        ),
        tags=(),
        video=0,
        origin=MediaTime(pts=0, base=base),
        edit_list=False,
        trailing_bytes=0,
    )


def volume(number: int, folder: Path) -> Volume:
    """As `pipelines.library.listed_volume` gives it."""
    evidence, track = names(number)
    return Volume(
        id=evidence,
        kind=MediaKind.VIDEO,
        frames=1800,
        original_path="v1/content/original",
        fingerprint_path="v1/content/derived/fingerprint.bin",
        fingerprint_sha256=track,
        video_essence=hashlib.sha256(track.encode()).hexdigest(),
        container=packed(probe(number)),
        store=sys.intern(str(folder / "store")),
    )


def memory() -> dict[str, int]:
    """Megabytes of this process: now, of its own (not of mapped files), at its peak."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    found = {words[0]: int(words[1]) // 1024 for words in lines if words[0] in ("VmRSS:", "RssAnon:", "VmHWM:")}
    return {"rss": found["VmRSS:"], "anon": found["RssAnon:"], "peak": found["VmHWM:"]}


def opened(folder: Path, evidence: int) -> dict[str, object]:
    """Step 2, in a process of its own."""
    faiss.omp_set_num_threads(1)
    before = memory()
    volumes = tuple(volume(number, folder) for number in range(evidence))
    held = memory()
    library = Library(kit=cast(Kit, None), references=volumes, queries=(), segments=folder / "index")
    began = time.process_time()
    prepared(library)
    prepare_s = time.process_time() - began
    sent = len(pickle.dumps(library)) // 1_000_000
    driver = memory()
    began = time.process_time()
    rows = library.videos.collection
    corpus = library.videos.corpus
    open_s = time.process_time() - began
    after = memory()
    rng = np.random.default_rng(3)
    asked = rng.integers(0, 256, (ASKED, 32), dtype=np.uint8)
    asked[::2] = corpus.codes[rng.integers(0, len(corpus.codes), ASKED // 2)]
    began = time.process_time()
    found = rows.codes.query(asked, matching.RADIUS)
    hash_s = time.process_time() - began
    began = time.process_time()
    rows.descriptors.query(asked, matching.ANCHOR_RADIUS)
    feature_s = time.process_time() - began
    assert set(found.query.tolist()) >= set(range(0, ASKED, 2))
    assert len(corpus.code_seconds[found.reference]) == len(found.reference)
    counts = {"evidence": evidence, "hashes": len(rows.codes), "features": len(rows.descriptors)}
    held_by = {"bare": before, "volumes": held, "driver": driver, "open": after, "end": memory()}
    times = {"prepare_s": prepare_s, "open_s": open_s, "hash_s": hash_s, "feature_s": feature_s}
    seconds = {name: round(each, 2) for name, each in times.items()}
    return {**counts, "segments": len(rows.segments), "sent_mb": sent, **held_by, **seconds}


def decoded(evidence: int, hashes: int, features: int) -> dict[str, object]:
    """Step 3, in a process of its own."""
    began = time.process_time()
    subjects = []
    for number in range(evidence):
        name = names(number)[0]
        made = fingerprint_of(number, hashes, features)
        subjects.append(matching.Subject(id=name, fingerprint=made, duration_s=60.0, sha256=name))
    corpus = matching.Corpus.build(subjects)
    for column in (corpus.codes, corpus.descriptors):
        index = FlatIndex()
        index.add(cast(Any, column))
    return {"evidence": evidence, "end": memory(), "seconds": round(time.process_time() - began, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=int, default=100_000)
    parser.add_argument("--hashes", type=int, default=100)
    parser.add_argument("--features", type=int, default=60)
    parser.add_argument("--child", choices=("opened", "decoded"))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.child == "opened":
        print(json.dumps(opened(asked.folder, asked.evidence)))
        return
    if asked.child == "decoded":
        print(json.dumps(decoded(asked.evidence, asked.hashes, asked.features)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        numbers = {names(number): number for number in range(asked.evidence)}
        began = time.process_time()
        bring_up(
            folder / "index",
            {"videos": tuple(numbers)},
            lambda pair: fingerprint_of(numbers[pair], asked.hashes, asked.features),
        )
        print(json.dumps({"made_s": round(time.process_time() - began, 1), "made": memory()}), flush=True)
        shape = ["--hashes", str(asked.hashes), "--features", str(asked.features)]
        for child, count in (("opened", asked.evidence), ("decoded", asked.evidence // 10)):
            command = [sys.executable, "-m", "tests.benchmark.index_memory", "--child", child]
            subprocess.run([*command, "--folder", folder, "--evidence", str(count), *shape], check=True)


if __name__ == "__main__":
    main()
