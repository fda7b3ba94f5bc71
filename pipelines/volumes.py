"""What of a case can be compared, and where its bytes and tracks lie."""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from forensics import acquire, fingerprint
from forensics.errors import IntegrityError
from forensics.model.catalog import Listed
from forensics.model.fingerprint import Fingerprint
from forensics.model.manifest import Facts, Manifest
from forensics.model.media import MediaKind, Probe, Window
from forensics.model.sound import SoundTrack
from pipelines.case import Case
from pipelines.derive import FINGERPRINT_FILE
from pipelines.entries import entries_of, packed, video_essence
from pipelines.facts import is_triage, probe_of
from pipelines.sound_file import SOUND_FILE, sound_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One video or still that can be compared: where its bytes and its fingerprint lie, and the track of its sound, if
    that was read. ``frames`` is 1 for whatever has one picture, be it a photograph (``kind`` tells how it is read) or a
    video of a single frame. ``opening`` is its `pipelines.library.EXCERPT`, where the decode pass gave that;
    ``triage``: its track has the sync frames only.

    A case may have a hundred thousand: paths are texts, below the folder of the evidence where ``store`` is the root of
    the store that has it, and the probe of a video is kept as compressed JSON (``container``, see `packed`). That takes
    a fraction of the memory, here and on the way to a worker.
    """

    id: str
    kind: MediaKind
    frames: int
    original_path: str
    fingerprint_path: str
    fingerprint_sha256: str
    video_essence: str | None
    container: bytes | None
    sound_path: str | None = None
    sound_sha256: str | None = None
    opening: Window | None = None
    store: str | None = None
    triage: bool = False

    @property
    def original(self) -> Path:
        """The kept bytes."""
        return self.at(self.original_path)

    def at(self, path: str) -> Path:
        """Where one of its files lies."""
        return Path(path) if self.store is None else acquire.Store(Path(self.store)).folder(self.id) / path

    @property
    def probe(self) -> Probe | None:
        """What decoding needs to know of a video, without its tags; None of a still."""
        return None if self.container is None else msgspec.json.decode(zlib.decompress(self.container), type=Probe)

    @property
    def still(self) -> bool:
        """One picture."""
        return self.frames == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a case has for comparing: ``volumes`` in the order of the exhibit numbers; ``unprinted`` stills, which came
    into it before stills had fingerprints and cannot be compared; how many videos are what to the ear
    (`pipelines.entries.STATES`).
    """

    volumes: tuple[Volume, ...]
    unprinted: tuple[str, ...]
    heard: Mapping[str, int]


def holdings(case: Case, entries: Iterable[Listed]) -> Holdings:
    """What these entries of the case are for comparing."""
    found: list[tuple[str, Volume]] = []
    unprinted: list[str] = []
    heard = Counter[str]()
    for entry in entries:
        if entry.heard is not None:
            heard[entry.heard] += 1
        if entry.fingerprint is not None:
            found.append((entry.exhibit, listed_volume(case, entry)))
        elif entry.kind is MediaKind.STILL:
            unprinted.append(entry.id)
    found.sort(key=lambda pair: (len(pair[0]), pair[0]))
    return Holdings(volumes=tuple(volume for _, volume in found), unprinted=tuple(unprinted), heard=heard)


def volumes_of(case: Case) -> tuple[Volume, ...]:
    """Every evidence of the case that has a fingerprint, in the order of the exhibit numbers, from the manifests."""
    return holdings(case, entries_of(case)).volumes


def videos_of(case: Case) -> tuple[Volume, ...]:
    """The evidence of the case that moves, in the order of the exhibit numbers."""
    return tuple(volume for volume in volumes_of(case) if not volume.still)


def volume_of(evidence: str, original: Path, track: Path, sound: Path | None, facts: Facts) -> Volume:
    """The volume of a video or still whose bytes and tracks lie at these paths.

    Raises:
        ManifestError: the facts of its container are not such as this program writes.
    """
    recipe, frames = facts.recipe.get("fingerprint"), facts.exact.get("frames")
    assert isinstance(recipe, dict)
    digest, probe = sound_digest(facts), probe_of(facts)
    return Volume(
        id=evidence,
        kind=MediaKind(str(facts.exact["kind"])),
        frames=int(str(frames["decoded"])) if isinstance(frames, dict) else 1,
        original_path=str(original),
        fingerprint_path=str(track),
        fingerprint_sha256=str(recipe["sha256"]),
        video_essence=video_essence(facts),
        container=packed(probe),
        sound_path=None if digest is None or sound is None else str(sound),
        sound_sha256=digest,
        triage=is_triage(facts),
    )


def kept_volume(case: Case, evidence: str, manifest: Manifest) -> Volume:
    """The volume of a video or still of the case."""
    places = case.store.places(evidence)
    sound = None if sound_digest(manifest.facts) is None else Path(places[SOUND_FILE])
    volume = volume_of(evidence, Path(places["original"]), Path(places[FINGERPRINT_FILE]), sound, manifest.facts)
    return replace(volume, store=os.fspath(case.store.root))


def listed_volume(case: Case, entry: Listed) -> Volume:
    """The volume of a video or still of the case that is listed with a fingerprint."""
    assert entry.fingerprint is not None and entry.fingerprint_sha256 is not None
    return Volume(
        id=entry.id,
        kind=entry.kind,
        frames=entry.frames,
        original_path=sys.intern(entry.original),
        fingerprint_path=sys.intern(entry.fingerprint),
        fingerprint_sha256=entry.fingerprint_sha256,
        video_essence=entry.video_essence,
        container=entry.container,
        sound_path=None if entry.sound is None else sys.intern(entry.sound),
        sound_sha256=entry.sound_sha256,
        store=sys.intern(os.fspath(case.store.root)),
        triage=entry.triage,
    )


def track_of(volume: Volume) -> Fingerprint:
    """The fingerprint of a volume.

    Raises:
        IntegrityError: its bytes are not those that the manifest names.
    """
    return fingerprint.decode(track_bytes(volume))


def track_bytes(volume: Volume) -> bytes:
    """The stored bytes of a volume's fingerprint.

    Raises:
        IntegrityError: they are not those that the manifest names.
    """
    return _as_named(volume, volume.fingerprint_path, volume.fingerprint_sha256, ("fingerprint", "fingerprint"))


def sound_of(volume: Volume) -> SoundTrack | None:
    """The sound of a volume, or None when it has none that was read.

    Raises:
        IntegrityError: its bytes are not those that the manifest names.
    """
    if volume.sound_path is None:
        return None
    return fingerprint.decode_sound(_as_named(volume, volume.sound_path, volume.sound_sha256, ("sound track", "track")))


def _as_named(volume: Volume, path: str, sha256: str | None, called: tuple[str, str]) -> bytes:
    """The stored bytes of a derived file, if they are those that the manifest names. ``called`` is what it is called,
    in full and for short.
    """
    full, short = called
    try:
        data = volume.at(path).read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"the {full} of {volume.id}: {error.strerror}", hint="run verify for the whole extent"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(
            f"the {full} of {volume.id} is not the one that its manifest names",
            hint=f"run verify for the whole extent; replay derives the {short} again",
        )
    return data
