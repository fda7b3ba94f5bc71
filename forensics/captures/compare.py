"""Two captures compared chat by chat, number by number.

Only what the later capture covers can be absent from it: a number between two that it has, in a chat that was read
far enough. Everything else that it does not have is not covered. Nothing here says why a post is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from forensics.captures.albums import album_of
from forensics.captures.files import Files
from forensics.captures.pairs import pairs
from forensics.captures.posts import changes_of
from forensics.model.capture import Captured, CapturedPost, Change, ChatCoverage, Columns, Difference, State

MAX_RANGES = 1000
"""Stretches of numbers named one by one in one difference; its count holds for all."""

BLOCK = 1 << 16
"""Posts whose digests are compared at once."""

WINDOW = 256
"""Posts that are asked for at once: enough that the asking costs nothing beside the reading, and few to hold."""

Numbers = NDArray[np.int64]


@dataclass(slots=True)
class Unlisted:
    """Posts that both captures have with other source bytes, and without a difference in what is compared: reactions,
    previews, names of files in the export, the layout of a document.
    """

    posts: int = 0


def compare(
    old: Captured, new: Captured, files: Files | None = None, unlisted: Unlisted | None = None
) -> Iterator[Difference]:
    """Every difference, chats in the order of the earlier capture, posts by number; then the chats only in the later.

    Posts whose source bytes are the same in both are not looked at again, but for their files: with ``files`` those of
    posts that both captures have are compared by digest, and counted there; so are those of absent posts digested.
    ``unlisted`` counts what differs in bytes alone.

    Raises:
        InputError: a document changed while it was compared.
    """
    for before, after in pairs(old.about, new.about):
        if before is not None and after is not None:
            yield from _Pair(old, new, before, after, files, unlisted or Unlisted()).differences()
        elif before is not None:
            yield _whole(before, State.NOT_COVERED, "the later capture does not have this chat")
        elif after is not None:
            yield _whole(after, State.ADDED, "the earlier capture does not have this chat")


def _whole(chat: ChatCoverage, state: State, reason: str) -> Difference:
    ranges = ((chat.least, chat.greatest),)
    return Difference(states=(state,), chat=chat, reason=reason, ranges=ranges, count=chat.posts)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One chat in both captures."""

    old: Captured
    new: Captured
    before: ChatCoverage
    after: ChatCoverage
    files: Files | None
    unlisted: Unlisted

    def differences(self) -> Iterator[Difference]:
        yield from self._chat()
        old, new = self.old.columns(self.before.key), self.new.columns(self.after.key)
        extra = new.numbers[~_known(new.numbers, old.numbers)]
        yield from self._missing(old.numbers, new.numbers)
        yield from self._in_both(old, new)
        yield from self._only_later(extra, old.numbers)
        yield from self._never_seen(np.union1d(old.numbers, extra) if len(extra) else old.numbers)

    def _chat(self) -> Iterator[Difference]:
        other_format = self.old.about.format != self.new.about.format
        changes = [
            Change(field=f"chat.{name}", old=before, new=after)
            for name in ("name", "type")
            if (before := getattr(self.before, name)) != (after := getattr(self.after, name))
            and not (None in (before, after) and (name == "type" or other_format))
        ]
        if changes:
            renamed = changes[0].field == "chat.name"
            state = State.RENAMED_CHAT if renamed else State.OTHER_CHANGED
            reason = "the id is the same in both captures"
            yield Difference(states=(state,), chat=self.after, reason=reason, changes=tuple(changes), count=1)

    def _missing(self, old: Numbers, new: Numbers) -> Iterator[Difference]:
        """Posts of the earlier capture that the later does not have."""
        missing = old[~_known(old, new)]
        low, high = missing < self.after.least, missing > self.after.greatest
        yield from self._not_covered(missing[low], f"before the later capture's first number, {self.after.least}")
        between = missing[~low & ~high]
        if self.after.proves_absence(self.before):
            yield from self._absent(between, old, new)
        else:
            yield from self._not_covered(between, _UNREAD.format(self.after.unread) if self.after.unread else _UNPROVEN)
        end = "last number" if self.after.complete else "last number before its file ends"
        yield from self._not_covered(missing[high], f"after the later capture's {end}, {self.after.greatest}")

    def _absent(self, numbers: Numbers, old: Numbers, new: Numbers) -> Iterator[Difference]:
        only = self._only_sender()
        others: list[int] = []
        services: list[int] = []
        for number in numbers.tolist():
            post = self.old.post(self.before.key, number)
            if self.after.leaves_out_services and post.post.kind == "service":
                services.append(number)
                continue
            if only is not None and post.sender not in (None, only):
                others.append(number)
                continue
            below, above = _neighbours(new, number)
            if self.files is not None:
                (post,) = self.old.posts(self.before.key, (number,), files=True)
            yield Difference(
                states=(State.ABSENT,),
                chat=self.after,
                reason=f"between {below} and {above}, which the later capture has",
                number=number,
                old=post,
                neighbours=(below, above),
                album=album_of(post, old, lambda other: self.old.post(self.before.key, other)),
            )
        yield from self._not_covered(np.array(others, dtype=np.int64), f"{_ONE_SENDER} ({only})")
        yield from self._not_covered(np.array(services, dtype=np.int64), _NO_SERVICES)

    def _only_sender(self) -> str | None:
        """The sender to whom the later capture of a group was probably limited: several spoke in the earlier one."""
        group = "group" in (self.after.type or "")
        return self.after.sender if group and self.before.sender is None else None

    def _not_covered(self, numbers: Numbers, reason: str) -> Iterator[Difference]:
        yield from self._ranges(numbers, State.NOT_COVERED, reason, self.before)

    def _ranges(self, numbers: Numbers, state: State, reason: str, chat: ChatCoverage) -> Iterator[Difference]:
        if len(numbers):
            ranges = ((int(numbers[0]), int(numbers[-1])),)
            yield Difference(states=(state,), chat=chat, reason=reason, ranges=ranges, count=len(numbers))

    def _in_both(self, old: Columns, new: Columns) -> Iterator[Difference]:
        files = self.files is not None
        looked_at = _to_look_at(old, new, files=files)
        while window := tuple(islice(looked_at, WINDOW)):
            numbers = tuple(number for number, _ in window)
            befores = self.old.posts(self.before.key, numbers, files=files)
            afters = self.new.posts(self.after.key, numbers, files=files)
            for (_, unequal), before, after in zip(window, befores, afters, strict=True):
                yield from self._of_both(before, after, unequal=unequal)

    def _of_both(self, before: CapturedPost, after: CapturedPost, *, unequal: bool) -> Iterator[Difference]:
        states, changes = changes_of(before, after) if unequal else ((), ())
        self.unlisted.posts += unequal and not states
        if self.files is not None:
            replaced = self.files.compare(before, after)
            states, changes = (*states, *((State.FILE_DIFFERS,) if replaced else ())), (*changes, *replaced)
        if states:
            yield Difference(
                states=states,
                chat=self.after,
                reason="both captures have the post",
                number=after.number,
                old=before,
                new=after,
                changes=changes,
            )

    def _only_later(self, extra: Numbers, old: Numbers) -> Iterator[Difference]:
        """Posts that only the later capture has: inside the earlier one's coverage they should have been there."""
        inside = (extra > self.before.least) & (extra < self.before.greatest)
        if not self.before.proves_absence(self.after):
            inside[:] = False
        if self.before.leaves_out_services:
            for at in np.flatnonzero(inside).tolist():
                inside[at] = self.new.post(self.after.key, int(extra[at])).post.kind != "service"
        for number in extra[inside].tolist():
            below, above = _neighbours(old, number)
            yield Difference(
                states=(State.APPEARED_LATE,),
                chat=self.after,
                reason=f"between {below} and {above}, which the earlier capture has; {_SUSPECT_FIRST}",
                number=number,
                new=self.new.post(self.after.key, number),
                neighbours=(below, above),
            )
        reason = "outside what the earlier capture covers"
        yield from self._ranges(extra[~inside], State.ADDED, reason, self.after)

    def _never_seen(self, seen: Numbers) -> Iterator[Difference]:
        both = self.before.proves_absence(self.after) and self.after.proves_absence(self.before)
        if not (self.before.has_own_numbers and both) or (
            self.before.leaves_out_services or self.after.leaves_out_services
        ):
            return
        least, greatest = max(self.before.least, self.after.least, 1), min(self.before.greatest, self.after.greatest)
        seen = seen[(seen >= least) & (seen <= greatest)]
        steps = np.diff(seen)
        at = np.flatnonzero(steps > 1)
        if len(at):
            ranges = _stretches(seen[at] + 1, seen[at + 1] - 1)
            count = int((steps[at] - 1).sum())
            yield Difference(
                states=(State.NEVER_SEEN,), chat=self.after, reason=_NEVER_SEEN, ranges=ranges, count=count
            )


