"""Learned descriptors: which model made them, and what it said of the pictures of one video or still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model of learned descriptors, as findings name it.

    ``sha256`` is of the model file, ``licence`` what is stated of its terms of use and ``licence_from`` where that
    stands; ``runtime`` names the program that computes it. A picture goes in as ``width`` by ``height`` pixels and
    comes out as ``length`` numbers; ``recipe`` says in words how it is made ready.
    """

    sha256: str
    licence: str
    licence_from: str
    runtime: str
    width: int
    height: int
    length: int
    recipe: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Descriptors:
    """What a model said of pictures some seconds apart: ``seconds`` float64 (n,) on the presentation clock, ``as_is``
    and ``negative`` float16 (n, length) of unit length: the picture, and its negative. A row of zeros says nothing.
    """

    seconds: npt.NDArray[np.float64]
    as_is: npt.NDArray[np.float16]
    negative: npt.NDArray[np.float16]

    def __post_init__(self) -> None:
        rows = len(self.seconds)
        if len(self.as_is) != rows or self.as_is.shape != self.negative.shape or self.as_is.ndim != 2:
            raise ValueError("there is one row for each picture and one for its negative")
