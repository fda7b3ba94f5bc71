"""One post in two captures: which of its fields differ, and what that is called."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.capture import CapturedPost, Change, MediaState, PostMedia, State
from forensics.model.provenance import Post

_DECLARED = ("kind", "file_name", "mime", "size", "duration_s", "width", "height")
"""What a post says of its file that does not depend on the export; the path in the export does, for it counts files.
The first is not compared across formats: a page calls a round video a video."""

_OTHER = ("author", "kind", "forwarded_from", "forwarded_from_id", "forwarded_unixtime", "reply_to")
"""The first is not compared across formats: a page shows the chat's name where the export has a signature."""


def changes_of(old: CapturedPost, new: CapturedPost) -> tuple[tuple[State, ...], tuple[Change, ...]]:
    """The states of a post that both captures have, and each field that both tell and tell otherwise.

    A field that one capture does not have at all (another version, another format) is no change, nor is one that a page
    made for people shows in its own way. Nothing is found in a post that one capture calls unsupported, except that.
    """
    if old.program != new.program:
        found = {
            State.TEXT_EDITED: list(_words(old, new)),
            State.TIME_CHANGED: list(_time(old.post, new.post)),
        }
        return tuple(state for state in found if found[state]), tuple(each for some in found.values() for each in some)
    if "unsupported" in (old.post.kind, new.post.kind):
        kind = _field("kind", old.post.kind, new.post.kind)
        return ((State.OTHER_CHANGED,), (kind,)) if kind else ((), ())
    found = {
        State.TEXT_EDITED: list(_text(old, new)),
        State.MEDIA_REPLACED: list(_media(old, new)),
        State.PLACEHOLDER_CHANGED: list(_placeholders(old, new)),
        State.TIME_CHANGED: list(_time(old.post, new.post)),
        State.OTHER_CHANGED: list(_other(old, new)),
    }
    edited = () if _formats_differ(old, new) else _edited(old.post, new.post)
    states = [state for state, changes in found.items() if changes]
    if edited and not {State.TEXT_EDITED, State.MEDIA_REPLACED} & {*states}:
        states.append(State.EDIT_STAMP_ONLY)
    return tuple(states), (*(change for changes in found.values() for change in changes), *edited)


def _formats_differ(old: CapturedPost, new: CapturedPost) -> bool:
    return old.rendered is not new.rendered


def _field(name: str, old: object, new: object) -> Change | None:
    """The change of a value that both captures tell."""
    if old is None or new is None or old == new:
        return None
    return Change(field=name, old=str(old), new=str(new))


def _words(old: CapturedPost, new: CapturedPost) -> Iterator[Change]:
    """A change of text that is more than its white space, which each program lays out in its own way.

    A page shows the text of an album once, whichever of its posts has it.
    """
    before, after = old.post, new.post
    if any(each.rendered and each.post.album_id for each in (old, new)):
        return
    if before.kind == after.kind == "message" and (before.caption or "").split() != (after.caption or "").split():
        yield Change(field="text", old=before.caption or "", new=after.caption or "")


def _text(old: CapturedPost, new: CapturedPost) -> Iterator[Change]:
    before, after = old.post.caption, new.post.caption
    if before != after:
        yield Change(field="text", old=before or "", new=after or "")
    elif old.markup is not None and new.markup is not None and old.markup != new.markup:
        yield Change(field="markup", old=_written(old.markup), new=_written(new.markup))


def _written(markup: tuple[tuple[str, str, str], ...]) -> str:
    return "\n".join(" ".join(part for part in parts if part) for parts in markup)


def _media(old: CapturedPost, new: CapturedPost) -> Iterator[Change]:
    if len(old.media) != len(new.media):
        yield Change(field="media", old=_files(old), new=_files(new))
        return
    for before, after in zip(old.media, new.media, strict=True):
        for name in _DECLARED[_formats_differ(old, new) :]:
            change = _field(f"file.{name}", getattr(before, name), getattr(after, name))
            if change is not None:
                yield change


def _files(told: CapturedPost) -> str:
    return ", ".join(described(media) for media in told.media) or "none"


def described(media: PostMedia) -> str:
    """One file of a post in a few words."""
    size = None if media.size is None else f"{media.size} bytes"
    length = None if media.duration_s is None else f"{media.duration_s} s"
    state = None if media.state is MediaState.NAMED else str(media.state)
    parts = (media.kind or "file", media.file_name or media.name, media.mime, size, length, state)
    return " ".join(part for part in parts if part)


def _placeholders(old: CapturedPost, new: CapturedPost) -> Iterator[Change]:
    if len(old.media) == len(new.media):
        for before, after in zip(old.media, new.media, strict=True):
            if before.state is not after.state:
                yield Change(field="file.state", old=str(before.state), new=str(after.state))


def _time(old: Post, new: Post) -> Iterator[Change]:
    before, after = _moments(old), _moments(new)
    if before and after and not before & after:
        yield Change(field="posted_unixtime", old=_told(before), new=_told(after))


def _moments(post: Post) -> set[int]:
    return set(post.posted_candidates) if post.posted_unixtime is None else {post.posted_unixtime}


def _told(moments: set[int]) -> str:
    return " or ".join(str(moment) for moment in sorted(moments))


def _other(old: CapturedPost, new: CapturedPost) -> Iterator[Change]:
    for name in _OTHER[_formats_differ(old, new) :]:
        change = _field(name, getattr(old.post, name), getattr(new.post, name))
        if change is not None:
            yield change
    if (change := _field("sender", old.sender, new.sender)) is not None:
        yield change
    if not _formats_differ(old, new):
        before, after = dict(old.content), dict(new.content)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield Change(field=name, old=before.get(name), new=after.get(name))


def _edited(old: Post, new: Post) -> tuple[Change, ...]:
    """A later capture may have the first stamp where the earlier had none, but not the other way round."""
    if old.edited_unixtime == new.edited_unixtime:
        return ()
    before, after = old.edited_unixtime, new.edited_unixtime
    return (
        Change(
            field="edited_unixtime",
            old=None if before is None else str(before),
            new=None if after is None else str(after),
        ),
    )
