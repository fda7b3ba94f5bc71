"""What other jobs add to an exhibit, each a name and its bytes; nothing where there is nothing to add."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.model.custody import CustodyEvent
from pipelines import disclosures as told
from pipelines import interop as documents
from pipelines.case import Case, Run

Enclosed = tuple[tuple[str, bytes], ...]


def disclosures(case: Case, evidence: str) -> Enclosed:
    """Values that the manifest holds as salted digests, for those who may read them. Raises as that job does."""
    return told.of(case, evidence)


def interop(case: Case, evidence: str, run: Run, shown: Iterable[CustodyEvent]) -> Enclosed:
    """The manifest, and the events that the exhibit shows, in formats of other programs. Raises as that job does."""
    return documents.files(case, evidence, run, shown)
