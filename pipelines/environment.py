"""With what a run was made: program, packages, foreign programs, settings. For the record, never for a fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import NamedTuple

from forensics import __version__, media
from forensics.model.manifest import Json
from pipelines.config import Settings
from pipelines.surroundings import Surroundings, machine

DISTRIBUTION = "footage-forensics"
"""The name of this program's distribution."""

PACKAGES = (
    "click", "exifread", "faiss-cpu", "ffmpeg-python", "imagehash", "jinja2", "msgspec",
    "numpy", "opencv-python-headless", "pillow", "scipy",
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
        "confinement": tools.confinement,
        "confinement_of_readers": str(media.reader_level()),
        "settings": dict(settings.as_record()),
        "argv": [word.encode("utf-8", "backslashreplace").decode("utf-8") for word in argv],
    }


class Moved(NamedTuple):
    """Something of the environment that is not what was recorded: its name, and both values as text."""

    name: str
    recorded: str
    now: str


ABSENT = "none"
"""Said for what only one side has."""


def moved(recorded: Mapping[str, Json], now: Mapping[str, Json]) -> tuple[Moved, ...]:
    """What of two environment blocks differs that facts may depend on, by name.

    Versions of the program, the interpreter, the packages and foreign programs, these also by the SHA-256 of their
    files, and the confinement; settings and arguments are no versions. Of a package only one side names, the other
    says "none".
    """
    before, after = dict(_versions(recorded)), dict(_versions(now))
    names = sorted(before.keys() | after.keys())
    pairs = ((name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names)
    return tuple(Moved(name, old, new) for name, old, new in pairs if old != new)


def _versions(block: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    tool, machine_, packages, programs = (block.get(name) for name in ("tool", "machine", "packages", "programs"))
    if isinstance(tool, dict):
        yield str(tool.get("name")), str(tool.get("version"))
    for table in (machine_, packages):
        if isinstance(table, dict):
            yield from ((name, str(version)) for name, version in table.items())
    for program in programs if isinstance(programs, list) else ():
        if isinstance(program, dict):
            yield str(program.get("name")), f"{program.get('version')}"
            yield f"file of {program.get('name')}", f"SHA-256 {program.get('sha256')}"
    for name in ("confinement", "confinement_of_readers"):
        yield name, str(block.get(name, ABSENT))


def versions_here() -> dict[str, str]:
    """What results may depend on, by name, on the machine that calls this: versions, and where the programs lie.

    Raises ToolError: ffmpeg or ffprobe is missing or too old.
    """
    tools = media.find_tools(Surroundings().search_path())
    versions = dict(_versions(environment_record(tools, Settings(), ())))
    # Another kernel gives the same results; a program is called by the path that the first machine found.
    del versions["platform"]
    return versions | {f"place of {tool.name}": tool.path for tool in (tools.ffmpeg, tools.ffprobe)}
