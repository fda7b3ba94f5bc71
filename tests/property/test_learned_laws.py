"""Whatever bytes a model file holds, looking at them ends, with an answer or one kind of error."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from hypothesis import example, given
from hypothesis import strategies as st

from forensics.errors import IntegrityError, ModelInvalid
from forensics.fingerprint import decode_descriptors, onnx_file
from forensics.fingerprint.described import MAGIC
from tests.onnx_models import descriptor
from tests.unit.fingerprint.test_learned_cache import EVIDENCE, SPEC


@cache
def model() -> bytes:
    return descriptor(metadata={"license": "MIT"})


@given(st.binary(max_size=400))
@example(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
def test_any_bytes_are_looked_at_to_the_end(data: bytes) -> None:
    with suppress(ModelInvalid):
        onnx_file.inspect(data)


@given(st.integers(0, len(model()) - 1))
def test_a_model_that_ends_too_early_is_never_taken_for_a_whole_one(cut: int) -> None:
    with suppress(ModelInvalid):
        found = onnx_file.inspect(model()[:cut])
        # What is cut between two parts of the message is a message: the runtime's checks and the trial are left.
        assert found.nodes == onnx_file.inspect(model()).nodes


@given(st.integers(0, len(model()) - 1), st.integers(1, 255))
def test_a_changed_byte_of_a_model_gives_an_answer_or_the_error(place: int, change: int) -> None:
    data = bytearray(model())
    data[place] ^= change
    with suppress(ModelInvalid):
        onnx_file.inspect(bytes(data))


@given(st.binary(max_size=300))
def test_any_cached_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(IntegrityError):
        decode_descriptors(MAGIC + data, EVIDENCE, SPEC)
