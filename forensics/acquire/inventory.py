"""The OCFL 1.1 inventory of one object: which logical files each version has, and where their bytes lie.

https://ocfl.io/1.1/spec/#inventory. SHA-512 is the content address; SHA-256 stands in the fixity block, so that both
can be checked. The stored form is one fixed spelling of JSON; what is read is spelled again and must give the same
bytes, since parsers do not agree about duplicate keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeAlias

import msgspec

from forensics.errors import IntegrityError, ManifestError
from forensics.model.manifest import Subject
from forensics.model.text import visible

ID_PREFIX = "urn:sha256:"
CONTENT = "content"
NAME = "inventory.json"
SIDECAR = "inventory.json.sha512"

MAX_BYTES = 64 * 2**20
"""No inventory is larger: a hundred thousand files with both digests take 40 MiB."""

_INVENTORY_TYPE = "https://ocfl.io/1.1/spec/#inventory"

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
"""Logical names are ours: plain ASCII, never hidden, never climbing. Found names live in the manifest's record."""

_CONTENT_PATH = re.compile(r"v([1-9][0-9]{0,8})/content/(.+)\Z", re.DOTALL)

_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)

_Sha512 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Paths: TypeAlias = dict[_Sha512, tuple[str, ...]]


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who made a version: a name and a URI."""

    name: str
    address: str


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version: when, why, by whom, and its state (SHA-512 to logical names)."""

    created: str
    message: str
    state: _Paths
    user: User


class Fixity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The second digest of every content path."""

    sha256: dict[_Sha256, tuple[str, ...]]


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename="camel"):
    """The whole inventory; ``manifest`` maps SHA-512 to content paths below the object."""

    id: str
    type: str
    digest_algorithm: str
    head: str
    content_directory: str
    manifest: _Paths
    versions: dict[str, Version]
    fixity: Fixity

    @property
    def version(self) -> int:
        """The head version's number."""
        return int(self.head[1:])


# msgspec learns a type where it first converts to it. A second thread that comes meanwhile gets half of what is learned
# and the process dies; `verify` reads inventories in several threads. So it is learned here.
msgspec.json.Decoder(Inventory)


class Content(NamedTuple):
    """Where one logical file's bytes lie, and both digests they must have."""

    name: str
    path: str
    sha256: str
    sha512: str


def first_inventory(sha256: str, files: tuple[Subject, ...], *, created: str, message: str, user: str) -> Inventory:
    """The inventory of a new object whose v1 has these files. Raises ManifestError for a name or time not allowed."""
    empty = Inventory(
        id=ID_PREFIX + sha256,
        type=_INVENTORY_TYPE,
        digest_algorithm="sha512",
        head="v0",
        content_directory=CONTENT,
        manifest={},
        versions={},
        fixity=Fixity(sha256={}),
    )
    return next_inventory(empty, files, created=created, message=message, user=user)


def next_inventory(
    former: Inventory, files: tuple[Subject, ...], *, created: str, message: str, user: str
) -> Inventory:
    """The inventory with one more version: these files are new or changed, all others stay where they are.

    Raises ManifestError for a name or time that is not allowed.
    """
    _check_new(files, created)
    number = former.version + 1
    manifest = {digest: list(paths) for digest, paths in former.manifest.items()}
    fixity = {digest: list(paths) for digest, paths in former.fixity.sha256.items()}
    names = _names(former.versions[former.head].state) if former.versions else {}
    for file in files:
        path = f"v{number}/{CONTENT}/{file.name}"
        manifest.setdefault(file.sha512, []).append(path)
        fixity.setdefault(file.sha256, []).append(path)
        names[file.name] = file.sha512
    version = Version(
        created=created, message=message, state=_state(names), user=User(name=user, address=_address(user))
    )
    return msgspec.structs.replace(
        former,
        head=f"v{number}",
        manifest={digest: tuple(paths) for digest, paths in manifest.items()},
        versions={**former.versions, f"v{number}": version},
        fixity=Fixity(sha256={digest: tuple(paths) for digest, paths in fixity.items()}),
    )


