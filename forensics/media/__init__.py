"""The only door to programs: ffmpeg and ffprobe, their versions, confinement and limits, probe, decode, stretches of
frames; and `ask`, for the one other program, which reads time-stamps.
"""

from forensics.media.asking import Said, ask
from forensics.media.color import to_bgr
from forensics.media.data import DataStream, DataStreams, read_data
from forensics.media.decode import DecodeOutcome, Decoding, decode
from forensics.media.essence import Essence
from forensics.media.film import Film
from forensics.media.jail import reached
from forensics.media.jail_check import Tried, try_jail, try_reader_jail
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.orientation import upright
from forensics.media.probe import Probed, probe
from forensics.media.reading import read, read_each, reader_level, warm
from forensics.media.rolling import Rolling, Shown
from forensics.media.sound import CHROMAPRINT, Sound, can_listen, read_sound, voice_of
from forensics.media.still import Still, read_still, shrunk_pictures, still_of, still_window, still_window_of
from forensics.media.stretch import Excerpt, Opening, opening, pictures_at, window
from forensics.media.tools import Tool, Tools, demand_full_confinement, find_tools

__all__ = [
    "CHROMAPRINT",
    "DEFAULT_LIMITS",
    "DataStream",
    "DataStreams",
    "DecodeOutcome",
    "Decoding",
    "Essence",
    "Excerpt",
    "Film",
    "Limits",
    "Opening",
    "Probed",
    "Rolling",
    "Said",
    "Shown",
    "Sound",
    "Still",
    "Tool",
    "Tools",
    "Tried",
    "ask",
    "can_listen",
    "decode",
    "demand_full_confinement",
    "find_tools",
    "opening",
    "pictures_at",
    "probe",
    "reached",
    "read",
    "read_data",
    "read_each",
    "read_sound",
    "read_still",
    "reader_level",
    "shrunk_pictures",
    "still_of",
    "still_window",
    "still_window_of",
    "to_bgr",
    "try_jail",
    "try_reader_jail",
    "upright",
    "voice_of",
    "warm",
    "window",
]
