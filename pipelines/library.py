"""The fingerprints of a case (and of queries from outside it), ready to be searched and looked at.

Each worker process opens it once. The tracks in the store are the truth. What is searched lies in segments that are
read where they lie (`pipelines.segments`); a track is read whole only when its video is a query or a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from forensics import index, matching, media
from forensics.model.fingerprint import Fingerprint
from forensics.model.media import Window
from forensics.model.sound import SoundTrack
from pipelines.case import Case
from pipelines.kit import Kit
from pipelines.readers import STILL_WINDOW
from pipelines.segments import Upkeep, bring_up, segments_for
from pipelines.subjects import Subjects
from pipelines.volumes import Volume, sound_of, track_of

EXCERPT = media.Excerpt(matching.MOST_READ_S, matching.FPS, matching.LONG_SIDE)
"""What comparing reads of a query of usual length, all at once."""


VIDEOS, STILLS = "videos", "stills"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Volumes that are searched together. ``name`` and ``folder`` tell which segments of the case hold them; without a
    folder they are made in memory.
    """

    name: str
    volumes: tuple[Volume, ...]
    folder: Path | None

    @property
    def wanted(self) -> tuple[index.Wanted, ...]:
        """Each volume with the track that its manifest names."""
        return tuple((volume.id, volume.fingerprint_sha256) for volume in self.volumes)

    def read(self, wanted: index.Wanted) -> Fingerprint:
        """The fingerprint of one of the volumes. Raises IntegrityError."""
        return track_of(self._by_id[wanted[0]])

    @cached_property
    def collection(self) -> index.Collection:
        """All of them, in their order, where they lie.

        Raises:
            IntegrityError: a track that is in no segment is not the one that its manifest names.
        """
        return index.Collection(segments_for(self.folder, self.name, self.wanted, self.read), self.wanted)

    @cached_property
    def corpus(self) -> matching.Corpus:
        """What the matcher reads of them."""
        return corpus_of(self.volumes, self.collection)

    @property
    def codes(self) -> index.Rows:
        """Exact range search over their frame hashes."""
        return self.collection.codes

    @property
    def descriptors(self) -> index.Rows:
        """Exact range search over their local features."""
        return self.collection.descriptors

    @cached_property
    def _by_id(self) -> dict[str, Volume]:
        return {volume.id: volume for volume in self.volumes}


def corpus_of(volumes: Sequence[Volume], held: index.Collection) -> matching.Corpus:
    """What the matcher reads of these volumes, which the collection holds in this order."""
    return matching.Corpus(
        subjects=tuple(matching.Named(each.id, each.id, each.video_essence) for each in volumes),
        id_rank=matching.id_rank([each.id for each in volumes]),
        codes=held.code_column("codes"),
        code_subject=held.code_column("subject"),
        code_seconds=held.code_column("seconds"),
        code_flags=held.code_column("flags"),
        descriptors=held.anchor_column("descriptors"),
        anchor_subject=held.anchor_column("subject"),
        anchor_seconds=held.anchor_column("seconds"),
        anchor_points=held.anchor_column("points"),
    )


