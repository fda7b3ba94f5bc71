"""An export's two clocks: the exporter's wall clock and UTC. Their difference should be a zone's offset.

Telegram Desktop writes each message's ``date`` in the zone of the exporting computer and ``date_unixtime`` in UTC. In
an untouched export the difference is that zone's offset: whole quarters of an hour, one value, or two an hour apart
with daylight saving (a zone whose rules changed over the years has a few more). Anything else hints at editing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from forensics.model.provenance import Post

MAX_SPREAD_S = 2 * 3600
"""Seconds between the least and the greatest offset of one place over the years since Telegram exists (2013)."""
LEAST_OFFSET_S = -12 * 3600
GREATEST_OFFSET_S = 14 * 3600
QUARTER_S = 900
MAX_OFFSETS = 1000
"""Different ones that are counted; so many are never those of one place, whatever the rest is."""

_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\Z", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Clocks:
    """The offsets seen, in seconds, with how many posts have each."""

    offsets: Counter[int] = field(default_factory=Counter)

    def see(self, told: Post) -> None:
        """Note one post's offset, if it has both clocks."""
        self.note(told.posted_local, told.posted_unixtime)

    def note(self, written: object, unixtime: int | None) -> None:
        """Note the wall clock as written beside a time in seconds UTC, if both are there."""
        local = seconds(written) if isinstance(written, str) else None
        if local is None or unixtime is None:
            return
        offset = local - unixtime
        if offset in self.offsets or len(self.offsets) < MAX_OFFSETS:
            self.offsets[offset] += 1

    def finding(self) -> str | None:
        """One sentence when the offsets are not those of one place; None when they may be."""
        if not self.offsets:
            return None
        least, greatest = min(self.offsets), max(self.offsets)
        odd = sum(n for offset, n in self.offsets.items() if offset % QUARTER_S)
        if not odd and least >= LEAST_OFFSET_S and greatest <= GREATEST_OFFSET_S and greatest - least <= MAX_SPREAD_S:
            return None
        return (
            f"local and UTC times of the posts differ by {least} to {greatest} seconds, {odd} of "
            f"{self.offsets.total()} not by whole quarters of an hour; one exporter's clock does not do that"
        )


def seconds(text: str) -> int | None:
    """Wall clock text as seconds, as if it were UTC; None when it is no date."""
    found = _LOCAL.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    return days * 86400 + hour * 3600 + minute * 60 + second
