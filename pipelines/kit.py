"""What deriving and comparing need of this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forensics import keyframes, media
from pipelines.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The programs, how they are confined, how long a file may take, how keyframes are packed."""

    tools: media.Tools
    limits: media.Limits
    png: keyframes.PngRecipe = keyframes.PNG


def open_kit(search_path: str, settings: Settings) -> Kit:
    """Find the programs in ``search_path`` and take the limits from the settings.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old, or the sandbox that the settings require is not to be had.

    """
    tools = media.find_tools(search_path)
    if settings.sandbox == "require":
        media.demand_full_confinement(tools)
    return Kit(tools=tools, limits=replace(media.DEFAULT_LIMITS, decode_cpu_s=settings.cpu_s))
