"""How the CPU costs of fingerprinting and matching, and the sizes of tracks, are measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.fingerprint import decode as read_track
from forensics.model.fingerprint import Fingerprint
from tests.benchmark.command_line import forensics, measured, program_sha256
from tests.benchmark.cost_runners import vpdq_is_installed
from tests.benchmark.null_clips import ATTACKS, CODING, PLAIN, Clip, length_of, render
from tests.benchmark.real_footage import Source, Span, listed

HOUR_S = 3600.0
ROUNDS = 2
"""Interleaved; the least of each counts, for the machine's other work only ever adds."""

QUERY_S = 10.0
PICTURE = (1280, 720)
LEAST_SIDE = 360
"""Sources smaller than this are not enlarged to 720 lines."""

UNREADABLE = 4
"""Exit code of an ingest whose only input is no video: what is spent then is start-up."""


@dataclass(frozen=True)
class Hour:
    """CPU seconds for an hour of 720p footage, start-up taken off."""

    measured_s: float
    decode: float
    fingerprint: float
    ingest: float
    vpdq: float
    vpdq_is: str


@dataclass(frozen=True)
class Search:
    """CPU seconds of matching queries of ten seconds against ``references`` files."""

    queries: int
    references: int
    start_up: float
    one: float
    each_of_many: float
    decode_each: float
    vpdq_each: float


@dataclass(frozen=True)
class Index:
    """Bytes of fingerprint tracks for an hour of footage, by part; ``header`` is one for each file."""

    files: int
    footage_s: float
    hashes_a_second: float
    hashes: float
    times_and_flags: float
    box_hashes: float
    anchors: float
    header_a_file: float

    @property
    def whole(self) -> float:
        """Bytes an hour in one long file."""
        return self.hashes + self.times_and_flags + self.box_hashes + self.anchors


def footage_of(sources: Sequence[Source], out: Path, minutes: float) -> Path:
    """Real clips one after another, the largest first, scaled to 720 lines and coded once more."""
    target = out / "footage.mp4"
    if target.exists():
        return target
    parts, length = [], 0.0
    for source in sorted(sources, key=lambda each: (-min(_size(each.path)), each.id)):
        if length >= 60 * minutes or min(_size(source.path)) < LEAST_SIDE:
            break
        parts.append(source)
        length += source.duration_s
    width, height = PICTURE
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1,fps=25"
    graph = [f"[{n}:v:0]{fit},format=yuv420p[v{n}]" for n in range(len(parts))]
    graph.append("".join(f"[v{n}]" for n in range(len(parts))) + f"concat=n={len(parts)}:v=1:a=0[all]")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *(x for source in parts for x in ("-i", source.path))]
    command += ["-filter_complex", ";".join(graph), "-map", "[all]", *CODING, "-crf", "23", *PLAIN]
    subprocess.run([*map(str, command), str(out / "making.mp4")], check=True)
    (out / "making.mp4").rename(target)
    return target


def _size(path: Path) -> tuple[int, int]:
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height"]
    told = subprocess.run([*command, "-of", "json", path], stdout=subprocess.PIPE, check=True).stdout
    stream = json.loads(told)["streams"][0]
    return stream["width"], stream["height"]


def case_of(shared: Path, out: Path) -> Path:
    """A case with the benchmark's references, made by this program."""
    case = out / f"case-{program_sha256()[:16]}"
    if not (case / "case.json").exists():
        forensics(out / "home", "init", case, "--case-id", "COSTS")
    references = [shared / "bench/sources" / row["file"] for row in listed(shared) if row["role"] == "ref"]
    forensics(out / "home", "ingest", *references, "-c", case, "--json")
    return case


def _runner(out: Path, name: str, *files: Path) -> float:
    spent = measured([sys.executable, "-m", "tests.benchmark.cost_runners", name, *files], out / "home")
    if spent.exit_code:
        raise SystemExit(f"{name} ended with {spent.exit_code}")
    return spent.cpu_s


def _decoded(out: Path, *files: Path) -> float:
    """Bare decoding of every frame by ffmpeg, on one thread."""
    total = 0.0
    for file in files:
        command = ["ffmpeg", "-nostdin", "-v", "quiet", "-threads", "1", "-i", file, "-map", "0:v:0", "-f", "null", "-"]
        total += measured(command, out / "home").cpu_s
    return total


