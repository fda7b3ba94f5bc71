"""The hashes that a case holds of the frames of its evidence, each with its time, for exchange with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forensics.exchange import Algorithm, Hash
from forensics.model.fingerprint import FrameFlag
from forensics.model.manifest import Manifest
from forensics.model.media import MediaKind
from pipelines.case import Case
from pipelines.facts import origin_of
from pipelines.volumes import kept_volume, track_of

PICTURE, CONTENT_BOX = "picture", "content_box"
"""What was hashed: the whole frame, or what lies inside its borders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A hash of a frame of the case. ``view`` says what of it was hashed."""

    hash: Hash
    view: str = PICTURE
    flags: FrameFlag = FrameFlag.NONE


def exhibits_of(case: Case) -> dict[str, str]:
    """Every evidence with its exhibit number, in the order of the numbers."""
    named = {evidence: str(case.manifest(evidence).record.case.get("exhibit")) for evidence in case.store.ids()}
    return dict(sorted(named.items(), key=lambda pair: (len(pair[1]), pair[1])))


def hashes_of(case: Case, evidence: str, algorithms: Sequence[Algorithm]) -> list[Frame]:
    """The hashes that the case holds of one evidence, by these algorithms."""
    manifest = case.manifest(evidence)
    frames = []
    if Algorithm.PDQ in algorithms and manifest.facts.exact.get("kind") == MediaKind.VIDEO:
        frames += _track_frames(case, evidence, manifest)
    if Algorithm.PHASH in algorithms or Algorithm.DHASH in algorithms:
        frames += [frame for frame in _keyframes(manifest) if frame.hash.algorithm in algorithms]
    return frames


def _track_frames(case: Case, evidence: str, manifest: Manifest) -> list[Frame]:
    track = track_of(kept_volume(case, evidence, manifest))
    times = [max(0, round(seconds * 1000)) for seconds in track.seconds.tolist()]
    frames = []
    for view, codes in ((PICTURE, track.codes), (CONTENT_BOX, track.box_codes)):
        for row in range(len(codes)):
            code, quality = codes[row].tobytes(), int(track.quality[row])
            hashed = Hash(algorithm=Algorithm.PDQ, code=code, quality=quality, at_ms=times[row])
            frames.append(Frame(hash=hashed, view=view, flags=FrameFlag(int(track.flags[row]))))
    return frames


def _keyframes(manifest: Manifest) -> Iterator[Frame]:
    kept = manifest.facts.recipe.get("keyframes")
    origin, (num, den) = origin_of(manifest.facts)
    still = manifest.facts.exact.get("kind") == MediaKind.STILL
    for each in kept if isinstance(kept, list) else []:
        if isinstance(each, dict):
            at_ms = None if still else max(0, round((int(str(each["pts"])) - origin) * num * 1000 / den))
            for algorithm in (Algorithm.PHASH, Algorithm.DHASH):
                code = bytes.fromhex(str(each[algorithm]))
                yield Frame(hash=Hash(algorithm=algorithm, code=code, at_ms=at_ms))
