"""Tokens that the first reader refuses to parse: openssl judges them, says so, and is never taken for granted."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.custody import check_answer, encode_request
from forensics.errors import StampError
from forensics.model.custody import Check, EventType
from pipelines.case import Run, open_case
from pipelines.seal import stamp_last
from pipelines.second_reader import SecondReader
from pipelines.surroundings import Surroundings
from pipelines.verify import verify_case
from tests.adversarial import authority as authorities
from tests.adversarial.authority import Authority, open_for_business, unsort
from tests.adversarial.sealed_case import Clock, SealedCase, copy_of, fired
from tests.adversarial.test_time_stamps import NONCE, SIGNATURE, named

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is openssl ts")

SECOND = SecondReader(Surroundings().search_path())
REQUEST = encode_request(SIGNATURE, NONCE)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with open_for_business(unsort(authorities.make(tmp_path_factory.mktemp("tsa") / "local"))) as authority:
        yield authority


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = SealedCase(tmp_path_factory.mktemp("case") / "case")
    case.run = replace(case.run, surroundings=Surroundings(now=Clock(Surroundings().now()), environ={}))
    case.make()
    return case.root


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> SealedCase:
    return copy_of(pristine, tmp_path / "case")


def stamp(case: SealedCase, authority: Authority, path: str = "/bin:/usr/bin") -> list[str]:
    run = Run(id="urn:uuid:s", operator="op", surroundings=Surroundings(environ={"PATH": path}))
    return [notice.code for notice in stamp_last(open_case(case.root), run, [named(authority)])]


def token_check(case: SealedCase) -> Check:
    (found,) = [each for each in verify_case(case.root) if isinstance(each, Check) and each.name == "time-stamp"]
    return found


def code_of(request: bytes, answer: bytes, root: bytes, second: SecondReader | None = SECOND) -> str:
    with pytest.raises(StampError) as caught:
        check_answer(SIGNATURE, request, answer, root, second)
    return caught.value.code


def test_the_first_reader_refuses_it_and_the_second_reads_its_time(tsa: Authority) -> None:
    answer, root = tsa.answer(REQUEST), tsa.root.read_bytes()
    assert code_of(REQUEST, answer, root, None) == "stamp.unjudged"
    proved = check_answer(SIGNATURE, REQUEST, answer, root, SECOND)
    assert abs(proved.time - Surroundings().now()) < timedelta(minutes=1)
    assert proved.reader.startswith("openssl ")
    certificate = subprocess.run(
        ["openssl", "x509", "-in", tsa.root, "-outform", "DER"], capture_output=True, check=True
    )
    digest = subprocess.run(["sha256sum"], input=certificate.stdout, capture_output=True, check=True).stdout
    assert proved.root_sha256.encode() == digest[:64]


def test_both_readers_agree_about_a_token_that_both_can_read(tmp_path: Path) -> None:
    plain = authorities.make(tmp_path / "plain")
    answer, root = plain.answer(REQUEST), plain.root.read_bytes()
    first, second = check_answer(SIGNATURE, REQUEST, answer, root), SECOND(SIGNATURE, REQUEST, answer, root)
    assert first[:2] == second[:2]
    assert first.reader == "rfc3161-client"


def test_a_token_that_only_openssl_reads_is_kept_and_its_check_names_openssl(case: SealedCase, tsa: Authority) -> None:
    assert stamp(case, tsa) == []
    found = token_check(case)
    assert (str(found.status), "; judged by openssl " in str(found.found)) == ("ok", True)
    case.run = replace(case.run, surroundings=Surroundings(now=Clock(Surroundings().now()), environ={}))
    case.record(EventType.LIST_CHECK, hits=1)
    assert fired(case) == set()


def test_without_openssl_it_is_kept_with_a_notice_and_its_check_is_skipped_and_proves_nothing(
    case: SealedCase, tsa: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert stamp(case, tsa, str(tmp_path)) == ["stamp.unjudged"]
    asked = tsa.asked
    assert stamp(case, tsa) == []
    assert tsa.asked == asked
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        found = token_check(case)
        assert (str(found.status), "is not on this machine" in str(found.found)) == ("skipped", True)
        outside = next(c for c in verify_case(case.root) if isinstance(c, Check) and c.name == "time from outside")
        assert str(outside.status) == "skipped"
    assert str(token_check(case).status) == "ok"


@pytest.mark.parametrize("banner", ["LibreSSL 3.3.6", "OpenSSL 1.0.2k-fips  26 Jan 2017", "", "hello"])
def test_an_openssl_that_cannot_judge_at_the_tokens_time_is_not_asked(
    tsa: Authority, tmp_path: Path, banner: str
) -> None:
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\necho '{banner}'\n")
    program.chmod(0o755)
    assert code_of(REQUEST, tsa.answer(REQUEST), tsa.root.read_bytes(), SecondReader(str(tmp_path))) == "stamp.unjudged"


@pytest.mark.parametrize(
    ("trick", "code"),
    [("wrong hash", "stamp.unsound"), ("wrong nonce", "stamp.unsound"), ("changed byte", "stamp.unsound")],
)
def test_what_does_not_hold_is_refused_and_not_kept(case: SealedCase, tsa: Authority, trick: str, code: str) -> None:
    tsa.trick = trick
    try:
        assert stamp(case, tsa) == [code]
    finally:
        tsa.trick = ""
    assert not list((case.root / "log/checkpoints").glob("*.tsr"))


def test_a_web_page_is_not_kept_even_when_nobody_can_judge_it(case: SealedCase, tsa: Authority, tmp_path: Path) -> None:
    tsa.trick = "web page"
    try:
        assert [*stamp(case, tsa), *stamp(case, tsa, str(tmp_path))] == ["stamp.unreadable", "stamp.unjudged"]
    finally:
        tsa.trick = ""
    assert not list((case.root / "log/checkpoints").glob("*.tsr"))


def test_bytes_that_no_reader_reads_are_a_failure_and_not_skipped(case: SealedCase, tsa: Authority) -> None:
    stamp(case, tsa)
    (path,) = (case.root / "log/checkpoints").glob("*.tsr")
    path.chmod(0o600)
    path.write_bytes(b"0\x03abc")
    assert fired(case) == {12}


def test_it_is_judged_at_its_own_time(tmp_path: Path) -> None:
    brief = unsort(authorities.make(tmp_path / "brief", ends=timedelta(seconds=2)))
    answer = brief.answer(REQUEST)
    time.sleep(2.2)
    assert check_answer(SIGNATURE, REQUEST, answer, brief.root.read_bytes(), SECOND)
    late = unsort(authorities.make(tmp_path / "late", begins=timedelta(days=-30), ends=timedelta(days=-1)))
    assert code_of(REQUEST, late.answer(REQUEST), late.root.read_bytes()) == "stamp.unsound"


def test_another_root_is_not_taken_though_the_token_brings_it_along(tsa: Authority) -> None:
    """The token holds certificates of the authority's choice; only the stated root counts."""
    other = (tsa.folder / "other/root.pem").read_bytes()
    assert code_of(REQUEST, tsa.answer(REQUEST), other) == "stamp.unsound"
    assert code_of(REQUEST, tsa.answer(REQUEST), b"no certificate") == "stamp.root"


