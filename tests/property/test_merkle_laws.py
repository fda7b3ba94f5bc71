"""The Merkle tree of RFC 9162: vectors, every proof of small trees, and no proof that is not one."""

import base64
import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.custody import merkle

# Leaves and roots of the Certificate Transparency reference implementation (RFC 6962 trees are those of RFC 9162).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SMALL = 40


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"line %d\n" % number) for number in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word: the slow truth."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + plain_root(hashes[:split]) + plain_root(hashes[split:])).digest()


def test_the_roots_are_those_of_the_reference_implementation() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    for size, root in enumerate(ROOTS, start=1):
        assert merkle.root_of(hashes[:size]).hex() == root
    assert merkle.root_of([]) == hashlib.sha256(b"").digest()


@given(st.integers(0, 300))
def test_the_growing_tree_has_the_root_of_the_definition(count: int) -> None:
    assert merkle.root_of(leaves(count)) == plain_root(leaves(count))


def test_every_leaf_of_every_small_tree_is_proved_and_no_other() -> None:
    for size in range(1, SMALL):
        hashes = leaves(size)
        root = merkle.root_of(hashes)
        for index in range(size):
            proof = merkle.inclusion_proof(hashes, index)
            assert merkle.includes(root, size, index, hashes[index], proof)
            for other in range(size):
                assert other == index or not merkle.includes(root, size, other, hashes[index], proof)
                assert other == index or not merkle.includes(root, size, index, hashes[other], proof)


def test_every_small_tree_is_proved_to_begin_with_each_smaller_one_and_no_other() -> None:
    for size in range(1, SMALL):
        hashes = leaves(size)
        root = merkle.root_of(hashes)
        for first in range(1, size + 1):
            start = merkle.root_of(hashes[:first])
            proof = merkle.consistency_proof(hashes, first)
            assert merkle.extends(start, first, root, size, proof)
            assert first == size or not merkle.extends(root, first, root, size, proof)
            assert first == size or not merkle.extends(start, first, start, size, proof)


@settings(max_examples=200)
@given(st.data())
def test_an_altered_proof_never_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 120))
    hashes = leaves(size)
    root = merkle.root_of(hashes)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    inclusion = merkle.inclusion_proof(hashes, index)
    consistency = merkle.consistency_proof(hashes, first)
    start = merkle.root_of(hashes[:first])
    for changed in _changes(data, inclusion):
        assert not merkle.includes(root, size, index, hashes[index], changed)
    for changed in _changes(data, consistency):
        assert not merkle.extends(start, first, root, size, changed)


def _changes(data: st.DataObject, proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """One bit of one node, a node less, a node more, two nodes in the wrong order."""
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    node = bytearray(proof[at])
    node[bit // 8] ^= 1 << bit % 8
    changed = [(*proof[:at], bytes(node), *proof[at + 1 :]), (*proof[:at], *proof[at + 1 :]), (*proof, proof[at])]
    if len(proof) > 1:
        changed.append((proof[1], proof[0], *proof[2:]))
    return changed


@given(st.integers(1, 80), st.data())
def test_a_line_changed_anywhere_gives_another_root(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    changed = list(hashes)
    changed[data.draw(st.integers(0, size - 1))] = merkle.leaf_hash(b"another line\n")
    assert merkle.root_of(changed) != merkle.root_of(hashes)


def test_a_node_is_no_leaf() -> None:
    left, right = leaves(2)
    assert merkle.leaf_hash(left + right) != merkle.root_of([left, right])
    assert base64.b64encode(merkle.EMPTY_ROOT) == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
