"""The sound of a file: Chromaprint's words and how loud it is over time, from its first sound stream."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from forensics.media.child import Child
from forensics.media.commands import SOUND_JUMP_S, Voice, sound_command
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.probe import Probed, first_sound
from forensics.media.tools import Tool, Tools, has_muxer
from forensics.model.media import Stream
from forensics.model.notice import Notice
from forensics.model.sound import LEVEL_WORDS, NO_LEVEL, SoundSpec, SoundState

CHROMAPRINT = SoundSpec(
    name="chromaprint",
    version="1",
    recipe=(
        "first sound stream, one channel at 11025 Hz in 16 bits (ffmpeg aformat), silence where timestamps leave more"
        f" than {SOUND_JUMP_S} s out and before the sound begins, nothing before zero (aresample=async=1:first_pts=0);"
        " ffmpeg chromaprint muxer, algorithm 1 (CHROMAPRINT_ALGORITHM_TEST2), fp_format raw, silence_threshold -1;"
        " level = RMS of eight steps in whole dB below full scale, rounded down"
    ),
    rate=11025,
    step=1365,
    span=30031,
)
"""Chromaprint's second algorithm (L. Lalinsky, `fingerprinter_configuration.cpp`): frames of 4096 samples every 4096/3
samples (chroma.h: 4096 - 4096/3 overlap, so 1365), five of them in a filtered frame, sixteen filtered frames in a word:
a word spans (5 - 1 + 16 - 1) * 1365 + 4096 samples."""

_MUXER = "chromaprint"
_WORD = np.dtype("=u4")
_SAMPLE = np.dtype("<i2")
_FULL_SCALE = 1 << 15
_MOST_DB = 96
"""The least that 16 bits can hold."""
_WORDS, _SAMPLES = range(2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """What became of a file's sound; arrays as in `forensics.model.sound.SoundTrack`, empty unless the state is
    ``read``. ``reason`` says why it is not, in words; ``stream`` is the index of the stream listened to.
    """

    state: SoundState
    reason: str | None = None
    stream: int | None = None
    samples: int = 0
    words: npt.NDArray[np.uint32]
    levels: npt.NDArray[np.uint8]
    command: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def can_listen(ffmpeg: Tool) -> bool:
    """Whether this ffmpeg can make the fingerprint of sound. Raises `ToolError` (``tool.cannot_start``)."""
    return has_muxer(ffmpeg, _MUXER)


def read_sound(
    tools: Tools, fd: int, probed: Probed, limits: Limits = DEFAULT_LIMITS, *, cpu_flags: str | None = None
) -> Sound:
    """Listen to the first sound stream of the file open as ``fd``, as `probe` described it.

    Times are on the presentation clock of the pictures. Never raises for bad media: what could not be read is a state
    with its reason, and a notice where the file is to blame. Raises `ToolError` when ffmpeg refuses its options.
    """
    voice = voice_of(probed)
    if voice is None:
        return _not_read(SoundState.ABSENT, "there is no sound stream in it whose codec is known")

    def build(name: str, outputs: tuple[str, ...]) -> list[str]:
        return sound_command(tools.ffmpeg, probed.probe, voice, (name, outputs), limits=limits, cpu_flags=cpu_flags)

    listening = Listening(voice.stream, limits)
    allowance = limits.sound_allowance(voice.stream.packets or 0)
    with Child(build, fd, len(listening.sinks), limits=limits, cpu_s=allowance, patience_s=limits.stall_s) as child:
        while arrived := child.read():
            for channel, data in arrived:
                listening.sinks[channel](data)
        child.wait()
    return listening.heard(tools.ffmpeg, child)


def voice_of(probed: Probed) -> Voice | None:
    """What of a file is listened to: its first sound stream whose codec is known, if it has one."""
    stream, origin = first_sound(probed.probe.streams), probed.sound_origin
    return None if stream is None or origin is None else Voice(stream, origin, CHROMAPRINT)


class Listening:
    """Takes what a program makes of a sound stream as it arrives: ``sinks`` take words and samples, in the order of
    `forensics.media.commands.sound_command`'s outputs.
    """

    def __init__(self, stream: Stream, limits: Limits) -> None:
        self._stream, self._limits = stream, limits
        self._words = bytearray()
        self._levels = _Levels(LEVEL_WORDS * CHROMAPRINT.step)
        self.sinks: tuple[Callable[[bytes], None], ...] = (self._words.extend, self._levels.feed)

    def heard(self, ffmpeg: Tool, child: Child) -> Sound:
        """What the ended child's outputs are worth."""
        self._levels.end()
        return _judged(ffmpeg, child, self._stream, bytes(self._words), self._levels, self._limits)


