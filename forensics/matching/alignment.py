"""Stage 3: which stretch of the query shows which stretch of the reference, at which speed.

A table of frame-against-frame gains is searched for straight lines (Hough over offset and speed); on each line the
best stretch is the one of greatest sum (Kadane). Found rows are taken out and the search is repeated, so that
compilations, freezes and slow motion come out as several segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SLOWEST, FASTEST = 0.45, 2.2
SPEED_STEP = 1.03
OFFSET_STEP_S = 0.1
BESIDE_S = 0.15
SEARCHED_ROWS = 150
"""Rows of the query that the search for lines looks at; of longer stretches every second, third ... row."""

ROUNDING = 1e-6
"""Sums of the same gains in another order differ by less."""

AS_RECORDED = 0.9
"""Speed 1 is taken when it explains at least this share of what the best speed explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``reference time = speed * query time + offset_s`` for query rows first..last (inclusive)."""

    speed: float
    offset_s: float
    first: int
    last: int
    gain: float

    def at(self, seconds: Floats) -> Floats:
        """Reference times of query times."""
        return self.speed * seconds + self.offset_s


def speeds() -> tuple[float, ...]:
    """The speeds tried: a geometric grid from slowest to fastest, which has 1 in it, and playing backwards."""
    half = int(np.floor(np.log(FASTEST) / np.log(SPEED_STEP)))
    low = int(np.floor(-np.log(SLOWEST) / np.log(SPEED_STEP)))
    return (*(float(SPEED_STEP**k) for k in range(-low, half + 1)), -1.0)


def nearest(seconds: Floats, wanted: Floats, reach_s: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Rows of ``seconds`` nearest to ``wanted`` (any shape), and which lie within ``reach_s``."""
    right = np.minimum(np.maximum(np.searchsorted(seconds, wanted), 1), max(1, len(seconds) - 1))
    left = right - 1
    right = np.minimum(right, len(seconds) - 1)
    before, after = np.abs(seconds[left] - wanted), np.abs(seconds[right] - wanted)
    rows = np.where(before <= after, left, right)
    return rows.astype(np.int64, copy=False), np.minimum(before, after) <= reach_s


def _best_stretch(values: Floats) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each row of ``values`` (lines, n) the greatest sum over a stretch, and its first and last column."""
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    lowest = np.minimum.accumulate(total, axis=1)
    gain = total[:, 1:] - lowest[:, :-1]
    last = gain.argmax(axis=1)
    index = np.arange(len(values))
    before = np.where(np.arange(total.shape[1])[None, :] <= last[:, None], total, np.inf)
    first = before.argmin(axis=1)
    return gain[index, last], first.astype(np.int64), last.astype(np.int64)


def offset_range(query_s: Floats, reference_s: Floats, speed: float) -> tuple[float, float]:
    """Least and greatest offset at which the two stretches touch."""
    ends = speed * query_s[0], speed * query_s[-1]
    return float(reference_s[0] - max(ends)), float(reference_s[-1] - min(ends))


def _lines_at(
    gains: Floats, query_s: Floats, reference_s: Floats, speed: float, outside: float, least: float = 0.0
) -> Line | None:
    """The best line of one speed; None where all gain less than ``least``. Rows outside the reference count
    ``outside`` each.
    """
    low, high = offset_range(query_s, reference_s, speed)
    offsets = np.arange(np.ceil(low / OFFSET_STEP_S), np.floor(high / OFFSET_STEP_S) + 1) * OFFSET_STEP_S
    if not len(offsets):
        return None
    rows, inside = nearest(reference_s, speed * query_s[None, :] + offsets[:, None], BESIDE_S)
    values = np.where(inside, gains[np.arange(len(query_s))[None, :], rows], outside)
    # No stretch of a line gains more than all that is positive on it.
    hopeful = np.flatnonzero(np.maximum(values, 0.0).sum(axis=1) >= least - ROUNDING)
    if not len(hopeful):
        return None
    gain, first, last = _best_stretch(values[hopeful])
    best = int(gain.argmax())
    return Line(
        speed=speed,
        offset_s=float(offsets[hopeful[best]]),
        first=int(first[best]),
        last=int(last[best]),
        gain=float(gain[best]),
    )


def best_line(
    gains: Floats, query_s: Floats, reference_s: Floats, tried: tuple[float, ...], outside: float = -0.2
) -> Line | None:
    """The line of greatest gain in ``gains`` (query rows, reference rows). Ties go to the speed nearest to 1."""
    if min(gains.shape) < 2:
        return None
    step = max(1, len(query_s) // SEARCHED_ROWS)
    thinned, seconds = gains[::step], query_s[::step]
    most = float(np.maximum(thinned.max(axis=1), 0.0).sum())
    plain = _lines_at(thinned, seconds, reference_s, 1.0, outside) if 1.0 in tried else None
    if plain is not None and plain.gain > 0 and plain.gain >= AS_RECORDED * most:
        return _on_all_rows(plain, gains, query_s, reference_s, outside)
    lines: list[Line] = []
    least = 0.0 if plain is None else max(0.0, plain.gain)
    for speed in tried:
        line = plain if speed == 1.0 else _lines_at(thinned, seconds, reference_s, speed, outside, least)
        if line is not None and line.gain > 0:
            lines.append(line)
            least = max(least, line.gain)
    if not lines:
        return None
    best = max(lines, key=lambda line: (line.gain, -abs(np.log(abs(line.speed)))))
    if plain is not None and plain.gain > 0 and plain.gain >= AS_RECORDED * best.gain:
        best = plain
    return _on_all_rows(best, gains, query_s, reference_s, outside)


def _on_all_rows(line: Line, gains: Floats, query_s: Floats, reference_s: Floats, outside: float) -> Line:
    """The line's best stretch over every row of the query."""
    rows, inside = nearest(reference_s, line.at(query_s), BESIDE_S)
    values = np.where(inside, gains[np.arange(len(query_s)), rows], outside)
    gain, first, last = _best_stretch(values[None])
    return Line(speed=line.speed, offset_s=line.offset_s, first=int(first[0]), last=int(last[0]), gain=float(gain[0]))


def assign(values: Floats, switch: float) -> npt.NDArray[np.int64]:
    """Which line each query row belongs to, -1 for none: the path of greatest value (Viterbi 1967).

    ``values`` (lines, rows) is what a row gains on each line; belonging to none gains nothing; each change of state
    costs ``switch``.
    """
    states = np.vstack([np.zeros((1, values.shape[1])), values])
    score = states[:, 0].copy()
    came = np.zeros(states.shape, np.int64)
    for row in range(1, states.shape[1]):
        best = int(score.argmax())
        stay = score >= score[best] - switch
        came[:, row] = np.where(stay, np.arange(len(states)), best)
        score = np.where(stay, score, score[best] - switch) + states[:, row]
    path = np.zeros(states.shape[1], np.int64)
    path[-1] = int(score.argmax())
    for row in range(states.shape[1] - 1, 0, -1):
        path[row - 1] = came[path[row], row]
    return path - 1
