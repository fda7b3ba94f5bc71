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


def policy(style: str, script: str | None = None) -> str:
    """Build the page's Content Security Policy: only embedded pictures and this one style sheet, by its digest.

    A page with a script admits that very script by its digest, and forbids it to make markup of text (Trusted Types).
    """
    runs = "" if script is None else f" script-src '{_source(script)}'; require-trusted-types-for 'script';"
    styled = f"style-src '{_source(style)}'"
    return f"default-src 'none'; img-src data:; {styled};{runs} base-uri 'none'; form-action 'none'"


def _source(text: str) -> str:
    """An element's text as the policy names it (CSP Level 3, section 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"
