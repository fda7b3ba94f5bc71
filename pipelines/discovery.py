"""What lies in the user's files and folders; exports and archives are read in jails, each in one of its own.

Names are walked and heads of files are looked at here. What an export says, JSON or pages of HTML, is read in a child
that can open what lies in the export's own folder and nothing else; its posts come as a stream. So do the members of
an archive, from a child that can open nothing: they are written here, by names and within bounds that are checked here.
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

ARCHIVE_CPU_S, ARCHIVE_BYTES_PER_CPU_S = 600, 2_000_000
"""CPU seconds of one archive, and of how many of its bytes each further one is: bzip2 reads four times as many."""


def discover(
    inputs: Sequence[str], limits: media.Limits, room: str | None = None, choice: sources.Choice | None = None
) -> Iterator[Found | Passed]:
    """As `sources.discover`. An export whose reader was stopped is passed over, as a failure, from where it stood."""

    def run(reader: sources.Reader, path: str) -> Iterator[Found | Passed]:
        place = next((place for place, export in enumerate(sources.EXPORTS) if export is reader), None)
        return reader.read(path) if place is None else _export(place, path, limits)

    def read_info(data: bytes) -> sources.Info | None:
        try:
            return media.read(sources.read_info, data, limits=limits)
        except ParserStopped as error:
            raise ParserStopped(f"{error.message}; the clip is taken without its post", code=error.code) from error

    def entries(fd: int, size: int, most: int) -> Iterator[sources.Entry]:
        bounds = replace(limits, reader_cpu_s=ARCHIVE_CPU_S + size // ARCHIVE_BYTES_PER_CPU_S)
        return sources.heard(media.read_each(sources.tell_members, size, most, handle=fd, limits=bounds, prompt=True))

    hands = sources.Hands(run=run, read_info=read_info, entries=entries)
    return sources.discover(inputs, room, hands=hands, choice=choice)


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
