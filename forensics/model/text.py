"""Text from a file, made safe to look at."""

from __future__ import annotations

import unicodedata

MAX_SHOWN = 4096
"""Characters of one foreign text that are ever shown: longer captions are cut, and the cut is said."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode general categories that draw nothing or steer what is drawn (controls, bidi, surrogates)."""

_JOINERS = frozenset("\u200c\u200d")
"""Zero-width (non-)joiner: Persian, Indic scripts and emoji need them to read right."""


def visible(text: str) -> str:
    """The text with every character that could move the cursor, reorder or hide others written as ⟨U+XXXX⟩.

    Raw bytes that a file name carried (surrogate escapes) show as ⟨byte XX⟩.
    """
    cut = len(text) - MAX_SHOWN
    shown = "".join(map(_shown, text[:MAX_SHOWN]))
    return f"{shown} ⟨{cut} more characters⟩" if cut > 0 else shown


def _shown(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"⟨byte {ord(character) - 0xDC00:02X}⟩"
    if unicodedata.category(character) in _HIDDEN and character not in _JOINERS:
        return f"⟨U+{ord(character):04X}⟩"
    return character
