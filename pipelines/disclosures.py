"""What private/disclosures/ tells: for a sealed hand-over, for verification, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from forensics import custody
from forensics.errors import ForensicsError
from forensics.model.custody import Check, CustodyEvent
from forensics.model.text import visible
from pipelines.case import Case
from pipelines.disclosure_files import (
    CASE_NAME,
    DISCLOSURES,
    DisclosureFiles,
    disclosures_in,
    is_cut_off,
    name_of,
    pseudonym_of,
    version_of,
)

PERSONS = ("by", "examiner")
"""Fields of log lines that name a person other than the operator."""

Held: TypeAlias = tuple[custody.Disclosure, ...] | str
"""The disclosures of one file, or why it cannot be read."""


def of(case: Case, evidence: str) -> tuple[tuple[str, bytes], ...]:
    """Every disclosure of an evidence's manifests, and the names of those who acted on it: files by their
    names below private/disclosures/, for a sealed hand-over. What was erased is not among them.

    Raises:
        ManifestError: a manifest is not canonical, or a file there has a line that is no disclosure.
        IntegrityError: a file there is a link, or too large.
    """
    files = case.disclosures
    versions = case.signed_manifest(evidence).version
    names = [name_of(evidence, number) for number in range(1, versions + 1)]
    acted = {person for line in case.log.events() for person in _persons(line.event, evidence)}
    names += [name for name in files.operator_files() if pseudonym_of(name) in acted]
    lines = ((name, files.lines(name)) for name in names)
    return tuple((name, "".join(f"{line}\n" for line in held).encode("ascii")) for name, held in lines if held)


def _persons(event: CustodyEvent, evidence: str) -> tuple[str, ...]:
    """Who acted on an evidence, or judged it, by one line of the log."""
    if evidence not in (event.item, event.detail.get("reference")):
        return ()
    said = (event.detail.get(name) for name in PERSONS)
    return (event.operator, *(each for each in said if isinstance(each, str)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The disclosures of a case or an exhibit as verification meets them: nothing raised, every problem a value.
    ``case_file`` are those of case.json.
    """

    evidence: Mapping[str, Mapping[int, Held]]
    operators: Mapping[str, Held]
    case_file: Held
    strange: tuple[str, ...]

    @classmethod
    def of_case(cls, root: Path) -> Examined:
        """Read all of private/disclosures/ below a case's root."""
        files = DisclosureFiles(folder=root / DISCLOSURES)
        return cls.of_files({name: held_in(partial(files.lines, name)) for name in files.names()})

    @classmethod
    def of_files(cls, files: Mapping[str, Held]) -> Examined:
        """What these files tell, by their names below private/disclosures/."""
        evidence: dict[str, dict[int, Held]] = {}
        acting: dict[str, Held] = {}
        strange: list[str] = []
        for name, held in files.items():
            version, pseudonym = version_of(name), pseudonym_of(name)
            if version is not None:
                evidence.setdefault(version[0], {})[version[1]] = held
            elif pseudonym is not None:
                acting[pseudonym] = held
            elif name != CASE_NAME:
                strange.append(name)
        return cls(evidence=evidence, operators=acting, case_file=files.get(CASE_NAME, ()), strange=tuple(strange))

    def at_hand(self, evidence: str) -> custody.AtHand:
        """What the checks of one evidence need."""
        return custody.AtHand(versions=self.evidence.get(evidence, {}), operators=self._told())

    def check_rest(
        self, case_file: bytes | None, events: Sequence[CustodyEvent], versions: Mapping[str, int]
    ) -> Iterator[Check]:
        """Step 5 for what is of no manifest: the case file, the operators, files that belong to nothing."""
        yield from custody.check_case_disclosures(case_file, self.case_file, self._told())
        yield from custody.check_operators(self.operators, (event.operator for event in events))
        for evidence, held in sorted(self.evidence.items()):
            for version in sorted(held):
                if version > versions.get(evidence, 0):
                    yield custody.check_stray(f"{DISCLOSURES}/{name_of(evidence, version)}", unlogged=True)
        for name in self.strange:
            yield custody.check_stray(f"{DISCLOSURES}/{visible(name)}", unlogged=is_cut_off(name))

    def _told(self) -> tuple[custody.Disclosure, ...]:
        return tuple(each for held in self.operators.values() if not isinstance(held, str) for each in held)


def held_in(lines: Callable[[], Iterable[str]]) -> Held:
    """What the lines of a file tell, or why they tell nothing."""
    try:
        return disclosures_in(lines())
    except ForensicsError as error:
        return error.message
