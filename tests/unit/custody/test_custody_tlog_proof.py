"""Proofs as files: one form, both ways; and the tree in memory gives what the slow truth gives."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.custody import Checkpoint, InclusionProof, Tree, encode_consistency, encode_inclusion, leaf_hash, merkle
from forensics.custody.tlog_proof import decode_consistency, decode_inclusion
from forensics.errors import IntegrityError

CHECKPOINT = Checkpoint("footage-forensics/CASE", 9, bytes(range(32)))
nodes = st.lists(st.binary(min_size=32, max_size=32), max_size=64).map(tuple)


def test_an_inclusion_proof_reads_as_the_standard_shows_it() -> None:
    proof = InclusionProof(4, (bytes(32), b"\xff" * 32), CHECKPOINT)
    node, last = base64.b64encode(bytes(32)).decode(), base64.b64encode(b"\xff" * 32).decode()
    text = f"c2sp.org/tlog-proof@v1\nindex 4\n{node}\n{last}\n\n" + CHECKPOINT.text.decode()
    assert encode_inclusion(proof) == text.encode()
    assert decode_inclusion(text.encode()) == proof


@given(st.integers(0, 2**50), nodes)
def test_what_is_written_is_read(line: int, path: tuple[bytes, ...]) -> None:
    proof = InclusionProof(line, path, CHECKPOINT)
    assert decode_inclusion(encode_inclusion(proof)) == proof


@given(st.dictionaries(st.integers(1, 2**50), nodes, max_size=5))
def test_consistency_proofs_that_are_written_are_read(proofs: dict[int, tuple[bytes, ...]]) -> None:
    assert decode_consistency(encode_consistency(proofs)) == proofs


@given(st.integers(0, 255), st.data())
def test_no_changed_byte_is_read_as_the_same_proof(value: int, data: st.DataObject) -> None:
    proof = InclusionProof(4, (bytes(32), b"\xff" * 32), CHECKPOINT)
    stored = bytearray(encode_inclusion(proof))
    at = data.draw(st.integers(0, len(stored) - 1))
    if stored[at] == value:
        return
    stored[at] = value
    try:
        assert decode_inclusion(bytes(stored)) != proof
    except IntegrityError as error:
        assert error.code in {"integrity.proof", "integrity.checkpoint"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\nindex 04\n\n" + CHECKPOINT.text,
        b"c2sp.org/tlog-proof@v1\nindex 4\n" + CHECKPOINT.text,
        b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 4\n\n" + CHECKPOINT.text,
        b"c2sp.org/tlog-proof@v1\nindex 4\nAAAA\n\n" + CHECKPOINT.text,
        b"c2sp.org/tlog-proof@v1\nindex 4\n\n" + CHECKPOINT.text + b"\n",
    ],
)
def test_other_forms_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_inclusion(data)


def test_the_tree_in_memory_gives_the_proofs_of_the_slow_truth() -> None:
    hashes = [leaf_hash(bytes([number])) for number in range(40)]
    tree = Tree(hashes)
    for size in range(1, 41):
        assert tree.root(size) == merkle.root_of(hashes[:size])
        for index in range(size):
            assert tree.inclusion(index, size) == merkle.inclusion_proof(hashes[:size], index)
            assert tree.consistency(index + 1, size) == merkle.consistency_proof(hashes[:size], index + 1)
    for wrong in (lambda: tree.inclusion(40, 40), lambda: tree.inclusion(0, 41), lambda: tree.consistency(0, 4)):
        with pytest.raises(IndexError):
            wrong()
