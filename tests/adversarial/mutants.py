"""Damaged copies of small clips in seven containers, and of stills, through the door: probe, boxes, decode, stills.

    python -m tests.adversarial.mutants COUNT [SEED]

Each mutant is a pure function of number and seed. Prints one JSON object: outcomes by kind of file and of damage,
the slowest, and the problems: an error that is no outcome, a process that died, more than 30 seconds, or fewer frames
than the whole file has without a word about it.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from forensics.acquire import digest_file
from pipelines.config import Settings
from pipelines.derive import derive
from pipelines.kit import Kit, open_kit
from pipelines.surroundings import Surroundings
from tests.adversarial import forked

FRAMES = 15
PATIENCE_S = 30.0
HANGS_S = 300.0
"""A worker that is silent for so long is killed: more than the programs that it starts may be."""

_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "5", "-bf", "1", "-pix_fmt", "yuv420p")
_SOUND = ("-f", "lavfi", "-i", "sine=d=1.5", "-c:a", "aac")
KINDS: Mapping[str, tuple[str, ...]] = {
    "mp4": (*_SOUND, *_H264),
    "mov": _H264,
    "mkv": _H264,
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-g", "5"),
    "avi": ("-c:v", "mpeg4", "-g", "5"),
    "flv": ("-c:v", "flv1", "-g", "5"),
    "ts": (*_H264, "-mpegts_flags", "resend_headers"),
    "jpg": ("-frames:v", "1", "-update", "1"),
    "png": ("-frames:v", "1", "-update", "1"),
}
"""The seven containers and two kinds of stills, with what ffmpeg is told for each."""

UNCOUNTED = frozenset({"ts"})
"""Containers in which nothing that is read counts the frames: cut between two packets, one is a whole, shorter file.
What they lose without a word is counted apart: a known gap (docs/faults.md), not a pass.
"""

HEADER = 2048
EDGES = (0, 255, 127, 128)
"""Values at which lengths and counts overflow."""


def flip(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.choice((1, 1, 4, 32))):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def edge(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.choice((1, 4, 16))):
        data[generator.randrange(min(HEADER, len(data)))] = generator.choice(EDGES)


def cut(data: bytearray, generator: random.Random) -> None:
    del data[generator.randrange(len(data)) :]


def insert(data: bytearray, generator: random.Random) -> None:
    at = generator.randrange(len(data))
    data[at:at] = generator.randbytes(generator.choice((1, 7, 188, 4096)))


def remove(data: bytearray, generator: random.Random) -> None:
    at = generator.randrange(len(data))
    del data[at : at + generator.choice((1, 7, 188, 2048))]


def move(data: bytearray, generator: random.Random) -> None:
    size = generator.choice((16, 188, 1024))
    at = generator.randrange(len(data))
    block = bytes(data[at : at + size])
    del data[at : at + size]
    to = generator.randrange(len(data) + 1)
    data[to:to] = block


DAMAGES: Mapping[str, Callable[[bytearray, random.Random], None]] = {
    "flip": flip, "edge": edge, "cut": cut, "insert": insert, "remove": remove, "move": move,
}  # fmt: skip


def make(folder: Path) -> dict[str, bytes]:
    """The whole files."""
    made = {}
    for kind, words in KINDS.items():
        path = folder / f"whole.{kind}"
        picture = ("-f", "lavfi", "-i", f"testsrc2=s=64x48:r=10:d={FRAMES / 10}")
        end = () if "-update" in words else ("-frames:v", str(FRAMES))
        exact = ("-fflags", "+bitexact", "-flags:v", "+bitexact")
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", *picture, *words, *end, *exact, str(path)], check=True, timeout=60
        )
        made[kind] = path.read_bytes()
    return made


def mutant(number: int, seed: int, whole: Mapping[str, bytes]) -> tuple[str, str, bytes]:
    """Kind of file, kind of damage and bytes of a mutant."""
    generator = random.Random(f"{seed} {number}")
    kind, damage = list(KINDS)[number % len(KINDS)], generator.choice(list(DAMAGES))
    data = bytearray(whole[kind])
    DAMAGES[damage](data, generator)
    return kind, damage, bytes(data)


def pass_through(data: bytes, work: Path, kit: Kit) -> dict[str, Any]:
    """What becomes of these bytes: kind of medium, frames, codes of the notices; or the error."""
    path = work / "mutant"
    path.write_bytes(data)
    into = work / "content"
    into.mkdir()
    handle = os.open(path, os.O_RDONLY)
    try:
        derived = derive(handle, digest_file(handle), (), into, kit)
    except BaseException:
        return {"error": traceback.format_exc()[-900:]}
    frames = derived.facts.exact.get("frames")
    decoded = frames["decoded"] if isinstance(frames, dict) else 0
    return {"kind": str(derived.kind), "frames": decoded, "codes": sorted({each.code for each in derived.notices})}


def outcomes(count: int, data_of: Callable[[int], bytes], kit: Kit) -> Iterator[tuple[dict[str, Any], float]]:
    """What becomes of the files 0 to ``count`` - 1, and the seconds of each, in their order.

    They pass through one worker one after the other, as the files of an ingest do. One that kills it has that for its
    outcome, and the next file has a worker of its own.
    """
    done = 0
    while done < count:
        for outcome in _of_a_worker(range(done, count), data_of, kit):
            done += 1
            yield outcome


def _of_a_worker(numbers: range, data_of: Callable[[int], bytes], kit: Kit) -> Iterator[tuple[dict[str, Any], float]]:
    """The same of one worker: all of ``numbers``, or those up to the one that it died of."""
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        _work(writing, numbers, data_of, kit)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        for _ in numbers:
            begun = time.monotonic()
            if not select.select([pipe], [], [], HANGS_S)[0]:
                os.kill(worker, signal.SIGKILL)
            if not (line := pipe.readline()).endswith(b"\n"):
                _, status = os.waitpid(worker, 0)
                yield {"error": f"died: {os.waitstatus_to_exitcode(status)}"}, time.monotonic() - begun
                return
            found: dict[str, Any] = json.loads(line)
            yield found, time.monotonic() - begun
    os.waitpid(worker, 0)


def _work(writing: int, numbers: range, data_of: Callable[[int], bytes], kit: Kit) -> NoReturn:
    code = 1
    try:
        for number in numbers:
            with tempfile.TemporaryDirectory(dir=forked.scratch()) as work:
                told = pass_through(data_of(number), Path(work), kit)
            os.write(writing, json.dumps(told).encode() + b"\n")
        code = 0
    finally:
        os._exit(code)


def problem_of(found: dict[str, Any], seconds: float) -> str | None:
    if "error" in found:
        return str(found["error"])
    if seconds > PATIENCE_S:
        return f"{seconds:.0f} s"
    if is_short(found):
        return f"{found['frames']} of {FRAMES} frames and not a word"
    return "not decoded and not a word" if not found["codes"] and found["kind"] == "undecodable" else None


def is_short(found: dict[str, Any]) -> bool:
    """Fewer frames than the whole file has, and not a word about it."""
    return not found.get("codes", True) and found["kind"] == "video" and found["frames"] < FRAMES


def campaign(count: int, seed: int, work: Path) -> dict[str, Any]:
    """All of them."""
    whole = make(work)
    kit = open_kit(Surroundings().search_path(), Settings())
    for kind, (found, _) in zip(whole, outcomes(len(whole), list(whole.values()).__getitem__, kit), strict=True):
        assert found.get("codes") == [], f"the whole {kind}: {found}"
    seen: dict[str, Counter[str]] = {kind: Counter() for kind in (*KINDS, *DAMAGES)}
    problems: dict[str, str] = {}
    unsaid: Counter[str] = Counter()
    slowest = 0.0
    passed = outcomes(count, lambda number: mutant(number, seed, whole)[2], kit)
    for number, (found, seconds) in enumerate(passed):
        kind, damage, _ = mutant(number, seed, whole)
        slowest = max(slowest, seconds)
        if kind in UNCOUNTED and is_short(found) and seconds <= PATIENCE_S:
            unsaid[kind] += 1
        elif problem := problem_of(found, seconds):
            problems[f"{number} {kind} {damage}"] = problem
        for name in (kind, damage):
            seen[name][outcome_of(found)] += 1
        if number % 250 == 0:
            print(f"{number} of {count}, slowest {slowest:.1f} s, problems {problems}", file=sys.stderr, flush=True)
    return {
        "mutants": count,
        "seed": seed,
        "outcomes": seen,
        "slowest_s": round(slowest, 1),
        "problems": problems,
        "unsaid": unsaid,
    }


def outcome_of(found: dict[str, Any]) -> str:
    if "error" in found:
        return "error"
    if found["kind"] == "undecodable":
        return "refused, said why"
    return "decoded, with notices" if found["codes"] else "decoded, nothing to see"


def main(count: str, seed: str = "1") -> None:
    forked.warm()
    with tempfile.TemporaryDirectory(dir=forked.scratch()) as name:
        print(json.dumps(campaign(int(count), int(seed), Path(name))))


if __name__ == "__main__":
    main(*sys.argv[1:])
