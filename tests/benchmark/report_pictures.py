"""The pictures of the report for README and docs, photographed from the report of the sample case.

    python -m tests.benchmark.report_pictures --case demo-case --out docs/pictures

Needs Chromium. The sample media are rendered by a script and show nobody, so that their pictures may be shown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tests.browser import Browser

SHOTS = {
    "report-cover": ("body", "#found"),
    "report-lanes": ("#g-1", "#g-1 .bases"),
    "report-match": ("#m-2", "#m-2"),
}
"""File name: first and last element in the picture."""

WIDTH = 1280

EDGE = 14
"""Pixels of ground around what is meant."""

LAID_OUT = "document.querySelectorAll('article').forEach(each => each.style.contentVisibility = 'visible')"
"""Else what is far below the window has no size yet."""


def photograph(report: Path, out: Path) -> None:
    """Write every picture of `SHOTS`."""
    out.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for name, (first, last) in SHOTS.items():
            browser.open(report, width=WIDTH)
            browser.value(LAID_OUT)
            browser.click("#pictures")
            top, bottom = _edge(browser, first, "top"), _edge(browser, last, "bottom")
            height = bottom - top + 2 * EDGE
            left = max(0, _edge(browser, first, "left") - EDGE)
            size = {"top": max(0, top - EDGE), "left": left, "height": height}
            browser.photograph(out / f"{name}.png", **size)
            _smaller(out / f"{name}.png")


def _edge(browser: Browser, selector: str, side: str) -> int:
    return round(browser.value(f"document.querySelector({selector!r}).getBoundingClientRect().{side} + window.scrollY"))


def _smaller(path: Path) -> None:
    """Compress as far as PNG allows: these files stay in the repository."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    done, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if done and len(data) < path.stat().st_size:
        path.write_bytes(data.tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    photograph(asked.case / "reports" / "case-report.html", asked.out)
