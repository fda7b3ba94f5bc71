"""Lines about copies in buckets name servers: who is shown them."""

from __future__ import annotations

import pytest

from forensics.model.custody import CustodyEvent, EventType
from pipelines.scope import PUBLIC, SEALED, extent_of

ITEM = "ab" * 32


@pytest.mark.parametrize(("profile", "lines", "unshown"), [(PUBLIC, (0,), 1), (SEALED, (0, 1), 0)])
def test_where_copies_lie_is_shown_under_seal_and_counted_in_public(profile, lines, unshown) -> None:
    events = [
        CustodyEvent(
            case="C",
            seq=seq,
            prev="",
            time="",
            event=event,
            run="",
            operator="",
            item=ITEM,
            detail={"file": "original"},
        )
        for seq, event in enumerate((EventType.INGESTION, EventType.REPLICATION))
    ]
    extent = extent_of(None, events, [], ITEM, frozenset({ITEM}), profile)
    assert (extent.lines, extent.unshown) == (lines, unshown)