def test_a_time_that_the_unsigned_part_of_an_answer_claims_is_not_believed(tsa: Authority) -> None:
    """The status text is of nobody's signing, and openssl prints it above the token's time."""
    answer = tsa.answer(REQUEST)
    forged = b"x\nTime stamp: Jan  1 00:00:00 2020 GMT"
    text = b"\x0c" + bytes([len(forged)]) + forged
    status = b"\x02\x01\x00" + b"\x30" + bytes([len(text)]) + text
    token = answer[9:]
    assert answer[4:9] == b"\x30\x03\x02\x01\x00"
    body = b"\x30" + bytes([len(status)]) + status + token
    changed = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    assert code_of(REQUEST, changed, tsa.root.read_bytes()) == "stamp.unreadable"


def test_no_flipped_bit_of_such_a_token_gives_another_time(tsa: Authority) -> None:
    answer, root = tsa.answer(REQUEST), tsa.root.read_bytes()
    proved = check_answer(SIGNATURE, REQUEST, answer, root, SECOND)
    for at in range(0, len(answer), 23):
        changed = answer[:at] + bytes([answer[at] ^ 1 << at % 8]) + answer[at + 1 :]
        try:
            assert check_answer(SIGNATURE, REQUEST, changed, root, SECOND)[:2] == proved[:2]
        except StampError:
            continue
