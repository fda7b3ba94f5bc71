"""What other jobs add to an exhibit, each a name and its bytes; nothing where there is nothing to add."""

from __future__ import annotations

from pipelines.case import Case

Enclosed = tuple[tuple[str, bytes], ...]


def disclosures(case: Case, evidence: str) -> Enclosed:
    """Values that the manifest holds as salted digests, for those who may read them."""
    return ()


def interop(case: Case, evidence: str) -> Enclosed:
    """The manifest in formats of other programs."""
    return ()
