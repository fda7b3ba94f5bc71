"""Error rates and their bounds, and the calibration of a score. Pure functions of counts and arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054
"""Standard normal quantile of 0.975: two-sided 95 %."""

CONFIDENCE = 0.95
_HALVINGS = 200
"""Bisection of [0, 1] past the resolution of a double."""


class Block(NamedTuple):
    """Neighbouring scores, ``low`` to ``high``, with one fitted value; ``positives`` and ``negatives`` in it."""

    low: float
    high: float
    positives: int
    negatives: int
    log10_ratio: float


def wilson(successes: float, trials: float, z: float = Z95) -> tuple[float, float]:
    """The score interval of a proportion (Wilson 1927, JASA 22:209), as (low, high); (0, 1) without trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return 0.0, 1.0
    share, zz = successes / trials, z * z
    middle = (share + zz / (2 * trials)) / (1 + zz / trials)
    half = z / (1 + zz / trials) * math.sqrt(share * (1 - share) / trials + zz / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def clopper_pearson_upper(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The exact one-sided upper bound of a proportion (Clopper and Pearson 1934, Biometrika 26:404).

    It is the p at which so few successes have probability 1 - confidence: in closed form without successes (the rule
    of three is its approximation 3/n), else by bisection of the binomial sum. 1 without trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if successes == trials:
        return 1.0
    tail = 1 - confidence
    if successes == 0:
        return -math.expm1(math.log(tail) / trials)
    low, high = successes / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if binomial_at_most(successes, trials, middle) > tail:
            low = middle
        else:
            high = middle
    return high


def binomial_at_most(successes: int, trials: int, rate: float) -> float:
    """Probability of at most so many successes in ``trials`` draws at ``rate``, summed in logarithms."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return float(successes >= trials)
    whole = math.lgamma(trials + 1)
    terms = (
        whole - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(rate) + (trials - k) * math.log1p(-rate)
        for k in range(successes + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def effective_trials(successes: Sequence[int], trials: Sequence[int]) -> float:
    """How many independent trials clusters of trials are worth: p(1-p) over the variance of the clustered proportion
    (Korn and Graubard 1998, Survey Methodology 24:193), between the number of clusters and of trials.

    ``successes`` and ``trials`` are per cluster. When all succeed or fail the clusters show no variance, and
    the number of clusters is taken: the least that the trials can be worth.
    """
    total, clusters = sum(trials), sum(1 for n in trials if n)
    if clusters < 2:
        return float(clusters)
    share = sum(successes) / total
    residuals = sum((k - share * n) ** 2 for k, n in zip(successes, trials, strict=True))
    variance = clusters / (clusters - 1) * residuals / total**2
    if not 0 < share < 1:
        return float(clusters)
    if variance == 0:
        return float(total)
    return min(float(total), max(float(clusters), share * (1 - share) / variance))


def isotonic(values: npt.ArrayLike, weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The non-decreasing sequence nearest to ``values`` in weighted squares, by pooling adjacent violators (Ayer,
    Brunk, Ewing, Reid and Silverman 1955, Annals of Mathematical Statistics 26:641).

    ``values`` and ``weights`` (above 0) are of shape (n,), in the order of the score; so is the result.
    """
    means: list[float] = []
    masses: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(np.asarray(values, float).tolist(), np.asarray(weights, float).tolist(), strict=True):
        means.append(value)
        masses.append(weight)
        lengths.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            mean, mass, length = means.pop(), masses.pop(), lengths.pop()
            means[-1] = (means[-1] * masses[-1] + mean * mass) / (masses[-1] + mass)
            masses[-1] += mass
            lengths[-1] += length
    return np.repeat(np.array(means, dtype=np.float64), lengths)


def likelihood_ratios(positives: Sequence[float], negatives: Sequence[float]) -> tuple[Block, ...]:
    """Log10 likelihood ratio of each score, as blocks in rising order: isotonic fit of the posterior odds over the
    prior odds. Empty when either side is.

    One positive and one negative are added at each end (Laplace's rule of succession as in Brümmer and du Preez 2013,
    "The BOSARIS toolkit", section 5.5), so that no finite sample supports an infinite ratio.
    """
    if not positives or not negatives:
        return ()
    levels = sorted({*positives, *negatives})
    place = {score: number for number, score in enumerate(levels)}
    ours, theirs = np.zeros(len(levels)), np.zeros(len(levels))
    np.add.at(ours, [place[score] for score in positives], 1)
    np.add.at(theirs, [place[score] for score in negatives], 1)
    share = np.concatenate(([0.5], ours / (ours + theirs), [0.5]))
    mass = np.concatenate(([2.0], ours + theirs, [2.0]))
    fitted = isotonic(share, mass)[1:-1]
    prior = (len(positives) + 2) / (len(negatives) + 2)
    blocks = []
    for value in np.unique(fitted):
        inside = np.flatnonzero(fitted == value)
        ratio = math.log10(value / (1 - value) / prior)
        first, last = levels[inside[0]], levels[inside[-1]]
        blocks.append(Block(first, last, int(ours[inside].sum()), int(theirs[inside].sum()), ratio))
    return tuple(blocks)


def ratio_of(score: float, blocks: Sequence[Block]) -> float:
    """The log10 likelihood ratio of a score: of the last block that begins at or below it, else of the first."""
    found = blocks[0]
    for block in blocks:
        if block.low <= score:
            found = block
    return found.log10_ratio


def ratio_cost(positive_ratios: Sequence[float], negative_ratios: Sequence[float]) -> float | None:
    """The log-likelihood-ratio cost of log10 ratios (Brümmer and du Preez 2006, Computer Speech & Language 20:230):
    0 when every ratio is right without doubt, 1 for ratios that say nothing. None when either side is empty.
    """
    if not positive_ratios or not negative_ratios:
        return None
    ours = np.asarray(positive_ratios) * math.log(10)
    theirs = np.asarray(negative_ratios) * math.log(10)
    missed = float(np.logaddexp(0, -ours).mean()) / math.log(2)
    alarmed = float(np.logaddexp(0, theirs).mean()) / math.log(2)
    return (missed + alarmed) / 2


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that at least ``share`` of the values do not exceed (an observed one), or None without any."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
