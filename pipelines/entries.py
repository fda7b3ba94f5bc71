"""What is asked of every evidence before its manifest is read (`forensics.model.catalog.Listed`), told by manifests.

This is the truth that a catalog is held against: `pipelines.listing` says when one is used.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from forensics import custody
from forensics.model.catalog import Listed
from forensics.model.manifest import Facts
from forensics.model.media import MediaKind, Probe
from forensics.model.sound import SoundState
from forensics.model.store import MANIFEST_NAME
from pipelines.case import Case
from pipelines.derive import FINGERPRINT_FILE
from pipelines.facts import is_triage, probe_of
from pipelines.sound_file import SOUND_FILE, sound_digest

STATES = ("audible", "silent", "absent", "not_read")
"""What a video may be to the ear: sound that is compared; sound that supports nothing (silent, or too even); none, or
too little; and not read, with the reason in its manifest, or ingested before sound was.
"""


def entries_of(case: Case) -> Iterator[Listed]:
    """Yield every evidence of the store, in the order of their SHA-256. Raises as `entry_of`."""
    for evidence in case.store.ids():
        yield entry_of(case, evidence)


def entry_of(case: Case, evidence: str) -> Listed:
    """What the newest manifest of an evidence says, as it was signed.

    Raises:
        StoreError: the store does not have it, or cannot be read.
        IntegrityError: its inventory is not sound.
        ManifestError: the stored bytes are not a canonical manifest, or its facts not such as this program writes.
    """
    places = case.store.places(evidence)
    data = (case.store.folder(evidence) / places[MANIFEST_NAME]).read_bytes()
    manifest = custody.decode_manifest(data)
    facts, frames = manifest.facts, manifest.facts.exact.get("frames")
    printed, heard = facts.recipe.get("fingerprint"), sound_digest(facts)
    return Listed(
        id=evidence,
        version=manifest.version,
        manifest=hashlib.sha256(data).hexdigest(),
        exhibit=str(manifest.record.case.get("exhibit")),
        kind=MediaKind(str(facts.exact["kind"])),
        frames=int(str(frames["decoded"])) if isinstance(frames, dict) else 1,
        original=places["original"],
        fingerprint=places[FINGERPRINT_FILE] if isinstance(printed, dict) else None,
        fingerprint_sha256=str(printed["sha256"]) if isinstance(printed, dict) else None,
        sound=None if heard is None else places[SOUND_FILE],
        sound_sha256=heard,
        heard=heard_in(facts),
        triage=is_triage(facts),
        video_essence=video_essence(facts),
        container=packed(probe_of(facts)),
    )


def packed(probe: Probe | None) -> bytes | None:
    """A probe as catalog and volumes keep it: compressed JSON, a fraction of the memory."""
    return None if probe is None else zlib.compress(msgspec.json.encode(probe))


def video_essence(facts: Facts) -> str | None:
    """SHA-256 over the encoded pictures of the first video stream; None of a still."""
    streams = facts.exact.get("essence")
    for stream in streams if isinstance(streams, Sequence) and not isinstance(streams, str) else ():
        if isinstance(stream, dict) and stream.get("kind") == "video":
            return str(stream["sha256"])
    return None


def heard_in(facts: Facts) -> str | None:
    """Which of `STATES` a video is; None for what is no video."""
    heard = facts.recipe.get("sound")
    if facts.exact.get("kind") != MediaKind.VIDEO:
        return None
    if not isinstance(heard, dict):
        return "not_read"
    if heard["state"] == SoundState.READ:
        return "audible" if heard["audible"] else "silent"
    return "absent" if heard["state"] in (SoundState.ABSENT, SoundState.TOO_SHORT) else "not_read"
