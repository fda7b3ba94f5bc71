"""The Merkle tree of RFC 9162 (2.1) with SHA-256, and its proofs. Leaves are the stored lines of the custody log.

    leaf = SHA-256(0x00 || line with its newline)        node = SHA-256(0x01 || left || right)

The root of n lines says all of them in 32 bytes. An inclusion proof shows that one line is among them without the
others; a consistency proof shows that the tree of m lines is the beginning of the tree of n.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of no leaves (RFC 9162, 2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


class Frontier:
    """The right edge of a growing tree: the roots of its whole subtrees, largest first; memory O(log n)."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        node = leaf
        rest = self.size
        while rest & 1:
            node = _node(self._whole.pop(), node)
            rest >>= 1
        self._whole.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the leaves so far."""
        if not self._whole:
            return EMPTY_ROOT
        node = self._whole[-1]
        for left in reversed(self._whole[:-1]):
            node = _node(left, node)
        return node


class Tree:
    """A whole tree held in memory, for many proofs: each costs O(log² n) instead of O(n). Gives what
    `inclusion_proof` and `consistency_proof` give.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [tuple(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append(tuple(_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)))

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self._levels[0])

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves."""
        return self._root(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The path of a leaf in the tree of the first ``size``. Raises IndexError."""
        if not 0 <= index < size <= self.size:
            raise IndexError(f"no leaf {index} in a tree of {size}")
        path: list[bytes] = []
        begin, end = 0, size
        while end - begin > 1:
            split = begin + _split(end - begin)
            left = index < split
            path.append(self._root(split, end) if left else self._root(begin, split))
            begin, end = (begin, split) if left else (split, end)
        return tuple(reversed(path))

    def consistency(self, first: int, size: int) -> tuple[bytes, ...]:
        """That the tree of the first ``size`` leaves begins with that of ``first``. Raises IndexError."""
        if not 0 < first <= size <= self.size:
            raise IndexError(f"no tree of {first} in one of {size}")
        path: list[bytes] = []
        begin, end, whole = 0, size, True
        while first != end:
            split = begin + _split(end - begin)
            left = first <= split
            path.append(self._root(split, end) if left else self._root(begin, split))
            begin, end, whole = (begin, split, whole) if left else (split, end, False)
        return (*(() if whole else (self._root(begin, end),)), *reversed(path))

    def _root(self, begin: int, end: int) -> bytes:
        """The root of a stretch that starts where a whole subtree does."""
        size = end - begin
        if size & (size - 1) == 0:
            return self._levels[size.bit_length() - 1][begin // size]
        split = begin + _split(size)
        return _node(self._root(begin, split), self._root(split, end))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path of the leaf at ``index``, lowest first (RFC 9162, 2.1.3.1). Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``leaf`` is at ``index`` of the tree of ``size`` leaves with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = _node(sibling, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """That the first ``first`` leaves are the beginning of these (RFC 9162, 2.1.4.1). Raises IndexError."""
    if not 0 < first <= len(leaves):
        raise IndexError(f"no tree of {first} in one of {len(leaves)}")
    return () if first == len(leaves) else _subproof(leaves, first, whole=True)


def extends(first_root: bytes, first: int, root: bytes, size: int, proof: Sequence[bytes]) -> bool:
    """Whether the tree of ``size`` begins with the tree of ``first`` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= size:
        return False
    if first == size:
        return not proof and first_root == root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = _node(node, old), _node(node, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = _node(new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> tuple[bytes, ...]:
    if first == len(leaves):
        return () if whole else (root_of(leaves),)
    split = _split(len(leaves))
    if first <= split:
        return (*_subproof(leaves[:split], first, whole=whole), root_of(leaves[split:]))
    return (*_subproof(leaves[split:], first - split, whole=False), root_of(leaves[:split]))


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
