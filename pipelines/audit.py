"""What a case has to answer to a legal profile: yes, no or not applicable, with the reason; never a score.

1  the profile: a file of data, each requirement with the name of a test out of a closed table
2  the case as a whole, then each evidence asked for, from the record as it stands
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec

from forensics.errors import InputError
from forensics.model.custody import Check, CustodyEvent
from pipelines import findings
from pipelines.answers import EVIDENCE_TESTS, Answered, Held
from pipelines.case import Case
from pipelines.case_answers import CASE_TESTS, HeldCase
from pipelines.named_checks import named_checks, with_name
from pipelines.persons import names
from pipelines.shipped import read_shipped

FOLDER = "profiles"
"""Folder of this package that holds the profiles that come with the program."""

SHIPPED = ("berkeley", "fre902", "iso27037")

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
_Day = Annotated[str, msgspec.Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")]


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One requirement in the profile's own words: the paragraph that it is drawn from and the test that answers it.

    ``basis`` says on what reading it rests, where that is another one than the profile's.
    """

    id: _Text
    paragraph: _Text
    text: _Text
    test: _Text
    basis: _Text | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A set of requirements: what it is drawn from, in which edition, when it was written, on what reading it rests.

    ``limits`` says what it does not ask.
    """

    name: _Text
    title: _Text
    edition: _Text
    source: _Text
    date: _Day
    basis: _Text
    requirement: Annotated[tuple[Requirement, ...], msgspec.Meta(min_length=1, max_length=500)]
    limits: tuple[_Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A profile, and the SHA-256 of the file that it was read from."""

    profile: Profile
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One requirement and its answer; ``evidence`` and ``exhibit`` are None where the case as a whole was asked."""

    requirement: Requirement
    answered: Answered
    evidence: str | None
    exhibit: str | None

    def as_fields(self, profile: Profile) -> dict[str, object]:
        """The fields of its JSON line."""
        wanted = self.requirement
        return {
            "profile": profile.name,
            "id": wanted.id,
            "paragraph": wanted.paragraph,
            "requirement": wanted.text,
            "basis": wanted.basis or profile.basis,
            "test": wanted.test,
            "evidence": self.evidence,
            "exhibit": self.exhibit,
            "answer": str(self.answered.answer),
            "reason": self.answered.reason,
            "field": self.answered.field,
        }


def open_profile(name: str) -> Named:
    """A profile of the program's by its name, or else the one in a file.

    Raises:
        InputError: neither, or a file that is no profile.
    """
    data = read_shipped("profile", name, FOLDER, SHIPPED)
    return Named(profile=_profile(data, name), sha256=hashlib.sha256(data).hexdigest())


def _profile(data: bytes, name: str) -> Profile:
    try:
        profile = msgspec.convert(tomllib.loads(data.decode("utf-8")), Profile, strict=True)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise InputError(f"profile {name}: {error}", hint="docs/legal.md shows the form") from error
    known = EVIDENCE_TESTS.keys() | CASE_TESTS.keys()
    unknown = next((each.test for each in profile.requirement if each.test not in known), None)
    if unknown is not None:
        raise InputError(
            f"profile {name}: no test is called {unknown!r:.80}", hint=f"known: {', '.join(sorted(known))}"
        )
    ids = [each.id for each in profile.requirement]
    if len(set(ids)) != len(ids):
        raise InputError(f"profile {name}: two requirements have one id")
    return profile


def audit(
    case: Case, profile: Profile, evidence: Sequence[str], verified: tuple[Check, ...] | None = None
) -> Iterator[Asked]:
    """Yield each requirement with its answer: of the whole case, then of each evidence in turn.

    ``verified`` are the checks of a verification in the same run.

    Raises:
        IntegrityError: the log or a finding is not what was logged.
        ManifestError: a manifest or finding is not canonical.
    """
    whole = HeldCase(case=case, verified=verified)
    for wanted in profile.requirement:
        if wanted.test in CASE_TESTS:
            yield Asked(requirement=wanted, answered=CASE_TESTS[wanted.test](whole), evidence=None, exhibit=None)
    known = names(case)
    events: dict[str | None, list[CustodyEvent]] = defaultdict(list)
    for line in case.log.events():
        operator = known.get(line.event.operator, line.event.operator)
        events[line.event.item].append(replace(line.event, operator=operator))
    stored = tuple(findings.load(case))
    for item in evidence:
        held = Held(
            case=case,
            evidence=item,
            manifest=case.manifest(item),
            events=tuple(events[item]),
            findings=tuple(
                each for each in stored if item in (each.finding.match.query_id, each.finding.match.reference_id)
            ),
            checks=tuple(with_name(each, known) for each in named_checks(case.manifest(item), events[item])),
        )
        exhibit = str(held.manifest.record.case.get("exhibit"))
        for wanted in profile.requirement:
            if wanted.test in EVIDENCE_TESTS:
                answered = EVIDENCE_TESTS[wanted.test](held)
                yield Asked(requirement=wanted, answered=answered, evidence=item, exhibit=exhibit)
