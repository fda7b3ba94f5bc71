"""Foreign text made safe to look at: what would act on the reader's screen is shown instead.

File names, captions and metadata come from an adversary. A right-to-left override can turn ``gpj.exe`` round, an
escape sequence can clear a terminal, a newline can forge a line of a log (Unicode Technical Report 36, sections
2.7 and 3; Boucher and Anderson 2021, "Trojan Source").
"""

from __future__ import annotations

import re

# Kept on purpose: U+200C and U+200D (Persian and Indic spelling, emoji), U+0600..0605, 06DD, 070F, 0890, 0891 and
# 08E2 (format characters by category, but with a visible glyph).
_ACTING = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u3164\ufeff\uffa0"  # no visible glyph
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029\u206a-\u206f\ufff0-\ufffb\ufffe\uffff"  # separators, deprecated and interlinear controls
    "\ud800-\udfff"  # lone surrogates: bytes that were no UTF-8
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # unseen controls of shorthand and musical notation
    "\U000e0000-\U000e0fff"  # tags: a second, unseen text
)
_ACTING_CHARACTER = re.compile(f"[{_ACTING}]")
_ACTING_EXCEPT_NEWLINE = re.compile(f"(?!\n)[{_ACTING}]")


def _code_point(found: re.Match[str]) -> str:
    return f"\u27e8U+{ord(found[0]):04X}\u27e9"


def visible(text: str, *, keep_newlines: bool = False) -> str:
    """Text with every control, bidirectional control, unseen character and lone surrogate as ``⟨U+202E⟩``.

    Applying it again changes nothing. ``keep_newlines`` leaves line feeds for places that show several lines. The
    result can always be encoded as UTF-8.
    """
    return (_ACTING_EXCEPT_NEWLINE if keep_newlines else _ACTING_CHARACTER).sub(_code_point, text)
