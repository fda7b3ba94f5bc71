"""Pixel formats: how the planes lie in memory, and the named recipe that reduces a frame to 64x64 luma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LUMA_SIDE = 64
SCALE_FLAGS = "area+bitexact+accurate_rnd"
"""Averaging over the covered area; the two other flags make SIMD and plain C agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """Planar YUV or gray: ``depth`` bits a sample (two bytes little-endian when above 8), chroma planes
    subsampled by powers of two, or ``chroma`` None for gray.
    """

    name: str
    depth: int
    chroma: tuple[int, int] | None

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 1 if self.depth == 8 else 2

    @property
    def gray_name(self) -> str:
        """Name in ffmpeg of one plane of this layout."""
        return "gray" if self.depth == 8 else f"gray{self.depth}le"

    def plane_shapes(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """(rows, columns) of each plane; odd sizes round up, as ffmpeg's rawvideo does."""
        if self.chroma is None:
            return ((height, width),)
        across, down = self.chroma
        small = (-(-height >> down), -(-width >> across))
        return ((height, width), small, small)

    def picture_bytes(self, width: int, height: int) -> int:
        """Bytes of one raw picture."""
        return sum(rows * columns for rows, columns in self.plane_shapes(width, height)) * self.sample_bytes


def _family(name: str, chroma: tuple[int, int]) -> tuple[PixelLayout, ...]:
    deep = tuple(PixelLayout(name=f"{name}{depth}le", depth=depth, chroma=chroma) for depth in (10, 12))
    return (PixelLayout(name=name, depth=8, chroma=chroma), *deep)


_LAYOUTS = (
    *_family("yuv420p", (1, 1)),
    *_family("yuv422p", (1, 0)),
    *_family("yuv444p", (0, 0)),
    PixelLayout(name="yuvj420p", depth=8, chroma=(1, 1)),
    PixelLayout(name="yuvj422p", depth=8, chroma=(1, 0)),
    PixelLayout(name="yuvj444p", depth=8, chroma=(0, 0)),
    PixelLayout(name="yuv440p", depth=8, chroma=(0, 1)),
    PixelLayout(name="yuvj440p", depth=8, chroma=(0, 1)),
    PixelLayout(name="yuv411p", depth=8, chroma=(2, 0)),
    PixelLayout(name="yuv410p", depth=8, chroma=(2, 2)),
    PixelLayout(name="gray", depth=8, chroma=None),
    PixelLayout(name="gray10le", depth=10, chroma=None),
    PixelLayout(name="gray12le", depth=12, chroma=None),
)

LAYOUTS = {layout.name: layout for layout in _LAYOUTS}
"""Formats kept as decoded: the digest of their planes is the same on any ffmpeg."""

CONVERTED = LAYOUTS["yuv444p"]
"""What any other format (RGB, palette, semi-planar, alpha) is converted to by ffmpeg's scaler: not exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How frames of one pixel format become luma and pictures. ``exact`` says that no scaler touched a picture."""

    layout: PixelLayout
    exact: bool

    @property
    def name(self) -> str:
        """Stable name for the record: source of the luma, filter, flags, reduction to 8 bits."""
        source = "plane-y" if self.exact else "converted-yuv444p-y"
        shift = "" if self.layout.depth == 8 else f",>>{self.layout.depth - 8}"
        return f"luma64:{source},scale={LUMA_SIDE}x{LUMA_SIDE}:{SCALE_FLAGS}:range-kept{shift}"


def recipe_for(pixel_format: str | None) -> Recipe:
    """The recipe of a decoded pixel format."""
    layout = LAYOUTS.get(pixel_format or "")
    return Recipe(layout=layout or CONVERTED, exact=layout is not None)


def samples(raw: bytes | bytearray | memoryview, shape: tuple[int, ...], depth: int) -> npt.NDArray[np.uint8]:
    """Raw samples of ``depth`` bits as uint8 of ``shape``; deeper ones lose their low bits by a shift."""
    if depth == 8:
        return np.frombuffer(raw, dtype=np.uint8).reshape(shape)
    deep = np.frombuffer(raw, dtype="<u2").reshape(shape)
    return (deep >> (depth - 8)).astype(np.uint8)
