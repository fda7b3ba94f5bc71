"""The pictures of the report for README and docs, photographed from the report of the sample case, in both browsers and
at the width of a desk and of a telephone.

    python -m tests.benchmark.report_pictures --case demo-case --out docs/pictures

Needs Chromium and Firefox. The sample media are rendered by a script and show nobody, so that their pictures may be
shown; the list with the search is that of a made-up case.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from forensics.report import render_folder
from tests import browsers
from tests.benchmark.large_case import large_case
from tests.browsers import AnyBrowser

DESK, TELEPHONE = 1280, 360
"""Widths in CSS pixels."""


@dataclass(frozen=True)
class Shot:
    """A picture: in which browser, how wide, its first and last element, and how much of that is shown."""

    browser: str
    width: int
    first: str
    last: str
    most: int = 4000


SHOTS = {
    "report-cover": Shot("Chromium", DESK, "body", "#found"),
    "report-lanes": Shot("Firefox", DESK, "#g-1", "#g-1 .bases"),
    "report-match": Shot("Chromium", DESK, "#m-2", "#m-2"),
    "report-telephone": Shot("Firefox", TELEPHONE, "#m-2", "#m-2", most=1300),
}
"""By file name."""

FIND = "report-find"
"""File name of the picture of the search, and what is typed there."""
TYPED = "канал 17"

MOST = 200_000
"""Bytes of a picture: these files stay in the repository."""

EDGE = 14
"""Pixels of ground around what is meant."""

LAID_OUT = "document.querySelectorAll('article').forEach(each => each.style.contentVisibility = 'visible')"
"""Else what is far below the window has no size yet."""


def photograph(report: Path, out: Path) -> None:
    """Write every picture of `SHOTS`, and that of the search."""
    out.mkdir(parents=True, exist_ok=True)
    for name in browsers.NAMES:
        with browsers.browser(name) as browser:
            for file, shot in SHOTS.items():
                if shot.browser == name:
                    _shoot(browser, report, shot, out / f"{file}.png")
            if name == "Firefox":
                _shoot_search(browser, out / f"{FIND}.png")


def _shoot(browser: AnyBrowser, report: Path, shot: Shot, out: Path) -> None:
    browser.open(report, width=shot.width)
    browser.value(LAID_OUT)
    browser.click("#pictures")
    top, bottom = _edge(browser, shot.first, "top"), _edge(browser, shot.last, "bottom")
    left = max(0, _edge(browser, shot.first, "left") - EDGE)
    height = min(bottom - top + 2 * EDGE, shot.most)
    browser.photograph(out, top=max(0, top - EDGE), left=left, height=height)
    _smaller(out)


def _shoot_search(browser: AnyBrowser, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pages").mkdir()
        for name, page in render_folder(large_case(2_400, 0), "report.html", "pages"):
            if name.endswith("find-0001.html"):
                (Path(folder) / name).write_bytes(page)
        browser.open(Path(folder) / "pages" / "find-0001.html", width=DESK)
        browser.value(f"document.getElementById('words').value = {TYPED!r}")
        browser.value("document.getElementById('words').dispatchEvent(new Event('input'))")
        browser.photograph(out, height=800)
    _smaller(out)


def _edge(browser: AnyBrowser, selector: str, side: str) -> int:
    return round(browser.value(f"document.querySelector({selector!r}).getBoundingClientRect().{side} + window.scrollY"))


def _smaller(path: Path) -> None:
    """Compress as far as PNG allows, and where photographs make that too large, as JPEG in its place."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    _, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if len(data) > MOST:
        path.unlink()
        path = path.with_suffix(".jpg")
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 76, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    path.write_bytes(data.tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    photograph(asked.case / "reports" / "case-report.html", asked.out)