def encode_inventory(inventory: Inventory) -> bytes:
    """The stored bytes. Raises ManifestError when a text is not valid Unicode."""
    plain = msgspec.to_builtins(inventory)
    text = json.dumps(plain, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        raise ManifestError(f"a text of the inventory is not valid Unicode: {error}") from error


def encode_sidecar(inventory: bytes) -> bytes:
    """The sidecar beside an inventory: its SHA-512 and its name."""
    return f"{hashlib.sha512(inventory).hexdigest()} {NAME}\n".encode("ascii")


def decode_inventory(data: bytes, sha256: str) -> Inventory:
    """The inventory of the object of this evidence. Raises IntegrityError, naming the first thing that is wrong."""
    try:
        inventory = msgspec.convert(json.loads(data.decode("utf-8")), Inventory, strict=True)
        spelled = encode_inventory(inventory)
    except (ValueError, msgspec.ValidationError, RecursionError, ManifestError) as error:
        raise _unsound(sha256, f"not readable: {error}") from error
    if spelled != data:
        raise _unsound(sha256, "not spelled as the store spells it (duplicate key, order, spacing)")
    for problem in problems(inventory, sha256):
        raise _unsound(sha256, problem)
    return inventory


def problems(inventory: Inventory, sha256: str) -> Iterator[str]:
    """Everything in which an inventory contradicts itself, OCFL 1.1 or its place in the store."""
    if inventory.id != ID_PREFIX + sha256:
        yield f"it is the inventory of {inventory.id!r:.100}"
    if (inventory.type, inventory.digest_algorithm, inventory.content_directory) != (
        _INVENTORY_TYPE,
        "sha512",
        CONTENT,
    ):
        yield "its type, digest algorithm or content directory is not the store's"
    if not inventory.versions or set(inventory.versions) != {f"v{n + 1}" for n in range(len(inventory.versions))}:
        yield "its versions are not v1 to the last without gaps"
    elif inventory.head != f"v{len(inventory.versions)}":
        yield f"its head {inventory.head!r:.20} is not the last version"
    yield from _path_problems(inventory)
    yield from _state_problems(inventory)


def contents(inventory: Inventory, number: int) -> tuple[Content, ...]:
    """The files of one version of a sound inventory, sorted by name."""
    second = {path: digest for digest, paths in inventory.fixity.sha256.items() for path in paths}
    found = []
    for sha512, names in inventory.versions[f"v{number}"].state.items():
        for name in names:
            path = _newest(inventory.manifest[sha512], name, number)
            found.append(Content(name, path, second[path], sha512))
    return tuple(sorted(found))


def extends(later: Inventory, former: Inventory) -> bool:
    """Whether ``later`` is ``former`` with exactly one version more and nothing of it changed."""
    former_paths = {path: digest for digest, paths in former.manifest.items() for path in paths}
    later_paths = {path: digest for digest, paths in later.manifest.items() for path in paths}
    return (
        later.id == former.id
        and later.version == former.version + 1
        and all(later.versions.get(name) == version for name, version in former.versions.items())
        and all(later_paths.get(path) == digest for path, digest in former_paths.items())
    )


def _newest(paths: tuple[str, ...], name: str, number: int) -> str:
    """Of the places with the same bytes, the latest of this name that existed then; else the earliest of all."""

    def rank(path: str) -> tuple[bool, int]:
        match = _CONTENT_PATH.match(path)
        assert match is not None
        made = int(match[1])
        named = match[2] == name and made <= number
        return (named, made if named else -made)

    return max(paths, key=rank)


def _path_problems(inventory: Inventory) -> Iterator[str]:
    paths = [path for group in inventory.manifest.values() for path in group]
    for path in paths:
        match = _CONTENT_PATH.match(path)
        if match is None or not _PLAIN_NAME.match(match[2]) or f"v{match[1]}" not in inventory.versions:
            yield f"the content path {path!r:.200} is not one that the store makes"
    if len(set(paths)) != len(paths):
        yield "a content path occurs twice"
    second = [path for group in inventory.fixity.sha256.values() for path in group]
    if sorted(second) != sorted(paths):
        yield "the fixity block does not name every content path once"


def _state_problems(inventory: Inventory) -> Iterator[str]:
    used: set[str] = set()
    for label, version in inventory.versions.items():
        used |= version.state.keys()
        names = [name for group in version.state.values() for name in group]
        if len(set(names)) != len(names) or not all(map(_PLAIN_NAME.match, names)):
            yield f"{label} has a logical name twice, or one that the store does not make"
        if not _CREATED.match(version.created):
            yield f"{label} was created at {version.created!r:.60}, which is no RFC 3339 time"
    if used != inventory.manifest.keys():
        yield "its states and its manifest do not name the same digests"
    if not all([*inventory.manifest.values(), *inventory.fixity.sha256.values()]):
        yield "a digest has no content path"


def _check_new(files: tuple[Subject, ...], created: str) -> None:
    names = [file.name for file in files]
    if not _CREATED.match(created):
        raise ManifestError(f"{created!r:.60} is no RFC 3339 time")
    if not files or len(set(names)) != len(names) or not all(map(_PLAIN_NAME.match, names)):
        raise ManifestError("a version needs files with plain names, each once")


def _names(state: _Paths) -> dict[str, str]:
    return {name: digest for digest, names in state.items() for name in names}


def _state(names: dict[str, str]) -> _Paths:
    state: dict[str, list[str]] = {}
    for name, digest in sorted(names.items()):
        state.setdefault(digest, []).append(name)
    return {digest: tuple(group) for digest, group in state.items()}


def _address(user: str) -> str:
    """A URN for the operator (RFC 8141: bytes that are no letters, digits or ``-._`` are percent-encoded)."""
    encoded = "".join(
        chr(byte) if re.match(rb"[A-Za-z0-9._-]", bytes([byte])) else f"%{byte:02X}"
        for byte in user.encode("utf-8", "surrogatepass")
    )
    return f"urn:footage-forensics:operator:{encoded}"


def _unsound(sha256: str, problem: str) -> IntegrityError:
    return IntegrityError(
        f"the inventory of {sha256} is not sound: {visible(problem)}",
        code="integrity.inventory",
        hint="Run verify; compare with another copy of the case.",
    )
