"""What the jails cost: programs and readers with and without them, in turn in one run.

    python -m tests.benchmark.jail_cost [--rounds N] [--seconds S] [--only TEXT]

Times are of the processor, of this process, its children and the host of readers with its own; by the clock they are
told beside it, for what waits for another core is no work. The plain reader runs in this process, as all did before.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from forensics import media
from forensics.media import clock, hosting, outline
from forensics.media import tools as media_tools
from forensics.media.jail import Level
from forensics.model.evidence import Digests
from pipelines import readers
from pipelines.cli import run_command
from pipelines.config import Settings
from pipelines.derive import derive
from pipelines.discovery import discover
from pipelines.kit import open_kit
from pipelines.sidecars import Sidecar
from tests.benchmark.test_telegram_export import write_export

CUE = "{0}\r\n{1},000 --> {1},500\r\nF/2.8, SS 206.14, ISO 150, EV 0, GPS (30.{0:05d}, 50.4, 15), D 24.26m\r\n\r\n"


WHOLE_CLIP = "all facts of the clip with its SRT"

FOLDER = "ingest of a folder"
"""Two clips of five seconds with an SRT each, four stills of a megapixel, into a new case: the whole command."""

POSTS = 20_000
"""Of an export, a file in every fifth."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work: medians in seconds of CPU and by the clock, plain and jailed; the least CPU of each."""

    name: str
    plain_cpu: float
    jailed_cpu: float
    plain_wall: float
    jailed_wall: float
    plain_least: float
    jailed_least: float


def directly(function: Callable[..., Any], *words: object, handle: int | None = None, **_: object) -> Any:
    return function(*words) if handle is None else function(handle, *words)


