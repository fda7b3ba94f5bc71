"""What posts of a group say of where they were forwarded from, with the strength of each claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics import report
from forensics.model.provenance import SHOWN, Chat, Post, peer_chat

EXACT, BY_NUMBER, BY_NAME_AND_DATE, BY_NAME = 1, 3, 4, 6
"""Strengths of forward research, strongest first. 2 is the same server file and 5 pictures that agree: edges of their
own kinds, which no forward has."""

BASES = {
    EXACT: "the export names the very post of the origin, by channel and number",
    BY_NUMBER: "the export names the origin by its number or public address, not the post",
    BY_NAME_AND_DATE: "the export names the origin by name and tells the time of the original post, not its number",
    BY_NAME: "the export names the origin by name only: anybody may bear it, so nothing is drawn from it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What a post says of where it was forwarded from.

    ``seen`` is the sighting of the post that says it; ``named`` a channel's or person's name, ``named_id`` its number
    (or else its name in a t.me address), ``named_post`` the number of the original; ``strength`` counts from 1, the
    strongest; ``earlier`` are posts of this group, not after this one, that the forward may stand for: with `EXACT`
    the very post.
    """

    seen: report.Sighting
    post: Post
    named: str | None
    named_id: str | None
    named_post: str | None
    strength: int
    basis: str
    earlier: tuple[report.Sighting, ...]

    @property
    def drawn(self) -> bool:
        """Whether it may be drawn as an edge: never from a name alone."""
        return self.strength != BY_NAME


def forwards(group: report.RepostGroup) -> Iterator[Forward]:
    """Yield what each post of the group says of its origin. Telegram flattens chains: a forward of a forward names
    the first origin only.
    """
    for seen in group.sightings:
        post = seen.appearance.post
        if post is None or not (post.forwarded_from or _origin_ids(post)):
            continue
        strength = _strength(post)
        yield Forward(
            seen=seen,
            post=post,
            named=post.forwarded_from,
            named_id=next(iter(_origin_ids(post)), None),
            named_post=post.forwarded_message_id,
            strength=strength,
            basis=BASES[strength],
            earlier=tuple(_earlier(group, seen, _stands_for(post, strength))),
        )


def _origin_ids(post: Post) -> tuple[str, ...]:
    """What names the origin for certain: its number, its public address."""
    told = (post.forwarded_from_id, post.forwarded_from_username)
    return tuple(each for each in told if each and each != SHOWN)


def _origin_chats(post: Post) -> tuple[Chat, ...]:
    named = post.forwarded_from_username
    public = ("name", named.lower()) if named and named != SHOWN else None
    return tuple(chat for chat in (peer_chat(post.forwarded_from_id), public) if chat is not None)


def _strength(post: Post) -> int:
    if _origin_ids(post):
        return EXACT if post.forwarded_message_id else BY_NUMBER
    return BY_NAME if post.forwarded_unixtime is None else BY_NAME_AND_DATE


def _stands_for(post: Post, strength: int) -> Callable[[report.Sighting], bool]:
    """Whether a sighting may be the origin that a post names."""
    origins = _origin_chats(post)

    def is_origin(other: report.Sighting) -> bool:
        told = other.appearance.post
        if told is None or strength == BY_NAME:
            return False
        if strength == BY_NAME_AND_DATE:
            same = post.forwarded_from != SHOWN and told.channel == post.forwarded_from
            return same and told.posted_unixtime == post.forwarded_unixtime
        return told.chat in origins and (strength != EXACT or told.message_id == post.forwarded_message_id)

    return is_origin


def _earlier(
    group: report.RepostGroup, seen: report.Sighting, is_origin: Callable[[report.Sighting], bool]
) -> Iterator[report.Sighting]:
    """Yield posts that are certainly not after this one: where the times overlap, no order is claimed."""
    for other in group.sightings:
        if other is seen or other.between is None or seen.between is None:
            continue
        if other.between[1] <= seen.between[0] and is_origin(other):
            yield other
