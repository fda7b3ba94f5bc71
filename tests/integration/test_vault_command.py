"""Locked copies, against moto: a fake of S3, with the faults that `tests.fake_s3` lists."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics import custody
from forensics.errors import CaseError, InputError, IntegrityError, StoreError
from forensics.model.copy import LockMode, Retention
from forensics.model.custody import Check, CheckStatus, EventType
from pipelines import bucket, bucket_answers, bucket_parts, vault, vault_check
from pipelines.bucket import Bucket
from pipelines.bucket_answers import parse_place
from pipelines.case import Case, Run, open_case
from pipelines.cli import run_command
from pipelines.surroundings import Surroundings
from tests import fake_s3
from tests.fake_s3 import Answer
from tests.integration.conftest import ROOT, Ran, environment

LOCK = Retention(lock=LockMode.GOVERNANCE, until="2040-01-01T00:00:00Z")
NO_LOCK = Retention(lock=LockMode.NONE, until=None)
NOW = "2027-01-01T00:00:00Z"
CLIENTS: dict[str, Any] = {}
UNTIL = ("--lock", "governance", "--retain-until", "2040-01-01")


@pytest.fixture
def server(s3: str) -> str:
    return s3


@pytest.fixture
def owner(s3_owner: Any) -> Any:
    return s3_owner


@pytest.fixture
def place(s3_bucket: str) -> str:
    return s3_bucket


@pytest.fixture
def opened(
    server: str, place: str, at_s3: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Bucket]:
    """Open the test's bucket, at the fake itself or at a liar's address. To make a client takes a quarter of a second,
    so that of the fake is made once.
    """
    monkeypatch.setattr(bucket, "ATTEMPTS", 2)

    def at(address: str = server, name: str = place) -> Bucket:
        at_s3(address)
        found = parse_place(f"s3://{name}/cases/one")
        if address != server:
            return Bucket.open(found)
        if address not in CLIENTS:
            CLIENTS[address] = Bucket.open(found)._client
        return Bucket(found, CLIENTS[address])

    return at


@pytest.fixture
def case(ingested: Path, tmp_path: Path) -> Case:
    return open_case(Path(shutil.copytree(ingested, tmp_path / "case", symlinks=True)))


@pytest.fixture
def run() -> Run:
    return Run(id="urn:uuid:0", operator="op-test", surroundings=Surroundings(environ={}))


@pytest.fixture
def one(case: Case) -> str:
    return next(case.store.ids())


def put(case: Case, run: Run, at: Bucket, item: str, retention: Retention = LOCK, **more: bool) -> dict[str, int]:
    """Put the copies of one evidence; how many files ended in which way."""
    counts: dict[str, int] = {}
    for each in vault.put(case, run, [item], at, retention, **more):
        counts[each.status] = counts.get(each.status, 0) + 1
    return counts


def failed(checks: Iterator[Check]) -> list[tuple[str, str]]:
    """Name and finding of every check that failed."""
    return [(each.name, str(each.found)) for each in checks if each.status is CheckStatus.FAILED]


def checks(case: Case, at: Bucket, item: str, *, deep: bool = False) -> tuple[Check, ...]:
    return tuple(vault_check.check(case, [item], at, deep=deep, now=NOW))


def key_of(item: str) -> str:
    return f"cases/one/sha256/{item[:2]}/{item}"


def logged(case: Case) -> list[Any]:
    return [line.event for line in case.log.events() if line.event.event is EventType.REPLICATION]


def shell(server: str, *words: str | Path, **changed: str) -> Ran:
    """The real command line, as a client of this server."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, words)],
        cwd=ROOT,
        env={**environment(), **fake_s3.settings(server), **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_case_is_copied_checked_and_fetched_back_by_the_command_line(server, place, case, one, tmp_path) -> None:
    at = ("--at", f"s3://{place}/cases/one", "-c", case.root)
    first = shell(server, "vault", "put", *at, *UNTIL, "--json")
    assert first.code == 0, first.err
    (summary,) = first.of("summary")
    assert summary["copied"] == len(first.of("copy")) == 9
    assert summary["head"].endswith(".ckpt")
    again = shell(server, "vault", "put", *at, *UNTIL, "--json")
    assert (again.code, again.of("summary")[0]["known"]) == (0, 9)
    checked = shell(server, "vault", "check", *at, "--deep", "--json")
    assert checked.code == 0, checked.out
    assert {each["status"] for each in checked.of("check")} == {"ok"}
    assert {each["step"] for each in checked.of("check")} == {14, 18}
    fetched = shell(server, "vault", "fetch", one, "--out", tmp_path / "back", *at)
    assert fetched.code == 0, fetched.err
    assert (tmp_path / "back").read_bytes() == case.store.path(one, "original").read_bytes()
    assert (tmp_path / "back").stat().st_mode & 0o777 == 0o444
    verified = shell(server, "verify", case.root, "--json")
    assert verified.code == 0
    assert sum(each["name"] == "logged copy" for each in verified.of("check")) == 9
    said = "".join(done.out + done.err for done in (first, again, checked, fetched, verified))
    kept = b"".join(path.read_bytes() for path in case.root.rglob("*") if path.is_file())
    for secret in (fake_s3.SECRET, fake_s3.KEY_ID):
        assert secret not in said
        assert secret.encode() not in kept


def test_the_log_says_of_a_copy_what_the_server_confirmed(opened, owner, place, case, run, one) -> None:
    assert put(case, run, opened(), one) == {"copied": 3}
    told = next(event.detail for event in logged(case) if event.detail["file"] == "original")
    head = owner.head_object(Bucket=place, Key=key_of(one), ChecksumMode="ENABLED")
    assert told["version_id"] == head["VersionId"]
    assert told["checksum"] == head["ChecksumSHA256"]
    assert (told["lock"], told["retain_until"]) == ("governance", "2040-01-01T00:00:00Z")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"].year) == ("GOVERNANCE", 2040)
    assert (told["sha256"], told["key"], told["bucket"]) == (one, key_of(one), place)


def test_a_later_day_extends_the_lock_of_the_same_version(opened, case, run, one) -> None:
    at = opened()
    put(case, run, at, one)
    later = Retention(lock=LockMode.GOVERNANCE, until="2045-01-01T00:00:00Z")
    assert put(case, run, at, one, later) == {"extended": 3}
    assert len({event.detail["version_id"] for event in logged(case) if event.detail["sha256"] == one}) == 1
    assert put(case, run, at, one) == {"known": 3}
    assert failed(iter(checks(case, at, one))) == []


def test_a_lock_is_never_made_weaker_or_shorter(opened, owner, place, case, run, one) -> None:
    at = opened()
    put(case, run, at, one)
    sooner = Retention(lock=LockMode.COMPLIANCE, until="2030-01-01T00:00:00Z")
    with pytest.raises(InputError) as caught:
        put(case, run, at, one, sooner)
    assert caught.value.code == "input.lock"
    assert "--lock compliance --retain-until 2040-01-01" in caught.value.hint
    head = owner.head_object(Bucket=place, Key=key_of(one))
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"].year) == ("GOVERNANCE", 2040)


def test_a_put_that_was_killed_before_its_log_line_is_completed_and_nothing_is_doubled(
    server, owner, place, case, one
) -> None:
    program = """
        import os, signal, sys
        from forensics.model.custody import EventType
        from pipelines import case
        from pipelines.cli import run_command
        record = case.Case.record
        def killed(self, run, event, item, detail=None):
            if event is EventType.REPLICATION:
                os.kill(os.getpid(), signal.SIGKILL)
            return record(self, run, event, item, detail)
        case.Case.record = killed
        run_command(sys.argv[1:])
    """
    words = ("vault", "put", one, "--at", f"s3://{place}/cases/one", "-c", case.root, *UNTIL, "--json")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, words)],
        cwd=ROOT,
        env={**environment(), **fake_s3.settings(server)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert logged(case) == []
    before = len(owner.list_object_versions(Bucket=place)["Versions"])
    assert before >= 1
    after = shell(server, *words)
    assert after.code == 0, after.err
    assert sorted(each["status"] for each in after.of("copy")) == ["copied"] * (3 - before) + ["found"] * before
    copies = owner.list_object_versions(Bucket=place, Prefix="cases/one/sha256/")["Versions"]
    assert len(copies) == len({each["Key"] for each in copies}) == 3


def test_other_bytes_under_the_key_are_an_integrity_error_and_the_other_files_go_on(
    opened, owner, place, case, run, one
) -> None:
    owner.put_object(Bucket=place, Key=key_of(one), Body=b"forged", ChecksumAlgorithm="SHA256")
    outcomes = list(vault.put(case, run, [one], opened(), LOCK))
    assert sorted(each.status for each in outcomes) == ["copied", "copied", "failed"]
    (bad,) = (each for each in outcomes if each.notice is not None)
    assert (bad.name, bad.notice.code) == ("original", "integrity.copy")
    assert all(event.detail["sha256"] != one for event in logged(case))


def test_a_damaged_original_is_not_locked_for_years(opened, owner, place, case, run, one) -> None:
    original = case.store.path(one, "original")
    original.chmod(0o644)
    original.write_bytes(original.read_bytes()[:-1] + b"\0")
    (bad,) = (each for each in vault.put(case, run, [one], opened(), LOCK) if each.status == "failed")
    assert bad.notice is not None
    assert bad.notice.code == "integrity.store"
    assert all(each["Key"] != key_of(one) for each in owner.list_object_versions(Bucket=place)["Versions"])


def replaced(owner: Any, name: str, key: str, version: str) -> None:
    owner.put_object(Bucket=name, Key=key, Body=b"another", ChecksumAlgorithm="SHA256")


def marked(owner: Any, name: str, key: str, version: str) -> None:
    owner.delete_object(Bucket=name, Key=key)


def destroyed(owner: Any, name: str, key: str, version: str) -> None:
    owner.delete_object(Bucket=name, Key=key, VersionId=version, BypassGovernanceRetention=True)


def destroyed_and_replaced(owner: Any, name: str, key: str, version: str) -> None:
    destroyed(owner, name, key, version)
    replaced(owner, name, key, version)


def shortened(owner: Any, name: str, key: str, version: str) -> None:
    sooner = {"Mode": "GOVERNANCE", "RetainUntilDate": "2028-01-01T00:00:00Z"}
    owner.put_object_retention(
        Bucket=name, Key=key, VersionId=version, Retention=sooner, BypassGovernanceRetention=True
    )


@pytest.mark.parametrize(
    ("attack", "name", "words"),
    [
        (replaced, "copy current", "lies over it"),
        (marked, "copy current", "a marker that it was deleted"),
        (destroyed, "copy kept", "nothing under its key"),
        (destroyed_and_replaced, "copy kept", "version"),
        (shortened, "copy locked", "governance until 2028-01-01"),
    ],
)
def test_what_the_owner_of_the_bucket_does_to_a_copy_is_found_and_named(
    attack, name, words, opened, owner, place, case, run, one
) -> None:
    at = opened()
    put(case, run, at, one)
    version = owner.head_object(Bucket=place, Key=key_of(one))["VersionId"]
    attack(owner, place, key_of(one), version)
    (found,) = failed(iter(checks(case, at, one)))
    assert found[0] == name
    assert words in found[1]


def test_a_copy_that_is_gone_is_put_anew_when_asked_again(opened, owner, place, case, run, one) -> None:
    at = opened()
    put(case, run, at, one)
    destroyed(owner, place, key_of(one), owner.head_object(Bucket=place, Key=key_of(one))["VersionId"])
    assert put(case, run, at, one) == {"known": 3}
    assert put(case, run, at, one, again=True) == {"copied": 1, "known": 2}
    assert failed(iter(checks(case, at, one, deep=True))) == []


def of_the_original(method: str, path: str, item: str) -> bool:
    return method == "GET" and item in path and "versionId" in path


def with_other_bytes(answer: Answer) -> Answer:
    return answer._replace(body=bytes([answer.body[0] ^ 1]) + answer.body[1:])


def cut(answer: Answer) -> Answer:
    body = answer.body[:-100]
    return answer._replace(body=body, headers={**answer.headers, "Content-Length": str(len(body))})


def longer(answer: Answer) -> Answer:
    body = answer.body + b"more"
    return answer._replace(body=body, headers={**answer.headers, "Content-Length": str(len(body))})


@pytest.mark.parametrize("lie", [with_other_bytes, cut, longer])
def test_a_server_that_gives_other_bytes_is_found_by_reading_them_and_leaves_no_file(
    lie, server, opened, case, run, one, tmp_path
) -> None:
    put(case, run, opened(), one)
    pretend = lambda method, path, answer: lie(answer) if of_the_original(method, path, one) else answer  # noqa: E731
    with fake_s3.liar(server, pretend) as address:
        at = opened(address)
        assert failed(iter(checks(case, at, one))) == []
        assert [name for name, _ in failed(iter(checks(case, at, one, deep=True)))] == ["copy bytes"]
        with pytest.raises(IntegrityError):
            vault_check.fetch(case, one, at, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    ("header", "value", "name"),
    [
        ("Content-Length", "5", "copy kept"),
        ("x-amz-version-id", "other", "copy kept"),
        ("x-amz-checksum-sha256", "AAAA", "copy checksum"),
        ("x-amz-object-lock-mode", None, "copy locked"),
    ],
)
def test_what_a_server_tells_of_a_copy_is_held_against_the_log(
    header, value, name, server, opened, case, run, one
) -> None:
    put(case, run, opened(), one)

    def pretend(method: str, path: str, answer: Answer) -> Answer:
        if method != "HEAD" or one not in path:
            return answer
        headers = {key: said for key, said in answer.headers.items() if key.lower() != header.lower()}
        return answer._replace(headers=headers if value is None else {**headers, header: value})

    with fake_s3.liar(server, pretend) as address:
        assert [found for found, _ in failed(iter(checks(case, opened(address), one)))] == [name]


def test_a_server_without_checksums_is_not_believed_about_bytes_that_lay_there(
    server, opened, owner, place, case, run, one
) -> None:
    size = case.store.path(one, "original").stat().st_size
    owner.put_object(Bucket=place, Key=key_of(one), Body=bytes(size), ChecksumAlgorithm="SHA256")

    def silent(method: str, path: str, answer: Answer) -> Answer:
        kept = {name: said for name, said in answer.headers.items() if "checksum" not in name.lower()}
        return answer._replace(headers=kept)

    with fake_s3.liar(server, silent) as address:
        assert put(case, run, opened(address), one) == {"copied": 2, "failed": 1}


def test_a_line_that_breaks_is_taken_up_where_it_broke(server, opened, case, run, one, tmp_path) -> None:
    put(case, run, opened(), one)
    asked: list[str] = []

    def once(method: str, path: str, answer: Answer) -> Answer:
        if of_the_original(method, path, one):
            asked.append(path)
            if len(asked) == 1:
                return answer._replace(body=answer.body[:1000])
        return answer

    with fake_s3.liar(server, once) as address:
        vault_check.fetch(case, one, opened(address), tmp_path / "back")
    assert len(asked) == 2
    assert (tmp_path / "back").read_bytes() == case.store.path(one, "original").read_bytes()


def test_a_network_that_is_gone_half_way_ends_the_command_and_the_same_one_goes_on(
    server, place, opened, case, one, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("FORENSICS_KEY", environment()["FORENSICS_KEY"])
    puts: list[str] = []

    def gone(method: str, path: str, answer: Answer) -> Answer | None:
        if method == "PUT":
            puts.append(path)
        return answer if len(puts) < 2 else None

    words = ("vault", "put", one, "--at", f"s3://{place}/cases/one", "-c", case.root, *UNTIL, "--json")
    with fake_s3.liar(server, gone) as address:
        opened(address)
        assert run_command([*map(str, words)]) == 7
    told = capsys.readouterr()
    assert told.out.count('"copied"') <= 1
    assert custody.last_seal(case.log.path).checkpoint.size == case.log.head().lines
    assert "[store.unreachable]" in told.err
    after = shell(server, *words)
    assert after.code == 0, after.err
    assert {each["status"] for each in after.of("copy")} <= {"copied", "found", "known"}
    assert failed(iter(checks(case, opened(), one, deep=True))) == []


def test_a_bucket_without_object_lock_is_refused_unless_it_is_said_and_logged(
    opened, owner, place, case, run, one
) -> None:
    owner.create_bucket(Bucket=f"{place}-plain")
    at = opened(name=f"{place}-plain")
    with pytest.raises(StoreError) as caught:
        put(case, run, at, one)
    assert caught.value.code == "store.unlockable"
    assert put(case, run, at, one, NO_LOCK) == {"copied": 3}
    assert {event.detail["lock"] for event in logged(case)} == {"none"}
    assert failed(iter(checks(case, at, one, deep=True))) == []


def test_a_bucket_that_is_none_and_one_that_denies_are_told_apart(server, opened, case, run, one) -> None:
    with pytest.raises(StoreError) as caught:
        put(case, run, opened(name="no-such-bucket"), one)
    assert caught.value.code == "store.bucket"
    words = f"<Error><Code>AccessDenied</Code><Message>{fake_s3.KEY_ID}</Message></Error>".encode()
    denial = Answer(403, {"Content-Type": "application/xml", "Content-Length": str(len(words))}, words)
    with fake_s3.liar(server, lambda *_: denial) as address, pytest.raises(StoreError) as caught:
        put(case, run, opened(address), one)
    assert caught.value.code == "store.denied"
    assert fake_s3.KEY_ID not in f"{caught.value.message}{caught.value.hint}"


def test_without_credentials_one_line_says_so(opened, case, run, one, monkeypatch) -> None:
    opened()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError) as caught:
        put(case, run, Bucket.open(parse_place("s3://some-bucket")), one)
    assert caught.value.code == "store.credentials"


def test_a_head_in_the_bucket_finds_a_case_that_was_put_back(opened, owner, place, server, case, one, tmp_path) -> None:
    earlier = shutil.copytree(case.root, tmp_path / "earlier", symlinks=True)
    at = ("--at", f"s3://{place}/cases/one")
    assert shell(server, "vault", "put", one, *at, "-c", case.root, *UNTIL).code == 0
    # Hidden by a marker, it tells all the same.
    for each in owner.list_objects_v2(Bucket=place, Prefix="cases/one/heads/")["Contents"]:
        owner.delete_object(Bucket=place, Key=each["Key"])
    found = failed(iter(checks(open_case(Path(earlier)), opened(), one)))
    assert [name for name, _ in found] == ["held head"]
    assert "cut off or rolled back" in found[0][1]


def test_another_head_over_as_many_lines_is_an_integrity_error(opened, case, run, one) -> None:
    at = opened()
    key = vault.put_head(case, at, LOCK)
    assert key is not None
    checkpoint = case.root / "log" / "checkpoints" / Path(key).name
    text = checkpoint.read_bytes()
    checkpoint.unlink()
    lines = text.split(b"\n")
    lines[2] = lines[2][:-2] + (b"Q=" if lines[2][-2:] != b"Q=" else b"w=")
    checkpoint.write_bytes(b"\n".join(lines))
    with pytest.raises(IntegrityError):
        vault.put_head(case, at, LOCK)


def test_an_original_that_was_not_copied_there_cannot_be_fetched(opened, case, one, tmp_path) -> None:
    with pytest.raises(CaseError):
        vault_check.fetch(case, one, opened(), tmp_path / "back")
    (first, *_) = checks(case, opened(), one)
    assert (first.name, first.status) == ("copy made", CheckStatus.SKIPPED)


def test_a_check_where_nothing_was_copied_does_not_look_like_one_that_passed(server, place, case) -> None:
    done = shell(server, "vault", "check", "--at", f"s3://{place}/cases/two", "-c", case.root)
    assert done.code == 3
    assert done.out.splitlines()[-1].startswith("NO COPY there is logged")


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 2000, 2500])
def test_bytes_that_are_staged_are_the_bytes_that_were_put(size, opened, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(bucket_parts, "SINGLE_BYTES", 1000)
    monkeypatch.setattr(bucket_parts, "PART_BYTES", 700)
    data = bytes(number * 7 % 251 for number in range(size))
    (tmp_path / "file").write_bytes(data)
    at = opened()
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        measured = bucket_parts.measure(fd)
        assert (measured.part_size is None) == (size <= 1000)
        assert at.put("key", fd, measured, LOCK)
        assert not at.put("key", fd, measured, LOCK)
    finally:
        os.close(fd)
    told = at.tell("key")
    assert told is not None
    assert (told.size, told.checksum) == (size, measured.checksum)
    at.stage("key", told.version_id, tmp_path / "back", sha256=measured.sha256, size=size)
    assert (tmp_path / "back").read_bytes() == data


def test_parts_that_were_sent_are_taken_back_when_the_upload_fails(opened, owner, place, server, monkeypatch, tmp_path):
    monkeypatch.setattr(bucket_parts, "SINGLE_BYTES", 1000)
    monkeypatch.setattr(bucket_parts, "PART_BYTES", 700)
    (tmp_path / "file").write_bytes(bytes(2500))
    gone = lambda method, path, answer: None if "partNumber=3" in path else answer  # noqa: E731
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    with fake_s3.liar(server, gone) as address, pytest.raises(StoreError) as caught:
        opened(address).put("key", fd, bucket_parts.measure(fd), LOCK)
    os.close(fd)
    assert caught.value.code == bucket_answers.unreachable("").code
    assert owner.list_multipart_uploads(Bucket=place).get("Uploads", []) == []
    assert owner.list_object_versions(Bucket=place).get("Versions", []) == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("last-modified", None),
        ("last-modified", "yesterday"),
        ("x-amz-object-lock-mode", "FOREVER"),
        ("x-amz-object-lock-retain-until-date", "soon"),
        ("x-amz-version-id", "\x1b[2J"),
        ("x-amz-version-id", "v" * 5000),
    ],
)
def test_answers_that_lack_what_is_prescribed_are_one_error_and_nothing_is_logged(
    header, value, server, opened, case, run, one
) -> None:
    def pretend(method: str, path: str, answer: Answer) -> Answer:
        headers = {key: said for key, said in answer.headers.items() if key.lower() != header}
        told = answer._replace(headers=headers if value is None else {**headers, header: value})
        return told if method == "HEAD" else answer

    with fake_s3.liar(server, pretend) as address, pytest.raises(StoreError) as caught:
        put(case, run, opened(address), one)
    assert caught.value.code == "store.refused"
    assert logged(case) == []


def test_the_fake_shortens_locks_and_takes_wrong_checksums_so_that_no_test_here_says_what_a_server_refuses(
    owner, place
) -> None:
    """The S3 API Reference says of a real server that both are refused. When moto refuses them, say so in ADR 30."""
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": "2040-01-01T00:00:00Z"}
    wrong = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": "A" * 43 + "="}
    version = owner.put_object(Bucket=place, Key="key", Body=b"x", **wrong, **lock)["VersionId"]
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": "2028-01-01T00:00:00Z"}
    owner.put_object_retention(Bucket=place, Key="key", VersionId=version, Retention=sooner)
    assert owner.head_object(Bucket=place, Key="key")["ObjectLockRetainUntilDate"].year == 2028
