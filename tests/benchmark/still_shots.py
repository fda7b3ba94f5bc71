"""Stills as they turn up: frames grabbed from real clips at seeded times, made up as screenshots are."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tests.benchmark.null_clips import BANNER
from tests.benchmark.real_footage import Source, Span

KEPT_ROLES = ("ref", "filler")
"""Roles in the list of sources whose clips are in the case. `wild` copies are left out: their clocks are not exact."""

OTHER_ROLES = ("conf", "distract")
"""Roles whose clips are not: the same place or camera at another time, and other footage."""

CUT_SHARE, CUT_FROM_S = 0.55, 7.0
"""Of a source this long only the first part goes into the case; stills of the rest show it at another time."""

EDGE_S = 0.3
"""No still is of the first or last moments of what is in the case, so that each has frames on both sides."""

APART_S = 1.0
"""A still of another time is so far from what is in the case."""

CROPS = (0.7, 0.9)
"""Share of each side that a crop leaves: 10 to 30 % are cut away."""

INSET = 0.5

BESIDE_S = 0.6
MOVED_LEVELS, MOVED_SHARE = 16, 0.004
"""The scene moves where, of a picture of 160 pixels' width, this share changes by so many levels in `BESIDE_S` both
before and after.
"""

PHONE = ",".join(
    [
        "drawbox=0:0:iw:90:0xF4F4F4:t=fill",
        *(f"drawbox={at}:30:150:34:0x202020:t=fill" for at in ("40", "iw-190")),
        "drawbox=0:ih-220:iw:220:0xFFFFFF:t=fill",
        *(f"drawbox={90 + 250 * n}:ih-150:90:90:0x3060A0:t=fill" for n in range(4)),
    ]
)
"""Bars of a telephone's interface, 1080 pixels wide."""


@dataclass(frozen=True)
class Shot:
    """One still: the frame of ``source`` at or next after ``at_s``, made up. ``amounts`` in [0, 1) place the make-up;
    ``expected``: the case has the moment.
    """

    name: str
    source: Source
    at_s: float
    attack: str
    amounts: tuple[float, float, float]
    expected: bool

    @property
    def span(self) -> Span:
        """The moment as a stretch without length."""
        return Span(self.source, self.at_s, self.at_s)

    def __str__(self) -> str:
        return f"{self.name} {self.source.id} {self.at_s:.2f} s {self.attack}"


def kept_span(source: Source) -> Span:
    """What of a source is in the case."""
    whole = source.duration_s
    return Span(source, 0.0, round(CUT_SHARE * whole, 3) if whole >= CUT_FROM_S else whole)


@dataclass(frozen=True)
class Making:
    """How a still is made: filters of ffmpeg, then JPEG of a quality (None: PNG)."""

    filters: str
    quality: int | None


def making(attack: str, amounts: Sequence[float]) -> Making:
    """The make-up of one kind."""
    one, two, three = amounts
    share = CROPS[0] + (CROPS[1] - CROPS[0]) * three
    crop = f"crop=iw*{share:.3f}:ih*{share:.3f}:(iw-ow)*{one:.3f}:(ih-oh)*{two:.3f}"
    ground = "0x101010" if one < 0.5 else "0xFAFAFA"
    phone = f"scale=1080:-2,pad=1080:2340:0:(oh-ih)*{0.2 + 0.5 * two:.3f}:color={ground},{PHONE}"
    frame = f"pad=iw/{INSET}:ih/{INSET}:(ow-iw)*{one:.3f}:(oh-ih)*{two:.3f}:color=0x907050"
    return {
        "plain": Making("null", None),
        "jpeg": Making("null", 30),
        "half": Making("scale=iw/2:ih/2:flags=area", 60),
        "crop": Making(crop, 80),
        "caption": Making(BANNER, 75),
        "mirror": Making("hflip", 85),
        "phone": Making(phone, 80),
        "inset": Making(f"scale=iw*{INSET}:ih*{INSET}:flags=area,{frame},noise=alls=12:all_seed=7", 80),
        "negative": Making("hue=s=0,negate", 80),
    }[attack]


ATTACKS = ("plain", "jpeg", "half", "crop", "caption", "mirror", "phone", "inset", "negative")
PLAIN_ATTACKS = ("plain", "jpeg", "half", "caption")
"""What a person's screenshot mostly is."""


