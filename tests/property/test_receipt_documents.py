"""Receipts are read back as written, and every document that is written is in the one form that others write too."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.custody import (
    decode_receipt,
    encode_event,
    encode_finding,
    encode_manifest,
    encode_receipt,
    encode_validation,
    make_key,
    validation_id,
)
from forensics.errors import ManifestError
from forensics.model.receipt import Exhibit, Noted, Outcome, Receipt, Receiver, StepCount
from tests.property.test_custody_documents import events, findings, hex64, manifests, patient, words
from tests.unit.custody.test_custody_validation import DRAFT

KEYS = tuple(make_key(bytes([seed]) * 32, None)[1].key for seed in range(3))
counts = st.integers(0, 5)
times = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0"))
noted = st.builds(
    Noted,
    step=st.integers(1, 17),
    name=words,
    subject=words,
    expected=st.none() | words,
    found=st.none() | words,
)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    numbers = sorted(draw(st.sets(st.integers(1, 17), max_size=4)))
    steps = [
        StepCount(step=n, name=draw(words), ok=draw(counts), failed=draw(counts), skipped=draw(counts)) for n in numbers
    ]
    steps.append(StepCount(step=18, name=draw(words), ok=1, failed=0, skipped=draw(counts)))
    failed = sum(each.failed for each in steps)
    key = draw(st.sampled_from(KEYS))
    sealed_by = draw(st.none() | words) if failed else draw(words)
    return Receipt(
        exhibit=Exhibit(
            bag=draw(words),
            tagmanifest=draw(hex64),
            item=draw(hex64),
            manifest=draw(hex64),
            case=draw(words),
            exhibit=draw(st.none() | words),
            sealed_by=sealed_by,
        ),
        outcome=Outcome.REFUSED if failed else Outcome.WHOLE,
        steps=tuple(steps),
        problems=tuple(draw(noted) for _ in range(failed)),
        not_done=tuple(draw(noted) for _ in range(sum(each.skipped for each in steps))),
        received=draw(times),
        receiver=Receiver(name=draw(st.none() | words.filter(bool)), key=key.fingerprint, public_key=key.line),
        tool=draw(words),
        tool_version=draw(words),
        limits=tuple(draw(st.lists(words, max_size=2))),
    )


@patient
@given(receipts())
def test_a_receipt_is_read_back_as_it_was_written(receipt: Receipt) -> None:
    assert decode_receipt(encode_receipt(receipt)) == receipt


@patient
@given(receipts(), st.data())
def test_a_mutated_byte_of_a_receipt_is_refused_or_is_another_receipt(receipt: Receipt, data: st.DataObject) -> None:
    good = encode_receipt(receipt)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    try:
        other = decode_receipt(bytes(bad))
    except ManifestError:
        return
    assert encode_receipt(other) == bytes(bad)
    assert other != receipt


@patient
@given(receipts(), st.sampled_from(["whole", "problems", "not done", "nobody", "nothing", "order", "negative", "name"]))
def test_a_receipt_that_contradicts_itself_cannot_be_made(receipt: Receipt, contradiction: str) -> None:
    whole = receipt.outcome is Outcome.WHOLE
    one = Noted(step=1, name="", subject="", expected=None, found=None)
    step = receipt.steps[-1]
    changes = {
        "whole": {"outcome": Outcome.REFUSED if whole else Outcome.WHOLE},
        "problems": {"problems": (*receipt.problems, one)},
        "not done": {"not_done": (*receipt.not_done, one)},
        "nobody": {"outcome": Outcome.WHOLE, "exhibit": replace(receipt.exhibit, sealed_by=None)},
        "nothing": {"outcome": Outcome.WHOLE, "steps": (), "problems": (), "not_done": ()},
        "order": {"steps": (step, *receipt.steps)},
        "negative": {"steps": (*receipt.steps[:-1], replace(step, skipped=-1))},
        "name": {"receiver": replace(receipt.receiver, name="")},
    }
    with pytest.raises(ValueError, match=r"whole|problems|sealed|steps|name"):
        replace(receipt, **changes[contradiction])


def _validation() -> bytes:
    return encode_validation(replace(DRAFT, id=validation_id(DRAFT)))


documents = st.one_of(
    manifests().map(encode_manifest),
    findings().map(encode_finding),
    events.map(encode_event),
    receipts().map(encode_receipt),
    st.builds(_validation),
)


@patient
@given(documents)
def test_each_document_is_what_rfc8785_and_plain_json_write(data: bytes) -> None:
    value = json.loads(data)
    assert rfc8785.dumps(value) + b"\n" == data
    assert json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" == data


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@settings(max_examples=5, deadline=None)
@given(st.lists(documents, min_size=5, max_size=20))
def test_jq_writes_each_document_as_it_is_stored(lines: list[bytes]) -> None:
    data = b"".join(lines)
    done = subprocess.run(["jq", "-cS", "."], input=data, capture_output=True, check=True, timeout=20)
    # jq writes U+007F as an escape; RFC 8785 does not.
    assert done.stdout.replace(b"\\u007f", b"\x7f") == data
