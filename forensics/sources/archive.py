"""A zip or tar of an export, or of a folder of clips: kept whole, and its members read like files of a folder.

Members are copied into a staging folder, one by one and within bounds, and read there by the readers of folders and
exports: what a result.json in the archive names is looked for in the same archive. What they find is then told with
the archive's path and digest and the member's own name and place. An archive in an archive is kept and not opened.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from forensics.errors import ChangedWhileRead, ExportInvalid, InputError, ParserStopped
from forensics.model import content
from forensics.model.notice import Notice
from forensics.model.provenance import Appearance, Found, Member, Passed, SourceKind
from forensics.sources import opening, paths
from forensics.sources.archive_decoding import stored
from forensics.sources.archive_entries import MAX_MEMBERS, Entry, refused
from forensics.sources.archive_members import Entries, entries_of
from forensics.sources.archive_staging import Staging

Inner = Callable[[str], Iterator[Found | Passed]]
"""Reads the staged folder of an archive."""


def sniff(path: str) -> bool:
    """Whether ``path`` is a regular file that is an archive by its name, or by its bytes and not media by its name."""
    try:
        if opening.kind_of(path) is not opening.Kind.FILE:
            return False
        if content.is_archive_name(path):
            return True
        head = opening.read_head(path)
    except InputError:
        return False
    return content.archive_form(head) is not None and content.looks(path, head) is None


def read(path: str, room: str, inner: Inner, entries: Entries = entries_of) -> Iterator[Found | Passed]:
    """The archive itself, what of its members was not taken and why, and what the others hold.

    Args:
        path: As given or as found.
        room: An empty folder of our own, or one with archives staged earlier.
        inner: Reads the staged folder.
        entries: Reads the archive; it may raise ParserStopped, too.

    Raises:
        StoreError: the room cannot be written.

    """
    try:
        fd = opening.open_file(path)
    except InputError as err:
        yield opening.passed(path, err)
        return
    try:
        about = os.fstat(fd)
        number = sum(1 for _ in Path(room).iterdir())
        root = paths.join(room, f"{number:08d}")
        staging = Staging(root=root, size=about.st_size, mtime_ns=about.st_mtime_ns)
        reading = _Reading(path=path, fd=fd, staging=staging, entries=entries)
        fault = reading.run()
        if _stamp(os.fstat(fd)) != _stamp(about):
            changed = ChangedWhileRead("changed while its members were read: what it was before is not known")
            yield opening.passed(path, changed)
            return
    except InputError as err:
        yield opening.passed(path, err)
        return
    finally:
        os.close(fd)
    yield reading.itself(fault)
    yield from reading.passed
    for met in inner(staging.root):
        yield reading.as_seen(met)


def kept_whole(path: str) -> Iterator[Found | Passed]:
    """An archive in an archive: evidence by itself, and not opened."""
    yield Found(appearance=Appearance(kind=SourceKind.FILE, path=path))
    message = "is an archive in an archive; it is kept and was not opened: take it out and ingest it by itself"
    yield Passed(path=path, code="archive.nested", message=message, failed=True)


def _stamp(about: os.stat_result) -> tuple[int, ...]:
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One archive being read: what was refused, and which staged file is which member."""

    path: str
    fd: int
    staging: Staging
    entries: Entries
    sha256: str = ""
    passed: list[Passed] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)

    def run(self) -> ExportInvalid | None:
        """Digest the archive, then stage its members; why not all of it could be read. Raises Unreadable."""
        digest = hashlib.sha256()
        for part in stored(self.fd, 0, self.staging.size):
            digest.update(part)
        self.sha256 = digest.hexdigest()
        try:
            for number, entry in enumerate(self.entries(self.fd, self.staging.size, self.staging.left)):
                if number == MAX_MEMBERS:
                    return refused(
                        "archive.too_many_members", f"has more than {MAX_MEMBERS} members; the rest was not read"
                    )
                self._take(entry)
        except ExportInvalid as err:
            return err
        except ParserStopped as err:
            return refused(err.code, f"was read in part only, what follows was not: {err.message}")
        return None

    def _take(self, entry: Entry) -> None:
        name = os.fsdecode(entry.name)
        if entry.folder and entry.refusal is None:
            return  # made when a file needs it
        try:
            below = self.staging.take(entry)
        except ExportInvalid as err:
            self.passed.append(
                Passed(path=paths.join(self.path, name), code=err.code, message=err.message, failed=True)
            )
            return
        self.members[below] = Member(
            archive_sha256=self.sha256, path=name, offset=entry.offset, modified=entry.modified
        )

    def itself(self, fault: ExportInvalid | None) -> Found:
        """The archive as a file to acquire: read as one, unless nothing could be read of it."""
        notices = [] if fault is None else [Notice(code=fault.code, message=f"the archive {fault.message}")]
        for code, count in sorted(Counter(each.code for each in self.passed).items()):
            members = "1 member of the archive was" if count == 1 else f"{count} members of the archive were"
            message = f"{members} not taken: {_first(self.passed, code)}"
            notices.append(Notice(code=code, message=message))
        kind = SourceKind.FILE if fault is not None and not self.members else SourceKind.ARCHIVE
        appearance = Appearance(kind=kind, path=self.path)
        return Found(appearance=appearance, notices=tuple(notices), sha256=self.sha256)

    def as_seen(self, met: Found | Passed) -> Found | Passed:
        """What a reader met in the staged folder, told as being in the archive."""
        if isinstance(met, Passed):
            message = met.message.replace(self.staging.root, self.path)
            return replace(met, path=self._shown(met.path), message=message)
        seen = met.appearance
        source = None if seen.source is None else self._shown(seen.source)
        member = self.members.get(paths.below(met.path, self.staging.root))
        if member is None:
            return Passed(path=self._shown(met.path), code="archive.path", message=_RENAMED, failed=True)
        appearance = replace(seen, path=self._shown(seen.path), source=source, member=member)
        return replace(met, appearance=appearance, staged=met.path)

    def _shown(self, path: str) -> str:
        below = paths.below(path, self.staging.root) if path.startswith(self.staging.root) else ""
        return paths.join(self.path, below) if below else self.path


_RENAMED = "is not taken: the case's file system gave it another name than the archive does"


def _first(passed: list[Passed], code: str) -> str:
    """Which of them came first, by its name in the archive, which may be anything."""
    first = next(each for each in passed if each.code == code)
    return f"the first is {opening.shown(first.path.rpartition('/')[2])}, which {first.message}"
