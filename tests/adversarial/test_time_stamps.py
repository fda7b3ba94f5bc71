"""Time-stamps by a local authority: each way in which one can go wrong has its own clear outcome."""

import base64
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from forensics.custody import check_answer, encode_request
from forensics.errors import StampError
from forensics.model.custody import EventType
from pipelines import config
from pipelines.case import Run, open_case
from pipelines.seal import stamp_last
from pipelines.surroundings import Surroundings
from tests.adversarial import authority as authorities
from tests.adversarial.authority import Authority, open_for_business
from tests.adversarial.sealed_case import Clock, SealedCase, checks, copy_of, fired, unsealed
from tests.adversarial.test_tamper_sealed import edit_third, log_third

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is openssl ts")

SIGNATURE = b"-----BEGIN SSH SIGNATURE-----\nthis stands for one\n"
NONCE = bytes(range(8))


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with open_for_business(authorities.make(tmp_path_factory.mktemp("tsa") / "local")) as authority:
        yield authority


@pytest.fixture
def honest(tsa: Authority) -> Iterator[Authority]:
    yield tsa
    tsa.trick = ""


def named(authority: Authority, name: str = "local") -> config.Authority:
    return config.Authority(name=name, url=authority.url, root=str(authority.root))


def test_the_request_is_the_one_that_openssl_reads(tmp_path: Path) -> None:
    for nonce in (NONCE, bytes(8), b"\xff" * 8):
        (tmp_path / "tsq").write_bytes(encode_request(SIGNATURE, nonce))
        words = ["openssl", "ts", "-query", "-in", tmp_path / "tsq", "-text"]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert "Hash Algorithm: sha256" in told
        assert "Certificate required: yes" in told
        assert "Nonce: 0x" in told


