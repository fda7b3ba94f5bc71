"""Render the sample media: `python sample_media/render.py --out DIR [--masters DIR] [--only NAME ...]`.

Invented places, own work (Apache-2.0). Everything is drawn from fixed seeds and no clock is read, so the pictures are
the same on every run; the bytes of the files also depend on the versions of ffmpeg, x264, numpy and OpenCV (5 or
newer: the caption is drawn with its built-in font). The committed files were made with the versions in README.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import flights
from deliver import deliver
from encode import write_master

SHOOTS = {
    "drone": flights.DRONE,
    "second_flight": flights.SECOND_FLIGHT,
    "coast": flights.COAST,
    "still": flights.STILL,
    "forest": flights.FOREST,
    "town": flights.TOWN,
    "winter": flights.WINTER,
}


def render_masters(folder: Path, names: list[str]) -> None:
    """Render the shoots that the folder does not hold yet, without loss."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        target = folder / f"{name}.mkv"
        if not target.exists():
            shoot = SHOOTS[name]
            write_master(shoot.pictures(), (shoot.lens.width, shoot.lens.height), shoot.rate, target)
            print(f"rendered {target.name}: {shoot.frames} frames", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the sample media")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write drone/, telegram/, more/ and the lists into"
    )
    parser.add_argument("--masters", type=Path, help="keep lossless renderings here and use those that exist")
    parser.add_argument("--only", nargs="*", choices=sorted(SHOOTS), help="render these masters and stop")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        masters = chosen.masters or Path(scratch)
        render_masters(masters, chosen.only or list(SHOOTS))
        if chosen.only is None:
            deliver(masters, chosen.out)


if __name__ == "__main__":
    main()
