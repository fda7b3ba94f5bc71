"""Canonical bytes: one form, one value, nothing else gets through."""

import hashlib
import json
import shutil
import subprocess

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.custody import canonical
from forensics.errors import ManifestError

TOP = 2**53 - 1
patient = settings(deadline=None)  # a busy machine is no failure
keys = st.text(alphabet=st.characters(max_codepoint=127), max_size=8)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-TOP, TOP) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@patient
@given(values)
def test_it_is_rfc_8785_and_sorted_compact_json(value: object) -> None:
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert data == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@patient
@given(values)
def test_decoding_gives_back_what_was_encoded(value: object) -> None:
    assert canonical.decode(canonical.encode(value)) == value
    assert canonical.decode_stored(canonical.encode_stored(value)) == value


@patient
@given(values)
def test_the_digest_is_that_of_the_bytes(value: object) -> None:
    assert canonical.digest(value) == hashlib.sha256(canonical.encode(value)).hexdigest()


@patient
@given(values, st.data())
def test_a_mutated_byte_is_refused_or_means_something_else(value: object, data: st.DataObject) -> None:
    good = canonical.encode(value)
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda other: other != good[at]))
    bad = good[:at] + bytes([byte]) + good[at + 1 :]
    try:
        other = canonical.decode(bad)
    except ManifestError:
        return
    assert canonical.encode(other) == bad != good


@patient
@given(st.binary(max_size=40))
def test_any_bytes_are_refused_or_are_their_own_canonical_form(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except ManifestError:
        return
    assert canonical.encode(value) == data


@patient
@given(values, st.sampled_from([b" ", b"\n", b"\t", b"\r", b"0", b"{}", b"\0", b"\xef\xbb\xbf"]), st.booleans())
def test_anything_before_or_after_is_refused(value: object, more: bytes, after: bool) -> None:
    good = canonical.encode(value)
    bad = good + more if after else more + good
    try:
        other = canonical.decode(bad)
    except ManifestError:
        return
    # "1" and "0" make the number 10, and only such.
    assert more == b"0"
    assert isinstance(other, int) and not isinstance(other, bool)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":' + b"9" * 100_000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'{"\xc3\xa9":1}',
        b'{"a":1}{"a":1}',
        b'{"a":1},',
        b"{'a':1}",
        b"[" * 100_000,
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"",
        b"\n",
        b"nul",
    ],
)
def test_what_parsers_disagree_about_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        canonical.decode(data)


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**53, -(2**53), 10**400, "\ud800", {"é": 1}, {1: 2}, b"bytes", {1, 2}, object(), {"a": [0.5]}],
)
def test_a_value_outside_the_profile_has_no_form(value: object) -> None:
    with pytest.raises(ManifestError):
        canonical.encode(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list = []
    loop.append(loop)
    with pytest.raises(ManifestError):
        canonical.encode(loop)


def test_the_bounds_are_where_they_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert canonical.decode(b"[" * 32 + b"]" * 32)
    assert canonical.decode(str(TOP).encode()) == TOP
    monkeypatch.setattr(canonical, "MAX_BYTES", 8)
    assert canonical.decode(b'"123456"') == "123456"
    with pytest.raises(ManifestError):
        canonical.decode(b'"1234567"')


def test_a_stored_document_is_one_line_with_its_newline() -> None:
    assert canonical.encode_stored({"b": 1, "a": ["x\n"]}) == b'{"a":["x\\n"],"b":1}\n'
    for data in (b"{}", b"{}\n\n", b"{}\r\n", b"\n{}\n", b""):
        with pytest.raises(ManifestError):
            canonical.decode_stored(data)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@settings(max_examples=5, deadline=None)
@given(st.lists(values, max_size=30))
def test_jq_writes_the_same_bytes(value: list) -> None:
    data = canonical.encode(value)
    done = subprocess.run(["jq", "-cSj", "."], input=data, capture_output=True, check=True, timeout=20)
    # jq writes U+007F as an escape; RFC 8785 does not.
    assert done.stdout.replace(b"\\u007f", b"\x7f") == data