def _judged(ffmpeg: Tool, child: Child, stream: Stream, raw: bytes, levels: _Levels, limits: Limits) -> Sound:
    samples, expected = levels.samples, CHROMAPRINT.words_of(levels.samples)
    if not raw and not can_listen(ffmpeg):
        reason = f"ffmpeg {ffmpeg.version} was built without the muxer {_MUXER}"
        return _not_read(SoundState.UNAVAILABLE, reason, stream)
    if child.over_limit:
        return _unreadable(stream, child, f"listening was stopped by a limit after {samples} samples")
    if samples == 0:
        return _unreadable(
            stream, child, f"no sound can be decoded: {_said(child, stream) or 'ffmpeg does not say why'}"
        )
    if len(raw) != expected * _WORD.itemsize:
        # No word of another step or span may pass for one of ours.
        message = f"{samples} samples gave {len(raw)} bytes of fingerprint, not {expected * _WORD.itemsize}"
        return _unreadable(stream, child, message)
    if expected == 0:
        return _not_read(SoundState.TOO_SHORT, f"{samples} samples are less than one word spans", stream, child)
    return Sound(
        state=SoundState.READ,
        stream=stream.index,
        samples=samples,
        words=np.frombuffer(raw, dtype=_WORD).astype(np.uint32),
        levels=levels.taken(),
        command=child.command,
        notices=tuple(_remarks(child, stream, samples, limits)),
    )


def _remarks(child: Child, stream: Stream, samples: int, limits: Limits) -> Iterator[Notice]:
    if samples == limits.max_sound_s * CHROMAPRINT.rate:
        message = f"The sound was read up to the limit of {limits.max_sound_s} seconds only."
        yield Notice(code="media.sound_cut", message=message)
    said = _said(child, stream)
    if said is not None:
        message = f"ffmpeg reported faults in the sound of stream {stream.index}: {said}"
        yield Notice(code="media.sound_errors", message=message)


def _said(child: Child, stream: Stream) -> str | None:
    """What the decoder of the sound complained of first. Faults of the container and of the pictures, which ffmpeg
    looks at too, are told by the pass over the pictures.
    """
    decoders = tuple(name for name in child.diagnostics.speakers if name.startswith(stream.codec or ""))
    if not decoders:
        return None
    return next((line for line in child.diagnostics.first if line.startswith(decoders)), f"{decoders[0]}: no text")


def _not_read(state: SoundState, reason: str, stream: Stream | None = None, child: Child | None = None) -> Sound:
    return Sound(
        state=state,
        reason=reason,
        stream=None if stream is None else stream.index,
        words=np.zeros(0, np.uint32),
        levels=np.zeros(0, np.uint8),
        command=() if child is None else child.command,
    )


def _unreadable(stream: Stream, child: Child, reason: str) -> Sound:
    notice = Notice(
        code="media.sound_unreadable", message=f"Stream {stream.index} was not listened to: {reason.rstrip('.')}."
    )
    return Sound(
        state=SoundState.UNREADABLE,
        reason=reason,
        stream=stream.index,
        words=np.zeros(0, np.uint32),
        levels=np.zeros(0, np.uint8),
        command=child.command,
        notices=(notice,),
    )


class _Levels:
    """Counts samples as they arrive and takes the level of every block; exact, in whole numbers."""

    def __init__(self, block: int) -> None:
        self.samples = 0
        self._block = block
        self._rest = b""
        self._levels = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of samples."""
        data = self._rest + data
        size = self._block * _SAMPLE.itemsize
        whole = len(data) // size * size
        for start in range(0, whole, size):
            self._add(data[start : start + size])
        self._rest = data[whole:]

    def end(self) -> None:
        """Take the last block, which may be short."""
        whole = len(self._rest) // _SAMPLE.itemsize * _SAMPLE.itemsize
        if whole:
            self._add(self._rest[:whole])
        self._rest = b""

    def taken(self) -> npt.NDArray[np.uint8]:
        """The levels so far, uint8 (blocks,)."""
        return np.frombuffer(bytes(self._levels), dtype=np.uint8)

    def _add(self, data: bytes) -> None:
        values = np.frombuffer(data, dtype=_SAMPLE).astype(np.int64)
        self.samples += len(values)
        self._levels.append(level_of(int(values @ values), len(values)))


def level_of(energy: int, samples: int) -> int:
    """By how many whole decibels, rounded down, the RMS of samples lies below full scale (32768), 0 to 96, or
    `NO_LEVEL` when all are zero. ``energy`` is the sum of their squares.
    """
    if energy == 0:
        return NO_LEVEL
    # Compared as whole numbers: a logarithm may round otherwise on another machine.
    return bisect_right(_thresholds(samples), -energy)


@lru_cache(maxsize=64)
def _thresholds(samples: int) -> list[int]:
    """Energies, negated to rise, below or at which the level is at least 1, 2, ... decibels."""
    loudest = Decimal(samples * _FULL_SCALE * _FULL_SCALE)
    return [-int(loudest / 10 ** (Decimal(level) / 10)) for level in range(1, _MOST_DB + 1)]
