"""Which frame hash this is: name, version, recipe and keeping rule, as recorded beside every fingerprint."""

from __future__ import annotations

from forensics.model.fingerprint import HASH_BYTES, HashSpec

KEEP_BITS = 16
"""c of the keeping rule. Within one file every decoded frame lies at most c bits from a kept hash; with n bits of
re-encoding noise (median 6, rarely 16) a copy is still found at radius n + c, far below the 90 and more bits that part
unrelated frames. Half of c would store a third more hashes for no frame more."""

KEEP_SECONDS = 2
"""Footage in which nothing moves still has a kept hash this often, so that votes on time offsets have times."""

SPEC = HashSpec(
    name="dct256-pdq",
    version="1",
    bits=8 * HASH_BYTES,
    recipe=(
        "decoded luma plane as stored (ffmpeg extractplanes=y), scaled to 64x64 by area average"
        " (scale=64:64:flags=area+bitexact+accurate_rnd), no range conversion;"
        " integer DCT-II, cosines rounded to 16 fraction bits, frequencies 1..16 by 1..16,"
        " bit = coefficient above the lower median of 256, written in PDQ's hex order;"
        f" kept when more than {KEEP_BITS} bits from the last kept hash or {KEEP_SECONDS} s after it,"
        " and always the first and the last decoded frame"
    ),
    keep_bits=KEEP_BITS,
)
"""The frame hash in use."""
