"""Which program's files look so: a profile of a container, never an attribution.

Brands, handler names and encoder tags are set by the program that wrote a file last, and anyone may set them. The
profiles are from the source of the programs: Telegram's MP4Builder (TelegramAndroid), FFmpeg's movenc, and from
files of known cameras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forensics.model.tag import Tag

_ANDROID_BRANDS = frozenset(("isom", "iso2", "avc1", "mp41"))


class _Seen:
    """The tags of one file, by what they are asked for."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        self._values: dict[str, list[str]] = {}
        for tag in tags:
            self._values.setdefault(tag.name, []).append(tag.value)

    def first(self, name: str) -> str:
        """The first value of a name, empty when there is none."""
        return self._values.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        return self._values.get(name, [])

    def starts(self, prefix: str) -> bool:
        """Whether any name begins so."""
        return any(name.startswith(prefix) for name in self._values)


def _telegram_android(seen: _Seen) -> bool:
    brands = {seen.first("major_brand"), *seen.first("compatible_brands").split()}
    names = set(seen.all("handler_name"))
    return (
        seen.first("major_brand") == "isom"
        and seen.first("minor_version") == "512"
        and brands <= _ANDROID_BRANDS
        and "VideoHandle" in names
        and names <= {"VideoHandle", "SoundHandle"}
    )


def _gopro(seen: _Seen) -> bool:
    return any("GoPro" in name for name in seen.all("handler_name"))


def _dji(seen: _Seen) -> bool:
    entries = set(seen.all("sample_entry"))
    return bool(entries & {"djmd", "dbgi"}) or any(name.startswith("DJI") for name in seen.all("handler_name"))


def _ffmpeg(seen: _Seen) -> bool:
    # Its handler name, VideoHandler, is GStreamer's too.
    return any(value.startswith("Lavf") for name in ("\xa9too", "\xa9swr") for value in seen.all(name))


def _apple(seen: _Seen) -> bool:
    return seen.first("major_brand").strip() == "qt" and "Core Media Video" in seen.all("handler_name")


_PROFILES: tuple[tuple[str, Callable[[_Seen], bool]], ...] = (
    ("the writer of Telegram for Android", _telegram_android),
    ("a DJI camera", _dji),
    ("a GoPro camera", _gopro),
    ("an Apple device or program (Core Media)", _apple),
    ("FFmpeg (libavformat)", _ffmpeg),
    ("Android's camera (MPEG4Writer)", lambda seen: seen.starts("com.android.") and seen.first("handler_name") != ""),
)
"""Asked in this order; the first that fits is told."""


def profile(tags: Sequence[Tag]) -> str | None:
    """The program whose files look so, or None."""
    seen = _Seen(tags)
    return next((name for name, fits in _PROFILES if fits(seen)), None)
