"""Which findings stand: reviews, and what a later matching makes of them. On a case without video."""

from dataclasses import replace
from pathlib import Path

import pytest

from forensics import custody
from forensics.errors import CaseError, InputError
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.finding import FindingStatus
from forensics.model.match import Assessment, Decision, Match
from pipelines import findings, standing
from pipelines.case import open_case
from pipelines.review import CONFIRMED_LIMIT, REJECTED_LIMIT, Opinion, review
from pipelines.standing import StoredFinding
from tests.adversarial.sealed_case import SealedCase

NO = Opinion(confirms=False, examiner="op-09", reason="two takes", alternatives=("one mast, two days",))
YES = Opinion(confirms=True, examiner="op-10", reason="the same birds")
BY = findings.procedure(None)


class Filed(SealedCase):
    """A case in which the machine found one pair."""

    @property
    def case(self):
        return open_case(self.root)

    @property
    def match(self) -> Match:
        return Match(
            query_id=self.second,
            reference_id=self.first,
            score=0.75,
            decision=Decision.MATCH,
            assessment=Assessment.SAME_RECORDING,
            mirrored=False,
            segments=(),
            method=findings.METHOD,
        )

    def file(self, *matches: Match, complete: bool = True) -> findings.Filing:
        return findings.file_run(self.case, self.run, matches, 3, complete=complete, by=BY)

    @property
    def stored(self) -> list[StoredFinding]:
        return list(standing.load(self.case))


@pytest.fixture
def filed(tmp_path: Path) -> Filed:
    made = Filed(tmp_path / "case")
    made.make()
    made.file(made.match)
    return made


def test_a_review_takes_the_place_of_what_it_supersedes_and_both_are_kept(filed: Filed) -> None:
    (machine,) = filed.stored
    done = review(filed.case, filed.run, (machine.sha256[:6],), NO)
    (stands,) = filed.stored
    assert stands == done.stored
    assert (stands.rejected, stands.finding.review.supersedes) == (True, machine.sha256)
    assert (stands.finding.match, stands.finding.params) == (machine.finding.match, machine.finding.params)
    assert (stands.finding.calibration, stands.finding.reference_manifest) == (
        machine.finding.calibration,
        machine.finding.reference_manifest,
    )
    assert stands.finding.limits == (REJECTED_LIMIT, *machine.finding.limits[1:])
    assert stands.finding.review.alternatives == ("one mast, two days",)
    former = (filed.root / "findings" / machine.name).read_bytes()
    assert custody.decode_finding(former) == machine.finding


def test_the_finding_of_a_machine_names_the_rates_of_the_record_that_it_relies_on(filed: Filed) -> None:
    (machine,) = filed.stored
    rates = machine.finding.calibration
    assert rates is not None and not rates.of_this_case
    assert rates.record in machine.finding.limits[-1]
    assert 0 < rates.recall_low <= rates.matched / rates.copies <= rates.recall_high <= 1
    assert (rates.false_pairs, rates.pairs > 0, 0 < rates.false_bound < 1) == (0, True, True)


@pytest.mark.parametrize("by", ["digest", "prefix", "urn", "file", "path", "evidences", "evidences turned round"])
def test_a_finding_is_named_by_what_a_user_has_at_hand(filed: Filed, by: str) -> None:
    (machine,) = filed.stored
    names = {
        "digest": (machine.sha256,),
        "prefix": (machine.sha256[:6].upper(),),
        "urn": (f"urn:sha256:{machine.sha256}",),
        "file": (machine.name,),
        "path": (f"findings/{machine.name}",),
        "evidences": (filed.second[:8], filed.first[:8]),
        "evidences turned round": (filed.first, filed.second),
    }[by]
    assert review(filed.case, filed.run, names, YES).former.sha256 == machine.sha256


@pytest.mark.parametrize("names", [("abcdef",), ("cb",), ("",), ("1.jso",), ("../1.json/",)])
def test_what_names_no_finding_is_refused_and_nothing_is_written(filed: Filed, names: tuple[str, ...]) -> None:
    log = filed.lines()
    with pytest.raises(CaseError, match="no finding"):
        review(filed.case, filed.run, names, YES)
    assert filed.lines() == log


def test_of_two_reviews_the_later_stands_and_supersedes_the_first_whatever_name_is_used(filed: Filed) -> None:
    (machine,) = filed.stored
    first = review(filed.case, filed.run, (machine.sha256,), NO).stored
    second = review(filed.case, filed.run, (machine.sha256,), YES)
    assert second.former == first
    assert [each.sha256 for each in filed.stored] == [second.stored.sha256]
    assert second.stored.finding.limits[0] == CONFIRMED_LIMIT
    assert REJECTED_LIMIT not in second.stored.finding.limits
    kept = {path.name for path in (filed.root / "findings").glob("*.json")}
    assert {machine.name, first.name, second.stored.name} <= kept