@contextmanager
def plain() -> Iterator[None]:
    """Programs under resource limits alone, readers in this process."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(media_tools, "level_of", lambda _path: Level(0, seccomp=False)))
        for room, name in ((media, "read"), (media, "read_each"), (outline, "read"), (clock, "read")):
            stack.enter_context(mock.patch.object(room, name, directly))
        yield


@contextmanager
def jailed() -> Iterator[None]:
    yield


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    host = Path(f"/proc/{hosting.running().process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(int(each) for each in host[11:15])
    return sum(each.ru_utime + each.ru_stime for each in used) + ticks / os.sysconf("SC_CLK_TCK")


def compared(name: str, work: Callable[[], object], rounds: int, repeats: int) -> Row:
    """Both in turn, each ``rounds`` times ``repeats`` calls."""
    cpu: dict[str, list[float]] = {"plain": [], "jailed": []}
    wall: dict[str, list[float]] = {"plain": [], "jailed": []}
    ways = {"plain": plain, "jailed": jailed}
    for number in range(rounds + 1):
        for way in sorted(ways, reverse=bool(number % 2)):
            with ways[way]():
                used, begun = cpu_s(), time.monotonic()
                for _ in range(repeats):
                    work()
            if number:  # the first loads what is loaded late
                cpu[way].append((cpu_s() - used) / repeats)
                wall[way].append((time.monotonic() - begun) / repeats)
    middle = statistics.median
    return Row(
        name, middle(cpu["plain"]), middle(cpu["jailed"]), middle(wall["plain"]), middle(wall["jailed"]),
        min(cpu["plain"]), min(cpu["jailed"]),
    )  # fmt: skip


def made(folder: Path, seconds: int) -> tuple[Path, Path, bytes]:
    """A clip of 854x480 with sound, a still of 12 megapixels, and a text of one cue a frame for the clip."""
    clip, still = folder / "clip.mp4", folder / "still.jpg"
    picture = ["-f", "lavfi", "-i", "mandelbrot=s=854x480:r=30"]
    sound = ["-f", "lavfi", "-i", "sine", "-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast"]
    for words in (
        [*picture, *sound, "-pix_fmt", "yuv420p", clip],
        ["-f", "lavfi", "-i", "mandelbrot=s=4000x3000", "-frames:v", "1", "-q:v", "3", still],
    ):
        subprocess.run(["ffmpeg", "-v", "error", *words], check=True, timeout=300)
    cues = (CUE.format(n + 1, f"00:00:{n // 30:02d}") for n in range(seconds * 30))
    return clip, still, "".join(cues).encode()


def made_folder(folder: Path) -> Path:
    """What `FOLDER` says."""
    folder.mkdir()
    for number in range(2):
        seen = ["-f", "lavfi", "-i", f"mandelbrot=s=854x480:r=30:start_x=-0.7{number}", "-pix_fmt", "yuv420p"]
        heard = ["-f", "lavfi", "-i", "sine", "-t", "5", "-c:v", "libx264", "-preset", "veryfast"]
        drawn([*seen[:4], *heard, *seen[4:]], folder / f"{number}.mp4")
        cues = (CUE.format(n + 1, f"00:00:{n // 30:02d}") for n in range(150))
        (folder / f"{number}.srt").write_text(f"{''.join(cues)}\r\n{number}\r\n")
    for number in range(4):
        still = ["-f", "lavfi", "-i", f"mandelbrot=s=1200x900:start_y=-0.{number}", "-frames:v", "1"]
        drawn(still, folder / f"{number}.jpg")
    return folder


def drawn(words: list[str], path: Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *words, str(path)], check=True, timeout=300)


def ingested(inputs: Path, room: Path) -> None:
    """The command, in this process, into a new case."""
    with tempfile.TemporaryDirectory(dir=room) as name:
        own = {"FORENSICS_KEY": str(room / "key"), "FORENSICS_JOBS": "1"}
        case = str(Path(name) / "case")
        with mock.patch.dict(os.environ, own), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            for words in (["init", case, "--case-id", "J-1", "--operator", "t"], ["ingest", "-c", case, str(inputs)]):
                code = run_command(words)
                assert code in {0, 3}, f"{words} ended with {code}"


def table(rounds: int, seconds: int, only: str = "") -> list[Row]:
    """Every row, or those in whose name ``only`` is found."""
    kit = open_kit(os.environ["PATH"], Settings())
    media.warm()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, still, cues = made(folder, seconds)
        inputs = made_folder(folder / "inputs")
        film, photo = os.open(clip, os.O_RDONLY), os.open(still, os.O_RDONLY)
        probed = media.probe(kit.tools, film)
        digests = Digests(sha256="0" * 64, sha512="0" * 128, size=still.stat().st_size)
        (folder / "export").mkdir()
        write_export(folder / "export" / "result.json", POSTS)
        beside = (Sidecar(found_as="clip.srt", stored_as="source/clip.srt", data=cues),)

        def decode() -> None:
            with media.decode(kit.tools, film, probed.probe) as decoding:
                for _ in decoding:
                    pass

        def whole(handle: int, sidecars: tuple[Sidecar, ...] = ()) -> None:
            with tempfile.TemporaryDirectory(dir=folder) as into:
                derive(handle, digests, sidecars, Path(into), kit)

        works: tuple[tuple[str, Callable[[], object], int], ...] = (
            ("ffprobe and headers", lambda: media.probe(kit.tools, film), 5),
            (f"decode, {seconds} s", decode, 1),
            ("boxes", lambda: media.read(readers.BOXES, handle=film), 20),
            (f"SRT, {seconds * 30} cues", lambda: readers.track_of("clip.srt", cues, kit.limits), 5),
            (f"export of {POSTS} posts", lambda: sum(1 for _ in discover((str(folder / "export"),), kit.limits)), 1),
            ("EXIF", lambda: media.read(readers.TAGS, handle=photo), 20),
            ("still, 12 MP", lambda: media.read(readers.STILL, handle=photo), 3),
            ("all facts of the still", lambda: whole(photo), 1),
            (WHOLE_CLIP, lambda: whole(film, beside), 1),
            (FOLDER, lambda: ingested(inputs, folder), 1),
        )
        rows = [compared(name, work, rounds, repeats) for name, work, repeats in works if only in name]
        os.close(film)
        os.close(photo)
    return rows


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--seconds", type=int, default=30)
    asked.add_argument("--only", default="", help="rows with this in their name")
    given = asked.parse_args()
    print("| work | plain, ms of CPU | jailed | more | by the clock: plain | jailed | ratio of the least CPU |")
    print("|---|---|---|---|---|---|---|")
    for row in table(given.rounds, given.seconds, given.only):
        times = [f"{each * 1000:.1f}" for each in (row.plain_cpu, row.jailed_cpu, row.jailed_cpu - row.plain_cpu)]
        walls = [f"{each * 1000:.1f}" for each in (row.plain_wall, row.jailed_wall)]
        print(f"| {' | '.join([row.name, *times, *walls])} | {row.jailed_least / max(row.plain_least, 1e-9):.3f} |")


if __name__ == "__main__":
    main()
