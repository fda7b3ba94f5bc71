"""What lies in the user's files and folders; exports are read in the jail of readers, each in one of its own.

Names are walked and heads of files are looked at here. What an export says, JSON or pages of HTML, is read in a child
that can open what lies in the export's own folder and nothing else; its posts come as a stream.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from forensics import media, sources
from forensics.errors import ParserStopped
from forensics.model.provenance import Found, Passed

EXPORT_CPU_S = 3600
"""CPU seconds of one export: a million posts take 40."""


def discover(inputs: Sequence[str], limits: media.Limits, room: str | None = None) -> Iterator[Found | Passed]:
    """As `sources.discover`. An export whose reader was stopped is passed over, as a failure, from where it stood."""

    def run(reader: sources.Reader, path: str) -> Iterator[Found | Passed]:
        place = next((place for place, export in enumerate(sources.EXPORTS) if export is reader), None)
        return reader.read(path) if place is None else _export(place, path, limits)

    return sources.discover(inputs, room, run=run)


def _export(place: int, path: str, limits: media.Limits) -> Iterator[Found | Passed]:
    whole = path if Path(path).is_dir() else os.fspath(Path(path).parent)
    bounds = replace(limits, reader_cpu_s=EXPORT_CPU_S)
    taken = 0
    try:
        for met in media.read_each(
            sources.read_export, place, os.fsencode(path), folders=(os.path.realpath(whole),), limits=bounds
        ):
            thing = met.found or met.passed
            if thing is not None:
                taken += 1
                yield thing
    except ParserStopped as error:
        message = f"{error.message}; {taken} entries of it were taken, what follows them was not read"
        yield Passed(path=path, code=error.code, message=message, failed=True)
