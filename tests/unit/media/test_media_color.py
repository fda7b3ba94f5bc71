"""Colours from planes, against the figures of the standard and against another implementation."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from forensics.media import to_bgr
from forensics.media.color import matrix_name
from forensics.media.pixels import LAYOUTS, samples
from forensics.model.media import Picture


def flat(pixel_format: str, codes: tuple[int, ...], width: int, height: int) -> Picture:
    layout = LAYOUTS[pixel_format]
    kind = np.uint8 if layout.depth == 8 else np.dtype("<u2")
    shapes = layout.plane_shapes(width, height)
    planes = b"".join(np.full(shape, code, dtype=kind).tobytes() for shape, code in zip(shapes, codes, strict=True))
    first = memoryview(planes)[: width * height * layout.sample_bytes]
    luma = samples(first, (height, width), layout.depth)
    return Picture(pts=0, pixel_format=pixel_format, planes=planes, luma=luma)


# Codes of 100 % colour bars: Rec. ITU-R BT.601 and BT.709, 8 bits, limited range.
BARS = {
    "bt709": {"red": (63, 102, 240), "green": (173, 42, 26), "blue": (32, 240, 118), "white": (235, 128, 128)},
    "smpte170m": {"red": (81, 90, 240), "green": (145, 54, 34), "blue": (41, 240, 110), "black": (16, 128, 128)},
}
BGR = {"red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0), "white": (255,) * 3, "black": (0,) * 3}


@pytest.mark.parametrize(("space", "name"), [(space, name) for space, bars in BARS.items() for name in bars])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
def test_colour_bars_have_their_colours(space: str, name: str, pixel_format: str) -> None:
    bgr = to_bgr(flat(pixel_format, BARS[space][name], 7, 5), 7, 5, space, "tv")
    assert bgr.shape == (5, 7, 3)
    assert np.abs(bgr.astype(int) - BGR[name]).max() <= 3


@pytest.mark.parametrize(
    ("space", "height", "matrix"),
    [
        (None, 480, "bt601"),
        (None, 720, "bt709"),
        ("bt709", 240, "bt709"),
        ("bt470bg", 1080, "bt601"),
        ("gbr", 480, "bt601"),
        ("bt2020nc", 240, "bt2020nc"),
    ],
)
def test_untagged_video_is_taken_by_its_height(space: str | None, height: int, matrix: str) -> None:
    assert matrix_name(space, height) == matrix


def test_full_range_is_believed_from_the_tag_or_the_format() -> None:
    full = to_bgr(flat("yuvj420p", (235, 128, 128), 4, 4), 4, 4, None, None)
    tagged = to_bgr(flat("yuv420p", (235, 128, 128), 4, 4), 4, 4, None, "pc")
    limited = to_bgr(flat("yuv420p", (235, 128, 128), 4, 4), 4, 4, None, None)
    assert (full[0, 0, 0], tagged[0, 0, 0], limited[0, 0, 0]) == (235, 235, 255)


def test_deeper_samples_lose_only_their_low_bits() -> None:
    deep = to_bgr(flat("yuv420p10le", (63 * 4 + 3, 102 * 4, 240 * 4), 6, 4), 6, 4, "bt709", "tv")
    plain = to_bgr(flat("yuv420p", (63, 102, 240), 6, 4), 6, 4, "bt709", "tv")
    assert np.array_equal(deep, plain)


def test_gray_is_three_equal_channels() -> None:
    bgr = to_bgr(flat("gray", (77,), 5, 3), 5, 3, None, None)
    assert (bgr == 77).all()


def test_noise_agrees_with_another_implementation() -> None:
    rng = np.random.default_rng(3)
    planes = rng.integers(16, 236, 64 * 48 * 3 // 2, dtype=np.uint8)
    picture = Picture(pts=0, pixel_format="yuv420p", planes=planes.tobytes(), luma=planes[: 64 * 48].reshape(48, 64))
    ours = to_bgr(picture, 64, 48, "smpte170m", "tv").astype(int)
    theirs = cv2.cvtColor(planes.reshape(72, 64), cv2.COLOR_YUV2BGR_I420).astype(int)
    assert np.abs(ours - theirs).max() <= 2


@pytest.mark.parametrize("pixel_format", sorted(LAYOUTS))
def test_every_layout_is_converted_at_odd_sizes(pixel_format: str) -> None:
    layout = LAYOUTS[pixel_format]
    middle = 1 << (layout.depth - 1)
    picture = flat(pixel_format, (middle,) * len(layout.plane_shapes(9, 7)), 9, 7)
    assert len(picture.planes) == layout.picture_bytes(9, 7)
    assert to_bgr(picture, 9, 7, None, None).shape == (7, 9, 3)


@pytest.mark.parametrize("pixel_format", sorted(LAYOUTS))
@pytest.mark.parametrize("full", [False, True])
def test_every_sample_is_what_the_plain_sum_of_its_parts_gives(pixel_format: str, full: bool) -> None:
    layout, width, height = LAYOUTS[pixel_format], 7, 5
    rng = np.random.default_rng(5)
    shapes = layout.plane_shapes(width, height)
    deep = [rng.integers(0, 1 << layout.depth, shape, dtype="<u2") for shape in shapes]
    raw = [plane.astype(np.uint8) if layout.depth == 8 else plane for plane in deep]
    codes = [plane >> (layout.depth - 8) for plane in deep]
    picture = Picture(
        pts=0,
        pixel_format=pixel_format,
        planes=b"".join(plane.tobytes() for plane in raw),
        luma=codes[0].astype(np.uint8),
    )
    bgr = to_bgr(picture, width, height, "bt709", "pc" if full else "tv")
    for row, column in np.ndindex(height, width):
        assert tuple(bgr[row, column]) == plain_bgr(codes, layout.chroma, row, column, full=full)


def plain_bgr(
    codes: list[np.ndarray], chroma: tuple[int, int] | None, row: int, column: int, *, full: bool
) -> tuple[int, ...]:
    """Rec. ITU-T H.273 (8.3) with BT.709's weights, each part a whole number of 1/32 levels, rounded half up."""
    of_luma, of_chroma = (Fraction(1), Fraction(1)) if full else (Fraction(255, 219), Fraction(255, 224))
    luma = round((int(codes[0][row, column]) - (0 if full else 16)) * of_luma * 32)
    parts = [0, 0, 0]
    if chroma is not None:
        across, down = chroma
        cb, cr = (int(plane[row >> down, column >> across]) - 128 for plane in codes[1:])
        kr, kb = Fraction(2126, 10000), Fraction(722, 10000)
        kg = 1 - kr - kb
        blue, red = round(2 * (1 - kb) * of_chroma * cb * 32), round(2 * (1 - kr) * of_chroma * cr * 32)
        green = [round(-2 * (1 - k) * k / kg * of_chroma * c * 32) for k, c in ((kb, cb), (kr, cr))]
        parts = [blue, sum(green), red]
    return tuple(min(max((luma + part + 16) // 32, 0), 255) for part in parts)