def _known(numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Which of the numbers the others have, too. Both rise, and each has at least one."""
    places = np.searchsorted(others, numbers)
    places[places == len(others)] = 0
    return np.equal(others[places], numbers)


def _to_look_at(old: Columns, new: Columns, *, files: bool) -> Iterator[tuple[int, bool]]:
    """The numbers that both have, with whether their source bytes differ: all that do, and with ``files`` those that
    name a file in both. A block at a time, to hold no second copy of the digests.
    """
    for start in range(0, len(old.numbers), BLOCK):
        numbers = old.numbers[start : start + BLOCK]
        both = _known(numbers, new.numbers)
        places = np.searchsorted(new.numbers, numbers[both])
        unequal = (old.digests[start : start + BLOCK][both] != new.digests[places]).any(axis=1)
        asked = unequal | (old.filed[start : start + BLOCK][both] & new.filed[places]) if files else unequal
        yield from zip(numbers[both][asked].tolist(), unequal[asked].tolist(), strict=True)


def _stretches(starts: Numbers, ends: Numbers) -> tuple[tuple[int, int], ...]:
    first, last = starts[:MAX_RANGES].tolist(), ends[:MAX_RANGES].tolist()
    return tuple(zip(first, last, strict=True))


def _neighbours(numbers: Numbers, number: int) -> tuple[int, int]:
    """The nearest numbers below and above one that lies between the first and the last."""
    place = int(np.searchsorted(numbers, number))
    return int(numbers[place - 1]), int(numbers[place])


_UNPROVEN = (
    "the later capture's file ends too soon and the numbers of the two are not in one order, so that the rest of the "
    "file may have had them"
)
_UNREAD = "{} messages of the later capture's chat could not be read with their numbers: any number may be theirs"
_NO_SERVICES = "a service message, and the later capture does not show all of these"
_ONE_SENDER = "all posts of the later capture are from one sender, as in an export of one's own messages only"
_SUSPECT_FIRST = "Telegram numbers posts as they appear: the earlier capture was filtered or changed, or the later was"
_NEVER_SEEN = "neither capture has these numbers: service posts that the exporter leaves out, or posts that were gone"
