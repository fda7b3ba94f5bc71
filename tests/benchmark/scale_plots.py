"""The plots of docs/scale.md, drawn from the points that were measured.

    python -m tests.benchmark.scale_plots [--measure] [--shared ../shared]

The points stand in ``scale_points.json``, each series with the command that gave it. ``--measure`` measures those of
ingest anew; the others are typed in from RESULTS.md, whose runs take longer.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.benchmark.command_line import ROOT
from tests.benchmark.ingest_profile import LEAST_S, bare_decode, ingest_once, warm
from tests.benchmark.real_footage import real_sources

POINTS = Path(__file__).with_name("scale_points.json")
PICTURES = ROOT / "docs/pictures"

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 40, 52
COLOURS = ("#0b5cad", "#b3470f", "#3d6b1f", "#6a3d9a")
"""Each is at 5:1 and more on white."""

CLIPS_MEASURED = (1, 2, 4, 6, 8, 10)
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Series:
    """Measured points, and the command that measured them."""

    name: str
    command: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Plot:
    """One picture; both axes are logarithmic, or both begin at nought."""

    title: str
    across: str
    up: str
    logarithmic: bool
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Axis:
    """Values onto pixels from ``start`` to ``end``."""

    values: tuple[float, ...]
    start: float
    end: float
    logarithmic: bool

    def at(self, value: float) -> float:
        """The pixel of a value."""
        low, high = self.ticks[0], self.ticks[-1]
        share = (value - low) / (high - low)
        if self.logarithmic:
            share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round values that hold all of the axis's."""
        return tuple(_powers(self.values) if self.logarithmic else _steps(max(self.values)))


def _powers(values: Sequence[float]) -> Iterator[float]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    yield from (10.0**power for power in range(low, max(high, low + 1) + 1))


def _steps(most: float) -> Iterator[float]:
    size = 10.0 ** math.floor(math.log10(most / 4))
    step = next(size * each for each in (*STEPS, 10) if most / (size * each) <= 5)
    yield from (step * number for number in range(math.ceil(most / step) + 1))


def plots() -> dict[str, Plot]:
    """Every plot by the name of its file."""
    told: dict[str, dict[str, Any]] = json.loads(POINTS.read_text())
    return {
        name: Plot(
            each["title"],
            each["across"],
            each["up"],
            each["logarithmic"],
            tuple(Series(s["name"], s["command"], tuple((x, y) for x, y in s["points"])) for s in each["series"]),
        )
        for name, each in told.items()
    }


def drawn(plot: Plot) -> str:
    """The plot as SVG."""
    every = [point for series in plot.series for point in series.points]
    across = Axis(tuple(x for x, _ in every), LEFT, WIDTH - RIGHT, plot.logarithmic)
    up = Axis(tuple(y for _, y in every), HEIGHT - BOTTOM, TOP, plot.logarithmic)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(plot.title)}</text>',
        *_grid(across, up),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">{escape(plot.across)}</text>',
        f'<text x="{LEFT}" y="{TOP - 6}">{escape(plot.up)}</text>',
    ]
    for number, (series, colour) in enumerate(zip(plot.series, COLOURS[: len(plot.series)], strict=True)):
        places = [(across.at(x), up.at(y)) for x, y in series.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        label = f'<text x="{LEFT + 14}" y="{TOP + 18 + 17 * number}" fill="{colour}">{escape(series.name)}</text>'
        parts.append(label)
    return "\n".join([*parts, "</svg>", ""])


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    for value in across.ticks:
        x = across.at(value)
        yield f'<line x1="{x:.1f}" y1="{up.start}" x2="{x:.1f}" y2="{up.end}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{up.start + 18}" text-anchor="middle">{_shown(value)}</text>'
    for value in up.ticks:
        y = up.at(value)
        yield f'<line x1="{across.start}" y1="{y:.1f}" x2="{across.end}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{across.start - 8}" y="{y + 4:.1f}" text-anchor="end">{_shown(value)}</text>'


def _shown(value: float) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value:,.10g}"


def measured(shared: Path) -> dict[str, list[tuple[float, float]]]:
    """CPU seconds of ingest and of bare decoding of the first so many real clips, by seconds of footage."""
    sources = [each for each in real_sources(shared) if each.duration_s >= LEAST_S]
    found: dict[str, list[tuple[float, float]]] = {"ingest": [], "bare decode": []}
    with tempfile.TemporaryDirectory(prefix="scale-") as made:
        room = Path(made)
        warm([sources[0].path], room)
        for count in CLIPS_MEASURED:
            files = [each.path for each in sources[:count]]
            seconds = round(sum(each.duration_s for each in sources[:count]), 1)
            found["ingest"].append((seconds, round(min(ingest_once(files, room) for _ in range(2)), 2)))
            found["bare decode"].append((seconds, round(min(bare_decode(files, room / "home") for _ in range(2)), 2)))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    chosen = parser.parse_args(arguments)
    if chosen.measure:
        told = json.loads(POINTS.read_text())
        fresh = measured(chosen.shared.resolve())
        for series in told["scale-ingest"]["series"]:
            series["points"] = fresh[series["name"]]
        POINTS.write_text(json.dumps(told, indent=1) + "\n")
    for name, plot in plots().items():
        (PICTURES / f"{name}.svg").write_text(drawn(plot))


if __name__ == "__main__":
    main()