def test_a_token_holds_here_and_for_openssl(tsa: Authority, tmp_path: Path) -> None:
    request = encode_request(SIGNATURE, NONCE)
    answer = tsa.answer(request)
    stamp = check_answer(SIGNATURE, request, answer, tsa.root.read_bytes())
    assert stamp.time.tzinfo is not None
    (tmp_path / "sig").write_bytes(SIGNATURE)
    (tmp_path / "tsr").write_bytes(answer)
    words = ["openssl", "ts", "-verify", "-in", tmp_path / "tsr", "-data", tmp_path / "sig", "-CAfile", tsa.root]
    assert subprocess.run([*words, "-no_check_time"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("trick", "code"),
    [
        ("wrong hash", "stamp.unsound"),
        ("wrong nonce", "stamp.unsound"),
        ("changed byte", "stamp.unsound"),
        ("refusal", "stamp.refused"),
        ("web page", "stamp.unreadable"),
        ("silence", "stamp.unreachable"),
        ("error", "stamp.unreachable"),
        ("redirect", "stamp.unreachable"),
        ("too long", "stamp.unreachable"),
    ],
)
def test_what_goes_wrong_is_told_apart_and_leaves_the_stamp_pending(
    case: SealedCase, honest: Authority, trick: str, code: str
) -> None:
    honest.trick = trick
    assert [notice.code for notice in stamp(case, honest)] == [code]
    assert not list((case.root / "log/checkpoints").glob("*.tsr"))
    assert (fired(case), unsealed(case)) == (set(), 0)
    honest.trick = ""
    assert stamp(case, honest) == []
    assert (fired(case), outside(case)) == (set(), "ok")


def test_an_authority_that_is_not_there_leaves_the_stamp_pending(case: SealedCase, tsa: Authority) -> None:
    absent = replace(named(tsa), url="http://127.0.0.1:9/")
    assert [notice.code for notice in stamp_with(case, absent)] == ["stamp.unreachable"]
    assert outside(case) == "skipped"


@pytest.mark.parametrize(
    ("begins", "ends"), [(timedelta(days=-30), timedelta(days=-1)), (timedelta(days=1), timedelta(days=30))]
)
def test_a_token_made_outside_the_life_of_its_certificate_is_refused(
    case: SealedCase, tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    with open_for_business(authorities.make(tmp_path / "late", begins=begins, ends=ends)) as late:
        assert [notice.code for notice in stamp(case, late)] == ["stamp.unsound"]


def test_a_certificate_that_has_run_out_since_does_not_matter(tmp_path: Path) -> None:
    brief = authorities.make(tmp_path / "brief", ends=timedelta(seconds=2))
    request = encode_request(SIGNATURE, NONCE)
    answer = brief.answer(request)
    time.sleep(2.2)
    assert check_answer(SIGNATURE, request, answer, brief.root.read_bytes())


def test_a_token_under_another_root_is_refused(case: SealedCase, tsa: Authority, tmp_path: Path) -> None:
    other = authorities.make(tmp_path / "other")
    assert [n.code for n in stamp_with(case, replace(named(tsa), root=str(other.root)))] == ["stamp.unsound"]
    (tmp_path / "none.pem").write_text("no certificate")
    for root in ("none.pem", "absent.pem"):
        found = stamp_with(case, replace(named(tsa), root=str(tmp_path / root)))
        assert [notice.code for notice in found] == ["stamp.root"]


def test_a_request_over_another_signature_is_refused(tsa: Authority) -> None:
    request = encode_request(SIGNATURE, NONCE)
    answer = tsa.answer(request)
    for other in (encode_request(b"another", NONCE), b"", request + b"x"):
        with pytest.raises(StampError) as caught:
            check_answer(SIGNATURE, other, answer, tsa.root.read_bytes())
        assert caught.value.code == "stamp.request"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sealed, not stamped, with a right clock."""
    root = tmp_path_factory.mktemp("case") / "case"
    right(SealedCase(root)).make()
    return root


def right(case: SealedCase, ago: timedelta = timedelta()) -> SealedCase:
    """Set the case's clock to now, or back."""
    clock = Clock(Surroundings().now() - ago)
    case.run = replace(case.run, surroundings=Surroundings(now=clock, environ={}))
    return case


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> SealedCase:
    return right(copy_of(pristine, tmp_path / "case"))


@pytest.fixture
def stamped(case: SealedCase, tsa: Authority) -> SealedCase:
    """A token, then a session, a seal and another token."""
    assert stamp(case, tsa) == []
    right(case).record(EventType.LIST_CHECK, hits=1)
    case.seal()
    assert stamp(case, tsa) == []
    assert fired(case) == set()
    return case


def stamp(case: SealedCase, authority: Authority) -> list:
    return stamp_with(case, named(authority))


def stamp_with(case: SealedCase, *asked: config.Authority) -> list:
    run = Run(id="urn:uuid:s", operator="op", surroundings=Surroundings(environ={}))
    return list(stamp_last(open_case(case.root), run, asked))


def outside(case: SealedCase) -> str:
    return next(str(check.status) for check in checks(case) if check.name == "time from outside")


def rewrite(case: SealedCase, tsa: Authority | None, change) -> None:
    """All that the key's holder can; new tokens are bought of ``tsa``, when there is one."""

    def stamp(path: Path) -> None:
        assert tsa is not None
        request = encode_request(path.with_name(f"{path.name}.sig").read_bytes(), NONCE)
        parts = {"tsq": request, "tsr": tsa.answer(request), "pem": tsa.root.read_bytes()}
        for suffix, data in parts.items():
            path.with_name(f"{path.name}.sig.local.{suffix}").write_bytes(data)

    case.rewrite(change, None if tsa is None else stamp)


def test_every_token_of_two_authorities_is_kept_and_checked(case: SealedCase, tsa: Authority, tmp_path: Path) -> None:
    with open_for_business(authorities.make(tmp_path / "second")) as second:
        asked = (named(tsa), named(second, "second-one"))
        assert stamp_with(case, *asked) == []
        before = tsa.asked, second.asked
        assert stamp_with(case, *asked) == []
        assert (tsa.asked, second.asked) == before
    names = {path.name.partition(".sig.")[2] for path in (case.root / "log/checkpoints").glob("*.sig.*")}
    assert names == {f"{name}.{suffix}" for name in ("local", "second-one") for suffix in ("tsq", "tsr", "pem")}
    assert [check.step for check in checks(case) if check.name == "time-stamp"] == [12, 12]
    assert fired(case) == set()


def test_the_line_after_a_seal_names_its_token(stamped: SealedCase) -> None:
    (line,) = [json.loads(line) for line in stamped.lines() if b".tsr" in line]
    assert line["event"] == "sealed"
    for name, digest in line["detail"].items():
        if name != "size":
            assert hashlib.sha256((stamped.root / "log/checkpoints" / name).read_bytes()).hexdigest() == digest


def test_attack_4_seals_made_anew_by_the_key_holder_do_not_fit_the_old_tokens(stamped: SealedCase) -> None:
    rewrite(stamped, None, log_third(stamped, edit_third(stamped, resign=True)))
    assert fired(stamped) == {12}


def test_attack_5_new_tokens_over_times_that_were_claimed_earlier_are_outside_the_brackets(
    stamped: SealedCase, tsa: Authority
) -> None:
    """The rewriting happens hours after the sessions that it rewrites: their claimed times stay."""
    digest = edit_third(stamped, resign=True)
    signed = log_third(stamped, digest)

    def hours_ago(events: list[dict]) -> None:
        signed(events)
        for event in events:
            event["time"] = f"2026-01-01T00:00:{min(event['seq'], 59):02d}.000000Z"

    rewrite(stamped, tsa, hours_ago)
    assert fired(stamped) == {13}


def test_attack_5c_not_seen_inside_when_the_claimed_times_move_too_and_seen_with_a_held_head(
    stamped: SealedCase, tsa: Authority
) -> None:
    held = stamped.head()
    rewrite(stamped, tsa, log_third(stamped, edit_third(stamped, resign=True)))
    assert (fired(stamped), unsealed(stamped)) == (set(), 0)
    assert fired(stamped, held) == {14}


def test_attack_10_an_event_dated_back_after_a_token_is_outside_its_bracket(
    stamped: SealedCase, tsa: Authority
) -> None:
    right(stamped, ago=timedelta(hours=2)).record(EventType.LIST_CHECK, hits=2)
    stamped.seal()
    assert stamp(stamped, tsa) == []
    assert fired(stamped) == {13}


def test_an_event_dated_into_the_future_is_outside_its_bracket(stamped: SealedCase, tsa: Authority) -> None:
    right(stamped, ago=timedelta(hours=-2)).record(EventType.LIST_CHECK, hits=2)
    stamped.seal()
    assert stamp(stamped, tsa) == []
    assert fired(stamped) == {13}


def move(case: SealedCase, source: int, target: int, *suffixes: str) -> None:
    for suffix in suffixes:
        one, two = (f"{case.checkpoints[at].name}.sig.local.{suffix}" for at in (source, target))
        shutil.copy(case.root / "log/checkpoints" / one, case.root / "log/checkpoints" / two)


def test_attack_11_an_older_token_replayed_is_found(stamped: SealedCase) -> None:
    move(stamped, -2, -1, "tsr")
    assert fired(stamped) == {12}
    move(stamped, -2, -1, "tsq")
    assert fired(stamped) == {12}


def test_a_later_token_put_in_place_of_a_logged_one_is_found(stamped: SealedCase) -> None:
    move(stamped, -1, -2, "tsr", "tsq")
    assert fired(stamped) == {9, 12}


def test_a_logged_token_removed_is_found_and_the_last_one_only_counted(stamped: SealedCase) -> None:
    (stamped.root / "log/checkpoints" / f"{stamped.checkpoints[-1].name}.sig.local.tsr").unlink()
    assert (fired(stamped), outside(stamped)) == (set(), "skipped")
    (stamped.root / "log/checkpoints" / f"{stamped.checkpoints[-2].name}.sig.local.tsr").unlink()
    assert fired(stamped) == {9}


def test_a_token_without_its_root_is_found(stamped: SealedCase) -> None:
    (stamped.root / "log/checkpoints" / f"{stamped.checkpoints[-1].name}.sig.local.pem").unlink()
    assert fired(stamped) == {12}


def test_no_flipped_bit_of_a_token_gives_another_time(stamped: SealedCase, tsa: Authority) -> None:
    """Bits that the authority's signature does not cover may change; what a token proves may not."""
    request = encode_request(SIGNATURE, NONCE)
    answer, root = tsa.answer(request), tsa.root.read_bytes()
    proved = check_answer(SIGNATURE, request, answer, root)
    for at in range(0, len(answer), 7):
        changed = answer[:at] + bytes([answer[at] ^ 1 << at % 8]) + answer[at + 1 :]
        try:
            assert check_answer(SIGNATURE, request, changed, root) == proved
        except StampError:
            continue


def test_a_certificate_that_makes_the_reader_abort_is_a_token_that_does_not_hold(
    tsa: Authority, capfd: pytest.CaptureFixture[str]
) -> None:
    """Found by changing bytes of an exhibit: a name in the root that is no UTF-8 makes the Rust code panic."""
    request = encode_request(SIGNATURE, NONCE)
    answer = tsa.answer(request)
    der = x509.load_pem_x509_certificate(tsa.root.read_bytes()).public_bytes(Encoding.DER)
    broken = base64.encodebytes(der.replace(b"Test root", b"Test\xffroot"))
    root = b"-----BEGIN CERTIFICATE-----\n" + broken + b"-----END CERTIFICATE-----\n"
    with pytest.raises(StampError, match="its reader gave up") as caught:
        check_answer(SIGNATURE, request, answer, root)
    assert caught.value.code == "stamp.unsound"
    capfd.readouterr()


def test_a_certificate_of_a_version_that_is_none_is_a_token_that_does_not_hold(tsa: Authority) -> None:
    """Found by changing bytes of a case: the reader raises an error of another kind for it."""
    request = encode_request(SIGNATURE, NONCE)
    answer = tsa.answer(request)
    version_3, version_11 = bytes.fromhex("a003020102"), bytes.fromhex("a00302010a")
    assert version_3 in answer
    with pytest.raises(StampError) as caught:
        check_answer(SIGNATURE, request, answer.replace(version_3, version_11), tsa.root.read_bytes())
    assert caught.value.code == "stamp.unsound"