def _ingested(out: Path, *files: Path) -> float:
    """Start-up (a case of its own), and that of ingesting files into it."""
    case = out / "fresh-case"
    shutil.rmtree(case, ignore_errors=True)
    subprocess.run(["rm", "-rf", str(case)], check=True)
    forensics(out / "home", "init", case, "--case-id", "FRESH")
    spent = forensics(out / "home", "ingest", *files, "-c", case, "--json", "--jobs", "1", accepted=(0, 3, UNREADABLE))
    shutil.rmtree(case)
    return spent.cpu_s


def hour_of(footage: Path, out: Path) -> Hour:
    seconds = length_of(footage)
    still = out / "nothing.txt"
    still.write_text("no video")
    name = "vpdq" if vpdq_is_installed() else "pdq"
    rounds = [
        (
            _decoded(out, footage),
            _runner(out, "fingerprint", footage) - _runner(out, "fingerprint"),
            _ingested(out, footage) - _ingested(out, still),
            _runner(out, name, footage) - _runner(out, name),
        )
        for _ in range(ROUNDS)
    ]
    least = [min(column) * HOUR_S / seconds for column in zip(*rounds, strict=True)]
    said = (
        "package vpdq, 1 hash a second" if name == "vpdq" else "vPDQ's work at 1 frame a second (pdqhash, full frames)"
    )
    return Hour(seconds, *least, vpdq_is=said)


def search_of(sources: Sequence[Source], shared: Path, case: Path, out: Path, count: int) -> Search:
    references = {row["id"] for row in listed(shared) if row["role"] == "ref"}
    whole = [source for source in sources if source.id in references and source.duration_s >= QUERY_S + 0.2]
    chosen = [whole[n * len(whole) // count] for n in range(count)]
    kinds = list(ATTACKS)
    clips = [
        Clip(f"q{n:02d}.mp4", Span(source, 0.1, 0.1 + QUERY_S), kinds[n % len(kinds)])
        for n, source in enumerate(chosen)
    ]
    render(clips, out / "queries", 1)
    files = [out / "queries" / clip.name for clip in clips]
    name = "vpdq" if vpdq_is_installed() else "pdq"

    def matched(*queries: Path) -> float:
        return forensics(out / "home", "match", *queries, "-c", case, "--json", "--jobs", "1").cpu_s

    start_up = min(matched(out / "nothing.txt") for _ in range(ROUNDS))
    alone = sorted(matched(file) for file in files)
    return Search(
        queries=count,
        references=len(references),
        start_up=start_up,
        one=alone[len(alone) // 2],
        each_of_many=(matched(*files) - start_up) / count,
        decode_each=_decoded(out, *files) / count,
        vpdq_each=(_runner(out, name, *files) - _runner(out, name)) / count,
    )


def index_of(case: Path) -> Index:
    """Sizes of the parts of all tracks of a case."""
    tracks = sorted(case.glob("store/??/*/v1/content/derived/fingerprint.bin"))
    prints = [(read_track(path.read_bytes()), path.stat().st_size) for path in tracks]
    seconds = sum(each.end_s for each, _ in prints)

    def hourly(count: float) -> float:
        return count * HOUR_S / seconds

    rows = sum(len(each.codes) for each, _ in prints)
    return Index(
        files=len(prints),
        footage_s=seconds,
        hashes_a_second=rows / seconds,
        hashes=hourly(sum(each.codes.nbytes for each, _ in prints)),
        times_and_flags=hourly(sum(each.pts.nbytes + each.quality.nbytes + each.flags.nbytes for each, _ in prints)),
        box_hashes=hourly(sum(each.box_codes.nbytes for each, _ in prints)),
        anchors=hourly(sum(_anchor_bytes(each) for each, _ in prints)),
        header_a_file=sum(size - _array_bytes(each) for each, size in prints) / len(prints),
    )


def _anchor_bytes(each: Fingerprint) -> int:
    """As stored: a point as two uint16 and a descriptor, and for each picture its time and how many."""
    pictures = len({*each.anchors.pts.tolist()})
    return 4 * len(each.anchors.points) + each.anchors.descriptors.nbytes + 10 * pictures


def _array_bytes(each: Fingerprint) -> int:
    flat = each.codes.nbytes + each.pts.nbytes + each.quality.nbytes + each.flags.nbytes + each.box_codes.nbytes
    return flat + _anchor_bytes(each)
