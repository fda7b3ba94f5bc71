"""What the store says it holds of one evidence, in one version."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.model.manifest import Subject

ORIGINAL_NAME = "original"
"""Logical name of the untouched bytes in every object."""

MANIFEST_NAME = "manifest.json"
"""Logical name of the manifest in every version of every object."""

SIGNATURE_SUFFIX = ".sig"
"""Added to a document's name: its signature (SSHSIG) beside it."""

SIGNATURE_NAME = MANIFEST_NAME + SIGNATURE_SUFFIX
"""Logical name of the manifest's signature; versions made before the case had a key have none."""


DOCUMENT_NAMES = frozenset({MANIFEST_NAME, SIGNATURE_NAME})
"""Logical names of what no manifest names as its subject. Nothing but the inventory tells their digests, so both are
always computed: else a digest written there at will would be seen by nobody.
"""


class Reading(StrEnum):
    """Which bytes of an object are read when it is checked; inventories and documents always are, with both digests."""

    DOCUMENTS = "documents"
    """Nothing else."""

    SHA256 = "sha256"
    """Every file, once, for its SHA-256; the SHA-512 that the inventory and the manifest tell is not computed again."""

    ALL_DIGESTS = "all digests"
    """Every file, for SHA-256 and SHA-512."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectState:
    """The files of one version of one object, by logical name, as its inventory declares them.

    ``item`` is the evidence's SHA-256, ``version`` counts from 1. ``files`` is sorted by name; sizes are those of the
    files on disk, digests are the inventory's own words (`Check` of step 4 compares them with the bytes).
    """

    item: str
    version: int
    files: tuple[Subject, ...]

    def file(self, name: str) -> Subject | None:
        """The file of this logical name, or None."""
        return next((found for found in self.files if found.name == name), None)
