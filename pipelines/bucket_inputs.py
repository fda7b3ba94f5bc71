"""Footage that lies in a bucket: brought here version by version, then read as any folder is.

    1  list what lies there: the current version of each key is taken, what is hidden or deleted is said
    2  bring each version into the run's working area, hashed while it is written, against the server's checksum
    3  find in that tree what is found in a folder: clips with their telemetry, exports, archives
    4  say of each where it was seen: the address, the version, the server's time for it

Only places that the user typed are asked. The store acquires from the tree as from a disk, and must read these bytes.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from forensics import acquire, media
from forensics.errors import InputError, IntegrityError
from forensics.model.provenance import Appearance, BucketObject, Found, Passed
from forensics.model.text import visible
from forensics.sources.sidecars import pairing_key
from pipelines.bucket import Bucket
from pipelines.bucket_answers import Place
from pipelines.bucket_told import Listed
from pipelines.discovery import discover

SCHEME = "s3://"

_INPUT = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?\Z", re.DOTALL)
"""A bucket and any text: keys of other people's objects have whatever characters they like."""

MAX_KEY = 1024
"""Bytes of a key (Amazon S3 User Guide, "Naming Amazon S3 objects")."""

_MAX_NAME = 255
"""Bytes of one name on disk."""


def in_buckets(inputs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inputs that are paths, and those that are places in buckets (a path of that form begins with ``./``)."""
    places = tuple(text for text in inputs if text.startswith(SCHEME))
    return tuple(text for text in inputs if not text.startswith(SCHEME)), places


def discover_there(
    inputs: Sequence[str],
    room: Path,
    limits: media.Limits,
    *,
    insecure: bool = False,
    working_on: Callable[[str], None] = lambda _: None,
) -> Iterator[Found | Passed]:
    """What is found at ``inputs`` (s3://BUCKET/KEY or .../PREFIX/), staged in the new folder ``room``.

    To ``working_on`` goes what is under way.

    Raises:
        InputError: an input is no such place.
        StoreError: a server cannot be asked, or there is no room.
        ToolError: the extra is not installed.
    """
    with acquire.writing(room):
        room.mkdir()
    for number, text in enumerate(inputs):
        place = _place(text)
        root, archives = room / f"{number}", room / f"{number}-archives"
        with acquire.writing(room):
            root.mkdir()
            archives.mkdir()
        brought = _Brought(bucket=Bucket.open(place, insecure=insecure), root=root, working_on=working_on)
        yield from brought.all()
        start = root / brought.single if brought.single is not None else root
        for thing in discover([os.fspath(start)] if brought.objects else [], limits, os.fspath(archives)):
            yield brought.seen(thing)


def _place(text: str) -> Place:
    found = _INPUT.match(text)
    if found is None or ".." in found[1] or len(os.fsencode(found[2] or "")) > MAX_KEY:
        raise InputError(
            f"{visible(text)[:200]} is no place in a bucket", hint="s3://BUCKET/KEY or s3://BUCKET/PREFIX/"
        )
    return Place(found[1], found[2] or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """A version that was brought, and its digest."""

    key: str
    sha256: str
    told: BucketObject


@dataclass(slots=True, kw_only=True)
class _Brought:
    """The tree of one input. ``objects`` by their path below the root; ``single``: the one name, where a key was given
    and not a prefix: then only what could be telemetry of it is brought besides, and clips that are nearer to that.
    """

    bucket: Bucket
    root: Path
    working_on: Callable[[str], None]
    objects: dict[str, _Object] = field(default_factory=dict)
    single: str | None = None
    base: str = ""

    def all(self) -> Iterator[Passed]:
        """Steps 1 and 2; what is not brought, with the reason."""
        wanted = self.bucket.place.prefix
        listed = tuple(self.bucket.listed(_listing(wanted)))
        current = {each.key for each in listed if each.latest and not each.deleted}
        if wanted in current and not wanted.endswith("/"):
            self.single = wanted.rpartition("/")[2]
            self.base = wanted[: len(wanted) - len(self.single)]
            alike = pairing_key(self.single)
            names = ((each, each.key[len(self.base) :]) for each in listed if each.key.startswith(self.base))
            chosen = tuple(each for each, name in names if "/" not in name and pairing_key(name) == alike)
        else:
            self.base = wanted if not wanted or wanted.endswith("/") else f"{wanted}/"
            chosen = tuple(each for each in listed if each.key.startswith(self.base))
        taken = tuple(each for each in chosen if each.latest and not each.deleted and each.key != self.base)
        self._require_room(sum(each.size for each in taken))
        yield from _not_taken(self.bucket.place, chosen)
        if not taken:
            message = "nothing lies there, or nothing that these credentials may list"
            yield Passed(path=_url(self.bucket.place, wanted), code="input.nothing_there", message=message, failed=True)
        for each in taken:
            yield from self._bring(each)

    def seen(self, thing: Found | Passed) -> Found | Passed:
        """Step 4: what was found in the tree, with the places where it was seen."""
        if isinstance(thing, Passed):
            message = thing.message.replace(f"{self.root}/", _url(self.bucket.place, self.base))
            return replace(thing, path=self._shown(thing.path), message=message)
        appearance = thing.appearance
        below = os.path.relpath(appearance.path, self.root)
        while below not in self.objects:  # a member of an archive lies below it
            below = os.path.dirname(below)  # noqa: PTH120  names may hold bytes that are no UTF-8
        there = self.objects[below]
        shown = Appearance(
            kind=appearance.kind,
            path=self._shown(appearance.path),
            source=None if appearance.source is None else self._shown(appearance.source),
            post=appearance.post,
            source_sha256=appearance.source_sha256,
            member=appearance.member,
            bucket=there.told,
        )
        sha256 = there.sha256 if appearance.member is None else thing.sha256
        return replace(thing, appearance=shown, staged=thing.opened, sha256=sha256)

    def _shown(self, path: str) -> str:
        below = os.path.relpath(path, self.root)
        return _url(self.bucket.place, self.base + ("" if below == "." else below))

    def _require_room(self, size: int) -> None:
        with acquire.writing(self.root):
            disk = os.statvfs(self.root)
        if size > disk.f_bavail * disk.f_frsize:
            raise acquire.disk_full(f"{size} bytes are to be brought and {disk.f_bavail * disk.f_frsize} are free")

    def _bring(self, listed: Listed) -> Iterator[Passed]:
        below = listed.key[len(self.base) :]
        if below.endswith("/") and listed.size == 0:
            return  # what consoles make for an empty folder
        path = _url(self.bucket.place, listed.key)
        if not _is_path(below):
            message = "its key is no path that a folder could have; fetch it by hand under another name"
            yield Passed(path=path, code="input.object_key", message=message, failed=True)
            return
        target = self.root / below
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if acquire.is_full(error):
                raise acquire.disk_full(error.strerror or str(error)) from error
            message = "another object has the name of its folder; fetch it by hand under another name"
            yield Passed(path=path, code="input.object_key", message=message, failed=True)
            return
        self.working_on(f"bringing {target.name}")
        try:
            self.objects[below] = self._staged(listed, target)
        except IntegrityError as error:
            yield Passed(path=path, code=error.code, message=error.message, failed=True)

    def _staged(self, listed: Listed, target: Path) -> _Object:
        told = self.bucket.tell(listed.key, listed.version_id)
        sha256 = self.bucket.stage(listed.key, listed.version_id, target, size=listed.size)
        whole = base64.b64encode(bytes.fromhex(sha256)).decode()
        checksum = None if told is None or told.of_parts else told.checksum
        if checksum not in (None, whole):
            target.unlink()
            raise IntegrityError(
                f"{visible(listed.key)} has SHA-256 {sha256}, and the server tells {visible(str(checksum))[:100]}",
                code="integrity.copy",
                hint="It was changed on the way, or at the server. Ask whose it is.",
            )
        moment = datetime.fromisoformat(listed.time).timestamp()
        with acquire.writing(target):
            os.utime(target, (moment, moment))
        there = BucketObject(
            server=self.bucket.server, version_id=listed.version_id, modified=listed.time, checksum=checksum
        )
        return _Object(key=listed.key, sha256=sha256, told=there)


def _listing(wanted: str) -> str:
    """With what the keys begin that bear on this input: for a key, all beside it, since telemetry may be named in other
    cases of letters.
    """
    folder, slash, _ = wanted.rpartition("/")
    return folder + slash


def _not_taken(place: Place, listed: Sequence[Listed]) -> Iterator[Passed]:
    """What lies under the keys beside their current versions: seldom footage, always worth a word."""
    for each in listed:
        path = _url(place, each.key)
        if each.deleted and each.latest:
            message = f"it was deleted there on {each.time} (a marker); earlier versions may be had by their names"
            yield Passed(path=path, code="input.deleted_there", message=message, failed=False)
        elif not each.deleted and not each.latest:
            message = f"version {visible(each.version_id)} of {each.time} lies under a later one, and was not taken"
            yield Passed(path=path, code="input.earlier_version", message=message, failed=False)


def _is_path(below: str) -> bool:
    parts = below.split("/")
    return all(part not in {"", ".", ".."} and "\0" not in part and len(part.encode()) <= _MAX_NAME for part in parts)


def _url(place: Place, key: str) -> str:
    return f"{SCHEME}{place.bucket}/{key}"
