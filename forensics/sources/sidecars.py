"""Which telemetry file belongs to which clip: by stem, without case, with DJI's lens suffixes.

A DJI drone writes ``DJI_0042.SRT`` beside ``DJI_0042.MP4``; newer ones name the camera (``_D`` default, ``_W`` wide,
``_Z`` zoom, ``_T`` thermal, ``_S`` split screen, ``_V`` visible), and a copy may have lost the suffix on one side.
The closest name wins: same spelling, then same letters in another case, then same stem without the suffix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from forensics.sources import paths

SIDECAR_EXTENSION = "srt"
LENS_SUFFIXES = ("_d", "_t", "_w", "_z", "_s", "_v")


def is_sidecar(name: str) -> bool:
    """Whether the name is that of a subtitle file, in which DJI drones write telemetry."""
    return name.lower().endswith("." + SIDECAR_EXTENSION)


def pair(clips: Iterable[str], sidecars: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The sidecars of each clip that has any. Names are of one folder, or of one set that shares its stems.

    A sidecar goes to the clips whose name is closest; one that fits a clip exactly is not lent to another.
    """
    clips = sorted(clips)
    found: dict[str, list[str]] = {}
    open_sidecars = sorted(sidecars)
    for key in (_stem, _folded, _bare):
        by_key: dict[str, list[str]] = {}
        for sidecar in open_sidecars:
            by_key.setdefault(key(sidecar), []).append(sidecar)
        taken: set[str] = set()
        for clip in (clip for clip in clips if clip not in found):
            fitting = by_key.get(key(clip), [])
            if fitting:
                found[clip] = fitting
                taken.update(fitting)
        open_sidecars = [sidecar for sidecar in open_sidecars if sidecar not in taken]
    return {clip: tuple(names) for clip, names in found.items()}


def pair_across_folders(clips: Iterable[str], sidecars: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The same for names with folders: within each folder first, then what is left where one fits one only."""
    by_folder: dict[str, tuple[list[str], list[str]]] = {}
    for place, names in ((0, clips), (1, sidecars)):
        for name in names:
            by_folder.setdefault(paths.parent(name), ([], []))[place].append(name)
    pairs: dict[str, tuple[str, ...]] = {}
    for here, beside in by_folder.values():
        pairs.update(pair(here, beside))
    lent = {name for names in pairs.values() for name in names}
    across = pair(
        (clip for here, _ in by_folder.values() for clip in here if clip not in pairs),
        (name for _, beside in by_folder.values() for name in beside if name not in lent),
    )
    uses = Counter(name for names in across.values() for name in names)
    return pairs | {clip: names for clip, names in across.items() if len(names) == 1 and uses[names[0]] == 1}


def pairing_key(name: str) -> str:
    """What two names share if `pair` could join them: no clip of another key is ever paired with a sidecar."""
    return _bare(name)


def _stem(name: str) -> str:
    base = paths.base(name)
    return base.rpartition(".")[0] or base


def _folded(name: str) -> str:
    return _stem(name).casefold()


def _bare(name: str) -> str:
    stem = _folded(name)
    return stem[:-2] if stem.endswith(LENS_SUFFIXES) else stem
