"""What the case report tells of posts: where they say that they were forwarded from, and which are absent later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from forensics import report
from forensics.model.custody import CustodyEvent
from forensics.model.provenance import SHOWN, peer_chat
from pipelines.absences import absences
from pipelines.origins import Forward, forwards


def forward_views(
    views: Sequence[report.EvidenceView], groups: Sequence[report.RepostGroup]
) -> Iterator[report.ForwardView]:
    """Yield every forward once: within groups, where the very post of the origin may be found, and of single files."""
    grouped = {item for group in groups for item in group.items}
    singles = (report.alone(view) for view in views if view.sha256 not in grouped)
    told: set[int] = set()
    for group in (*groups, *singles):
        for forward in forwards(group):
            if id(forward.seen.appearance) not in told:
                told.add(id(forward.seen.appearance))
                yield report.ForwardView(
                    origin=forward.named or forward.named_id or "not named",
                    origin_key=_origin_key(forward),
                    target=forward.post.channel or forward.post.channel_id or "unnamed chat",
                    target_key=report.chat_key(forward.post),
                    basis=forward.basis,
                    drawn=forward.drawn,
                )


def _origin_key(forward: Forward) -> tuple[str, ...] | None:
    """The chat of the post that the forward may stand for, else the one that it names for certain."""
    for seen in forward.earlier:
        if seen.appearance.post is not None and seen.appearance.post.chat is not None:
            return report.chat_key(seen.appearance.post)
    post = forward.post
    username = post.forwarded_from_username
    named = ("name", username.lower()) if username and username != SHOWN else None
    chat = peer_chat(post.forwarded_from_id) or named
    return (post.platform, *chat) if chat is not None else None


def absence_views(views: Iterable[report.EvidenceView], events: Iterable[CustodyEvent]) -> Iterator[report.AbsenceView]:
    """Yield every absence that the log tells of, with the evidence that was seen in the post."""
    held: dict[str, list[str]] = defaultdict(list)
    for view in views:
        for post in (seen.post for seen in view.appearances):
            if post is not None and post.chat is not None and post.chat[0] == "number":
                held[f"channel:{post.chat[1]}/{post.message_id}"].append(view.sha256)
    for key, found in absences(events).items():
        for each in found:
            yield report.AbsenceView(
                post=key,
                items=tuple(dict.fromkeys(held.get(key, ()))),
                seq=each.seq,
                time=each.time,
                old=each.old,
                new=each.new,
            )
