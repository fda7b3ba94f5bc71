"""Sharpness, and a keyframe as a file and as other tools' hashes."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from forensics.keyframes import FIRST_PNG, PNG, PNG_RECIPES, PngRecipe, encode_png, imagehash_hex, sharpness
from forensics.keyframes.sharpness import is_black
from tests.unit.keyframes.footage import ground


def coloured(height: int = 120, width: int = 160) -> npt.NDArray[np.uint8]:
    return np.stack([ground(seed)[:height, :width] for seed in (1, 2, 3)], axis=-1)


@pytest.mark.parametrize("recipe", PNG_RECIPES, ids=lambda recipe: recipe.name)
def test_a_png_holds_exactly_the_picture(recipe: PngRecipe) -> None:
    bgr = coloured()
    read = np.asarray(Image.open(io.BytesIO(encode_png(bgr, recipe))))
    assert np.array_equal(read[:, :, ::-1], bgr)


def test_each_recipe_packs_otherwise_and_is_named_otherwise() -> None:
    assert len({encode_png(coloured(), recipe) for recipe in PNG_RECIPES}) == len(PNG_RECIPES)
    assert len({(recipe.name, recipe.version) for recipe in PNG_RECIPES}) == len(PNG_RECIPES)
    assert encode_png(coloured()) == encode_png(coloured(), PNG) != encode_png(coloured(), FIRST_PNG)


def test_every_row_is_packed_as_its_difference_from_the_row_above() -> None:
    data, at, packed = encode_png(coloured(120, 160)), 8, b""
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        packed += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    assert set(zlib.decompress(packed)[:: 1 + 3 * 160]) == {2}


def test_the_same_picture_gives_the_same_png() -> None:
    assert encode_png(coloured()) == encode_png(np.asfortranarray(coloured()))


@pytest.mark.parametrize("shape", [(0, 0, 3), (4, 4), (4, 4, 4)])
def test_what_is_no_picture_is_not_written(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_png(np.zeros(shape, dtype=np.uint8))


def test_the_hashes_are_those_that_imagehash_gives_for_the_png() -> None:
    bgr = coloured()
    picture = Image.open(io.BytesIO(encode_png(bgr)))
    assert imagehash_hex(bgr) == (str(imagehash.phash(picture)), str(imagehash.dhash(picture)))


def test_the_hashes_are_of_red_green_blue_and_not_the_reverse() -> None:
    bgr = np.zeros((64, 64, 3), dtype=np.uint8)
    bgr[:, :32, 2] = 255
    bgr[:, 32:, 0] = 255
    expected = Image.new("RGB", (64, 64), (255, 0, 0))
    expected.paste((0, 0, 255), (32, 0, 64, 64))
    assert imagehash_hex(bgr)[1] == str(imagehash.dhash(expected))


def test_the_hashes_of_a_turned_picture_are_those_of_its_samples() -> None:
    turned = np.asarray(np.rot90(coloured()), dtype=np.uint8)
    assert imagehash_hex(turned) == imagehash_hex(np.ascontiguousarray(turned))


def test_both_hashes_have_sixteen_hex_digits() -> None:
    for text in (*imagehash_hex(coloured()), *imagehash_hex(np.zeros((9, 9, 3), dtype=np.uint8))):
        assert len(text) == 16
        int(text, 16)


def test_a_job_without_keyframes_does_not_load_scipy() -> None:
    code = "import forensics.keyframes, sys; sys.exit('imagehash' in sys.modules or 'scipy' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    luma = ground(5)
    assert sharpness(luma) == int(cv2.Laplacian(luma, cv2.CV_64F).var() * 1000)


def test_a_blurred_picture_is_less_sharp() -> None:
    luma = ground(6)
    assert sharpness(np.asarray(cv2.GaussianBlur(luma, (0, 0), 2), dtype=np.uint8)) < sharpness(luma) // 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 3)])
def test_even_the_smallest_pictures_have_a_sharpness(shape: tuple[int, int]) -> None:
    assert sharpness(np.full(shape, 77, dtype=np.uint8)) == 0


def test_the_sharpest_possible_large_picture_is_counted_exactly() -> None:
    board = (np.indices((2160, 3840)).sum(axis=0) % 2 * 255).astype(np.uint8)
    inner = (4 * 255) ** 2 * 1000
    assert inner * 0.99 < sharpness(board) <= inner


def test_black_is_nearly_all_samples_at_or_below_thirty_two() -> None:
    frame = np.full((100, 100), 32, dtype=np.uint8)
    assert is_black(frame)
    frame[:2, :100] = 200
    assert is_black(frame)
    frame[2, :2] = 200
    assert not is_black(frame)
