"""With what a run was made: program, packages, foreign programs, settings. For the record, never for a fact."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from forensics import __version__, media
from forensics.model.manifest import Json
from pipelines.config import Settings
from pipelines.surroundings import machine

DISTRIBUTION = "footage-forensics"
"""The name of this program's distribution."""

PACKAGES = (
    "click", "exifread", "faiss-cpu", "ffmpeg-python", "imagehash", "jinja2", "msgspec",
    "numpy", "opencv-python-headless", "pillow", "rfc8785", "scipy",
)  # fmt: skip
"""Packages that had a hand in facts, findings or documents."""


def environment_record(tools: media.Tools, settings: Settings, argv: Sequence[str]) -> dict[str, Json]:
    """The environment block of a manifest."""
    return {
        "tool": {"name": DISTRIBUTION, "version": __version__},
        "machine": dict(machine()),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "programs": [
            {
                "name": tool.name,
                "version": tool.version,
                "banner": tool.banner,
                "sha256": tool.sha256,
                "path": tool.path.encode("utf-8", "backslashreplace").decode("utf-8"),
            }
            for tool in (tools.ffmpeg, tools.ffprobe)
        ],
        "confinement": media.CONFINEMENT,
        "settings": dict(settings.as_record()),
        "argv": [word.encode("utf-8", "backslashreplace").decode("utf-8") for word in argv],
    }
