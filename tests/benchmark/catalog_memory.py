"""What a driver needs before it searches a large case for one clip, with its list in a catalog: memory and time.

    python -m tests.benchmark.catalog_memory [--evidence 100000] [--where local|postgresql://...] [--folder DIR]

1  make a case of so many made-up evidences: the folders of the store, a log with a line for each, the catalog as it is
   when it was brought up to that log, segments of made-up fingerprints as in `index_memory`
2  in a new process: what `match` does before it searches (list the case, check the index, count what is searched), and
   what it sends to a worker; then an exhibit number is looked up

--make DIR does step 1 in DIR and leaves it there, for a whole `forensics match CLIP -c DIR/case`, to be run with
FORENSICS_CATALOG and with FORENSICS_KEY=DIR/keys/operator_key.

Made up are the files: no manifest is read, as none is when the catalog is up to date. What one costs that has to be
read is measured on a real case: --case DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import faiss
import numpy

from forensics.custody import Entry, follow
from forensics.model.catalog import LOG_START, Listed
from forensics.model.custody import CaseInfo, EventType
from forensics.model.media import MediaKind
from pipelines.case import SCHEMA, Case, Run, create_case, open_case
from pipelines.config import Settings
from pipelines.entries import entry_of, packed
from pipelines.held import held_of
from pipelines.kit import Kit
from pipelines.library import Library, segments_of
from pipelines.listing import AT_ONCE, Lister
from pipelines.searched import prepared
from pipelines.segments import bring_up
from pipelines.surroundings import Surroundings
from tests.benchmark.index_memory import fingerprint_of, memory, names, probe, volume

WHEN = "2026-11-23T00:00:00.000000Z"
LINES = 10_000
"""Lines of one append."""


def settings(folder: Path, where: str) -> Settings:
    """Those of the run: a catalog there, its secret beside the case."""
    return Settings(catalog=where, key=str(folder / "keys" / "operator_key"))


def run() -> Run:
    """A run whose clock stands still."""
    surroundings = Surroundings(now=lambda: datetime(2026, 11, 23, tzinfo=UTC), environ={})
    return Run(id="urn:uuid:1", operator="op-1", surroundings=surroundings)


def entry(number: int, folder: Path) -> Listed:
    """As `pipelines.entries.entry_of` gives it."""
    like = volume(number, folder)
    return Listed(
        id=like.id,
        version=1,
        manifest=names(-number - 1)[1],
        exhibit=f"E-{number + 1:04d}",
        kind=MediaKind.VIDEO,
        frames=like.frames,
        original="v1/content/original",
        fingerprint="v1/content/derived/fingerprint.bin",
        fingerprint_sha256=like.fingerprint_sha256,
        sound=None,
        sound_sha256=None,
        heard="absent",
        triage=False,
        video_essence=like.video_essence,
        container=packed(probe(number)),
    )


def made(folder: Path, evidence: int, where: str) -> None:
    """Step 1."""
    info = CaseInfo(id="C", title=None, custodian=None, operator="t", created=WHEN, schema=SCHEMA)
    case = create_case(folder / "case", info, run())
    for first in range(0, evidence, LINES):
        lines = []
        for number in range(first, min(first + LINES, evidence)):
            case.store.folder(names(number)[0]).mkdir(parents=True)
            detail: dict[str, str | int] = {"manifest": names(-number - 1)[1], "version": 1}
            lines.append(
                Entry(event=EventType.INGESTION, time=WHEN, run="r", operator="o", item=names(number)[0], detail=detail)
            )
        case.log.append_many(lines)
    began = time.process_time()
    *_, last = follow(case.log.path, "C", LOG_START)
    read_s = time.process_time() - began
    catalog = Lister(case=case, settings=settings(folder, where), surroundings=run().surroundings).catalog()
    assert catalog is not None
    began = time.process_time()
    with catalog.database.alone(wait=True):
        catalog.state()
        for first in range(0, evidence, AT_ONCE):
            some = [entry(number, folder / "case") for number in range(first, min(first + AT_ONCE, evidence))]
            catalog.take(some, last.mark)
    write_s = time.process_time() - began
    numbers = {names(number): number for number in range(evidence)}
    bring_up(segments_of(case), {"videos": tuple(numbers)}, lambda pair: fingerprint_of(numbers[pair], 100, 60))
    print(
        json.dumps(
            {
                "log_lines_read_s": round(read_s, 2),
                "rows_written_s": round(write_s, 2),
                "megabytes": sum(each.stat().st_size for each in (folder / "case/index").glob("*.sqlite")) // 1_000_000,
            }
        ),
        flush=True,
    )


def listed(folder: Path, where: str) -> dict[str, object]:
    """Step 2, in a process of its own."""
    faiss.omp_set_num_threads(1)
    before = memory()
    case = open_case(folder / "case")
    began, wall = time.process_time(), time.perf_counter()
    held, notices = held_of(case, run(), settings(folder, where))
    list_s, list_wall = time.process_time() - began, time.perf_counter() - wall
    assert not notices
    listing = memory()
    began = time.process_time()
    library = Library(kit=cast(Kit, None), references=held.volumes, queries=(), segments=segments_of(case))
    searched = prepared(library)
    index_s = time.process_time() - began
    driver = memory()
    sent = len(pickle.dumps(library)) // 1_000_000
    packing = memory()
    began, wall = time.process_time(), time.perf_counter()
    found = looked_up(folder, case, where)
    number_s, number_wall = time.process_time() - began, time.perf_counter() - wall
    assert found == (names(len(held.volumes) // 2)[0],)
    times = {"list_s": list_s, "list_wall_s": list_wall, "index_s": index_s, "number_s": number_s}
    return {
        "evidence": searched.evidence,
        "hashes": searched.hashes,
        "bare": before,
        "listed": listing,
        "driver": driver,
        "packed": packing,
        "sent_mb": sent,
        **{name: round(each, 3) for name, each in {**times, "number_wall_s": number_wall}.items()},
    }


def looked_up(folder: Path, case: Case, where: str) -> tuple[str, ...]:
    """The evidence of the number in the middle."""
    middle = sum(1 for _ in case.store.ids()) // 2
    lister = Lister(case=case, settings=settings(folder, where), surroundings=run().surroundings)
    return lister.numbered(f"E-{middle + 1:04d}")


def read_again(case_dir: Path) -> dict[str, object]:
    """What one evidence of a real case costs to list from its manifest."""
    case = open_case(case_dir)
    ids = tuple(case.store.ids())
    began = time.process_time()
    rounds = 100
    for _ in range(rounds):
        for evidence in ids:
            entry_of(case, evidence)
    return {"evidence": len(ids), "ms_each": round((time.process_time() - began) / rounds / len(ids) * 1000, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", type=int, default=100_000)
    parser.add_argument("--where", default="local")
    parser.add_argument("--case", type=Path)
    parser.add_argument("--make", type=Path)
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.case is not None:
        print(json.dumps(read_again(asked.case)))
        return
    if asked.make is not None:
        made(asked.make, asked.evidence, asked.where)
        return
    if asked.child:
        print(json.dumps(listed(asked.folder, asked.where)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        print(json.dumps(figures(Path(name), asked.evidence, asked.where)))


def figures(folder: Path, evidence: int, where: str = "local") -> dict[str, object]:
    """Both steps."""
    made(folder, evidence, where)
    command = [sys.executable, "-m", "tests.benchmark.catalog_memory", "--child", "--where", where, "--folder", folder]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    found: dict[str, object] = json.loads(done.stdout)
    return found | {"numpy": numpy.__version__}


if __name__ == "__main__":
    main()
