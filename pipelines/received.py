"""Look at an exhibit that somebody sent: a folder or a zip, as it is; nothing is unpacked and nothing believed.

1  every member is a regular file of a plain name                                          step 15
2  the tag manifest lists the bag's own files, and the manifests list all of data/         step 16
3  the tag manifest's signature holds                                                      step 10
4  the manifest is canonical, its signature holds, its subjects are the files of data/     steps 5, 6 and 10

An exhibit with a checkpoint of the sender's log is checked as `verify` does, with a proof for each line; one without is
looked at as above, and its receipt says that no proof was checked.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forensics import custody
from forensics.errors import ForensicsError, IntegrityError, Unreadable
from forensics.model.custody import Check, CheckStatus, Namespace
from forensics.model.manifest import Manifest
from forensics.model.receipt import Exhibit
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines.exhibit_checks import Shown, check_exhibit

TAGS, SEAL = "tagmanifest-sha256.txt", "seal/tagmanifest-sha256.txt.sig"
MANIFESTS = {"manifest-sha256.txt": "sha256", "manifest-sha512.txt": "sha512"}
PAYLOAD = "data/"
CHECKPOINT = "data/log/checkpoint"
MANIFEST, SIGNATURE = "data/manifest.json", "data/manifest.json.sig"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

BAG, BAG_DIGESTS, INCLUSION = 15, 16, 17
"""Steps that only an exhibit has, after those of a case."""

MAX_DOCUMENT = 64 * 2**20
"""Bytes of a file that is read whole: no manifest, of a bag or of an evidence, is larger."""

MAX_FILES = 200_000
"""Files of one exhibit: the keyframes of a day of video with one a second are below 90,000."""

MAX_SIZE = 2**40
"""Bytes of all members of a zip, as they unpack: a day of the best footage is below, and a bomb is not read on."""

MAX_SHOWN = 255
"""Characters of the name of the receiver's own folder: what a file system can hold."""

UNNAMED = "exhibit"
"""What an exhibit without a plain name of its own is called."""

