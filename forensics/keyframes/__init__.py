"""Shots, and the frames that stand for them."""

from __future__ import annotations

from forensics.keyframes.cuts import CutFinder, Uncut
from forensics.keyframes.picture import FIRST_PNG, PNG, PNG_RECIPES, PngRecipe, encode_png, imagehash_hex
from forensics.keyframes.selector import Chosen, KeyframeSelector, Selection
from forensics.keyframes.sharpness import sharpness

__all__ = [
    "FIRST_PNG",
    "PNG",
    "PNG_RECIPES",
    "Chosen",
    "CutFinder",
    "KeyframeSelector",
    "PngRecipe",
    "Selection",
    "Uncut",
    "encode_png",
    "imagehash_hex",
    "sharpness",
]
