"""Exhibit numbers: none twice and none left out, whoever else writes. The case is a fake that counts its listings."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from pipelines.clerk import Numbers


@dataclass
class FakeCase:
    evidence: int = 0
    lines: int = 0
    listings: int = field(default=0)

    @property
    def log(self):
        return SimpleNamespace(head=lambda: SimpleNamespace(sha256=str(self.lines)))

    @property
    def store(self):
        return SimpleNamespace(ids=self.ids)

    def ids(self):
        self.listings += 1
        return iter(range(self.evidence))

    def admit(self) -> None:
        self.evidence += 1
        self.lines += 1


def test_the_store_is_listed_once_while_nobody_else_writes() -> None:
    case = FakeCase(evidence=41, lines=7)
    numbers = Numbers(case)
    given = []
    for _ in range(3):
        given.append(numbers.next())
        case.admit()
        numbers.taken()
    assert given == ["E-0042", "E-0043", "E-0044"]
    assert case.listings == 1


def test_what_another_run_admits_in_between_is_counted() -> None:
    case = FakeCase()
    numbers = Numbers(case)
    assert numbers.next() == "E-0001"
    case.admit()
    numbers.taken()
    case.admit()
    assert numbers.next() == "E-0003"


def test_a_number_that_was_told_and_not_taken_is_told_again() -> None:
    case = FakeCase()
    numbers = Numbers(case)
    assert [numbers.next(), numbers.next()] == ["E-0001", "E-0001"]
