"""verify beside sha256sum of the same bytes in the same run."""

from pathlib import Path

import pytest

from tests.benchmark import verify_cost

pytestmark = pytest.mark.benchmark

MOST_OF_SHA256SUM = 1.3
"""Wall and CPU, on a case of at least 2 GB, start of the interpreter included."""

MOST_OF_TWICE = 2.5
"""For twice as many events: work that grew with their square would give 4."""


def test_verify_takes_little_more_than_sha256sum_and_grows_with_the_number_of_events(tmp_path: Path) -> None:
    large, short, long = verify_cost.run(tmp_path, rounds=3)
    print("\n" + verify_cost.shown(large, short, long))
    assert large.size >= 2 * 10**9
    assert large.verify.wall <= MOST_OF_SHA256SUM * large.sha256sum.wall
    assert large.verify.cpu <= MOST_OF_SHA256SUM * large.sha256sum.cpu
    assert long.verify - long.start_up <= MOST_OF_TWICE * (short.verify - short.start_up)
