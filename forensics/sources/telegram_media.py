"""The files of an export's posts: found by their paths in it, joined with their telemetry, or passed over by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from forensics.errors import InputError
from forensics.model.capture import MediaState
from forensics.model.content import Looks
from forensics.model.provenance import Appearance, Found, Passed, Post, SourceKind
from forensics.sources import folder, opening, sidecars, telegram_rest
from forensics.sources.telegram_files import ExportFiles, Media
from forensics.sources.telegram_posts import placeholder
from forensics.sources.walk import Claim

PLACEHOLDER_CODES = {
    MediaState.NOT_INCLUDED: "telegram.file_not_included",
    MediaState.TOO_LARGE: "telegram.file_too_large",
    MediaState.UNAVAILABLE: "telegram.file_unavailable",
    MediaState.UNKNOWN: "telegram.placeholder_unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What speaks of a post: its kind, its path and its bytes' digest."""

    kind: SourceKind
    path: str
    sha256: str

    def passed(self, code: str, message: str, *, failed: bool) -> Passed:
        """Something about it that is told and not taken."""
        return Passed(path=self.path, code=code, message=message, failed=failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFiles:
    """The files below an export's folder, as its posts ask for them. ``whole`` tells that the folder was given."""

    files: ExportFiles
    claim: Claim
    whole: bool
    pairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def pair(self, beside: Iterable[str], named: Iterable[str]) -> None:
        """Find the telemetry files of the posts' clips, before the first post is told.

        Args:
            beside: Paths in posts that may be telemetry files.
            named: All paths in posts; only asked for when there is telemetry.
        """
        found = [self._media(path) for path in beside]
        others = {media.name for media in found if media and media.looks is None and sidecars.is_sidecar(media.name)}
        if self.whole:
            others |= telegram_rest.telemetry_files(self.files.root, self.claim)
        if not others:
            return
        keys = {sidecars.pairing_key(name) for name in others}
        clips: set[str] = set()
        for path in named:
            media = self._media(path)
            if media and media.looks is Looks.VIDEO and sidecars.pairing_key(media.name) in keys:
                clips.add(media.name)
        self.pairs.update(sidecars.pair_across_folders(clips, others))
        self.taken.update(name for names in self.pairs.values() for name in names)

    def _media(self, path: str) -> Media | None:
        found = None if placeholder(path) else self.files.find(path)
        return found if isinstance(found, Media) else None

    def find(self, path: str, told: Post, document: Document) -> Iterator[Found | Passed]:
        """The file that a post names by this path, or why it is not taken."""
        where = where_of(told)
        media = self.files.find(path)
        if isinstance(media, InputError):
            yield document.passed(media.code, f"{where}{opening.shown(path)} {media.message}", failed=True)
            return
        if media.respelled:
            detail = f"{where}{opening.shown(path)} was found as {opening.shown(media.name)}"
            yield document.passed("telegram.path_respelled", detail, failed=False)
        yield from self._found(media, told, document)
        self.taken.add(media.name)

    def _found(self, media: Media, told: Post, document: Document) -> Iterator[Found | Passed]:
        place = self.files.at(media.name)
        if media.looks is not None:
            seen = Appearance(
                kind=document.kind, path=place, source=document.path, post=told, source_sha256=document.sha256
            )
            beside = tuple(self.files.at(other) for other in self.pairs.get(media.name, ()))
            yield Found(appearance=seen, sidecars=beside)
        elif media.name not in self.taken:
            yield folder.no_media(place)

    def rest(self, thumbnails: Iterable[str]) -> Iterator[Found | Passed]:
        """What lies in the folder that no post names, if the folder was given."""
        if self.whole:
            taken = frozenset(self.taken)
            yield from telegram_rest.rest(self.files.root, self.claim, taken, frozenset(thumbnails))


def where_of(told: Post) -> str:
    """Which post a message is about."""
    return f"message {told.message_id} of {opening.shown(told.channel or told.channel_id or 'an unnamed chat')}: "