@pytest.mark.parametrize(
    "opinion",
    [
        replace(NO, reason=" "),
        replace(NO, reason="x" * 8001),
        replace(NO, reason="\udcff"),
        replace(NO, examiner="A\nB"),
        replace(NO, examiner=" "),
        replace(NO, alternatives=("",)),
        replace(NO, alternatives=("x",) * 21),
    ],
)
def test_an_opinion_outside_the_bounds_is_refused_and_nothing_is_written(filed: Filed, opinion: Opinion) -> None:
    log, files = filed.lines(), sorted((filed.root / "findings").iterdir())
    with pytest.raises(InputError):
        review(filed.case, filed.run, (filed.stored[0].sha256,), opinion)
    assert (filed.lines(), sorted((filed.root / "findings").iterdir())) == (log, files)


def test_matching_again_with_the_same_result_files_nothing_new_and_the_review_stands(filed: Filed) -> None:
    done = review(filed.case, filed.run, (filed.first, filed.second), NO)
    before, files = len(filed.lines()), sorted((filed.root / "findings").iterdir())
    filing = filed.file(filed.match)
    assert (filing.notices, len(filed.lines()) - before) == ((), 1)
    assert sorted((filed.root / "findings").iterdir()) == files
    assert filing.of_pair[frozenset({filed.first, filed.second})] == (done.stored.sha256, FindingStatus.REJECTED)


def test_another_result_of_the_machine_lies_beside_the_review_and_is_told(filed: Filed) -> None:
    done = review(filed.case, filed.run, (filed.first, filed.second), NO)
    moved = replace(filed.match, score=0.9)
    filing = filed.file(moved)
    assert [notice.code for notice in filing.notices] == ["match.review_stands"]
    assert [each.sha256 for each in filed.stored] == [done.stored.sha256]
    (beside,) = standing.ledger_of(filed.case).beside.values()
    assert standing.read(filed.case, beside).finding.match == moved
    assert beside.sha256[:12] in filing.notices[0].message
    size = len(filed.lines())
    assert filed.file(moved).notices == filing.notices
    assert len(filed.lines()) == size + 1
    second = review(filed.case, filed.run, (beside.sha256,), YES)
    assert [each.sha256 for each in filed.stored] == [second.stored.sha256]
    assert second.stored.finding.match == moved
    assert filed.file(moved).notices == ()


def test_a_result_that_is_gone_leaves_the_review_and_is_told(filed: Filed) -> None:
    done = review(filed.case, filed.run, (filed.first, filed.second), YES)
    (notice,) = filed.file().notices
    assert "now gives nothing" in notice.message
    assert [each.sha256 for each in filed.stored] == [done.stored.sha256]
    assert filed.file(complete=False).notices == ()


def test_without_a_review_a_finding_is_withdrawn_as_ever(filed: Filed) -> None:
    filed.file()
    assert filed.stored == []
    with pytest.raises(CaseError):
        review(filed.case, filed.run, (filed.first, filed.second), YES)


def events(*lines: tuple[EventType, dict[str, str]]) -> list[CustodyEvent]:
    return [
        CustodyEvent(
            case="c", seq=seq, prev="0" * 64, time="", event=event, run="", operator="", item="q", detail=detail
        )
        for seq, (event, detail) in enumerate(lines)
    ]


def ledger(*lines: tuple[EventType, dict[str, str]]) -> standing.Ledger:
    told = standing.Ledger()
    for event in events(*lines):
        told.take(event)
    return told


REVIEW, MATCHING = EventType.REVIEW, EventType.MATCHING


def test_a_machine_finding_logged_after_a_review_of_its_pair_does_not_stand() -> None:
    """As two runs leave it that overlapped: the lock on the log orders the lines, not the runs."""
    told = ledger(
        (MATCHING, {"finding": "m", "reference": "r"}),
        (REVIEW, {"finding": "v", "reference": "r", "supersedes": "m"}),
        (MATCHING, {"finding": "n", "reference": "r"}),
        (MATCHING, {"finding": "o", "reference": "s"}),
    )
    assert (list(told.stands), list(told.beside), told.followed) == (["v", "o"], ["n"], {"m": "v"})


def test_reviews_that_name_one_another_in_a_circle_are_followed_to_an_end(filed: Filed) -> None:
    told = ledger(
        (REVIEW, {"finding": "a" * 64, "reference": "r", "supersedes": "b" * 64}),
        (REVIEW, {"finding": "b" * 64, "reference": "r", "supersedes": "a" * 64}),
        (REVIEW, {"finding": "a" * 64, "reference": "r", "supersedes": "b" * 64}),
        (REVIEW, {"finding": "a" * 64, "reference": "r", "supersedes": "a" * 64}),
    )
    assert list(told.stands) == ["a" * 64]
    assert standing.find(filed.case, told, ("b" * 64,)).sha256 == "a" * 64


def test_the_ledger_of_many_findings_is_told_in_one_pass() -> None:
    """Each line is looked at once: 40,000 of them take as long as they have lines, not as they have pairs."""
    lines = [(MATCHING, {"finding": f"{n:064x}", "reference": f"r{n}"}) for n in range(20_000)]
    lines += [
        (REVIEW, {"finding": f"f{n:063x}", "reference": f"r{n}", "supersedes": f"{n:064x}"}) for n in range(20_000)
    ]
    told = ledger(*lines)
    assert (len(told.stands), len(told.reviews), len(told.followed)) == (20_000,) * 3
