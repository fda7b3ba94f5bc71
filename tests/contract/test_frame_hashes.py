"""What every frame hash promises. A hash joins by standing in the table."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pytest

from forensics.fingerprint import FRAME_HASHES, FrameHash
from forensics.model.fingerprint import HASH_BYTES
from forensics.model.hamming import hamming

PINNED = {("dct256-pdq", "1"): "54691656769b528f41c6d34d20390ac154a00a5d93ad9d8d3a2ea514a7c5d806"}
"""SHA-256 of codes and qualities of `weaves`. A change of these bits is another version of the hash."""

everywhere = pytest.mark.parametrize("kind", FRAME_HASHES, ids=lambda kind: kind.spec.name)


def weaves(frames: int) -> npt.NDArray[np.uint8]:
    """Pictures from whole numbers alone, no two alike: uint8 (n, 64, 64)."""
    y, x = np.mgrid[:64, :64]
    numbers = [
        (x * x * (3 + n) + y * y * (5 + 2 * n) + x * y * 7 + n * (x // 9)) % (241 - n % 7) for n in range(frames)
    ]
    return np.stack(numbers).astype(np.uint8)


def moved(right: int) -> npt.NDArray[np.uint8]:
    """One soft picture, seen a number of samples further right."""
    y, x = np.mgrid[:64, :64]
    x = x + right
    soft = 120 + 50 * np.sin(x / 9 + y / 21) + 30 * np.cos(y / 6 - x / 31) + 15 * np.sin(x * y / 300)
    return soft.astype(np.uint8)[None]


@everywhere
def test_its_bits_are_pinned(kind: FrameHash) -> None:
    codes, quality = kind.hash_batch(weaves(40))
    digest = hashlib.sha256(codes.tobytes() + quality.tobytes()).hexdigest()
    assert digest == PINNED[kind.spec.name, kind.spec.version]


@everywhere
def test_codes_and_qualities_have_the_promised_form(kind: FrameHash) -> None:
    codes, quality = kind.hash_batch(weaves(5))
    assert (codes.shape, codes.dtype, quality.shape, quality.dtype) == ((5, HASH_BYTES), np.uint8, (5,), np.uint8)
    assert kind.spec.bits == 8 * HASH_BYTES
    assert quality.max() <= 100


@everywhere
def test_equal_pictures_have_equal_codes_wherever_they_stand_in_a_batch(kind: FrameHash) -> None:
    pictures = weaves(70)
    codes, quality = kind.hash_batch(np.concatenate([pictures, pictures[::-1]]))
    assert np.array_equal(codes, np.concatenate([codes[:70], codes[:70][::-1]]))
    assert np.array_equal(quality[:70], quality[70:][::-1])


@everywhere
def test_different_pictures_have_different_codes(kind: FrameHash) -> None:
    codes, _ = kind.hash_batch(weaves(40))
    assert len({code.tobytes() for code in codes}) == 40


@everywhere
def test_the_picture_given_is_not_changed(kind: FrameHash) -> None:
    pictures = weaves(3)
    pictures.setflags(write=False)
    kind.hash_batch(pictures)
    assert np.array_equal(pictures, weaves(3))


@everywhere
def test_strided_pictures_hash_like_their_copies(kind: FrameHash) -> None:
    pictures = weaves(6)
    assert np.array_equal(kind.hash_batch(pictures[::2])[0], kind.hash_batch(pictures[::2].copy())[0])


@everywhere
def test_unrelated_pictures_are_about_half_the_bits_apart(kind: FrameHash) -> None:
    noise = np.random.default_rng(9).integers(0, 256, (60, 64, 64)).astype(np.uint8)
    codes, _ = kind.hash_batch(noise)
    apart = hamming(codes[:, None], codes[None])[np.triu_indices(60, 1)]
    assert 120 < np.median(apart) < 136
    assert apart.min() > 80


@everywhere
def test_a_little_noise_moves_the_hash_a_little(kind: FrameHash) -> None:
    random = np.random.default_rng(2)
    picture = random.integers(20, 220, (20, 64, 64)).astype(np.uint8)
    noisy = picture + random.integers(0, 5, picture.shape).astype(np.uint8)
    assert 0 < hamming(kind.hash_batch(picture)[0], kind.hash_batch(noisy)[0]).max() <= 12


@everywhere
def test_the_farther_the_picture_moves_the_farther_its_hash(kind: FrameHash) -> None:
    still, _ = kind.hash_batch(moved(0))
    distance = [int(hamming(still, kind.hash_batch(moved(step))[0])[0]) for step in (0, 1, 4, 16)]
    assert distance == sorted(distance)
    assert distance[0] == 0


@everywhere
def test_a_picture_without_structure_has_no_quality(kind: FrameHash) -> None:
    assert kind.hash_batch(np.full((1, 64, 64), 90, dtype=np.uint8))[1].tolist() == [0]


def test_every_spec_says_how_its_pictures_are_made() -> None:
    for kind in FRAME_HASHES:
        assert "64x64" in kind.spec.recipe
        assert kind.spec.recipe.isascii()
        assert 0 < kind.spec.keep_bits < 31
    assert len({(kind.spec.name, kind.spec.version) for kind in FRAME_HASHES}) == len(FRAME_HASHES)
