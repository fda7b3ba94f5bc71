"""Posts that name the same file on Telegram's servers: an exact repost, known before any picture is compared.

Three kinds of name are believed: the number of a document, Telegram's ``file_unique_id``, and the name under which the
public pages give the file out. What else stands there may be a sender's word (``video.mp4``), and joins nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from forensics.model.provenance import Appearance

_PREFIXED = re.compile(r"([a-z][a-z_]{0,31}):([A-Za-z0-9_.-]{1,128})\Z")
_SERVED = re.compile(r"(?:[0-9a-f]{8,64}|[A-Za-z0-9_-]{32,200})\.[A-Za-z0-9]{1,8}\Z")
"""Ten hexadecimal digits before the ending have been seen, and long names in base64; a sender chooses neither."""


class Reach(StrEnum):
    """Whether one capture holds all posts of an edge. Whether names stay the same from one session of Telegram to the
    next is not documented: seen once, and not relied upon.
    """

    ONE_CAPTURE = "one capture"
    ACROSS = "across captures"


STRENGTHS = {Reach.ONE_CAPTURE: "strong", Reach.ACROSS: "medium"}


class Place(NamedTuple):
    """An appearance of an evidence."""

    item: str
    appearance: Appearance


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEdge:
    """Posts that name one file of Telegram's servers: ``name`` and what kind of name it is. Without direction.

    At least two of the ``places`` are certainly different posts. ``captures`` are the digests of the documents that
    tell them, sorted.
    """

    name: str
    kind: str
    reach: Reach
    places: tuple[Place, ...]
    captures: tuple[str, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """The evidence that the posts were saved as, sorted: several, when the saved bytes are not the same."""
        return tuple(sorted({place.item for place in self.places}))

    @property
    def strength(self) -> str:
        """``strong`` within one capture, ``medium`` across captures."""
        return STRENGTHS[self.reach]

    @property
    def basis(self) -> str:
        """What the edge rests on, in words."""
        return f"the posts give the same {self.kind} ({self.reach}: {self.strength})"


def name_kind(server_file: str | None) -> str | None:
    """What kind of name it is, in words; None for one that joins nothing."""
    if server_file is None:
        return None
    if prefixed := _PREFIXED.match(server_file):
        return f"{prefixed[1].replace('_', ' ')} on Telegram's servers"
    return "file name on Telegram's servers" if _SERVED.match(server_file) else None


def server_edges(places: Sequence[Place]) -> tuple[ServerEdge, ...]:
    """Find all edges: of each name one for each capture that has two posts with it, and one for all captures together
    when that says more. In the order of names and captures; the order of ``places`` is kept inside.

    The same post in two captures is no repost, nor are two that may be one.
    """
    named: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        post = place.appearance.post
        if post is not None and post.server_file is not None and name_kind(post.server_file) is not None:
            named[post.server_file].append(place)
    return tuple(edge for name in sorted(named) for edge in _edges(name, named[name]))


def _edges(name: str, places: Sequence[Place]) -> Iterator[ServerEdge]:
    captures: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        captures[place.appearance.source_sha256 or ""].append(place)
    for capture, held in sorted(captures.items()):
        # Without the digest of a document nothing shows that one capture told both.
        if capture and _two_posts(held):
            yield _edge(name, Reach.ONE_CAPTURE, held)
    if len(captures) > 1 and _two_posts(places):
        yield _edge(name, Reach.ACROSS, places)


def _two_posts(places: Sequence[Place]) -> bool:
    """Whether two of them are certainly different posts.

    Posts that are not certainly different from the first may still differ from each other; looking at each pair would
    be quadratic in a hostile export, and what is left out is an edge, never a claim.
    """
    posts = [place.appearance.post for place in places]
    first = posts[0]
    return first is not None and any(post is not None and first.is_post(post) is False for post in posts[1:])


def _edge(name: str, reach: Reach, places: Sequence[Place]) -> ServerEdge:
    captures = {place.appearance.source_sha256 for place in places} - {None}
    return ServerEdge(
        name=name,
        kind=name_kind(name) or "",
        reach=reach,
        places=tuple(places),
        captures=tuple(sorted(digest for digest in captures if digest)),
    )