def planned(
    sources: Sequence[Source], roles: Mapping[str, str], moments: int, attacks: int, nulls: int, seed: int
) -> tuple[Shot, ...]:
    """The stills: of each source in the case so many moments, each made up in so many ways; then as many as asked that
    show no moment of it, of every kind of source in turn.
    """
    kept = [source for source in sources if roles.get(source.id) in KEPT_ROLES]
    other = [source for source in sources if roles.get(source.id, OTHER_ROLES[1]) in OTHER_ROLES]
    turn = random.Random(f"{seed}:attacks")
    order = list(ATTACKS)
    pieces: list[tuple[Source, float, str, bool]] = []
    for source in kept:
        chance = random.Random(f"{seed}:{source.id}")
        end = kept_span(source).end_s
        for _ in range(moments):
            at = round(chance.uniform(EDGE_S, max(EDGE_S, end - EDGE_S - 0.2)), 3)
            for _ in range(attacks):
                if not order:
                    order = list(ATTACKS)
                pieces.append((source, at, order.pop(turn.randrange(len(order))), True))
    for source, at in _elsewhere(kept, other, nulls, seed):
        attack = turn.choice(PLAIN_ATTACKS) if turn.random() < 0.7 else turn.choice(ATTACKS)
        pieces.append((source, at, attack, False))
    return tuple(
        Shot(_named(number, attack), source, at, attack, _amounts(seed, number), expected)
        for number, (source, at, attack, expected) in enumerate(pieces)
    )


def _named(number: int, attack: str) -> str:
    return f"s{number:04d}.{'png' if making(attack, (0, 0, 0)).quality is None else 'jpg'}"


def _amounts(seed: int, number: int) -> tuple[float, float, float]:
    chance = random.Random(f"{seed}:amounts:{number}")
    return round(chance.random(), 3), round(chance.random(), 3), round(chance.random(), 3)


def _elsewhere(
    kept: Sequence[Source], other: Sequence[Source], count: int, seed: int
) -> Iterator[tuple[Source, float]]:
    """Moments that the case has not: of the later part of its own sources, and of others, in turn."""
    chance = random.Random(f"{seed}:null")
    later = [
        (source, kept_span(source).end_s + APART_S)
        for source in kept
        if not source.may_repeat and source.duration_s - EDGE_S > kept_span(source).end_s + APART_S
    ]
    elsewhere = [(source, EDGE_S) for source in other]
    made = 0
    while made < count:
        chance.shuffle(later)
        chance.shuffle(elsewhere)
        for pair in zip(later, elsewhere * (len(later) // max(1, len(elsewhere)) + 1), strict=False):
            for source, start in pair:
                if made < count:
                    yield source, round(chance.uniform(start, source.duration_s - EDGE_S), 3)
                    made += 1


def described(shots: Sequence[Shot], seed: int) -> str:
    """The plan as text: what a rerun must find unchanged."""
    rows = [
        {
            "name": shot.name,
            "source": shot.source.id,
            "sha256": shot.source.sha256,
            "at_s": shot.at_s,
            "attack": shot.attack,
            "filters": making(shot.attack, shot.amounts).filters,
            "quality": making(shot.attack, shot.amounts).quality,
            "expected": shot.expected,
        }
        for shot in shots
    ]
    return json.dumps({"seed": seed, "stills": rows}, indent=1)


def render_stills(shots: Sequence[Shot], folder: Path, jobs: int) -> None:
    """Make the stills that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(partial(_render, folder=folder), shots))


def _render(shot: Shot, folder: Path) -> None:
    target = folder / shot.name
    if target.exists():
        return
    how = making(shot.attack, shot.amounts)
    made = _frames(shot.source.path, [shot.at_s], f"{how.filters},format=rgb24", "png")
    if how.quality is not None:
        picture = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, how.quality])
        made = coded.tobytes()
    unfinished = folder.parent / f"making-{shot.name}"
    unfinished.write_bytes(made)
    unfinished.rename(target)


def moves(shot: Shot) -> bool:
    """Whether the scene changes visibly on both sides of the moment."""
    times = [max(0.0, shot.at_s - BESIDE_S), shot.at_s, shot.at_s + BESIDE_S]
    raw = _frames(shot.source.path, times, "scale=160:90:flags=area,format=gray", "rawvideo")
    return moved(np.frombuffer(raw, np.uint8).reshape(-1, 90, 160).astype(np.int16))


def moved(frames: npt.NDArray[np.int16]) -> bool:
    """Whether the second of three luma pictures (3, h, w) differs visibly from both others."""
    if len(frames) < 3:
        return False
    changed = np.abs(frames[[0, 2]] - frames[1]) >= MOVED_LEVELS
    return bool((changed.mean(axis=(1, 2)) >= MOVED_SHARE).all())


def _frames(path: Path, times: Sequence[float], filters: str, codec: str) -> bytes:
    """The frames at or next after these times of the file's first frame's clock, filtered: decoded from the beginning,
    since seeking misses in containers without an index.
    """
    wanted = "+".join(rf"gte(t\,{at:.3f})*(isnan(prev_t)+lt(prev_t\,{at:.3f}))" for at in times)
    graph = f"setpts=PTS-STARTPTS,select='{wanted}',{filters}"
    command = ["ffmpeg", "-nostdin", "-v", "fatal", "-i", path, "-map", "0:v:0", "-vf", graph, "-threads", "1"]
    command += ["-fps_mode", "passthrough", "-frames:v", len(times), "-c:v", codec]
    command += ["-f", "image2pipe" if codec == "png" else codec, "-"]
    return subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE).stdout
