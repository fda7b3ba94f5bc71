"""Pages and dumps that tell of posts, beside the files they tell of: one table of formats, one way to join the two.

A file is given a post only when the document proves it: by a name that the post's file alone has (its name on
Telegram's servers, or one that holds chat and number), or by name and size. Where two posts could claim a file, none
gets it, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.errors import ChangedWhileRead, InputError
from forensics.model.provenance import Found, Passed
from forensics.sources import (
    auto_archiver,
    opening,
    paths,
    pyrogram_dump,
    tdl_export,
    telegram,
    telegram_html_export,
    telegram_rest,
    telethon_dump,
    tme_page,
)
from forensics.sources.opening import Kind
from forensics.sources.telegram_files import ExportFiles
from forensics.sources.telegram_media import Document, PostFiles
from forensics.sources.telegram_posts import Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.told import FileName, Format, Told
from forensics.sources.walk import Folder, Taker, walk

FORMATS: tuple[Format, ...] = (tme_page, auto_archiver, telethon_dump, pyrogram_dump, tdl_export)
"""Asked in this order."""

HEAD_BYTES = 1 << 16
"""A page's styles and header, or a message with its text, stand before what gives the format away."""


def format_of(name: str, *, dir_fd: int | None = None) -> Format | None:
    """The format of a document, by its name and its first bytes; None for any other file, or one that is unreadable."""
    if not name.lower().endswith((*telethon_dump.ENDINGS, ".html", ".htm")):
        return None
    try:
        fd = opening.open_file(name, dir_fd=dir_fd)
    except InputError:
        return None
    try:
        head = opening.read_up_to(fd, HEAD_BYTES)
    except OSError:
        return None
    finally:
        os.close(fd)
    return next((each for each in FORMATS if each.sniff(name, head)), None)


def sniff(path: str) -> bool:
    """Whether this is such a document, or a folder with one; an export of Telegram Desktop has its own readers."""
    if telegram.sniff(path) or telegram_html_export.sniff(path):
        return False
    try:
        if opening.kind_of(path) is not Kind.FOLDER:
            return format_of(path) is not None
        fd = opening.open_folder(path)
    except InputError:
        return False
    try:
        return bool(documents_in(fd))
    except InputError:
        return False
    finally:
        os.close(fd)


def documents_in(fd: int) -> tuple[tuple[str, Format], ...]:
    """Name and format of each document directly in an open folder, by name. Raises Unreadable."""
    met = ((name, format_of(name, dir_fd=fd)) for name in sorted(opening.names_in(fd), key=os.fsencode))
    return tuple((name, known) for name, known in met if known is not None)


def read(path: str) -> Iterator[Found | Passed]:
    """The files of each document's posts; then, when the folder was given, all others by the plain folder's rules."""
    try:
        whole = opening.kind_of(path) is Kind.FOLDER
        root = path if whole else paths.parent(path)
        fd = opening.open_folder(paths.join(root or ".", "."))
    except InputError as err:
        yield opening.passed(path, err)
        return
    try:
        name = paths.base(path)
        known = None if whole else format_of(name, dir_fd=fd)
        documents = documents_in(fd) if whole else ((name, known),) if known else ()
        yield from _Reading(root=root, fd=fd, whole=whole, documents=documents).run()
    except InputError as err:
        yield opening.passed(path, err)
    finally:
        os.close(fd)


def _claimed(path: str) -> Iterator[Found | Passed] | None:
    if telegram.sniff(path):
        return telegram.read(path)
    if telegram_html_export.sniff(path):
        return telegram_html_export.read(path)
    return read(path) if sniff(path) else None


def _left_out(path: str) -> Iterator[Found | Passed] | None:
    """Folders that have documents of their own: their files are no others'."""
    return iter(()) if telegram.sniff(path) or telegram_html_export.sniff(path) or sniff(path) else None


class _Claim(NamedTuple):
    """A post that a file may be of, and what the servers call that post's file."""

    server_file: str | None
    channel_id: str | None
    message_id: str


