"""Fingerprints: frame hashes with their times, anchors, the words of the sound, and their stored forms; descriptors by
a learned model, when the user names one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.fingerprint.dct import hash_batch
from forensics.fingerprint.described import decode_descriptors, encode_descriptors
from forensics.fingerprint.fingerprinter import Fingerprinter
from forensics.fingerprint.flags import flag_batch
from forensics.fingerprint.learned import NOT_STATED, LearnedModel, one_line
from forensics.fingerprint.onnx_file import MOST_BYTES as MOST_MODEL_BYTES
from forensics.fingerprint.sound import flag_sound
from forensics.fingerprint.sound_track import decode_sound, encode_sound
from forensics.fingerprint.spec import SPEC
from forensics.fingerprint.still import fingerprint_still
from forensics.fingerprint.track import decode, encode
from forensics.fingerprint.views import AS_IS, VIEWS, View, variants
from forensics.model.fingerprint import HashSpec

__all__ = [
    "AS_IS",
    "FRAME_HASHES",
    "MOST_MODEL_BYTES",
    "NOT_STATED",
    "SPEC",
    "VIEWS",
    "Fingerprinter",
    "FrameHash",
    "LearnedModel",
    "View",
    "decode",
    "decode_descriptors",
    "decode_sound",
    "encode",
    "encode_descriptors",
    "encode_sound",
    "fingerprint_still",
    "flag_batch",
    "flag_sound",
    "hash_batch",
    "one_line",
    "variants",
]


class FrameHash(NamedTuple):
    """A frame hash: its spec, and the function from luma uint8 (n, 64, 64) to codes uint8 (n, 32) and quality uint8
    (n,).
    """

    spec: HashSpec
    hash_batch: Callable[[npt.NDArray[np.uint8]], tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]


FRAME_HASHES: tuple[FrameHash, ...] = (FrameHash(spec=SPEC, hash_batch=hash_batch),)
"""Every frame hash. `tests/contract/test_frame_hashes.py` holds each to the promises of one."""
