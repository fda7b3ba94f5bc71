"""CPU cost of fingerprinting and matching, and size of the index, as ratios to references of the same run.

    python -m tests.benchmark.costs --out DIR [--shared ../shared] [--minutes 3] [--queries 6]

CPU seconds are user and system time of a process and all its children. Machines and their load differ: only the
ratios say something. Footage and case are kept in DIR; figures are measured anew each time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmark.command_line import ROOT, program_sha256
from tests.benchmark.cost_measuring import (
    HOUR_S,
    QUERY_S,
    Hour,
    Index,
    Search,
    case_of,
    footage_of,
    hour_of,
    index_of,
    search_of,
)
from tests.benchmark.real_footage import real_sources

VPDQ_BYTES = 32.0
"""One raw PDQ hash, of which vPDQ at one a second stores no less."""


@dataclass(frozen=True)
class Costs:
    """The whole result."""

    program_sha256: str
    hour: Hour
    search: Search
    index: Index


def run(shared: Path, out: Path, *, minutes: float, queries: int) -> Costs:
    """Measure everything; footage and case are made in ``out`` when they are not there."""
    out.mkdir(parents=True, exist_ok=True)
    sources = real_sources(shared)
    footage = footage_of(sources, out, minutes)
    case = case_of(shared, out)
    result = Costs(
        program_sha256=program_sha256(),
        hour=hour_of(footage, out),
        search=search_of(sources, shared, case, out, queries),
        index=index_of(case),
    )
    (out / "costs.json").write_text(json.dumps(asdict(result), indent=1))
    return result


def shown(costs: Costs) -> str:
    """The result as text: ratios first."""
    hour, search, index = costs.hour, costs.search, costs.index
    raw = VPDQ_BYTES * HOUR_S

    def row(name: str, value: float, *references: float) -> str:
        return f"  {name:46}{value:10.2f}" + "".join(f"{value / each:14.2f}" for each in references)

    parts = {
        "frame hashes": index.hashes,
        "their times, quality, flags": index.times_and_flags,
        "box hashes": index.box_hashes,
        "anchors": index.anchors,
        "all": index.whole,
    }
    return "\n".join(
        [
            f"program {costs.program_sha256}",
            f"CPU seconds for an hour of 720p, scaled up from {hour.measured_s / 60:.1f} minutes of real clips that",
            f"were scaled to 720 lines and coded again; start-up taken off. vPDQ: {hour.vpdq_is}",
            f"  {'':46}{'CPU s':>10}{'x decode':>14}{'x vPDQ':>14}",
            row("bare decode, ffmpeg, one thread", hour.decode, hour.decode, hour.vpdq),
            row("fingerprint (all frames)", hour.fingerprint, hour.decode, hour.vpdq),
            row("whole ingest (digests, keyframes, manifest)", hour.ingest, hour.decode, hour.vpdq),
            row("vPDQ", hour.vpdq, hour.decode, hour.vpdq),
            f"CPU seconds of matching queries of {QUERY_S:g} s against {search.references} references, --jobs 1",
            f"  {'':46}{'CPU s':>10}{'x decode':>14}{'x vPDQ':>14}",
            row("start-up (a query that is no video)", search.start_up, search.decode_each, search.vpdq_each),
            row("one query, whole command (median)", search.one, search.decode_each, search.vpdq_each),
            row(
                f"each of {search.queries} queries, start-up taken off",
                search.each_of_many,
                search.decode_each,
                search.vpdq_each,
            ),
            row("bare decode of the query", search.decode_each, search.decode_each, search.vpdq_each),
            row("vPDQ's hashing of the query", search.vpdq_each, search.decode_each, search.vpdq_each),
            f"bytes of index an hour, {index.files} files, {index.footage_s / 60:.1f} minutes, "
            f"{index.hashes_a_second:.1f} hashes a second kept",
            f"  {'':46}{'kB':>10}{'x raw vPDQ':>14}",
            *(f"  {name:46}{value / 1000:10.1f}{value / raw:14.2f}" for name, value in parts.items()),
            f"  and {index.header_a_file:.0f} bytes of header a file",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--queries", type=int, default=6)
    chosen = parser.parse_args(arguments)
    print(shown(run(chosen.shared, chosen.out.resolve(), minutes=chosen.minutes, queries=chosen.queries)))


if __name__ == "__main__":
    main()
