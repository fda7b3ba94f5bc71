"""What the matcher needs to know of one video, and of all references together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from forensics.model.fingerprint import HASH_BYTES, Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """One video or still: ``id`` names it to the window reader; ``sha256`` is of the file, ``video_essence`` of the
    video packets in a container-independent form (both lower-case hex, None when unknown); ``duration_s`` is the end of
    the last frame on the presentation clock.
    """

    id: str
    fingerprint: Fingerprint
    duration_s: float
    sha256: str | None = None
    video_essence: str | None = None

    @property
    def still(self) -> bool:
        """One picture: a photograph, a screenshot, a video of a single frame."""
        return self.fingerprint.frames == 1


class Named(NamedTuple):
    """Of a reference, what ranking needs besides its rows; as in `Subject`."""

    id: str
    sha256: str | None
    video_essence: str | None


class Column(Protocol):
    """A column of a corpus: an array, or what reads rows from where they lie."""

    def __len__(self) -> int:
        """Rows."""
        ...

    def __getitem__(self, rows: npt.NDArray[np.int64], /) -> Any:
        """The values in these rows, an array of as many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corpus:
    """All references as flat columns, to be indexed by the caller.

    ``codes`` uint8 (n, 32) are frame hashes, then content-box hashes; ``code_subject`` int64 and ``code_seconds``
    float64 and ``code_flags`` uint8 (n,) tell whose and when and of what `FrameFlag`. ``descriptors`` uint8 (m, 32)
    are anchors' ORB descriptors, with ``anchor_subject``, ``anchor_seconds`` (m,) and ``anchor_points`` float32
    (m, 2) in units of the long side. ``id_rank`` int64 (subjects,) is each subject's place among the sorted ids: what
    is equally good is told apart by it, so that the order of ingest decides nothing.
    """

    subjects: Sequence[Subject | Named]
    id_rank: npt.NDArray[np.int64]
    codes: Column
    code_subject: Column
    code_seconds: Column
    code_flags: Column
    descriptors: Column
    anchor_subject: Column
    anchor_seconds: Column
    anchor_points: Column

    @classmethod
    def build(cls, subjects: Sequence[Subject]) -> Corpus:
        """Concatenate the subjects' fingerprints in the order given."""
        codes, owner, seconds, flags = [], [], [], []
        for number, subject in enumerate(subjects):
            print_ = subject.fingerprint
            for block in (print_.codes, print_.box_codes):
                if len(block):
                    codes.append(block)
                    owner.append(np.full(len(block), number, np.int64))
                    seconds.append(print_.seconds)
                    flags.append(print_.flags)
        anchors = [subject.fingerprint.anchors for subject in subjects]
        return cls(
            subjects=tuple(subjects),
            id_rank=id_rank([subject.id for subject in subjects]),
            codes=_joined(codes, np.zeros((0, HASH_BYTES), np.uint8)),
            code_subject=_joined(owner, np.zeros(0, np.int64)),
            code_seconds=_joined(seconds, np.zeros(0, np.float64)),
            code_flags=_joined(flags, np.zeros(0, np.uint8)),
            descriptors=_joined([a.descriptors for a in anchors], np.zeros((0, HASH_BYTES), np.uint8)),
            anchor_subject=_joined(
                [np.full(len(a.pts), number, np.int64) for number, a in enumerate(anchors)], np.zeros(0, np.int64)
            ),
            anchor_seconds=_joined(
                [s.fingerprint.to_seconds(s.fingerprint.anchors.pts) for s in subjects], np.zeros(0, np.float64)
            ),
            anchor_points=_joined([a.points for a in anchors], np.zeros((0, 2), np.float32)),
        )


def id_rank(ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Each one's place among the sorted ids."""
    return np.argsort(np.argsort(ids)).astype(np.int64)


def _joined(parts: list, empty: npt.NDArray) -> npt.NDArray:  # type: ignore[type-arg]
    return np.concatenate(parts) if parts else empty