CHUNK = 2**20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){0,8}\Z")
_LINE = re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})  (.+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found. ``exhibit`` is None when the bag lacks what would name it: a tag manifest, a sound manifest."""

    exhibit: Exhibit | None
    checks: tuple[Check, ...]

    @property
    def whole(self) -> bool:
        """Whether it is an exhibit and no check failed."""
        return self.exhibit is not None and all(each.status is not CheckStatus.FAILED for each in self.checks)


def examine(path: Path) -> Examined:
    """All checks of a bag. Raises Unreadable when there is none at ``path`` that can be read."""
    bag = _Bag(path)
    checks = [_ok_or(BAG, "member", problem, name) for name, problem in bag.problems]
    checks += _check_declaration(bag)
    digests = {name: bag.digests(name) for name in bag.names if name != SEAL}
    if CHECKPOINT in bag.names:
        return _examine_whole(path, bag, digests)
    checks += _check_lists(bag, digests)
    sealed_by, seal = _signature(bag, Namespace.EXHIBIT, TAGS, SEAL)
    checks.append(seal)
    manifest, found = _check_manifest(bag, digests)
    checks += found
    name = "lines of the log"
    found_lines = f"{sum(name.startswith('data/log/') for name in digests)} files, bound by the tag manifest only"
    checks.append(_check(INCLUSION, name, CheckStatus.SKIPPED, "data/log", "a proof for each line", found_lines))
    return Examined(exhibit=_exhibit(bag, digests, manifest, sealed_by), checks=tuple(checks))


def _examine_whole(path: Path, bag: _Bag, digests: Mapping[str, tuple[str, str]]) -> Examined:
    """As `verify` checks it. Raises Unreadable."""
    try:
        found = tuple(check_exhibit(path))
    except IntegrityError as error:
        found = (_ok_or(BAG, "exhibit", error.message, bag.name),)
    sealed_by = next((each.key for each in found if isinstance(each, Shown)), None)
    checks = tuple(each for each in found if isinstance(each, Check))
    return Examined(exhibit=_exhibit(bag, digests, _check_manifest(bag, digests)[0], sealed_by), checks=checks)


def _exhibit(
    bag: _Bag, digests: Mapping[str, tuple[str, str]], manifest: Manifest | None, sealed_by: str | None
) -> Exhibit | None:
    if manifest is None or TAGS not in digests:
        return None
    case, exhibit = manifest.record.case.get("id"), manifest.record.case.get("exhibit")
    return Exhibit(
        bag=bag.name,
        tagmanifest=digests[TAGS][0],
        item=manifest.item.rpartition(":")[2],
        manifest=digests[MANIFEST][0],
        case=case if isinstance(case, str) else "",
        exhibit=exhibit if isinstance(exhibit, str) else None,
        sealed_by=sealed_by,
    )


def _check_declaration(bag: _Bag) -> Iterator[Check]:
    found = bag.document("bagit.txt")
    yield _ok_or(BAG, "bag declaration", None if found == DECLARATION else "another or none", "bagit.txt")


def _check_lists(bag: _Bag, digests: Mapping[str, tuple[str, str]]) -> Iterator[Check]:
    """Step 16: each list has exactly the files that it is for, with their digests."""
    payload = {name for name in digests if name.startswith(PAYLOAD)}
    tags = digests.keys() - payload - {TAGS}
    for name, algorithm, files in (*((n, a, payload) for n, a in MANIFESTS.items()), (TAGS, "sha256", tags)):
        told = _parse(bag.document(name))
        if told is None:
            yield _ok_or(BAG_DIGESTS, "list of digests", "none that can be read", name)
            continue
        at = 0 if algorithm == "sha256" else 1
        wrong = sorted(
            each
            for each in told.keys() | files
            if told.get(each) != digests.get(each, ("", ""))[at] or each not in files
        )
        for each in wrong:
            found = digests[each][at] if each in digests else "no such file"
            expected = told.get(each, "not listed")
            yield _check(BAG_DIGESTS, f"digest in {name}", CheckStatus.FAILED, visible(each), expected, found)
        if not wrong:
            yield _check(BAG_DIGESTS, "list of digests", CheckStatus.OK, name, None, f"{len(told)} files")


def _check_manifest(bag: _Bag, digests: Mapping[str, tuple[str, str]]) -> tuple[Manifest | None, list[Check]]:
    data = bag.document(MANIFEST)
    try:
        manifest = custody.decode_manifest(data or b"")
    except ForensicsError as error:
        return None, [_ok_or(Step.MANIFESTS, "manifest", error.message, MANIFEST)]
    checks = [
        _ok_or(Step.MANIFESTS, "manifest", None, MANIFEST),
        _signature(bag, Namespace.MANIFEST, MANIFEST, SIGNATURE)[1],
    ]
    for subject in manifest.subjects:
        found = digests.get(PAYLOAD + subject.name, ("no such file", ""))
        status = CheckStatus.OK if found == (subject.sha256, subject.sha512) else CheckStatus.FAILED
        checks.append(_check(Step.SUBJECTS, "manifest subjects", status, subject.name, subject.sha256, found[0]))
    return manifest, checks


def _signature(bag: _Bag, namespace: Namespace, document: str, signature: str) -> tuple[str | None, Check]:
    """The fingerprint of the key that signed a document of the bag, and the check of step 10."""
    try:
        key = custody.verify(bag.document(signature) or b"", namespace, bag.document(document) or b"")
    except IntegrityError as error:
        return None, _ok_or(Step.SIGNATURES, f"{namespace.name.lower()} signature", error.message, document)
    told = _check(
        Step.SIGNATURES, f"{namespace.name.lower()} signature", CheckStatus.OK, document, None, key.fingerprint
    )
    return key.fingerprint, told


def _parse(data: bytes | None) -> dict[str, str] | None:
    """Name to digest; None for anything but lines of a digest, two spaces and a plain name, each name once."""
    text = (data or b"").decode("ascii", "replace")
    lines = [_LINE.match(line) for line in text.removesuffix("\n").split("\n")]
    told = {found[2]: found[1] for found in lines if found is not None and _NAME.match(found[2])}
    return told if text.endswith("\n") and len(told) == len(lines) else None


def _ok_or(step: int, name: str, problem: str | None, subject: str) -> Check:
    status = CheckStatus.OK if problem is None else CheckStatus.FAILED
    return _check(step, name, status, visible(subject), "a sound one", problem)


def _check(step: int, name: str, status: CheckStatus, subject: str, expected: str | None, found: str | None) -> Check:
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)


class _Bag:
    """The members of a folder or of a zip with one folder at its top. ``problems`` are (name, what is wrong)."""

    def __init__(self, path: Path) -> None:
        self.problems: list[tuple[str, str]] = []
        self._root = path
        self._zip: zipfile.ZipFile | None = None
        self._members: dict[str, Path | zipfile.ZipInfo] = {}
        try:
            self.name = visible(path.resolve().name)[:MAX_SHOWN] or UNNAMED
            found = self._walk(path) if path.is_dir() else self._list(path)
            for name, member in found:
                self._take(name, member)
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise Unreadable(
                f"{visible(os.fspath(path))}: no exhibit can be read: {error}", hint="name its folder or its zip"
            ) from error
        self.names = tuple(sorted(self._members))

    def document(self, name: str) -> bytes | None:
        """A small file, or None when there is none that can be read."""
        try:
            with self._open(name) as file:
                data = file.read(MAX_DOCUMENT + 1)
        except (OSError, KeyError, zipfile.BadZipFile):
            return None
        return data if len(data) <= MAX_DOCUMENT else None

    def digests(self, name: str) -> tuple[str, str]:
        """SHA-256 and SHA-512 of a member; empty texts when it cannot be read to its end."""
        sha256, sha512 = hashlib.sha256(), hashlib.sha512()
        try:
            with self._open(name) as file:
                while chunk := file.read(CHUNK):
                    sha256.update(chunk)
                    sha512.update(chunk)
        except (OSError, zipfile.BadZipFile) as error:
            self.problems.append((name, str(error)))
            return "", ""
        return sha256.hexdigest(), sha512.hexdigest()

    def _take(self, name: str, member: Path | zipfile.ZipInfo) -> None:
        if not _NAME.match(name) or name in self._members:
            self.problems.append((name, "a name that is not plain, or stands twice"))
        elif len(self._members) >= MAX_FILES:
            raise OSError(f"more than {MAX_FILES} files")
        else:
            self._members[name] = member

    def _walk(self, root: Path) -> Iterator[tuple[str, Path]]:
        for folder, folders, names in os.walk(root, followlinks=False, onerror=_raise):
            for each in sorted([*folders, *names]):
                path = Path(folder, each)
                name = path.relative_to(root).as_posix()
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):
                    yield name, path
                elif not stat.S_ISDIR(mode):
                    self.problems.append((name, "no regular file"))

    def _list(self, path: Path) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        self._zip = zipfile.ZipFile(path)
        members = self._zip.infolist()
        if sum(each.file_size for each in members) > MAX_SIZE:
            raise OSError(f"it unpacks to more than {MAX_SIZE} bytes")
        top = members[0].filename.partition("/")[0] if members else ""
        self.name = top if _NAME.match(top) else UNNAMED
        for member in members:
            top, _, name = member.filename.partition("/")
            mode = member.external_attr >> 16
            if top != self.name or member.flag_bits & 1 or not (stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0):
                self.problems.append((member.filename, "no regular file below the one folder, or encrypted"))
            elif not member.is_dir():
                yield name, member

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        member = self._members[name]
        if isinstance(member, zipfile.ZipInfo):
            assert self._zip is not None
            with self._zip.open(member) as file:
                yield file  # type: ignore[misc]  # an IO[bytes] that reads
            return
        fd = os.open(member, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            yield file


def _raise(error: OSError) -> None:
    raise error
