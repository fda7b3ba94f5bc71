"""How a person is named in what a case keeps: by a pseudonym whose disclosure lies apart (docs/adr/0012).

A name is personal data in documents and log lines that can never be edited. Every such name goes through this one
place.
"""

from __future__ import annotations

from forensics.errors import InputError
from forensics.model.finding import MAX_EXAMINER
from pipelines.case import Case, Run


def pseudonym(case: Case, run: Run, name: str, option: str) -> str:
    """The pseudonym for a person of this name in this case; its disclosure is on disk when this returns.

    A pseudonym that the case knows stands for itself. Raises InputError as `as_recorded`, StoreError. The caller holds
    the case's write lock.
    """
    text = as_recorded(name, option)
    if text in {each.pseudonym for each in case.disclosures.operators()}:
        return text
    return case.disclosures.enrol(text, run.surroundings.entropy).pseudonym


def names(case: Case) -> dict[str, str]:
    """The names behind the case's pseudonyms, as far as they are at hand. Raises ManifestError."""
    return {each.pseudonym: str(each.value) for each in case.disclosures.operators()}


def as_recorded(name: str, option: str) -> str:
    """The name or pseudonym as it goes into the record; ``option`` is where the user gave it.

    Raises:
        InputError: empty, too long, or with characters that do not print.
    """
    text = name.strip()
    if not text or len(text) > MAX_EXAMINER or not text.isprintable():
        raise InputError(
            f"{option}: a name or pseudonym is one line of 1 to {MAX_EXAMINER} printable characters",
            hint="use the pseudonym by which the case knows the person",
        )
    return text
