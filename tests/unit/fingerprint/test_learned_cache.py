"""The cache of descriptors: what is read back is what was written, or nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forensics.errors import IntegrityError
from forensics.fingerprint import decode_descriptors, encode_descriptors
from forensics.model.learned import Descriptors, ModelSpec

EVIDENCE = "a" * 64
SPEC = ModelSpec(
    sha256="b" * 64,
    licence="MIT",
    licence_from="nowhere",
    runtime="onnxruntime 1",
    width=64,
    height=64,
    length=16,
    recipe="as it is",
)


def descriptors(rows: int = 5) -> Descriptors:
    drawn = np.random.RandomState(3).standard_normal((2, rows, 16))
    units = (drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).astype(np.float16)
    if rows:
        units[0, 0] = 0
    return Descriptors(seconds=np.arange(rows) * 2.0, as_is=units[0], negative=units[1])


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_what_was_written_is_read_back(rows: int) -> None:
    made = descriptors(rows)
    read = decode_descriptors(encode_descriptors(made, EVIDENCE, SPEC), EVIDENCE, SPEC)
    for name in ("seconds", "as_is", "negative"):
        assert getattr(read, name).tobytes() == getattr(made, name).tobytes()


def test_a_changed_byte_anywhere_is_found() -> None:
    data = encode_descriptors(descriptors(2), EVIDENCE, SPEC)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(IntegrityError):
            decode_descriptors(bytes(changed), EVIDENCE, SPEC)


@pytest.mark.parametrize("cut", [0, 10, 40, 200, -1])
def test_a_file_that_ends_too_early_or_goes_on_is_refused(cut: int) -> None:
    data = encode_descriptors(descriptors(), EVIDENCE, SPEC)
    for broken in (data[:cut], data + b"\0"):
        with pytest.raises(IntegrityError) as caught:
            decode_descriptors(broken, EVIDENCE, SPEC)
        assert caught.value.code == "integrity.descriptors"


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, sha256="c" * 64),
        replace(SPEC, runtime="onnxruntime 2"),
        replace(SPEC, width=32),
        replace(SPEC, recipe="otherwise"),
        replace(SPEC, length=8),
    ],
    ids=("model", "runtime", "size", "recipe", "length"),
)
def test_descriptors_of_another_model_are_refused(other: ModelSpec) -> None:
    with pytest.raises(IntegrityError):
        decode_descriptors(encode_descriptors(descriptors(), EVIDENCE, other), EVIDENCE, SPEC)


def test_descriptors_of_another_evidence_are_refused() -> None:
    with pytest.raises(IntegrityError):
        decode_descriptors(encode_descriptors(descriptors(), "d" * 64, SPEC), EVIDENCE, SPEC)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3.0])
def test_numbers_that_no_model_gives_are_refused(value: float) -> None:
    made = descriptors()
    made.as_is[2, 0] = value
    with pytest.raises(IntegrityError):
        decode_descriptors(encode_descriptors(made, EVIDENCE, SPEC), EVIDENCE, SPEC)


def test_the_licence_that_a_user_states_does_not_make_descriptors_anew() -> None:
    stated = replace(SPEC, licence="another", licence_from="a file")
    decode_descriptors(encode_descriptors(descriptors(), EVIDENCE, stated), EVIDENCE, SPEC)
