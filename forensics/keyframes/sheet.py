"""The contact sheet of a video: its keyframes on one page, JPEG (ITU-T T.81) without any metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Bgr: TypeAlias = npt.NDArray[np.uint8]
"""A picture, uint8 (height, width, 3), blue first."""

CELL_WIDTH, CELL_HEIGHT = 320, 180
SHEET_QUALITY = 80
MAX_SHEET_FRAMES, MAX_COLUMNS, MAX_TITLE_LINES = 240, 12, 20
"""More than a person looks at on one sheet; together they keep its sides below the 65,535 pixels of JPEG."""

MAX_LINE = 300
"""Characters of a label or title that are measured: no more fit on the widest sheet in use."""

_MARGIN, _LABEL_HEIGHT, _LINE_HEIGHT = 12, 22, 26
_PAPER, _INK, _GREY = 255, (32, 32, 32), 232
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LABEL_SCALE, _TITLE_SCALE = 0.42, 0.52


def contact_sheet(frames: Sequence[tuple[Bgr, str]], columns: int, title_lines: Sequence[str]) -> bytes:
    """Make a JPEG with all frames in rows of ``columns``, each with its label below, under the title lines.

    Labels and titles are drawn with OpenCV's Hershey font, which has ASCII only: another character is drawn as
    ``?`` (the report has the text itself), and what is wider than its cell is cut. Raises ValueError for no
    columns, and for more than the limits above.
    """
    if not 1 <= columns <= MAX_COLUMNS:
        raise ValueError(f"a contact sheet has 1 to {MAX_COLUMNS} columns, not {columns}")
    if len(frames) > MAX_SHEET_FRAMES or len(title_lines) > MAX_TITLE_LINES:
        raise ValueError(f"a contact sheet has at most {MAX_SHEET_FRAMES} frames and {MAX_TITLE_LINES} title lines")
    rows = -(-len(frames) // columns)
    step_x, step_y = CELL_WIDTH + _MARGIN, CELL_HEIGHT + _LABEL_HEIGHT + _MARGIN
    top = _MARGIN + _LINE_HEIGHT * len(title_lines)
    sheet: Bgr = np.full((top + rows * step_y + _MARGIN, _MARGIN + columns * step_x, 3), _PAPER, np.uint8)
    for number, line in enumerate(title_lines):
        _draw(sheet, line, _MARGIN, _MARGIN + _LINE_HEIGHT * number + 16, _TITLE_SCALE, columns * step_x)
    for number, (bgr, label) in enumerate(frames):
        x, y = _MARGIN + number % columns * step_x, top + number // columns * step_y
        sheet[y : y + CELL_HEIGHT, x : x + CELL_WIDTH] = _cell(bgr)
        _draw(sheet, label, x, y + CELL_HEIGHT + 16, _LABEL_SCALE, CELL_WIDTH)
    return _jpeg(sheet)


def _cell(bgr: Bgr) -> Bgr:
    """Put the whole picture into a grey cell: nothing cut off, nothing stretched."""
    _require_bgr(bgr)
    height, width = bgr.shape[:2]
    fitted = _fit(bgr, min(CELL_HEIGHT / height, CELL_WIDTH / width))
    cell: Bgr = np.full((CELL_HEIGHT, CELL_WIDTH, 3), _GREY, np.uint8)
    y, x = (CELL_HEIGHT - fitted.shape[0]) // 2, (CELL_WIDTH - fitted.shape[1]) // 2
    cell[y : y + fitted.shape[0], x : x + fitted.shape[1]] = fitted
    return cell


def _fit(bgr: Bgr, scale: float) -> Bgr:
    height, width = bgr.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(bgr, size, interpolation=method), np.uint8)


def _draw(sheet: Bgr, text: str, x: int, y: int, scale: float, width: int) -> None:
    """One line of ASCII, its end left out where it would run into the next cell."""
    line = text[:MAX_LINE].encode("ascii", "replace").decode("ascii")
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    while line and cv2.getTextSize(line, _FONT, scale, 1)[0][0] > width:
        line = line[:-1]
    cv2.putText(sheet, line, (x, y), _FONT, scale, _INK, 1, cv2.LINE_AA)


def _jpeg(bgr: Bgr) -> bytes:
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, SHEET_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    if not done:
        raise ValueError("the sheet cannot be written as JPEG")
    return encoded.tobytes()


def _require_bgr(bgr: Bgr) -> None:
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"a picture is uint8 (height, width, 3), not {bgr.dtype} {bgr.shape}")
