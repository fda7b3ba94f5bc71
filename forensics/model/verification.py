"""The numbers of the verification steps, shared by the parts that each do some of them."""

from __future__ import annotations

from enum import IntEnum


class Step(IntEnum):
    """A step of `verify`; `forensics.custody.verification` says what each one does."""

    CASE = 1
    LOG = 2
    INVENTORIES = 3
    CONTENT = 4
    MANIFESTS = 5
    SUBJECTS = 6
    LOG_AND_STORE = 7
    FINDINGS = 8
    SEALS = 9
    SIGNATURES = 10
    KEYS = 11
    STAMPS = 12
    BRACKETS = 13
    HELD_HEAD = 14
    BAG = 15
    BAG_DIGESTS = 16
    INCLUSION = 17
    COPIES = 18
