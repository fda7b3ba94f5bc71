"""Fingerprints decoded when they are asked for, of which the latest are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

from forensics import matching

MOST_BYTES = 1 << 26
"""Bytes of fingerprints kept decoded in a process: two hours of footage, or the usual candidates of a query."""


class Subjects(Mapping[str, matching.Subject]):
    """What the matcher needs of each of the ``names``, which may come and go; ``load`` reads one."""

    def __init__(self, names: Mapping[str, object], load: Callable[[str], matching.Subject]) -> None:
        self._names = names
        self._load = load
        self._kept: OrderedDict[str, matching.Subject] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, name: str) -> matching.Subject:
        """Raises IntegrityError when its track is not the one that its manifest names."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        subject = self._load(name)
        self._kept[name] = subject
        self._bytes += _size(subject)
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        return subject

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def forget(self, name: str) -> None:
        """Let go of one."""
        if name in self._kept:
            self._bytes -= _size(self._kept.pop(name))


def _size(subject: matching.Subject) -> int:
    each, anchors = subject.fingerprint, subject.fingerprint.anchors
    arrays = (each.codes, each.pts, each.quality, each.flags, each.box_codes)
    return sum(array.nbytes for array in (*arrays, anchors.pts, anchors.points, anchors.descriptors))
