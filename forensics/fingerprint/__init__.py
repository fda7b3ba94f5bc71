"""Fingerprints: frame hashes with their times, anchors, and their stored form."""

from __future__ import annotations

from forensics.fingerprint.dct import hash_batch
from forensics.fingerprint.fingerprinter import Fingerprinter
from forensics.fingerprint.flags import flag_batch
from forensics.fingerprint.spec import SPEC
from forensics.fingerprint.track import decode, encode
from forensics.fingerprint.views import AS_IS, VIEWS, View, variants

__all__ = [
    "AS_IS",
    "SPEC",
    "VIEWS",
    "Fingerprinter",
    "View",
    "decode",
    "encode",
    "flag_batch",
    "hash_batch",
    "variants",
]
