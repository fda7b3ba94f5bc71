"""The digests of a case as the lines that ``sha256sum -c`` reads, and one digest over them all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import segno

from forensics.report.text import visible
from forensics.report.values import CaseReport, MatchView


@dataclass(frozen=True)
class Sums:
    """Pairs of SHA-256 and path below the case: of every evidence the original and the manifest, of every finding its
    document, in the order of the page.
    """

    lines: tuple[tuple[str, str], ...]

    @cached_property
    def file(self) -> bytes:
        """The lines as the page shows them and a reader saves them; paths of a store are plain letters."""
        return "".join(f"{sha256}  {visible(path)}\n" for sha256, path in self.lines).encode("utf-8")

    @cached_property
    def sha256(self) -> str:
        """One digest that binds them all."""
        return hashlib.sha256(self.file).hexdigest()


def sums_of(report: CaseReport, findings: Sequence[MatchView]) -> Sums:
    """Gather the lines; ``findings`` in the order of the page."""
    lines = []
    for view in report.evidence:
        lines += [(view.sha256, view.original_path), (view.manifest_sha256, view.manifest_path)]
    for each in findings:
        if each.finding_path is not None and each.finding_sha256 is not None:
            lines.append((each.finding_sha256, each.finding_path))
    return Sums(tuple(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A QR code (ISO/IEC 18004): the text in it, its side in modules, and its dark modules as one SVG path."""

    text: str
    side: int
    path: str


QUIET = 4
"""Modules of white around a code that the standard asks for."""


def code_of(report: CaseReport, sums: Sums) -> Code | None:
    """The digests of the first page as a code, so that paper can be compared with a screen; None without any.

    Capitals, digits, colon and space alone: the code's alphanumeric mode, in which it is smallest.
    """
    parts = []
    if sums.lines:
        parts.append(f"SUMS {sums.sha256.upper()}")
    if report.log_head is not None:
        parts.append(f"LOG {report.log_head.seq} {report.log_head.sha256.upper()}")
    if not parts:
        return None
    text = " ".join(parts)
    made = segno.make(text, error="m", micro=False, boost_error=False)
    runs = [run for y, row in enumerate(made.matrix) for run in _runs(y, bytes(row))]
    return Code(text=text, side=len(made.matrix) + 2 * QUIET, path="".join(runs))


def _runs(y: int, row: bytes) -> list[str]:
    """Dark modules of a row, side by side as one stroke."""
    found, start = [], None
    for x, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            found.append(f"M{start + QUIET},{y + QUIET}h{x - start}v1h-{x - start}z")
            start = None
    return found
