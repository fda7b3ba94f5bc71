"""Look at an exhibit that somebody sent: every check of `verify`, and what a receipt for it must name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from forensics import custody, exhibit
from forensics.errors import ManifestError
from forensics.exhibit import bag, layout
from forensics.model.custody import Check, CheckStatus
from forensics.model.receipt import Exhibit
from forensics.model.text import visible
from forensics.model.verification import Step
from pipelines.exhibit_checks import MAX_DOCUMENT, Shown, check_exhibit

MAX_SHOWN = 255
"""Characters of the name of a folder or file: what a file system can hold."""


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
    """All checks of a folder or zip, and the digests that name it.

    Raises:
        IntegrityError: it is a file and no zip that an exhibit can be.
        Unreadable: it cannot be read at all.
    """
    before = _tags(path)
    checks: list[Check] = []
    sealed_by: str | None = None
    for thing in check_exhibit(path):
        if isinstance(thing, Check):
            checks.append(thing)
        elif isinstance(thing, Shown):
            sealed_by = thing.key
    found = _exhibit(path, sealed_by)
    # The checks read the files one after another: what is named must be what was checked.
    if found is not None and before != found.tagmanifest:
        told = "another one when the checks had ended: somebody writes to the exhibit"
        checks.append(
            Check(
                step=Step.BAG,
                name="unchanged while read",
                status=CheckStatus.FAILED,
                subject=bag.TAGS,
                expected=before,
                found=told,
            )
        )
    return Examined(exhibit=found, checks=tuple(checks))


def _tags(path: Path) -> str | None:
    data = exhibit.read(exhibit.open_exhibit(path), bag.TAGS, bag.MAX_TAG_FILE)
    return None if data is None else hashlib.sha256(data).hexdigest()


def _exhibit(path: Path, sealed_by: str | None) -> Exhibit | None:
    tags = _tags(path)
    data = exhibit.read(exhibit.open_exhibit(path), layout.MANIFEST, MAX_DOCUMENT) or b""
    try:
        manifest = custody.decode_manifest(data)
    except ManifestError:
        return None  # told by step 5
    if tags is None:
        return None  # told by step 15
    case, number = manifest.record.case.get("id"), manifest.record.case.get("exhibit")
    return Exhibit(
        bag=visible(path.resolve().name.removesuffix(".zip"))[:MAX_SHOWN],
        tagmanifest=tags,
        item=manifest.item.rpartition(":")[2],
        manifest=hashlib.sha256(data).hexdigest(),
        case=case if isinstance(case, str) else "",
        exhibit=number if isinstance(number, str) else None,
        sealed_by=sealed_by,
    )
