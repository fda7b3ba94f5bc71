"""The frame hash against its definition and against Meta's own."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pdqhash
import pytest

from forensics.fingerprint import dct, hash_batch
from forensics.model.hamming import hamming
from tests.unit.fingerprint.scenes import RECIPE, decoded, flight

Y, X = np.mgrid[:64, :64]
PICTURES = {
    "rings": ((X - 20) ** 2 + (Y - 37) ** 2) // 7 % 256,
    "weave": (X * X * 3 + Y * Y * 5 + X * Y * 7) % 251,
    "corner": (X < 5) * (Y < 9) * 255,
    "slope": (3 * X + Y) % 256,
    "flat": X * 0 + 117,
}
PINNED = {
    "rings": ("968996da969992d252db525a52db2a5a4a4bab5a2b4bd54b4aa9552baaa5aaad", 100),
    "weave": ("9814ed912cdaeccd7ee2d455eecac2c97c5a76a33a5054a9bd5046a2aa5554ab", 100),
    "corner": ("0fff0fff8000e000e000f000f000f000e00003ff0fff0fff0fff0fff0fff0fff", 15),
    "slope": ("0" * 64, 44),
    "flat": ("0" * 64, 0),
}


def of_meta(grey: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], int]:
    bits, quality = pdqhash.compute(np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=-1)))
    return np.packbits(bits), quality


@pytest.mark.parametrize("name", PICTURES)
def test_pinned_pictures_have_their_pinned_hashes(name: str) -> None:
    codes, quality = hash_batch(PICTURES[name].astype(np.uint8)[None])
    assert (codes[0].tobytes().hex(), int(quality[0])) == PINNED[name]


@pytest.mark.parametrize("name", ["rings", "weave", "corner"])
def test_pinned_hashes_are_those_of_meta(name: str) -> None:
    code, quality = of_meta(PICTURES[name].astype(np.uint8))
    assert (code.tobytes().hex(), quality) == PINNED[name]


def test_the_same_64x64_luma_has_exactly_the_hash_and_quality_of_meta() -> None:
    frames = np.concatenate([(flight(1, 5) * contrast).astype(np.uint8) for contrast in np.linspace(0.2, 1, 12)])
    codes, quality = hash_batch(frames)
    assert len(set(quality.tolist())) > 5
    meta = [of_meta(frame) for frame in frames]
    assert [code.tobytes().hex() for code in codes] == [code.tobytes().hex() for code, _ in meta]
    assert quality.tolist() == [value for _, value in meta]


def distance_from_meta(arguments: list[str], size: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """Bits between our hash of ffmpeg's 64x64 luma and Meta's of the full colour frame."""
    frames = decoded([*arguments, "-vf", RECIPE], (64, 64))
    colour = decoded([*arguments, "-pix_fmt", "rgb24"], (size[1], size[0], 3))
    codes, _ = hash_batch(frames)
    meta = [np.packbits(pdqhash.compute(picture)[0]) for picture in colour]
    return hamming(codes, np.stack(meta))


def test_frames_through_ffmpeg_stay_within_sixteen_bits_of_meta() -> None:
    source = ["-f", "lavfi", "-i", "mandelbrot=s=640x360:r=5:start_scale=1.2:end_pts=40,format=yuv420p"]
    distance = distance_from_meta([*source, "-frames:v", "12"], (640, 360))
    assert len(distance) == 12
    assert np.median(distance) <= 10
    assert distance.max() <= 16


@pytest.mark.parametrize(
    ("name", "size"), [("karma.mp4", (854, 480)), ("dash_us.mp4", (960, 540)), ("chaplin.mp4", (640, 360))]
)
def test_real_footage_stays_within_twenty_bits_of_meta(shared: Path, name: str, size: tuple[int, int]) -> None:
    arguments = ["-i", str(shared / "bench" / "sources" / name), "-frames:v", "8", "-an"]
    distance = distance_from_meta(arguments, size)
    assert np.median(distance) <= 16
    assert distance.max() <= 20


def test_the_basis_is_of_integers_whose_sums_stay_exact() -> None:
    basis = dct.cosine_basis()
    assert basis.shape == (16, 64)
    assert np.array_equal(basis, np.rint(basis))
    assert np.abs(basis).max() <= 1 << dct.COSINE_BITS
    largest = 255 * int(np.abs(basis).sum(axis=1).max()) ** 2
    assert largest < 1 << 53


def test_no_cosine_lies_so_near_a_half_that_a_library_could_round_it_otherwise() -> None:
    scaled = [65536 * math.cos(math.pi / 128 * f * (2 * x + 1)) for f in range(1, 17) for x in range(64)]
    assert min(abs(abs(value) % 1 - 0.5) for value in scaled) > 0.04


def test_the_basis_is_pinned() -> None:
    digest = hashlib.sha256(dct.cosine_basis().astype("<i4").tobytes()).hexdigest()
    assert digest == "2db789d61eef4debce8a6de83e3e3a2b42636edf524815f059879d0595c0b172"


def test_whole_number_arithmetic_gives_the_same_coefficients() -> None:
    frames = flight(2, 3)
    basis = dct.cosine_basis().astype(np.int64).astype(object)
    for frame, found in zip(frames, dct.coefficients(frames), strict=True):
        expected = basis @ frame.astype(object) @ basis.T
        assert np.array_equal(expected.astype(np.float64), found)


def test_a_bit_is_set_where_a_coefficient_is_above_the_lower_median() -> None:
    frames = flight(3, 2)
    flat = dct.coefficients(frames).reshape(-1, 256)
    for row, code in zip(flat, dct.codes_of(frames), strict=True):
        lower = sorted(row)[127]
        number = sum(1 << place for place, value in enumerate(row) if value > lower)
        assert int.from_bytes(code.tobytes()) == number


def test_batches_of_any_size_give_the_same_hashes() -> None:
    frames = flight(4, 300)
    codes, quality = hash_batch(frames)
    single = [hash_batch(frame[None]) for frame in frames[::29]]
    assert np.array_equal(codes[::29], np.concatenate([code for code, _ in single]))
    assert np.array_equal(quality[::29], np.concatenate([value for _, value in single]))


def test_brightness_and_contrast_do_not_change_the_hash() -> None:
    frames = flight(5, 5) // 4
    assert np.array_equal(hash_batch(frames)[0], hash_batch(frames * 2 + 40)[0])


@pytest.mark.parametrize("shape", [(64, 64), (1, 32, 32), (1, 64, 64, 3)])
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="64"):
        hash_batch(np.zeros(shape, dtype=np.uint8))


def test_frames_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        hash_batch(np.zeros((1, 64, 64), dtype=np.float64))  # type: ignore[arg-type]


def test_no_frames_give_no_hashes() -> None:
    codes, quality = hash_batch(np.zeros((0, 64, 64), dtype=np.uint8))
    assert codes.shape == (0, 32)
    assert quality.shape == (0,)
