"""The sound of a video as a derived file, with the facts that a manifest holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from forensics import fingerprint, media
from forensics.model.manifest import Facts, Json, Subject
from forensics.model.notice import Notice
from forensics.model.sound import NO_LEVEL, SoundFlag, SoundState, SoundTrack
from pipelines.keyframe_files import write_file

SOUND_FILE = "derived/audio.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What listening gave: facts for the manifest, the file if there is one, what a reader must know."""

    facts: Json
    files: tuple[Subject, ...]
    notices: tuple[Notice, ...]
    commands: tuple[tuple[str, ...], ...]


def listen(
    tools: media.Tools,
    handle: int,
    probed: media.Probed,
    limits: media.Limits,
    into: Path,
    sound: media.Sound | None,
) -> Heard:
    """Write the track of a file's sound below the content folder ``into``: of the ``sound`` that the decode pass gave,
    or else of the one behind ``handle``, listened to alone.

    That there is no sound, or that it could not be read, is a fact with its reason.
    """
    sound = sound or media.read_sound(tools, handle, probed, limits)
    commands = (sound.command,) if sound.command else ()
    facts: dict[str, Json] = {"state": str(sound.state)}
    if sound.stream is not None:
        facts["stream"] = sound.stream
    if sound.state is not SoundState.READ:
        facts["reason"] = sound.reason
        return Heard(facts=facts, files=(), notices=sound.notices, commands=commands)
    track = fingerprint.flag_sound(media.CHROMAPRINT, sound.samples, sound.words, sound.levels)
    file = write_file(into, SOUND_FILE, fingerprint.encode_sound(track))
    facts |= _measured(track) | {"sha256": file.sha256}
    return Heard(facts=facts, files=(file,), notices=sound.notices, commands=commands)


def _measured(track: SoundTrack) -> dict[str, Json]:
    loudest = int(track.levels.min())
    return {
        "spec": msgspec.to_builtins(track.spec),
        "samples": track.samples,
        "words": len(track.words),
        "audible": int(np.count_nonzero(track.audible)),
        "silent": int(np.count_nonzero(track.flags & SoundFlag.SILENT)),
        "plain": int(np.count_nonzero(track.flags & SoundFlag.PLAIN)),
        "loudest_db": None if loudest == NO_LEVEL else -loudest,
    }


def sound_digest(facts: Facts) -> str | None:
    """SHA-256 of the sound's track, or None when the facts name none."""
    heard = facts.recipe.get("sound")
    return str(heard["sha256"]) if isinstance(heard, dict) and "sha256" in heard else None
