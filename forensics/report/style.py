"""The page's style sheet and the policy that admits nothing else."""

from __future__ import annotations

import base64
import hashlib

from forensics.report.text import visible

MAX_HEADER = 80
"""Characters of the line at the head of each printed page: more would run out of the sheet."""


def style_sheet(static: str, header: str) -> str:
    """Add a line for the head of each printed page (CSS Paged Media 3, margin boxes) to the fixed style sheet.

    Every character but ASCII letters and digits becomes a CSS escape (CSS Syntax 3, section 4.3.7), so the text
    can end neither the string nor the style element.
    """
    shown = visible(header)
    shown = shown if len(shown) <= MAX_HEADER else shown[: MAX_HEADER - 1] + "…"
    text = "".join(sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):06x} " for sign in shown)
    return f'{static}@page {{ @top-left {{ content: "{text}"; }} }}\n'


def policy(style: str) -> str:
    """Build the page's Content Security Policy: only embedded pictures and this one style sheet, by its digest."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
