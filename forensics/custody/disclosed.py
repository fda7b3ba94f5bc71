"""Disclosures at hand against the documents: part of step 5 of verification, and what a copy without them tells.

A disclosure that was deleted is no problem: the digest stands, and its value is not told any more. One that was changed
has another digest, which stands nowhere; so has one that somebody added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from forensics.custody import canonical
from forensics.custody.concealed import record_digests, record_value
from forensics.custody.disclosure import DIGESTS, PSEUDONYM_LETTERS, Disclosure, check
from forensics.errors import ManifestError
from forensics.model.custody import Check, CheckStatus
from forensics.model.manifest import Json, Record
from forensics.model.verification import Step

OPERATOR = "operator"
"""Name of the property that an operator's disclosure tells."""

_NAME = "disclosures"
_PSEUDONYM = re.compile(rf"op-[a-z2-7]{{{PSEUDONYM_LETTERS}}}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What is disclosed of one evidence: by version what its own file has, or why that cannot be read; and of the
    case's operators.
    """

    versions: Mapping[int, tuple[Disclosure, ...] | str] = field(default_factory=dict)
    operators: tuple[Disclosure, ...] = ()


NOTHING = AtHand()


def check_disclosures(record: Record, private: AtHand, version: int, subject: str) -> Iterator[Check]:
    """That each disclosure of this version's file is of a digest in its manifest; how many digests have none is told.

    A manifest that conceals nothing, and has no such file, gives no check.
    """
    own = private.versions.get(version, ())
    total = len(record_digests(record))
    if not total and not own:
        return
    if isinstance(own, str):
        yield _check(CheckStatus.FAILED, subject, "disclosures", own)
        return
    former = [each for number in range(1, version) for each in _readable(private.versions.get(number, ()))]
    yield _held(own, (*former, *private.operators), record_value(record), subject)


def check_case_disclosures(
    data: bytes | None, own: tuple[Disclosure, ...] | str, operators: Iterable[Disclosure]
) -> Iterator[Check]:
    """The same for case.json (``data``), whose custodian has a file of his own."""
    subject = "case.json"
    if isinstance(own, str):
        yield _check(CheckStatus.FAILED, subject, "disclosures", own)
        return
    try:
        value = canonical.decode_stored(data or b"")
    except ManifestError:
        return  # told by step 1
    if own or (isinstance(value, dict) and DIGESTS in value):
        yield _held(own, operators, value, subject)


def check_operators(files: Mapping[str, tuple[Disclosure, ...] | str], names: Iterable[str]) -> Iterator[Check]:
    """Each file of an operator (by the pseudonym that it is named for) tells the name behind just that pseudonym;
    ``names`` are the operators as the log has them.
    """
    for pseudonym, held in sorted(files.items()):
        subject = f"operators/{pseudonym}"
        if isinstance(held, str):
            yield _check(CheckStatus.FAILED, subject, "disclosures", held)
            continue
        found = ", ".join(f"{each.name} of {each.pseudonym}" for each in held) or "none"
        expected = f"{OPERATOR} of {pseudonym}"
        yield _check(CheckStatus.OK if found == expected else CheckStatus.FAILED, subject, expected, found)
    acted = {name for name in names if _PSEUDONYM.match(name)}
    if acted:
        hidden = f"{len(acted - files.keys())} of {len(acted)} operators not disclosed"
        yield _check(CheckStatus.OK, "log/custody.jsonl", None, hidden)


def check_stray(name: str, *, unlogged: bool) -> Check:
    """A file among the disclosures that belongs to no document; ``unlogged``: to a version that the store never got."""
    if unlogged:
        found = "none: an ingestion that was cut off leaves it; ingest the file again"
        return _check(CheckStatus.SKIPPED, name, "a manifest of that version", found)
    return _check(CheckStatus.FAILED, name, "a file of disclosures", "another")


def concealed_places(record: Record, disclosures: Iterable[Disclosure]) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield each object that conceals something: its place, the names at hand, how many digests have no disclosure."""
    given = {each.digest: each for each in disclosures}
    yield from _places("", record_value(record), given)


def _places(place: str, value: Json, given: Mapping[str, Disclosure]) -> Iterator[tuple[str, tuple[str, ...], int]]:
    if isinstance(value, list):
        for number, element in enumerate(value):
            yield from _places(f"{place}[{number}]", element, given)
    elif isinstance(value, dict):
        digests = value.get(DIGESTS)
        if isinstance(digests, list):
            names = sorted(given[str(digest)].name for digest in digests if str(digest) in given)
            yield place, tuple(names), len(digests) - len(names)
        for name, inner in value.items():
            if name != DIGESTS:
                yield from _places(f"{place}.{name}".lstrip("."), inner, given)


def _held(own: tuple[Disclosure, ...], others: Iterable[Disclosure], document: Json, subject: str) -> Check:
    """One check: ``own`` all stand in the document, once; ``others`` may, and count."""
    try:
        foreign = check(own, document).foreign
        texts = {each.text: each for each in (*own, *others)}
        told = check(texts.values(), document)
    except ManifestError as error:
        return _check(CheckStatus.FAILED, subject, "disclosures", error.message)
    total = len(told.disclosed) + len(told.hidden)
    hidden = f"{len(told.hidden)} of {total} not disclosed"
    if foreign:
        found = f"{len(foreign)} disclosures of nothing in it; {hidden}"
        return _check(CheckStatus.FAILED, subject, "disclosures of what it conceals", found)
    return _check(CheckStatus.OK, subject, None, hidden)


def _readable(held: tuple[Disclosure, ...] | str) -> tuple[Disclosure, ...]:
    return () if isinstance(held, str) else held


def _check(status: CheckStatus, subject: str, expected: str | None, found: str) -> Check:
    return Check(step=Step.MANIFESTS, name=_NAME, status=status, subject=subject, expected=expected, found=found)
