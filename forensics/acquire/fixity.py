"""Checking the store against itself: every inventory, every declared file, every digest; every problem.

This finds damage and clumsy changes. Somebody with access can change bytes and compute all of it anew: what then does
not agree are the manifest and the custody log (steps 5 to 7 of `verify`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from forensics.acquire.durable import folder_lock, read_small
from forensics.acquire.inventory import (
    CONTENT,
    MAX_BYTES,
    NAME,
    SIDECAR,
    Inventory,
    decode_inventory,
    encode_sidecar,
    extends,
)
from forensics.acquire.layout import OBJECT_NAMASTE, ROOT_FILES, sidecar_is_late, strays, version_names
from forensics.acquire.source import digest_file, sha256_file
from forensics.errors import ForensicsError
from forensics.model.custody import Check, CheckStatus
from forensics.model.store import DOCUMENT_NAMES, Reading
from forensics.model.text import visible
from forensics.model.verification import Step

_SMALL = 4096
"""Bytes of the longest file whose text the layout prescribes, with room."""


UNREAD = "content not read"
"""Name of the one check of an object that says how many of its files were left unread."""


class _Problem(NamedTuple):
    subject: str
    expected: str
    found: str


class _Read(NamedTuple):
    """An inventory as it lies: its bytes, its value when it is sound, and what is wrong."""

    data: bytes | None
    value: Inventory | None
    problems: tuple[_Problem, ...]
    late_sidecar: bool = False


def check_storage_root(root: Path) -> Iterator[Check]:
    """The root's own files, and what lies in it that is no object. Never raises for what is found."""
    problems = [
        problem for fixed in ROOT_FILES for problem in _fixed_problems(root / fixed.name, fixed.text, fixed.name)
    ]
    yield from _verdict("storage root", "store", problems)
    try:
        odd = [_Problem(visible(name), "nothing, or an object", "something else") for name in strays(root)]
    except OSError as error:
        odd = [_Problem("store", "a readable folder", error.strerror or str(error))]
    yield from _verdict("storage hierarchy", "store", odd)


def check_object(place: Path, sha256: str, reading: Reading) -> Iterator[Check]:
    """Steps 3 and 4 for one object; what is not read is one skipped check. Never raises for what is found."""
    try:
        with folder_lock(place, shared=True):
            reads = _read_inventories(place, sha256)
            present = dict(_walk(place))
    except OSError as error:
        yield from _verdict("inventory", sha256, [_Problem(sha256, "a readable object", error.strerror or str(error))])
        return
    yield from _verdict("inventory", sha256, [problem for read in reads for problem in read.problems])
    yield from _check_unfinished(sha256, reads)
    # Of a commit that was cut off, the later inventory tells all files that may be there.
    ranked = reads[1:] if _is_begun(reads) else reads
    inventory = next((read.value for read in ranked if read.value is not None), None)
    if inventory is None:
        return
    problems = _fixed_problems(place / OBJECT_NAMASTE.name, OBJECT_NAMASTE.text, f"{sha256}/{OBJECT_NAMASTE.name}")
    problems += _history_problems(sha256, reads)
    problems += _presence_problems(sha256, inventory, present)
    yield from _verdict("object files", sha256, problems)
    yield from _check_contents(place, sha256, inventory, reading)


def _check_contents(place: Path, sha256: str, inventory: Inventory, reading: Reading) -> Iterator[Check]:
    second = {path: digest for digest, paths in inventory.fixity.sha256.items() for path in paths}
    unread = 0
    for sha512, paths in sorted(inventory.manifest.items()):
        for path in sorted(paths):
            document = path.split("/", 2)[2] in DOCUMENT_NAMES
            if reading is Reading.DOCUMENTS and not document:
                unread += 1
                continue
            both = document or reading is Reading.ALL_DIGESTS
            yield _check_content(place / path, f"{sha256}/{path}", second[path], sha512 if both else None)
    if unread:
        expected, found = "every file read", f"{unread} files not read"
        status = CheckStatus.SKIPPED
        yield Check(step=Step.CONTENT, name=UNREAD, status=status, subject=sha256, expected=expected, found=found)


def _check_content(path: Path, subject: str, sha256: str, sha512: str | None) -> Check:
    """One file against the digests that the inventory tells; SHA-512 only where one is given."""
    expected = f"sha256:{sha256}" if sha512 is None else f"sha256:{sha256} sha512:{sha512}"
    try:
        if sha512 is None:
            found = f"sha256:{sha256_file(path)}"
        else:
            digests = digest_file(path)
            found = f"sha256:{digests.sha256} sha512:{digests.sha512}"
    except ForensicsError as error:
        found = error.message
    status = CheckStatus.OK if found == expected else CheckStatus.FAILED
    name = "content digests"
    return Check(step=Step.CONTENT, name=name, status=status, subject=subject, expected=expected, found=found)


def _read_inventories(place: Path, sha256: str) -> list[_Read]:
    """The root's inventory first, then those of the versions, last to first."""
    return [
        _read_inventory(place / folder, sha256, f"{sha256}/{folder}/{NAME}" if folder else f"{sha256}/{NAME}")
        for folder in ["", *reversed(version_names(place))]
    ]


