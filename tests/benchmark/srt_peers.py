"""Drone subtitle files read by this program and by two others of the package index, side by side.

``python -m tests.benchmark.srt_peers --peers VENV``: VENV is an environment of its own in which
dji-drone-metadata-embedder and dji-telemetry are installed. A track is right when it has as many places as the ground
truth of ../shared/samples (see `tests.samples_table`), and begins and ends where that does. A place is wrong when it
lies outside the box of the true track by more than a hundredth of a degree (1.1 km).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from forensics.model.telemetry import SourcedTrack
from forensics.telemetry import read_track, to_gpx
from tests.samples_table import SAMPLES, SRT

POINT = re.compile(rb'<trkpt[^>]*?lat="([^"]*)"[^>]*?lon="([^"]*)"')
NEAR = 1e-6
MARGIN = 0.01
SECONDS = 120

Places = list[tuple[float, float]]


def truth(name: str) -> tuple[int, tuple[float, float], tuple[float, float]] | None:
    """Number of places, the first and the last; None for a file without any."""
    words = SRT[name].split()
    if len(words) < 4 or words[1] == "0":
        return None
    first, last = (tuple(float(part) for part in word.split(",")) for word in words[2:4])
    return int(words[1]), (first[0], first[1]), (last[0], last[1])


def ours(path: Path, _: Path) -> Places:
    """The places in the GPX of this program."""
    track = read_track(path.name, path.read_bytes())
    assert track is not None
    return in_gpx(to_gpx((SourcedTrack(source=path.name, sha256="0" * 64, track=track),)))


def in_gpx(data: bytes) -> Places:
    """The places of a GPX document."""
    return [(float(latitude), float(longitude)) for latitude, longitude in POINT.findall(data)]


def in_geojson(data: bytes) -> Places:
    """The places of the line of a GeoJSON document."""
    features = json.loads(data)["features"] if data else []
    shapes = [each["geometry"] for each in features if each["geometry"]]
    lines = [shape["coordinates"] for shape in shapes if shape["type"] == "LineString"]
    return [(place[1], place[0]) for line in lines for place in line]


def peer(places: Callable[[bytes], Places], *words: str) -> Callable[[Path, Path], Places]:
    """The places in the document of another program; none when it writes no document."""

    def run(path: Path, out: Path) -> Places:
        command = [word.format(path=path, out=out) for word in words]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        return places(out.read_bytes() if done.returncode == 0 and out.is_file() else b"")

    return run


def judge(name: str, places: Places, reference: Places) -> tuple[str, int]:
    """What became of a file, and how many of its places are wrong."""
    stated = truth(name)
    assert stated is not None
    count, first, last = stated
    low = [min(place[axis] for place in reference) - MARGIN for axis in (0, 1)]
    high = [max(place[axis] for place in reference) + MARGIN for axis in (0, 1)]
    wrong = sum(not all(low[axis] <= place[axis] <= high[axis] for axis in (0, 1)) for place in places)
    if not places:
        return "no places", 0
    right = len(places) == count and _near(places[0], first) and _near(places[-1], last)
    return "right" if right else "not right", wrong


def _near(here: tuple[float, float], there: tuple[float, float]) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(here, there, strict=True))


def table(venv: Path) -> Iterator[str]:
    """Lines of Markdown: a row a reader, then what each did to each file that it did not read right."""
    embed = f"{venv}/bin/dji-embed"
    readers = {
        "this program": ours,
        "dji-drone-metadata-embedder, GPX": peer(in_gpx, embed, "convert", "gpx", "{path}", "-o", "{out}"),
        "dji-drone-metadata-embedder, GeoJSON": peer(in_geojson, embed, "convert", "geojson", "{path}", "-o", "{out}"),
        "dji-telemetry, GPX": peer(in_gpx, f"{venv}/bin/dji-telemetry", "export", "{path}", "-o", "{out}"),
    }
    names = [name for name in SRT if truth(name) is not None]
    yield f"| reader | right tracks of {len(names)} | no places | files with wrong places | wrong places |"
    yield "|---|---|---|---|---|"
    details = []
    for reader, read in readers.items():
        found = {}
        for name in names:
            path = SAMPLES / "dji_srt" / name
            track = read_track(name, path.read_bytes())
            assert track is not None
            reference = [(float(fix.latitude or 0), float(fix.longitude or 0)) for fix in track.located]
            with tempfile.TemporaryDirectory() as folder:
                found[name] = judge(
                    name, read(path, Path(folder, f"out.{'json' if 'GeoJSON' in reader else 'gpx'}")), reference
                )
        outcomes = [outcome for outcome, _ in found.values()]
        harmed = [wrong for _, wrong in found.values() if wrong]
        counts = f"{outcomes.count('right')} | {outcomes.count('no places')} | {len(harmed)} | {sum(harmed)}"
        yield f"| {reader} | {counts} |"
        details += [f"{reader}: {name}: {how}, {wrong} wrong" for name, (how, wrong) in found.items() if how != "right"]
    yield ""
    yield from details


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="environment in which the other readers are")
    for line in table(parser.parse_args().peers):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
