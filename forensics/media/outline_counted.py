"""The outline of a file whose packets are counted: what counts them is loaded here, once, where readers are forked."""

from __future__ import annotations

from forensics.media import transport_counts  # noqa: F401  what a reader loads late is loaded anew in every child
from forensics.media.outline import Outline, outline_of


def counted_outline_of(handle: int) -> Outline:
    """The outline of the file that is open as ``handle``."""
    return outline_of(handle)
