"""Which pictures of the references local features agree with: one agreement for each stored feature, by picture.

By chance several of the forty features that are stored of a picture lie within the radius of some feature of any other
picture. So how many agree tells little among thousands of pictures; how near they are, and how few references share
what agrees, tells the picture that is shown.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from forensics.matching.geometry import SEED
from forensics.matching.subject import Corpus
from forensics.model.match import Hits

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

QUICK_REACH_PX, QUICK_ITERATIONS = 6.0, 500
QUICK_SCALE = (0.15, 7.0)
"""Of a quick fit: it ranks and decides nothing, so it reaches further and tries less than geometry does."""


class Agreements(NamedTuple):
    """For each stored feature that a feature of the query lies near to, the nearest of these.

    ``query`` and ``reference`` int64 (n,) are rows, ``distance`` uint16 (n,) bits, ``sharing`` int64 (n,) how many
    references this feature of the query is the nearest one for. Picture k, of ``subject[k]`` at ``seconds[k]``, has the
    rows from ``edges[k]`` to before ``edges[k + 1]``.
    """

    query: Int64s
    reference: Int64s
    distance: npt.NDArray[np.uint16]
    sharing: Int64s
    subject: Int64s
    seconds: Floats
    edges: Int64s

    @property
    def counts(self) -> Int64s:
        """Agreements of each picture."""
        return np.diff(self.edges)

    def rows(self, picture: int) -> slice:
        """The rows of a picture."""
        return slice(int(self.edges[picture]), int(self.edges[picture + 1]))

    def votes(self, worth: Floats) -> Floats:
        """For each picture the sum of what its agreements are worth, float64 (n,), less for what many share."""
        return np.asarray(np.add.reduceat(worth / np.sqrt(self.sharing), self.edges[:-1]))


def agreements(hits: Hits, corpus: Corpus) -> Agreements | None:
    """What the hits between the features of one query picture and those of the corpus come to; None without any."""
    if not len(hits.query):
        return None
    order = np.lexsort((hits.query, hits.distance, hits.reference))
    kept = order[np.diff(hits.reference[order], prepend=-1) != 0]
    query, reference = hits.query[kept], hits.reference[kept]
    subject, seconds = corpus.anchor_subject[reference], corpus.anchor_seconds[reference]
    # The features of a picture stand together, and so do the pictures of a file.
    new = (np.diff(subject, prepend=-1) != 0) | (np.diff(seconds, prepend=seconds[0]) != 0)
    firsts = np.flatnonzero(new)
    return Agreements(
        query=query,
        reference=reference,
        distance=hits.distance[kept],
        sharing=_sharing(query, subject),
        subject=subject[firsts],
        seconds=seconds[firsts],
        edges=np.append(firsts, len(reference)),
    )


def _sharing(query: Int64s, subject: Int64s) -> Int64s:
    """For each row how many subjects have a row of the same query feature."""
    subjects = int(subject.max()) + 1
    pairs = np.unique(query * subjects + subject)
    return np.bincount(pairs // subjects)[query]


def arranged(source: npt.NDArray[np.float32], target: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_] | None:
    """Which pairs of points, float32 (n, 2) pixels each, fit one similarity; None when none of a likely
    scale is found.
    """
    cv2.setRNGSeed(SEED)
    matrix, mask = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=QUICK_REACH_PX, maxIters=QUICK_ITERATIONS
    )
    if matrix is None:
        return None
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return np.asarray(mask.ravel().astype(bool)) if QUICK_SCALE[0] <= scale <= QUICK_SCALE[1] else None
