"""A reader that tells what the process which forks readers has loaded; it brings in nothing itself."""

from __future__ import annotations

import sys


def loaded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these modules that are loaded where this runs."""
    return tuple(name for name in names if name in sys.modules)
