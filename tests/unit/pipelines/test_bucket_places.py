"""Places in buckets, the parts of large files, and what is said when the client fails."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from datetime import UTC, datetime

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import ForensicsError, InputError, StoreError, ToolError
from forensics.model.copy import LockMode, Retention
from pipelines import bucket_answers, bucket_parts
from pipelines.bucket_answers import Place, asking, parse_place, require_client, require_tls
from pipelines.bucket_parts import MAX_PARTS, PART_BYTES, SINGLE_BYTES
from pipelines.cli.vault import _retention

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://bucket", Place("bucket", "")),
        ("s3://bucket/", Place("bucket", "")),
        ("s3://my.bucket-1/cases/one/", Place("my.bucket-1", "cases/one")),
    ],
)
def test_a_place_is_a_bucket_and_a_prefix(text, place) -> None:
    assert parse_place(text) == place
    assert place.key("x") == f"{place.prefix}/x".removeprefix("/")
    assert parse_place(place.url) == place


@pytest.mark.parametrize(
    "text",
    [
        "bucket",
        "https://bucket/x",
        "s3://",
        "s3://b",
        "s3://Bucket",
        "s3://a..b",
        "s3://bucket/../other",
        "s3://bucket/a//b",
        "s3://bucket/a/./b",
        "s3://bucket/a b",
        "s3://bucket/\x1b[2J",
        "s3://user:word@bucket",
        "s3://bucket/a?versionId=1",
        "s3://bucket/" + "a" * 600,
    ],
)
def test_what_is_no_place_is_refused(text) -> None:
    with pytest.raises(InputError) as caught:
        parse_place(text)
    assert "\x1b" not in caught.value.message


@given(st.binary(max_size=300), st.integers(1, 120), st.integers(0, 200))
def test_the_digests_of_a_file_and_of_its_parts_are_those_of_its_bytes(data: bytes, part: int, single: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket_parts, "PART_BYTES", part)
        patch.setattr(bucket_parts, "SINGLE_BYTES", single)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            found = bucket_parts.measure(file.fileno())
    assert (found.sha256, found.size) == (hashlib.sha256(data).hexdigest(), len(data))
    if len(data) <= single:
        assert (found.part_size, found.parts) == (None, ())
        expected = hashlib.sha256(data).digest()
    else:
        assert found.part_size == part
        pieces = [data[at : at + part] for at in range(0, len(data), part)]
        assert found.parts == tuple(hashlib.sha256(piece).digest() for piece in pieces)
        expected = hashlib.sha256(b"".join(found.parts)).digest()
    assert base64.b64decode(found.checksum) == expected


def test_no_file_has_more_parts_than_a_server_takes() -> None:
    assert bucket_parts.part_size_of(SINGLE_BYTES) is None
    assert bucket_parts.part_size_of(SINGLE_BYTES + 1) == PART_BYTES
    for size in (PART_BYTES * MAX_PARTS, PART_BYTES * MAX_PARTS + 1, 50 * 2**40):
        part = bucket_parts.part_size_of(size)
        assert part is not None
        assert -(-size // part) <= MAX_PARTS


def test_a_lock_ends_on_a_day_that_was_named_and_not_in_the_past() -> None:
    found = _retention("compliance", "2036-01-01", NOW)
    assert (found.lock, found.until) == (LockMode.COMPLIANCE, "2036-01-01T00:00:00Z")
    assert _retention("none", None, NOW).until is None


@pytest.mark.parametrize(
    ("lock", "until"),
    [
        ("compliance", None),
        ("compliance", "2026-11-23"),
        ("governance", "2226-01-01"),
        ("governance", "20360101"),
        ("governance", "2036-02-30"),
        ("governance", "tomorrow"),
        ("none", "2036-01-01"),
    ],
)
def test_a_lock_without_a_sound_day_is_a_usage_error(lock, until) -> None:
    with pytest.raises(click.UsageError):
        _retention(lock, until, NOW)


@pytest.mark.parametrize(
    "address",
    ["https://s3.example", "http://127.0.0.1:5000", "http://localhost", "http://[::1]:80/x", "http://a:b@localhost:9"],
)
def test_a_server_here_or_over_tls_may_be_asked(address) -> None:
    require_tls(address, insecure=False)


@pytest.mark.parametrize(
    "address",
    ["http://s3.example", "http://localhost.example", "http://127.0.0.1.example", "http://localhost@s3.example", "x"],
)
def test_a_server_elsewhere_is_not_asked_in_the_clear_unless_it_is_said(address) -> None:
    with pytest.raises(StoreError) as caught:
        require_tls(address, insecure=False)
    assert caught.value.code == "store.in_clear"
    require_tls(address, insecure=True)


@given(*[st.sampled_from(LockMode), st.sampled_from(["2030-01-01T00:00:00Z", "2040-01-01T00:00:00Z"])] * 2)
def test_a_lock_joined_with_another_covers_both(mode, until, other_mode, other_until) -> None:
    first = Retention(lock=mode, until=None if mode is LockMode.NONE else until)
    second = Retention(lock=other_mode, until=None if other_mode is LockMode.NONE else other_until)
    joined = first.joined(second)
    assert joined.covers(first)
    assert joined.covers(second)
    assert joined == second.joined(first)
    assert (joined == first) == first.covers(second)


def test_without_the_extra_the_message_names_it(monkeypatch) -> None:
    monkeypatch.setattr(bucket_answers, "find_spec", lambda _: None)
    with pytest.raises(ToolError) as caught:
        require_client()
    assert caught.value.code == "tool.no_extra"
    assert "[s3]" in caught.value.hint


@pytest.mark.parametrize(
    ("answered", "code"),
    [
        ("NoSuchBucket", "store.bucket"),
        ("AccessDenied", "store.denied"),
        ("SignatureDoesNotMatch", "store.denied"),
        ("RequestTimeTooSkewed", "store.denied"),
        ("ObjectLockConfigurationNotFoundError", "store.unlockable"),
        ("SlowDown", "store.unreachable"),
        ("ConditionalRequestConflict", "store.busy"),
        ("BadDigest", "integrity.copy"),
        ("XAmzContentChecksumMismatch", "integrity.copy"),
        ("Something\x1b[2J", "store.refused"),
    ],
)
def test_what_a_server_answers_becomes_one_error_without_its_words(answered, code) -> None:
    exceptions = pytest.importorskip("botocore.exceptions", reason="the extra s3 is not installed")
    answer = {"Error": {"Code": answered, "Message": "the key AKIASECRET"}}
    with pytest.raises(ForensicsError) as caught, asking("https://s3.example", Place("bucket", "")):
        raise exceptions.ClientError(answer, "PutObject")
    assert caught.value.code == code
    assert "AKIASECRET" not in f"{caught.value.message}{caught.value.hint}"
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EndpointConnectionError", "store.unreachable"),
        ("ConnectTimeoutError", "store.unreachable"),
        ("ReadTimeoutError", "store.unreachable"),
        ("ConnectionClosedError", "store.unreachable"),
        ("ProxyConnectionError", "store.unreachable"),
        ("SSLError", "store.refused"),
    ],
)
def test_a_line_that_is_dead_is_told_as_such(name, code) -> None:
    exceptions = pytest.importorskip("botocore.exceptions", reason="the extra s3 is not installed")
    address = "https://user:word@s3.example"
    with pytest.raises(StoreError) as caught, asking("https://s3.example", Place("bucket", "")):
        raise getattr(exceptions, name)(endpoint_url=address, proxy_url=address, error=address)
    assert caught.value.code == code
    assert "word" not in caught.value.message
