"""A key is put away while an ingest that was killed waits for recovery: what can be shown of its manifest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import custody
from forensics.model.custody import Check, CheckStatus, EventType, KeyAct
from pipelines.case import Case, Run, open_case
from pipelines.key_changes import revoke
from pipelines.recovery import recover
from pipelines.seal import seal_case
from tests.adversarial.sealed_case import COLLEAGUE, OWN, STRANGER, SealedCase, checks, copy_of, fired, skipped


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("put-away") / "case"
    SealedCase(root).make()
    return root


@pytest.fixture
def killed(pristine: Path, tmp_path: Path) -> SealedCase:
    """The colleague's ingest was killed between the store and the log."""
    case = copy_of(pristine, tmp_path / "case")
    return kill_ingest(case, COLLEAGUE)


def kill_ingest(case: SealedCase, signer: custody.Signer) -> SealedCase:
    case.record(EventType.INGESTION_START)
    case.signer = signer
    case.ingest(b"late video", logged=False)
    case.signer = OWN
    return case


def opened(case: SealedCase) -> tuple[Case, Run]:
    return open_case(case.root), replace(case.run, id="urn:uuid:later", signer=OWN)


def put_away(case: SealedCase, act: KeyAct) -> None:
    """As another program, or one that was cut off at the wrong moment, leaves it: the recovery comes after."""
    there, run = opened(case)
    there.change_keys(run, [(act, COLLEAGUE.key)], OWN)


def recovered(case: SealedCase) -> tuple[str, ...]:
    there, run = opened(case)
    said = recover(there, run)
    seal_case(there, run)
    return said


def signature_check(case: SealedCase) -> Check:
    (found,) = [
        each for each in checks(case) if each.name == "manifest signature" and each.status is not CheckStatus.OK
    ]
    return found


def test_a_revocation_logs_first_what_the_dead_run_had_kept_and_everything_holds(killed: SealedCase) -> None:
    there, run = opened(killed)
    assert revoke(there, run, COLLEAGUE.key.fingerprint).key == COLLEAGUE.key
    seal_case(there, run)
    events = [json.loads(line) for line in killed.lines()]
    order = [event["event"] for event in events if event["run"] == "urn:uuid:later"]
    assert order.index("ingestion") < order.index("key change")
    logged = next(event for event in events if event["run"] == "urn:uuid:later" and event["event"] == "ingestion")
    assert logged["detail"].keys() == {"manifest", "version", "recovered"}
    assert (fired(killed), skipped(killed)) == (set(), set())


def test_recovered_after_a_revocation_the_manifest_fails_in_words_since_nothing_shows_that_it_is_older(
    killed: SealedCase,
) -> None:
    put_away(killed, KeyAct.REVOKED)
    line = len(killed.lines())
    (sentence,) = [each for each in recovered(killed) if "is signed by" in each]
    assert sentence.endswith(f"put away at line {line}: that it was written before cannot be shown")
    assert fired(killed) == {10}
    found = str(signature_check(killed).found)
    assert f"put away at line {line} while a run that was cut off waited for recovery" in found
    assert "that it was signed before cannot be shown" in found
    logged = [json.loads(each) for each in killed.lines()]
    assert [e["detail"]["signer_put_away"] for e in logged if e["detail"].get("recovered")] == [line]


def test_recovered_after_a_key_was_retired_the_manifest_is_skipped_with_the_same_words(killed: SealedCase) -> None:
    put_away(killed, KeyAct.RETIRED)
    recovered(killed)
    assert (fired(killed), skipped(killed)) == (set(), {"manifest signature"})
    assert "that it was signed before cannot be shown" in str(signature_check(killed).found)


def test_a_stranger_and_a_forged_line_gain_nothing_by_it(pristine: Path, tmp_path: Path) -> None:
    case = kill_ingest(copy_of(pristine, tmp_path / "case"), STRANGER)
    put_away(case, KeyAct.RETIRED)
    recovered(case)
    assert fired(case) == {10}
    assert "put away" not in str(signature_check(case).found)


def test_a_line_that_claims_it_of_a_document_that_is_no_recovered_one_changes_no_other_step(
    killed: SealedCase,
) -> None:
    """Whoever can write and seal such a line holds a key in force; of a revoked key it helps nobody."""
    put_away(killed, KeyAct.REVOKED)
    evidence = killed.store.ids()
    item = next(each for each in evidence if each not in {killed.first, killed.second, killed.third})
    killed.record(EventType.INGESTION, item, manifest=killed.digest(item), version=1, signer_put_away=1)
    seal_case(*opened(killed))
    assert fired(killed) == {10}
