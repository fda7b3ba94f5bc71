"""What the jail costs: ffprobe and a whole decode of thirty seconds, with and without it, in turn in one run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics import media
from forensics.media import tools as media_tools
from forensics.media.jail import Level, reached
from tests.benchmark import jail_cost

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not reached().full, reason=f"this kernel gives {reached()}"),
]

ROUNDS = 7
ALLOWED = 1.05
"""Of the plain CPU time, the least of all rounds of each: other work of the machine only ever adds."""


ALLOWED_OF_SMALL_FILES = 1.15
"""A reader costs 5 to 7 ms whatever it reads, and a clip of five seconds or a still of a megapixel takes 0.2 s in all;
measured 1.08."""


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    begun, used = time.monotonic(), cpu_s()
    work()
    return cpu_s() - used, time.monotonic() - begun


def test_the_jail_costs_no_more_than_a_twentieth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = media.find_tools(os.environ["PATH"])
    path = tmp_path / "clip.mp4"
    source = ["-f", "lavfi", "-i", "mandelbrot=s=854x480:r=30", "-f", "lavfi", "-i", "sine", "-t", "30"]
    words = [
        "ffmpeg",
        "-v",
        "error",
        *source,
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-pix_fmt",
        "yuv420p",
        str(path),
    ]
    subprocess.run(words, check=True, timeout=300)
    fd = os.open(path, os.O_RDONLY)
    probed = media.probe(tools, fd)

    def decode() -> None:
        with media.decode(tools, fd, probed.probe) as decoding:
            for _ in decoding:
                pass

    levels = {"plain": lambda _path: Level(0, seccomp=False), "jailed": lambda _path: reached()}
    print()
    for name, work in (("ffprobe", lambda: media.probe(tools, fd)), ("decode", decode)):
        got: dict[str, list[tuple[float, float]]] = {level: [] for level in levels}
        for number in range(ROUNDS):
            for level in sorted(levels, reverse=bool(number % 2)):
                monkeypatch.setattr(media_tools, "level_of", levels[level])
                got[level].append(timed(work))
        for level, rounds in got.items():
            cpu, wall = (statistics.median(each) for each in zip(*rounds, strict=True))
            least = min(each for each, _ in rounds)
            print(
                f"{name:8} {level:7} median {cpu:.3f} s of CPU, {wall:.3f} s by the clock; least {least:.3f} s of CPU"
            )
        ratio = min(got["jailed"])[0] / min(got["plain"])[0]
        print(f"{name:8} ratio of the least {ratio:.3f}")
        assert ratio <= ALLOWED
    os.close(fd)


@pytest.mark.parametrize(
    ("name", "allowed"), [(jail_cost.WHOLE_CLIP, ALLOWED), (jail_cost.FOLDER, ALLOWED_OF_SMALL_FILES)]
)
def test_readers_in_their_jail_cost_no_more_than_is_allowed(name: str, allowed: float) -> None:
    (row,) = jail_cost.table(ROUNDS, 30, only=name)
    print(f"\n{row}")
    assert row.jailed_least / row.plain_least <= allowed
