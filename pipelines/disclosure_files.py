"""CASE/private/disclosures/: the values that manifests, the log and case.json hold only as digests.

One disclosure a line (RFC 9901), in a folder that only its owner may enter:

    <sha256>.v<n>.txt   what version n of an evidence's manifest conceals, and no earlier version does
    operators/op-….txt  an operator's name, in a file named by the pseudonym that the log has
    operators/shard-op-….txt  that of an operator of a merged shard, whom this case never enrols by it
    case.txt            the custodian of case.json

A file is written, and on disk, before the document that holds its digests. To erase a person's data is to delete files
here: every document stays as it was signed. Nothing here is ever read for a decision; it is shown, and exported sealed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from forensics import acquire, custody
from forensics.errors import ManifestError, StoreError, Unreadable
from pipelines.whole_files import sync_folder

DISCLOSURES = "private/disclosures"
"""The folder, below the case's."""

CASE_NAME = "case.txt"
OPERATORS = "operators"
MAX_FILE = 16 * 2**20
"""A file of disclosures has ten lines, most of them short; a command line is below 2 MB."""

_UNFINISHED = ".new"
"""Ending of a file that is being written."""

_EVIDENCE = re.compile(r"([0-9a-f]{64})\.v([1-9][0-9]*)\.txt\Z")
_PSEUDONYM = re.compile(r"(?:shard-)?(op-[a-z2-7]+)\.txt\Z")
_SHARD = f"{OPERATORS}/shard-"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureFiles:
    """The folder of one case; it need not be there. What this user may not read is not at hand."""

    folder: Path

    def write(self, name: str, disclosures: Iterable[custody.Disclosure]) -> None:
        """Write a file for its owner only; on disk when this returns. Raises StoreError.

        That of an evidence is written in its place, which saves a disk sync for each file taken in: half of it says
        nothing as long as there is no manifest. The others are there whole or not at all.
        """
        data = "".join(f"{each.text}\n" for each in disclosures).encode("ascii")
        path = self.folder / name
        try:
            for folder in (self.folder.parent, self.folder, path.parent):
                if not folder.exists():
                    folder.mkdir(mode=0o700)
                    sync_folder(folder.parent)
            if version_of(name) is not None:
                _write_private(path, data)
            else:
                unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
                _write_private(unfinished, data)
                unfinished.replace(path)
                sync_folder(path.parent)
        except OSError as error:
            if acquire.is_full(error):
                raise acquire.disk_full(error.strerror or str(error)) from error
            raise StoreError(f"{path}: {error.strerror}", hint="the case folder must be writable") from error

    def read(self, name: str) -> tuple[custody.Disclosure, ...]:
        """The disclosures of one file; none when it is not there or may not be read.

        Raises:
            ManifestError: a line is no disclosure.
        """
        return disclosures_in(self.lines(name))

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of one file, as they are; none when it is not there or may not be read.

        Raises:
            ManifestError: the file is no plain text.
            IntegrityError: it is a link, no file, or too large.
        """
        try:
            return lines_of(name, acquire.read_kept(self.folder / name, MAX_FILE))
        except Unreadable:
            return ()

    def of_evidence(self, evidence: str, version: int) -> tuple[custody.Disclosure, ...]:
        """What is at hand for the manifest of this version: of all versions up to it, and of the operators."""
        own = (each for number in range(1, version + 1) for each in self.read(name_of(evidence, number)))
        return (*own, *self.operators())

    def operators(self) -> tuple[custody.Disclosure, ...]:
        """The operators whose names are at hand. Raises as `read`."""
        return tuple(each for name in self.operator_files() for each in self.read(name))

    def operator_files(self) -> tuple[str, ...]:
        """Names of the operators' files, below the folder."""
        return tuple(name for name in self._listed(OPERATORS) if pseudonym_of(name) is not None)

    def own_operators(self) -> tuple[custody.Disclosure, ...]:
        """Those of them whom this case enrolled itself. Raises as `read`."""
        own = (name for name in self.operator_files() if not name.startswith(_SHARD))
        return tuple(each for name in own for each in self.read(name))

    def adopt_operator(self, pseudonym: str, operator: tuple[custody.Disclosure, ...]) -> None:
        """Keep the file of an operator of a shard. Raises StoreError."""
        self.write(f"{_SHARD}{pseudonym}.txt", operator)

    def names(self) -> tuple[str, ...]:
        """Names of all files, below the folder, whatever they are."""
        return (*(name for name in self._listed() if name != OPERATORS), *self._listed(OPERATORS))

    def _listed(self, within: str = "") -> tuple[str, ...]:
        try:
            return tuple(sorted(f"{within}/{path.name}".lstrip("/") for path in (self.folder / within).iterdir()))
        except (FileNotFoundError, PermissionError):
            return ()

    def enrol(self, name: str, entropy: Callable[[int], bytes]) -> custody.Disclosure:
        """The operator's disclosure: the one that this case has for the name, or else a new one, written.

        Raises StoreError. The caller holds the case's write lock.
        """
        for each in self.own_operators():
            if (each.name, each.value) == (custody.OPERATOR, name):
                return each
        made = custody.make_disclosure(custody.OPERATOR, name, entropy(custody.SALT_BYTES))
        self.write(f"{OPERATORS}/{made.pseudonym}.txt", (made,))
        return made


def lines_of(name: str, data: bytes) -> tuple[str, ...]:
    """The lines of a file of disclosures. Raises ManifestError for what is no plain text."""
    try:
        return tuple(data.decode("ascii").splitlines())
    except UnicodeDecodeError as error:
        raise ManifestError(f"{name} is no file of disclosures", code="manifest.disclosure", hint=_HINT) from error


def disclosures_in(lines: Iterable[str]) -> tuple[custody.Disclosure, ...]:
    """The disclosures that these lines are. Raises ManifestError."""
    return tuple(custody.read_disclosure(line) for line in lines)


def name_of(evidence: str, version: int) -> str:
    """The file of one version of an evidence."""
    return f"{evidence}.v{version}.txt"


def version_of(name: str) -> tuple[str, int] | None:
    """The evidence and the version that a file's name means, if any."""
    found = _EVIDENCE.match(name)
    return (found[1], int(found[2])) if found else None


def pseudonym_of(name: str) -> str | None:
    """The pseudonym that the name of an operator's file holds, if any."""
    folder, _, file = name.partition("/")
    found = _PSEUDONYM.match(file) if folder == OPERATORS else None
    return found[1] if found else None


def is_cut_off(name: str) -> bool:
    """Whether the file of this name is one that a crash left half written."""
    return name.rpartition("/")[2].startswith(".") and name.endswith(_UNFINISHED)


_HINT = "run verify; restore the file from a copy, or delete it: what it tells is then concealed"


def _write_private(path: Path, data: bytes) -> None:
    """Write a file and its name to disk. What a crash leaves of it stands under its own name: see `write`."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(path.parent)
