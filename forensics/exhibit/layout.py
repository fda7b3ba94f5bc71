"""Where things lie in an exhibit, and which names have a place there at all.

Below data/, which is the payload:

data/original data/source/… data/derived/… data/manifest.json{,.sig}    as in the store: subjects are below data/
data/versions/v1/manifest.json{,.sig}                                   former versions
data/log/000000004.json and .tlog-proof                                 a line and its proof
data/log/checkpoint{,.sig,.sig.NAME.tsq,.sig.NAME.tsr,.sig.NAME.pem}    the head that the proofs lead to
data/log/earlier/000000002.ckpt{,.sig,…}                                seals whose tokens bound times from below
data/log/consistency                                                    that the log goes on from earlier heads
data/findings/…json{,.sig} data/keys/… data/disclosures/… data/interop/…
"""

from __future__ import annotations

import re

from forensics.exhibit import bag
from forensics.exhibit.pages import CARRIED, COVER, PAPER

ORIGINAL, MANIFEST = "data/original", "data/manifest.json"
CHECKPOINT, CONSISTENCY = "data/log/checkpoint", "data/log/consistency"
EARLIER = "data/log/earlier/"
FINDINGS, KEYS, DISCLOSURES, INTEROP = "data/findings/", "data/keys/", "data/disclosures/", "data/interop/"

RESERVED = ("log/", "findings/", "keys/", "disclosures/", "interop/", "versions/")
"""Folders below data/ that hold no subject of the manifest."""

TAG_FILES = frozenset(
    {bag.BAGIT, bag.BAG_INFO, bag.SHA256, bag.SHA512, bag.TAGS, bag.SEAL, COVER, PAPER, *CARRIED},
)

_SIGNED = r"(\.sig)?"
_STAMPED = r"(\.sig(\.[a-z0-9][a-z0-9-]{0,31}\.(tsq|tsr|pem))?)?"
_PLACES = re.compile(
    r"data/(?:"
    rf"log/[0-9]{{9,16}}\.(json|tlog-proof)|log/checkpoint{_STAMPED}|log/consistency|"
    rf"log/earlier/[0-9]{{9,16}}\.ckpt{_STAMPED}|"
    rf"versions/v[1-9][0-9]{{0,8}}/manifest\.json{_SIGNED}|findings/[A-Za-z0-9_][A-Za-z0-9_.-]*\.json{_SIGNED}|"
    r"keys/(allowed_signers|revoked_keys)|(disclosures|interop)/[A-Za-z0-9_][A-Za-z0-9_./-]*)\Z"
)
_LINE = re.compile(r"data/log/([0-9]{9,16})\.json\Z")


def line_name(seq: int) -> str:
    """The name of a line of the log."""
    return f"data/log/{seq:09d}.json"


def line_of(name: str) -> int | None:
    """The number of the line whose file this is; None for another file."""
    found = _LINE.match(name)
    return int(found[1]) if found and line_name(int(found[1])) == name else None


def version_name(version: int) -> str:
    """The name of the manifest of a former version."""
    return f"data/versions/v{version}/manifest.json"


def is_subject(name: str) -> bool:
    """Whether a payload file is for the manifest to name (or is the manifest itself, or its signature)."""
    return name.startswith(bag.PAYLOAD) and not name.removeprefix(bag.PAYLOAD).startswith(RESERVED)


def has_place(name: str) -> bool:
    """Whether a file of this name belongs into an exhibit."""
    return name in TAG_FILES or is_subject(name) or _PLACES.match(name) is not None
