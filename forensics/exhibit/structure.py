"""Steps 15 and 16 of verification: an exhibit's form, and the digest of each of its files; every problem."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from forensics.errors import IntegrityError, Unreadable
from forensics.exhibit import bag
from forensics.exhibit.opened import Opened, digest, read
from forensics.exhibit.pages import CARRIED, COVER, carried
from forensics.model.custody import Check, CheckStatus
from forensics.model.evidence import Digests
from forensics.model.verification import Step

_ASKED = (bag.BAGIT, bag.BAG_INFO, bag.SHA256, bag.SHA512)
"""Tag files that the tag manifest must name."""


def check_structure(opened: Opened, files: dict[str, Digests]) -> Iterator[Check]:
    """Every problem of form and digests. ``files`` gets the digests of each member as read.

    Never raises for what is found.
    """
    for name, problem in opened.problems:
        yield _check(Step.BAG, "member", False, name, "a regular file of a plain name", problem)
    for name in sorted(opened.sizes):
        try:
            files[name] = digest(opened, name)
        except (IntegrityError, Unreadable) as error:
            yield _check(Step.BAG, "member", False, name, "a file that can be read", error.message)
    payload = {name for name in opened.sizes if name.startswith(bag.PAYLOAD)}
    tags = set(opened.sizes) - payload - {bag.TAGS, bag.SEAL}
    yield from _check_manifest(opened, files, bag.SHA256, payload)
    yield from _check_manifest(opened, files, bag.SHA512, payload)
    yield from _check_manifest(opened, files, bag.TAGS, tags)
    for name in sorted({*_ASKED, bag.TAGS, bag.SEAL} - set(opened.sizes)):
        yield _check(Step.BAG, "tag file", False, name, "a file", "none")
    declaration = read(opened, bag.BAGIT, len(bag.DECLARATION))
    yield _check(Step.BAG, "declaration", declaration == bag.DECLARATION, bag.BAGIT, "BagIt 1.0, UTF-8", "as written")
    yield _check_info(opened, files)
    yield from _check_carried(files)


def _check_manifest(opened: Opened, files: Mapping[str, Digests], name: str, present: set[str]) -> Iterator[Check]:
    sha512 = name == bag.SHA512
    try:
        listed = bag.parse_manifest(read(opened, name, bag.MAX_TAG_FILE) or b"", sha512=sha512)
    except IntegrityError as error:
        yield _check(Step.BAG, "manifest", False, name, "a manifest in the form that is written", error.message)
        return
    for extra in sorted(present - listed.keys()):
        yield _check(Step.BAG, "complete", False, extra, f"named by {name}", "not named")
    for absent in sorted(listed.keys() - present):
        yield _check(Step.BAG, "complete", False, absent, f"the file that {name} names", "none")
    differ = 0
    for each in sorted(present & listed.keys() & files.keys()):
        found = files[each].sha512 if sha512 else files[each].sha256
        if found != listed[each]:
            differ += 1
            yield _check(Step.BAG_DIGESTS, "digest", False, each, listed[each], found)
    if not differ:
        yield _check(Step.BAG_DIGESTS, "digest", True, name, "the digests of all files", f"{len(listed)} files")


def _check_info(opened: Opened, files: Mapping[str, Digests]) -> Check:
    payload = {name: each for name, each in files.items() if name.startswith(bag.PAYLOAD)}
    expected = f"Payload-Oxum {bag.oxum(payload)}"
    data = read(opened, bag.BAG_INFO, bag.MAX_TAG_FILE) or b""
    try:
        found = f"Payload-Oxum {bag.parse_bag_info(data)['Payload-Oxum']}"
    except IntegrityError as error:
        found = error.message
    except KeyError:
        found = "none"
    return _check(Step.BAG, "bag-info", found == expected, bag.BAG_INFO, expected, found)


def _check_carried(files: Mapping[str, Digests]) -> Iterator[Check]:
    """Whether the programs that it carries are those of this version: others may say VERIFIED of anything."""
    for name in CARRIED:
        ours = hashlib.sha256(carried(name)).hexdigest()
        found = files[name].sha256 if name in files else "none"
        status = CheckStatus.OK if found == ours else CheckStatus.SKIPPED
        told = found if found == ours else f"{found}: of another version, or forged; do not run it"
        yield Check(step=Step.BAG, name="carried program", status=status, subject=name, expected=ours, found=told)
    if COVER not in files:
        yield _check(Step.BAG, "first page", False, COVER, "a page", "none")


def _check(step: Step, name: str, holds: bool, subject: str, expected: str, found: str) -> Check:
    status = CheckStatus.OK if holds else CheckStatus.FAILED
    return Check(step=step, name=name, status=status, subject=subject, expected=expected, found=found)
