"""Time and random come through one door, and can be replaced."""

import re
from datetime import UTC, datetime, timedelta, timezone

from pipelines.surroundings import Surroundings


def frozen(moment: datetime) -> Surroundings:
    return Surroundings(now=lambda: moment, entropy=lambda n: bytes(range(n)), environ={"PATH": "/x"})


def test_a_timestamp_is_utc_whatever_zone_the_clock_has() -> None:
    moment = datetime(2026, 11, 22, 15, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert frozen(moment).timestamp() == "2026-11-22T13:30:00.123456Z"


def test_a_urn_is_a_version_7_uuid_that_sorts_by_time() -> None:
    early = frozen(datetime(2026, 1, 1, tzinfo=UTC)).new_urn()
    late = frozen(datetime(2026, 1, 2, tzinfo=UTC)).new_urn()
    pattern = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(pattern, early)
    assert early < late
