"""Values as a manifest can hold them, and what made them."""

from __future__ import annotations

import functools
from importlib import metadata
from typing import Any

from forensics.model.manifest import Json

SAFE_INTEGER = 2**53 - 1
"""Largest whole number of the canonical profile (RFC 8785 takes numbers as IEEE doubles)."""

RECIPE_PACKAGES = ("exifread", "numpy", "opencv-python-headless", "imagehash", "pillow", "scipy")
"""Packages whose version may move a recipe-bound fact."""


def plain(value: Any) -> Json:
    """A value of the canonical profile: whole numbers past 2^53 and characters past Unicode become text."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return str(value)
    if isinstance(value, float):
        raise TypeError("a fact is never a float")
    return value  # type: ignore[no-any-return]


def package_versions() -> dict[str, Json]:
    """The versions of `RECIPE_PACKAGES` that are installed."""
    return dict(_versions())


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Read once a process: Python parses a package's whole description for it, licences included."""
    return tuple((name, metadata.version(name)) for name in RECIPE_PACKAGES)
