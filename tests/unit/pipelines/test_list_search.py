"""The search of frames against a list equals comparing every pair."""

import numpy as np
import pytest

from forensics.exchange import CODE_BYTES, RADIUS, Algorithm, Hash, Listed
from pipelines import list_search
from pipelines.frame_hashes import Frame
from pipelines.list_search import Search, Sheet

SHEET = Sheet(path="list", sha256="0" * 64, format="pdq", entries=(), notices=())


def near(algorithm: Algorithm, count: int, seed: int) -> list[bytes]:
    """Codes around one code, some equal, most within and some outside the radius."""
    random = np.random.default_rng(seed)
    size = CODE_BYTES[algorithm]
    codes = np.zeros((count, 8 * size), np.uint8)
    for row in codes:
        row[random.choice(8 * size, random.integers(0, RADIUS[algorithm]), replace=False)] = 1
    return [np.packbits(row).tobytes() for row in codes]


def listed_of(algorithm: Algorithm, codes: list[bytes]) -> list[Listed]:
    return [Listed(line=line, hash=Hash(algorithm=algorithm, code=code)) for line, code in enumerate(codes, 1)]


def frames_of(algorithm: Algorithm, codes: list[bytes]) -> list[Frame]:
    return [Frame(hash=Hash(algorithm=algorithm, code=code, at_ms=40 * n)) for n, code in enumerate(codes)]


def bits(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


@pytest.mark.parametrize("algorithm", Algorithm)
def test_candidates_are_those_of_comparing_every_pair(algorithm: Algorithm) -> None:
    listed, frames = near(algorithm, 40, 1), near(algorithm, 30, 2)
    listed += listed[:3]
    found, count = Search(algorithm, listed_of(algorithm, listed)).candidates(
        SHEET, "e", "E-0001", frames_of(algorithm, frames)
    )
    expected = {}
    for line, code in enumerate(listed[:40], 1):
        close = [
            (bits(code, frame), number) for number, frame in enumerate(frames) if bits(code, frame) <= RADIUS[algorithm]
        ]
        if close and listed.index(code) == line - 1:
            times = [40 * number for _, number in close]
            expected[line] = (*min(close), len(close), min(times), max(times))
    assert 0 < len(expected) <= 40
    assert count == len(found) == len(expected)
    assert {
        each.listed.line: (each.distance, each.frame.hash.at_ms // 40, each.frames, each.first_ms, each.last_ms)
        for each in found
    } == expected
    assert sum(each.repeats for each in found if each.listed.line <= 3) >= sum(
        1 for line in (1, 2, 3) if line in expected
    )


def test_the_closest_candidates_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_search, "MAX_CANDIDATES", 5)
    codes = [(2**n - 1).to_bytes(32, "big") for n in range(20)]
    search = Search(Algorithm.PDQ, listed_of(Algorithm.PDQ, codes))
    found, count = search.candidates(SHEET, "e", "E-0001", frames_of(Algorithm.PDQ, [bytes(32)]))
    assert (count, [each.distance for each in found]) == (20, [0, 1, 2, 3, 4])


def test_an_evidence_without_hashes_gives_nothing() -> None:
    search = Search(Algorithm.PHASH, listed_of(Algorithm.PHASH, [bytes(8)]))
    assert search.candidates(SHEET, "e", "E-0001", []) == ([], 0)
