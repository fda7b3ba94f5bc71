"""A Telegram Desktop HTML export: its pages tell which post each file belongs to, where there is no result.json.

Each post names its page, the page's digest and its bytes there. Its time is one of those that the label may mean (see
`telegram_html_posts`); which one stays open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import ChangedWhileRead, ExportInvalid, InputError
from forensics.model.capture import CapturedPost, MediaState
from forensics.model.provenance import Found, Passed, SourceKind
from forensics.sources import opening, paths, sidecars, telegram, telegram_rest
from forensics.sources.opening import Kind
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_html import FIRST_PAGE, Pages
from forensics.sources.telegram_media import PLACEHOLDER_CODES, Document, PostFiles, where_of


def sniff(path: str) -> bool:
    """Whether ``path`` is a folder with a regular messages.html; one with a result.json, too, is read by that."""
    try:
        page = opening.kind_of(path) is Kind.FOLDER and opening.kind_of(paths.join(path, FIRST_PAGE)) is Kind.FILE
    except InputError:
        return False
    return page and not telegram.sniff(path)


def read(path: str) -> Iterator[Found | Passed]:
    """The export's posts with their files, then the files that no message names."""
    try:
        fd = opening.open_folder(path)
    except InputError as err:
        yield opening.passed(path, err)
        return
    try:
        files = PostFiles(files=ExportFiles(root=path, fd=fd), claim=_nested, whole=True)
        yield from _Reading(root=path, pages=Pages(fd=fd, zone=None), files=files).run()
    except InputError as err:
        yield opening.passed(path, err)
    finally:
        os.close(fd)


def _nested(path: str) -> Iterator[Found | Passed] | None:
    return telegram_rest.nested(path) if sniff(path) or telegram.sniff(path) else None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One export being read: once for its digests and telemetry files, then for its posts."""

    root: str
    pages: Pages
    files: PostFiles
    posts: int = 0
    uncertain: int = 0
    failure: Passed | None = None
    beside: set[str] = field(default_factory=set)

    def run(self) -> Iterator[Found | Passed]:
        self._survey()
        if not self.posts and self.failure is None:
            yield self._passed(self.pages.names[0], "telegram.no_export", _NO_EXPORT, failed=False)
        else:
            self.files.taken.update(self.pages.names)
            self.files.pair(sorted(self.beside), self._paths())
            yield from self._told()
            yield from self._about()
        yield from self.files.rest(())

    def _survey(self) -> None:
        author: str | None = None
        for place, name in enumerate(self.pages.names):
            try:
                text = self.pages.admit(place, author)
                for told, _ in self.pages.posts(place, text, author):
                    self.posts += 1
                    author = told.post.author if told.post.kind != "service" else author
                    self.beside.update(path for path in _named(told) if sidecars.is_sidecar(path))
            except InputError as err:
                self.failure = self._passed(name, err.code, _CUT.format(err.message), failed=True)
                return
        if self.pages.behind_gap:
            gap = _GAP.format(len(self.pages.names) + 1)
            self.failure = self._passed(FIRST_PAGE, "telegram.capture_cut", gap, failed=True)

    def _each(self) -> Iterator[tuple[CapturedPost, Document]]:
        """Every post as the survey met it. Raises ChangedWhileRead."""
        for place, surveyed in enumerate(self.pages.digests):
            name, author = self.pages.names[place], self.pages.authors[place]
            text, digest = self.pages.text(place)
            if digest != surveyed:
                raise ChangedWhileRead(f"{name} was written to while it was read", hint="read it again")
            page = Document(kind=SourceKind.TELEGRAM_HTML_EXPORT, path=paths.join(self.root, name), sha256=digest)
            try:
                for told, _ in self.pages.posts(place, text, author):
                    yield told, page
            except ExportInvalid:
                return  # as in the survey, which told it

    def _paths(self) -> Iterator[str]:
        for told, _ in self._each():
            yield from _named(told)

    def _told(self) -> Iterator[Found | Passed]:
        for told, page in self._each():
            self.uncertain += len(told.post.posted_candidates) > 1
            for media in told.media:
                if media.state is MediaState.NAMED and media.name:
                    yield from self.files.find(media.name, told.post, page)
                else:
                    reason = f"{where_of(told.post)}{str(media.state).replace('_', ' ')}"
                    yield page.passed(PLACEHOLDER_CODES[media.state], reason, failed=False)

    def _about(self) -> Iterator[Passed]:
        if self.uncertain:
            yield self._passed(FIRST_PAGE, "telegram.time_uncertain", _UNCERTAIN.format(self.uncertain), failed=False)
        if self.failure is not None:
            yield self.failure

    def _passed(self, name: str, code: str, message: str, *, failed: bool) -> Passed:
        return Passed(path=paths.join(self.root, name), code=code, message=message, failed=failed)


def _named(told: CapturedPost) -> Iterator[str]:
    for media in told.media:
        if media.state is MediaState.NAMED and media.name:
            yield media.name


_NO_EXPORT = "HTML, but no message of a Telegram export in it"
_CUT = "read in part only, and no page behind it was read: {}"
_GAP = "page {} of the export is missing, and none behind it was read"
_UNCERTAIN = "{} posts have more than one possible time: HTML prints the standard offset of a zone also in summer"
