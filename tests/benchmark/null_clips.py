"""Many clips out of few sources: cuts that do not overlap, and mildly attacked copies of some of them."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmark.real_footage import SAME_FILE_APART_S, Source, Span

LENGTH_S = (2.5, 4.0)
"""Shorter than most reposts: hard to tell apart, and many to a source."""

SHORTEST_S = 1.9
"""A source shorter than a cut gives one clip, itself, down to this."""

EDGE_S = 0.05
MISSING_S = 0.35
"""A clip may be shorter than its cut by some frames of a source of low rate."""

ATTACKED_SHARE = 4
"""At least one clip in so many is an attacked copy: the make-up, too, must match nothing."""

CODING = ("-an", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")
PLAIN = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-filter_threads", "1")
EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1"

CUT_QUALITY = 20
"""x264's CRF of plain cuts: near the source."""

BANNER = ",".join(
    [
        "drawbox=0:ih*0.85:iw:ih*0.15:0xB00000:t=fill",
        *(
            f"drawbox=iw*{0.04 + 0.08 * n:.2f}:ih*0.89:iw*{0.02 + 0.02 * (n % 3):.2f}:ih*0.07:white:t=fill"
            for n in range(11)
        ),
    ]
)
"""A news banner, the same on every clip: what the overlays have in common is no recording."""

LOGO = ",".join(
    ["drawbox=iw*0.80:ih*0.04:iw*0.17:ih*0.12:0x1848A0:t=fill"]
    + [f"drawbox=iw*{0.82 + 0.035 * n:.3f}:ih*0.06:iw*0.02:ih*0.08:0xF0C010:t=fill" for n in range(4)]
)

ATTACKS = {
    "banner": (BANNER, 26),
    "logo": (LOGO, 26),
    "crop": ("crop=iw*0.9:ih*0.9", 26),
    "small": ("scale=-2:'min(288,ih)'", 33),
    "tone": ("eq=brightness=0.06:contrast=1.2", 28),
    "grey": ("hue=s=0", 28),
    "mirror": ("hflip", 28),
    "half_rate": ("fps=12", 28),
}
"""Filters and coding quality (CRF) of each make-up."""


@dataclass(frozen=True)
class Clip:
    """A stretch of a source, plain or attacked, in its file."""

    name: str
    span: Span
    attack: str | None = None

    @property
    def cut(self) -> tuple[str, float]:
        """What the clip was cut from, attacked or not."""
        return self.span.source.id, self.span.start_s

    @property
    def making(self) -> tuple[str, int]:
        """Filters and coding quality."""
        return ATTACKS[self.attack] if self.attack else ("null", CUT_QUALITY)

    def __str__(self) -> str:
        made_up = f" {self.attack}" if self.attack else ""
        return f"{self.span.source.id} {self.span.start_s:g}-{self.span.end_s:g} s{made_up}"


def cuts_of(source: Source, seed: int) -> Iterator[Span]:
    """Stretches of a source, `SAME_FILE_APART_S` apart; lengths and the first start follow from the seed."""
    chance = random.Random(f"{seed}:{source.id}")
    end = source.duration_s - EDGE_S
    if end < LENGTH_S[0]:
        if end >= SHORTEST_S:
            yield Span(source, 0.0, round(end, 3))
        return
    at = round(chance.uniform(0.0, min(0.5, end - LENGTH_S[0])), 3)
    while end - at >= LENGTH_S[0]:
        stop = round(min(end, at + chance.uniform(*LENGTH_S)), 3)
        yield Span(source, at, stop)
        at = round(stop + SAME_FILE_APART_S, 3)


def planned(sources: Sequence[Source], count: int, seed: int) -> tuple[Clip, ...]:
    """So many clips: cuts in an order that the seed shuffles, then attacked copies of them.

    SystemExit when the sources cannot give so many.
    """
    cuts = [span for source in sources for span in cuts_of(source, seed)]
    random.Random(f"{seed}:cuts").shuffle(cuts)
    attacked = max(count // ATTACKED_SHARE, count - len(cuts))
    chosen = cuts[: count - attacked]
    kinds = list(ATTACKS)
    made_up = [(span, kinds[(n + turn) % len(kinds)]) for turn in range(len(kinds)) for n, span in enumerate(chosen)]
    if attacked > len(made_up):
        raise SystemExit(f"{len(sources)} sources give at most {len(cuts) * (1 + len(kinds))} clips")
    pieces: list[tuple[Span, str | None]] = [(span, None) for span in chosen]
    pieces += made_up[:attacked]
    random.Random(f"{seed}:order").shuffle(pieces)
    return tuple(Clip(f"c{number:04d}.mp4", span, attack) for number, (span, attack) in enumerate(pieces))


def described(clips: Sequence[Clip], seed: int) -> str:
    """The plan as text: what a rerun must find unchanged."""
    rows = [
        {
            "name": clip.name,
            "source": clip.span.source.id,
            "sha256": clip.span.source.sha256,
            "start_s": clip.span.start_s,
            "end_s": clip.span.end_s,
            "attack": clip.attack,
            "filters": clip.making[0],
            "quality": clip.making[1],
        }
        for clip in clips
    ]
    return json.dumps({"seed": seed, "clips": rows}, indent=1)


def render(clips: Sequence[Clip], folder: Path, jobs: int) -> None:
    """Make the clips that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(partial(_render, folder=folder), clips))


def _render(clip: Clip, folder: Path) -> None:
    """Cut by decoding from the beginning: seeking misses in containers without an index."""
    target = folder / clip.name
    if target.exists():
        return
    filters, quality = clip.making
    span = clip.span
    cut = f"setpts=PTS-STARTPTS,trim=start={span.start_s:.3f}:end={span.end_s:.3f},setpts=PTS-STARTPTS"
    unfinished = folder.parent / f"making-{clip.name}"
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-y", "-i", span.source.path, "-map", "0:v:0"]
    command += ["-vf", f"{cut},{filters},{EVEN}", *CODING, "-crf", str(quality), *PLAIN, unfinished]
    subprocess.run([*map(str, command)], check=True)
    if abs(length_of(unfinished) - (span.end_s - span.start_s)) > MISSING_S:
        raise SystemExit(f"{clip} came out {length_of(unfinished):.2f} s long")
    unfinished.rename(target)


def length_of(path: Path) -> float:
    """Seconds that the container tells."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