def _agree(claims: set[_Claim] | None) -> bool:
    """Whether all claims on a file are of one post (perhaps told twice), or of one file on the servers."""
    posts = {(claim.channel_id, claim.message_id) for claim in claims or ()}
    servers = {claim.server_file for claim in claims or ()}
    return len(posts) == 1 or (len(servers) == 1 and None not in servers)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The documents of one folder being read: once to see which files they claim, then to tell the posts."""

    root: str
    fd: int
    whole: bool
    documents: tuple[tuple[str, Format], ...]
    index: dict[str, list[str]] = field(default_factory=dict)
    claims: dict[str, set[_Claim]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    oddities: Oddities = field(default_factory=Oddities)
    others: int = 0

    def run(self) -> Iterator[Found | Passed]:
        self._index()
        for name, known in self.documents:
            try:
                for told in self._posts(name, known, Oddities()):
                    self._claim(name, told)
            except InputError as err:
                yield self._passed(name, err.code, err.message, failed=True)
        files = PostFiles(files=ExportFiles(root=self.root, fd=self.fd), claim=_left_out, whole=self.whole)
        if self.claims:
            files.pair((), tuple(self.claims))
        files.taken.update(name for name, _ in self.documents)
        for name, known in self.documents:
            if name in self.digests:
                yield from self._told(name, known, files)
        yield from self._about()
        if self.whole:
            yield from telegram_rest.rest(self.root, _claimed, frozenset(files.taken), frozenset())

    def _about(self) -> Iterator[Passed]:
        for path, posts in self.claims.items():
            if not _agree(posts):
                message = _AMBIGUOUS.format(opening.shown(path), len(posts))
                yield self._passed(path, "telegram.file_ambiguous", message, failed=False)
        for code, times in sorted(self.oddities.counts.items()):
            yield self._passed(self.documents[0][0], code, _ODD.format(times), failed=False)

    def _index(self) -> None:
        """The files below the root by name; those of a document given by name, only beside it and in its own folder."""
        if self.whole:
            for path in _names_below(self.root):
                self._note(path)
            return
        beside = paths.join(f"{_stem(self.documents[0][0])}_files", "") if self.documents else ""
        for folder in ("", beside):
            try:
                fd = opening.open_folder(folder.rstrip("/") or ".", dir_fd=self.fd)
            except InputError:
                continue  # it was saved without its files
            try:
                for name in sorted(opening.names_in(fd), key=os.fsencode):
                    self._note(folder + name)
            finally:
                os.close(fd)

    def _note(self, path: str) -> None:
        name = paths.base(path)
        for key in {name, tdl_export.own_name(name)} - {None}:
            self.index.setdefault(str(key), []).append(path)

    def _posts(self, name: str, known: Format, oddities: Oddities) -> Iterator[Told]:
        """Every post of a document, whose digest is then noted, or must be the one noted. Raises InputError."""
        fd = opening.open_file(name, dir_fd=self.fd)
        try:
            window = Window(fd)
            for record in known.records(window):
                posts = known.told(record, oddities)
                self.others += not posts
                yield from posts
            digest = window.drain()
        finally:
            os.close(fd)
        if self.digests.setdefault(name, digest) != digest:
            raise ChangedWhileRead("written to while it was read; read it again when nothing writes to it")

    def _claim(self, name: str, told: Told) -> None:
        for path in self._files(name, told):
            post = told.captured.post
            self.claims.setdefault(path, set()).add(_Claim(post.server_file, post.channel_id, post.message_id))

    def _files(self, document: str, told: Told) -> Iterator[str]:
        """The paths of the files that are proven to be a post's, by the name that tells most."""
        for file in told.files:
            found = [path for path in self.index.get(file.name, ()) if self._fits(path, file)]
            beside = [path for path in found if paths.parent(path) in ("", f"{_stem(document)}_files")]
            for chosen in (found, beside):
                if len(chosen) == 1:
                    yield chosen[0]
                    break

    def _fits(self, path: str, file: FileName) -> bool:
        if file.size is None:
            return file.own
        try:
            return os.stat(path, dir_fd=self.fd, follow_symlinks=False).st_size == file.size
        except (OSError, ValueError):
            return False

    def _told(self, name: str, known: Format, files: PostFiles) -> Iterator[Found | Passed]:
        source = Document(kind=known.KIND, path=paths.join(self.root, name), sha256=self.digests[name])
        missing = told_posts = self.others = 0
        try:
            for told in self._posts(name, known, self.oddities):
                told_posts += 1
                met = dict.fromkeys(path for path in self._files(name, told) if _agree(self.claims.get(path)))
                missing += not met and bool(told.captured.media)
                for path in met:
                    yield from files.find(path, told.captured.post, source)
        except InputError as err:
            yield source.passed(err.code, err.message, failed=True)
        if self.others or not told_posts:
            yield source.passed("telegram.no_post", _NO_POST.format(self.others, told_posts), failed=False)
        if missing:
            yield source.passed("telegram.files_elsewhere", _ELSEWHERE.format(missing), failed=False)

    def _passed(self, name: str, code: str, message: str, *, failed: bool) -> Passed:
        return Passed(path=paths.join(self.root, name), code=code, message=message, failed=failed)


def _names_below(root: str) -> Iterator[str]:
    names: list[str] = []

    def survey(found: Folder) -> Taker:
        names.extend(paths.join(paths.below(found.path, root), name) for name in found.files)
        return lambda _: iter(())

    for _ in walk(root, survey, _left_out):
        pass  # what it passes over is told when the rest of the folder is read
    yield from names


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


_AMBIGUOUS = "{} could be the file of {} posts; it is taken without a post"
_NO_POST = "{} entries are no posts that can be read, or of posts that were gone when they were asked for; {} are posts"
_ELSEWHERE = "{} posts have files that were not found here by a name and size that prove them; they were not taken"
_ODD = "{} texts or times in the documents of this folder were cut, replaced or left unknown"
