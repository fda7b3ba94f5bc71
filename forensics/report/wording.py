"""The report's fixed words and the way it writes numbers, times and digests."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from forensics.model.finding import FindingStatus
from forensics.model.match import Assessment, SoundEvidence
from forensics.model.time import UNKNOWN
from forensics.model.time import clock as clock

ASSESSMENT_NAMES = {
    Assessment.IDENTICAL_FILE: "identical file",
    Assessment.IDENTICAL_BITSTREAM: "identical picture stream",
    Assessment.SAME_RECORDING: "same recording",
    Assessment.SAME_RECORDING_PROBABLE: "same recording probable",
    Assessment.SAME_SCENE: "same scene",
    Assessment.AUDIO_ONLY: "sound only",
}

ASSESSMENT_MEANINGS = {
    Assessment.IDENTICAL_FILE: "Both files are the same bytes.",
    Assessment.IDENTICAL_BITSTREAM: (
        "The compressed pictures are the same, bit for bit; only the container around them differs."
    ),
    Assessment.SAME_RECORDING: (
        "Points in aligned pictures lie in the same places, the relation between the pictures stays constant over "
        "time, and the movement in both runs together. Two cameras at the same place do not give that by "
        "themselves: the pictures are found to come from one recording. If nothing but the whole picture moves in "
        "them, two recordings moved in one and the same way could agree as well: look for what moves of its own."
    ),
    Assessment.SAME_RECORDING_PROBABLE: (
        "Points in aligned pictures lie in the same places and their relation stays constant over time, but there "
        "is too little movement to tell one recording from two recordings of a fixed camera. A person should look."
    ),
    Assessment.SAME_SCENE: (
        "The pictures show the same place or object. That they come from one recording is not established. "
        "A person should look."
    ),
    Assessment.AUDIO_ONLY: (
        "Only the sound agrees: the same sound is heard in both files. This does not say that the pictures are of the "
        "same recording: music and speech are often laid over other footage. A person should listen and look."
    ),
}

STILL_MEANINGS = {
    **ASSESSMENT_MEANINGS,
    Assessment.SAME_RECORDING_PROBABLE: (
        "Points in the picture and in a frame of the second file lie in the same places, and where that file shows at "
        "this instant what it shows neither shortly before nor after, the picture shows the same. One picture has no "
        "movement, so that another recording cannot be excluded. A person should look."
    ),
    Assessment.SAME_SCENE: (
        "The picture and a frame of the second file show the same place or object. The picture could be of any of "
        "several moments, or of another recording: that it was taken from this one is not established. A person "
        "should look."
    ),
}
"""What an assessment means where the first file is one picture."""

STATUS_MEANINGS = {
    FindingStatus.MACHINE_ONLY: "machine-only: no person has confirmed it",
    FindingStatus.CONFIRMED: "confirmed by an examiner: an opinion on what the assessment says, and on no more",
    FindingStatus.REJECTED: "rejected by an examiner: it joins no files and is called a copy nowhere",
}

SOUND_SAYS_NOT = (
    "The same sound: this does not say that the pictures are of the same recording, and took no part in the decision."
)
"""Said wherever agreeing sound is shown beside pictures."""


def utc(seconds: int | None) -> str:
    """Seconds UTC since 1970 as ``2022-03-14 09:26:53 UTC``; a number outside the calendar as itself."""
    if seconds is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ").removesuffix("+00:00") + " UTC"
    except (OverflowError, OSError, ValueError):
        return f"{seconds} (seconds since 1970, outside the calendar)"


def sound_in_words(sound: SoundEvidence) -> str:
    """What of the sound agrees, with its figures and whether its offset is the one of the pictures."""
    where = {
        None: "",
        True: ", at the offset of the pictures",
        False: ", at another offset than the pictures",
    }[sound.agrees_with_pictures]
    span = f"{clock(sound.query_start_s)} to {clock(sound.query_end_s)} of the first file"
    offset = f"{abs(sound.offset_s):.2f} s {'later' if sound.offset_s >= 0 else 'earlier'} in the second"
    figures = f"{sound.bits:.1f} of 32 bits differ, by chance {sound.chance_bits:.1f}, over {sound.seconds:.1f} s"
    return f"the same sound: {span}, {offset}{where} ({figures})"


def later(seconds: int) -> str:
    """How much later than the earliest: ``+3 d 04:12:00``."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    tail = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"+{days} d {tail}" if days else f"+{tail}"


def figure(value: float | None, digits: int = 2) -> str:
    """Write a measured number with fixed digits; a dash where it was not measured."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}"


def octets(size: int) -> str:
    """Write a size in bytes with thin spaces between thousands, exact."""
    return f"{size:,}".replace(",", "\u202f") + " bytes"


def count(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 file``, ``3 files``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
