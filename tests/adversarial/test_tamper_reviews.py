"""Tampering with reviews: each act, and the steps that name it. The forger of a line has re-sealed: he has the key."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.custody import canonical
from forensics.model.custody import EventType, Namespace
from pipelines import standing
from pipelines.case import open_case
from pipelines.review import Opinion, review
from tests.adversarial.sealed_case import SealedCase, checks, copy_of, fired, skipped, unsealed

NO = Opinion(confirms=False, examiner="op-09", reason="two takes")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = SealedCase(tmp_path_factory.mktemp("reviewed") / "case")
    made.make()
    review(open_case(made.root), made.run, ("1.json",), NO)
    made.seal()
    return made.root


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> SealedCase:
    return copy_of(pristine, tmp_path / "case")


def review_file(case: SealedCase) -> Path:
    return next(path for path in (case.root / "findings").glob("*.json") if path.name != "1.json")


def test_an_untouched_review_has_no_problem(case: SealedCase) -> None:
    assert (fired(case), skipped(case), unsealed(case)) == (set(), set(), 0)
    assert [check.found for check in checks(case) if check.name == "review"] == [
        f"rejected, supersedes {hashlib.sha256((case.root / 'findings/1.json').read_bytes()).hexdigest()}"
    ]


def rewrite(case: SealedCase, change: Callable[[dict], object]) -> None:
    """Change what the review says, as the key's holder: signed, logged, chained and sealed anew."""
    path = review_file(case)
    value = json.loads(path.read_bytes())
    change(value["predicate"])
    path.write_bytes(canonical.encode_stored(value))
    case.signed(Namespace.FINDING, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    case.rewrite(lambda events: line_of(events)["detail"].update(finding=digest))


def line_of(events: list[dict]) -> dict:
    return next(event for event in events if event["event"] == "review")


def relog(case: SealedCase, change: Callable[[dict], object]) -> None:
    case.rewrite(lambda events: change(line_of(events)))


def drop_review(case: SealedCase) -> None:
    for path in (review_file(case), review_file(case).with_name(review_file(case).name + ".sig")):
        path.unlink()


def edit(case: SealedCase, old: bytes, new: bytes) -> None:
    path = review_file(case)
    path.write_bytes(path.read_bytes().replace(old, new))


def forge(case: SealedCase, event: EventType, **detail: str) -> None:
    """A review that confirms, signed and sealed, filed by another line than that of a review."""
    path = review_file(case)
    value = json.loads(path.read_bytes())
    value["predicate"]["status"] = "confirmed"
    forged = path.with_name("forged.json")
    forged.write_bytes(canonical.encode_stored(value))
    case.signed(Namespace.FINDING, forged)
    digest = hashlib.sha256(forged.read_bytes()).hexdigest()
    case.record(event, case.first, finding=digest, file="forged.json", reference=case.second, **detail)
    case.seal()


ATTACKS: dict[str, tuple[Callable[[SealedCase], object], set[int]]] = {
    "rejected made confirmed": (lambda c: edit(c, b'"rejected"', b'"confirmed"'), {8}),
    "the reason reworded": (lambda c: edit(c, b"two takes", b"two tapes"), {8}),
    "another examiner": (lambda c: edit(c, b'"examiner":"op-', b'"examiner":"oq-'), {8}),
    "the review removed": (drop_review, {8}),
    "the reviewed finding removed": (lambda c: (c.root / "findings/1.json").unlink(), {8}),
    "its signature removed": (lambda c: review_file(c).with_name(review_file(c).name + ".sig").unlink(), {10}),
    "key holder: the document confirms what the log says was rejected": (
        lambda c: rewrite(c, lambda p: p.update(status="confirmed")), {8}),
    "key holder: it supersedes a finding that never was": (
        lambda c: rewrite(c, lambda p: p["review"].update(supersedes="0" * 64)), {8}),
    "key holder: another score": (lambda c: rewrite(c, lambda p: p.update(score="0.25")), {8}),
    "key holder: times added": (lambda c: rewrite(c, lambda p: p.update(mirrored=True)), {8}),
    "key holder: the log says confirmed": (lambda c: relog(c, lambda e: e["detail"].update(status="confirmed")), {8}),
    "key holder: logged as the machine's own": (lambda c: relog(c, lambda e: e.update(event="matching")), {8}),
    "key holder: a second review filed as matching": (lambda c: forge(c, EventType.MATCHING), {8}),
    "key holder: a second review whose line is silent": (lambda c: forge(c, EventType.REVIEW), {8}),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_a_review_fires_its_steps(case: SealedCase, name: str) -> None:
    attack, steps = ATTACKS[name]
    attack(case)
    assert fired(case) == steps


def test_a_review_cut_off_before_its_line_is_skipped_and_does_not_stand(case: SealedCase) -> None:
    value = json.loads(review_file(case).read_bytes())
    value["predicate"]["status"] = "confirmed"
    path = case.root / "findings/unlogged.json"
    path.write_bytes(canonical.encode_stored(value))
    case.signed(Namespace.FINDING, path)
    assert (fired(case), "finding logged" in skipped(case)) == (set(), True)
    assert [each.rejected for each in standing.load(open_case(case.root))] == [True]


def test_two_reviews_of_one_finding_are_in_order_and_the_later_stands(case: SealedCase) -> None:
    """As two people leave it who worked at the same time on copies of the case."""
    (first,) = standing.load(open_case(case.root))
    supersedes = first.finding.review.supersedes
    forge(case, EventType.REVIEW, supersedes=supersedes, status="confirmed")
    assert fired(case) == set()
    (stands,) = standing.load(open_case(case.root))
    assert (stands.name, stands.rejected) == ("forged.json", False)
    assert review_file(case).exists()


def test_a_line_that_withdraws_a_review_is_not_heeded(case: SealedCase) -> None:
    (stands,) = standing.load(open_case(case.root))
    case.record(EventType.MATCHING, withdrawn=stands.sha256, file=stands.name)
    assert [each.sha256 for each in standing.load(open_case(case.root))] == [stands.sha256]
