"""Which posts were probably sent as one album: an export does not say.

Consecutive numbers, one sender, all with media, at most two seconds from first to last: so were all 94 albums of the
real dumps that this was taken from. It is an inference: somebody who forwards quickly makes such a row, too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from forensics.model.capture import CapturedPost

MAX_ALBUM = 10
"""Telegram's limit of items in one album."""

MAX_SPREAD_S = 2


def album_of(post: CapturedPost, numbers: NDArray[np.int64], post_at: Callable[[int], CapturedPost]) -> tuple[int, ...]:
    """The numbers of the album that a post probably belongs to, itself included; empty when it stands alone.

    Args:
        post: The post.
        numbers: All numbers of its chat, rising.
        post_at: Gives another post of the chat.
    """
    if not post.media or post.post.posted_unixtime is None:
        return ()
    found = [post]
    for step in (-1, 1):
        number = post.number + step
        while len(found) < MAX_ALBUM and _has(numbers, number) and _joins(other := post_at(number), found):
            found.append(other)
            number += step
    return tuple(sorted(each.number for each in found)) if len(found) > 1 else ()


def _has(numbers: NDArray[np.int64], number: int) -> bool:
    place = int(np.searchsorted(numbers, number))
    return place < len(numbers) and int(numbers[place]) == number


def _joins(other: CapturedPost, found: list[CapturedPost]) -> bool:
    if not other.media or other.post.posted_unixtime is None or other.sender != found[0].sender:
        return False
    times = [other.post.posted_unixtime, *(each.post.posted_unixtime or 0 for each in found)]
    return max(times) - min(times) <= MAX_SPREAD_S