def _read_inventory(folder: Path, sha256: str, subject: str) -> _Read:
    try:
        data = read_small(folder / NAME, MAX_BYTES)
    except (OSError, ForensicsError) as error:
        return _Read(None, None, (_Problem(subject, "an inventory", str(error)),))
    problems = _fixed_problems(folder / SIDECAR, encode_sidecar(data), f"{subject}.sha512")
    late = bool(problems) and _is_late(folder, data)
    if late:
        problems = []
    try:
        return _Read(data, decode_inventory(data, sha256), tuple(problems), late)
    except ForensicsError as error:
        return _Read(data, None, (*problems, _Problem(subject, "a sound inventory", error.message)))


def _is_late(folder: Path, data: bytes) -> bool:
    try:
        return sidecar_is_late(folder, data, read_small(folder / SIDECAR, MAX_BYTES))
    except (OSError, ForensicsError):
        return False


def _is_begun(reads: list[_Read]) -> bool:
    """Whether the last version is whole by its own inventory and the root still has that of the version before."""
    if len(reads) < 3:
        return False
    root, last, former = reads[:3]
    if root.data != former.data or root.problems or last.problems or last.value is None or former.value is None:
        return False
    return extends(last.value, former.value)


def _check_unfinished(sha256: str, reads: list[_Read]) -> Iterator[Check]:
    found = None
    if reads[0].late_sidecar:
        found = f"{NAME} is replaced, {SIDECAR} is not yet"
    elif _is_begun(reads):
        found = "the last version is there and not yet named"
    if found is not None:
        yield Check(
            step=Step.INVENTORIES,
            name="commit ended",
            status=CheckStatus.SKIPPED,
            subject=sha256,
            expected="a version that is named",
            found=f"{found}: a commit was cut off; the next run finishes it",
        )


def _history_problems(sha256: str, reads: list[_Read]) -> list[_Problem]:
    """The root has the last version's inventory, and each version's is the former's with one version more."""
    root, *versions = reads
    problems = []
    if not versions or (root.data != versions[0].data and not _is_begun(reads)):
        problems.append(_Problem(f"{sha256}/{NAME}", "the same bytes as in the last version", "other bytes"))
    values = [read.value for read in versions]
    for place, value in enumerate(values):
        number = len(values) - place
        former = values[place + 1] if place + 1 < len(values) else None
        if value is None:
            continue
        subject = f"{sha256}/v{number}/{NAME}"
        if value.version != number:
            problems.append(_Problem(subject, f"head v{number}", f"head {value.head}"))
        elif former is not None and not extends(value, former):
            problems.append(_Problem(subject, f"v{number - 1} with one version more", "another history"))
    return problems


def _presence_problems(sha256: str, inventory: Inventory, present: dict[str, bool]) -> list[_Problem]:
    """What is declared and absent, and what is present and not declared (or no regular file)."""
    declared = {path for paths in inventory.manifest.values() for path in paths} | {OBJECT_NAMASTE.name}
    for folder in ("", *(f"{label}/" for label in inventory.versions)):
        declared |= {f"{folder}{NAME}", f"{folder}{SIDECAR}"}
    regular = {path for path, is_file in present.items() if is_file}
    problems = [_Problem(f"{sha256}/{path}", "a file", "nothing") for path in sorted(declared - regular)]
    folders = {parent for path in declared for parent in _parents(path)}
    problems += [
        _Problem(f"{sha256}/{visible(path)}", "nothing", "a file" if is_file else "a folder, link or device")
        for path, is_file in sorted(present.items())
        if path not in declared and path not in folders
    ]
    return problems


def _walk(place: Path) -> Iterator[tuple[str, bool]]:
    """Relative path of everything below, and whether it is a regular file; links are not followed."""
    for folder, folders, names in os.walk(place, followlinks=False):
        for name in [*folders, *names]:
            path = Path(folder, name)
            yield path.relative_to(place).as_posix(), stat.S_ISREG(path.lstat().st_mode)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    folders = ["/".join(parts[:count]) for count in range(1, len(parts))]
    # An object whose version has no content of its own still has the folder's name reserved.
    return [*folders, f"{parts[0]}/{CONTENT}"] if len(parts) > 1 else folders


def _fixed_problems(path: Path, text: bytes, subject: str) -> list[_Problem]:
    try:
        found = read_small(path, max(_SMALL, len(text)))
    except (OSError, ForensicsError) as error:
        return [_Problem(subject, "the prescribed text", str(error))]
    return [] if found == text else [_Problem(subject, _shown(text), _shown(found))]


def _verdict(name: str, subject: str, problems: list[_Problem]) -> Iterator[Check]:
    if not problems:
        yield Check(step=Step.INVENTORIES, name=name, status=CheckStatus.OK, subject=subject)
    for problem in problems:
        yield Check(
            step=Step.INVENTORIES,
            name=name,
            status=CheckStatus.FAILED,
            subject=problem.subject,
            expected=problem.expected,
            found=problem.found,
        )


def _shown(text: bytes) -> str:
    return visible(text.decode("ascii", "backslashreplace").strip())[:400]
