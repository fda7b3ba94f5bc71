"""Keyframes as files: each is written as soon as it is chosen, so that no more than one full picture is held."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from forensics import acquire, keyframes, media
from forensics.keyframes.sheet import contact_sheet
from forensics.model.manifest import Facts, Json, Subject
from forensics.model.media import Keyframe, Probe
from forensics.model.time import clock

CONTACT_SHEET_FILE = "derived/contact-sheet.jpg"

SHEET_COLUMNS = 4
"""Keyframes in a row of the contact sheet: readable on a printed page."""

SHEET_FRAMES = 120
"""Keyframes on a contact sheet at the most, evenly taken; all are in the store."""

SHEET_LONG_SIDE = 320
"""Pixels of the long side of a frame held for the contact sheet."""


def subject_of(name: str, data: bytes) -> Subject:
    """The subject entry of a small file's bytes."""
    return Subject(
        name=name, sha256=hashlib.sha256(data).hexdigest(), sha512=hashlib.sha512(data).hexdigest(), size=len(data)
    )


def write_file(into: Path, name: str, data: bytes) -> Subject:
    """Write a derived file below the content folder ``into``. Raises StoreError."""
    path = into / name
    with acquire.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return subject_of(name, data)


def png_fact(recipe: keyframes.PngRecipe) -> dict[str, Json]:
    """The fact that names how keyframes were packed as PNG: none for the first recipe, which nothing named."""
    return {} if recipe == keyframes.FIRST_PNG else {"png": {"recipe": recipe.name, "version": recipe.version}}


def png_recipe(facts: Facts) -> keyframes.PngRecipe:
    """The recipe by which the keyframes of these facts were packed; the present one where they name one unknown here,
    so that whoever compares is told that it differs.
    """
    named = facts.recipe.get("png")
    return next((each for each in keyframes.PNG_RECIPES if png_fact(each).get("png") == named), keyframes.PNG)


class KeyframeFiles:
    """Writes the keyframes of one video below the content folder ``into``, and their contact sheet at the end."""

    def __init__(self, probe: Probe, evidence: str, into: Path, png: keyframes.PngRecipe) -> None:
        assert probe.video_stream is not None
        assert probe.origin is not None
        self._stream = probe.video_stream
        self._origin = probe.origin
        self._evidence = evidence
        self._into = into
        self._png = png
        self._kept: list[Keyframe] = []
        self._files: list[Subject] = []
        self._shown: list[tuple[npt.NDArray[np.uint8], str]] = []

    def add(self, chosen: tuple[keyframes.Chosen, ...]) -> None:
        """Write the pictures chosen since the last call."""
        for each in chosen:
            self._write(each)

    def finish(self, *, exact: bool) -> tuple[tuple[Keyframe, ...], tuple[Subject, ...]]:
        """Everything that was written. ``exact`` says that the planes are as decoded."""
        if self._shown:
            step = -(-len(self._shown) // SHEET_FRAMES)
            shown = self._shown[::step]
            count = f"{len(shown)} of {len(self._shown)} keyframes; time on the presentation clock, planes digest"
            sheet = contact_sheet(shown, SHEET_COLUMNS, (f"SHA-256 {self._evidence}", count))
            self._files.append(write_file(self._into, CONTACT_SHEET_FILE, sheet))
        return tuple(replace(each, exact=exact) for each in self._kept), tuple(self._files)

    def _write(self, chosen: keyframes.Chosen) -> None:
        picture = chosen.picture
        height, width = picture.luma.shape
        coded = media.to_bgr(picture, width, height, self._stream.color_space, self._stream.color_range)
        bgr = media.upright(coded, self._stream.rotation)
        png = keyframes.encode_png(bgr, self._png)
        file = write_file(self._into, f"derived/keyframes/{len(self._kept) + 1:06d}.png", png)
        phash, dhash = keyframes.imagehash_hex(bgr)
        planes = hashlib.sha256(picture.planes).hexdigest()
        seconds = float((picture.pts - self._origin.pts) * self._origin.base.fraction)
        self._files.append(file)
        self._shown.append((_small(bgr), f"{clock(seconds)} {planes[:8]}"))
        self._kept.append(
            Keyframe(
                shot=chosen.shot,
                pts=picture.pts,
                width=width,
                height=height,
                pixel_format=picture.pixel_format,
                exact=False,
                planes_sha256=planes,
                png_sha256=file.sha256,
                phash=phash,
                dhash=dhash,
                sharpness=chosen.sharpness,
            )
        )


def _small(bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = bgr.shape[:2]
    scale = min(1.0, SHEET_LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