@dataclass(frozen=True, kw_only=True)
class Library:
    """Volumes that are searched (of the case, when it is asked), then those that are only compared with them. Videos
    and stills stand on shelves of their own: what a video is compared with does not depend on the photographs.

    ``segments`` is the folder of the case's index, where there is one that may hold the references.
    """

    kit: Kit
    references: tuple[Volume, ...]
    queries: tuple[Volume, ...]
    segments: Path | None = None

    @cached_property
    def subjects(self) -> Subjects:
        """What the matcher needs of every volume."""
        return Subjects(self._volumes, self._subject)

    def _subject(self, volume_id: str) -> matching.Subject:
        volume = self._volumes[volume_id]
        track = track_of(volume)
        return matching.Subject(
            id=volume.id,
            fingerprint=track,
            duration_s=track.end_s,
            sha256=volume.id,
            video_essence=volume.video_essence,
        )

    @cached_property
    def videos(self) -> Shelf:
        """The references that move, in the order of `references`."""
        return self._shelf(VIDEOS, still=False)

    @cached_property
    def stills(self) -> Shelf:
        """The references of one picture, in the order of `references`."""
        return self._shelf(STILLS, still=True)

    def _shelf(self, name: str, *, still: bool) -> Shelf:
        volumes = tuple(volume for volume in self.references if volume.still is still)
        return Shelf(name=name, volumes=volumes, folder=self.segments)

    def __getstate__(self) -> dict[str, object]:
        """What goes to a worker: without what this process has opened, which each opens and checks for itself."""
        return {name: value for name, value in vars(self).items() if name not in ("subjects", "videos", "stills")}

    def bring_up_index(self) -> Upkeep:
        """Have every reference in a segment on disk, before workers open them.

        Raises:
            IntegrityError: a track is not the one that its manifest names.
            StoreError: the index cannot be written.
        """
        assert self.segments is not None
        read = {pair: shelf.read for shelf in (self.videos, self.stills) for pair in shelf.wanted}
        wanted = {shelf.name: shelf.wanted for shelf in (self.videos, self.stills)}
        return bring_up(self.segments, wanted, lambda pair: read[pair](pair))

    def in_part(self, volume_id: str) -> bool:
        """Whether a volume is known by its sync frames only."""
        return self._volumes[volume_id].triage

    def sound(self, volume_id: str) -> SoundTrack | None:
        """The sound of a volume, if some of it is audible and it is of the kind that is compared here.

        Raises:
            IntegrityError: its bytes are not those that the manifest names.
        """
        if volume_id not in self._sounds:
            track = sound_of(self._volumes[volume_id])
            usable = track is not None and track.audible.any() and track.spec.comparable(media.CHROMAPRINT)
            self._sounds[volume_id] = track if usable else None
        return self._sounds[volume_id]

    @cached_property
    def sound_index(self) -> tuple[tuple[str, ...], matching.SoundIndex]:
        """The references that can be compared by sound, and a search over their words."""
        tracks = {volume.id: self.sound(volume.id) for volume in self.references}
        heard = {volume_id: track for volume_id, track in tracks.items() if track is not None}
        return tuple(heard), matching.SoundIndex(list(heard.values()))

    @cached_property
    def footage(self) -> matching.Footage:
        """What has been decoded lately for comparing."""
        footage = matching.Footage(self.window, lambda name: self.subjects[name].duration_s)
        for volume in self._volumes.values():
            if volume.opening is not None:
                footage.hold(volume.id, volume.opening, EXCERPT.end_s)
        return footage

    def window(self, volume_id: str, start_s: float, end_s: float, fps: float, long_side: int) -> Window:
        """Luma frames of a stretch, decoded from the kept bytes; of a still its one picture."""
        volume = self._volumes[volume_id]
        probe = volume.probe
        if probe is None:
            with volume.original.open("rb") as handle:
                return media.read(STILL_WINDOW, long_side, handle=handle.fileno(), limits=self.kit.limits)
        with volume.original.open("rb") as handle:
            return media.window(self.kit.tools, handle.fileno(), probe, start_s, end_s, fps, long_side, self.kit.limits)

    @contextmanager
    def visited(self, volume: Volume) -> Iterator[None]:
        """Have a query from outside among the volumes for a while; one of the same bytes in the case stands for it."""
        if volume.id in self._volumes:
            yield
            return
        self._volumes[volume.id] = volume
        if volume.opening is not None:
            self.footage.hold(volume.id, volume.opening, EXCERPT.end_s)
        try:
            yield
        finally:
            del self._volumes[volume.id]
            self.subjects.forget(volume.id)
            self._sounds.pop(volume.id, None)
            self.footage.forget(volume.id)

    @cached_property
    def _volumes(self) -> dict[str, Volume]:
        return {volume.id: volume for volume in (*self.references, *self.queries)}

    @cached_property
    def _sounds(self) -> dict[str, SoundTrack | None]:
        return {}


def segments_of(case: Case) -> Path:
    """The folder of the case's index segments."""
    return case.root / "index" / "segments"
