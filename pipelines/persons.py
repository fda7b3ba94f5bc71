"""How a person is named in what a case keeps.

A name is personal data in documents and log lines that can never be edited. Every such name goes through this one
place.
"""

from __future__ import annotations

from forensics.errors import InputError
from forensics.model.finding import MAX_EXAMINER


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
