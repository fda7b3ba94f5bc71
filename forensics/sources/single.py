"""A single file given by name: taken whatever it holds, because the user asked for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from forensics.errors import InputError
from forensics.model import content
from forensics.model.content import Looks
from forensics.model.provenance import Appearance, Found, Passed, SourceKind
from forensics.sources import opening, paths, sidecars


def sniff(path: str) -> bool:
    """Always: what is no readable file is refused by `read`, with the reason."""
    return True


def read(path: str) -> Iterator[Found | Passed]:
    """The file, with the telemetry files beside it when it is a clip; or why it cannot be taken."""
    try:
        head = opening.read_head(path)
    except InputError as err:
        yield opening.passed(path, err)
        return
    beside: tuple[str, ...] = ()
    if content.looks(path, head) is Looks.VIDEO:
        try:
            beside = _sidecars(path)
        except InputError as err:
            message = f"not searched for telemetry files: {err.message}"
            yield Passed(path=paths.parent(path) or ".", code="input.sidecars_unknown", message=message, failed=False)
    yield Found(appearance=Appearance(kind=SourceKind.FILE, path=path), sidecars=beside)


def _sidecars(path: str) -> tuple[str, ...]:
    """Paths of the readable telemetry files that pair with the clip and with no nearer one beside it."""
    parent, name = paths.parent(path), paths.base(path)
    fd = opening.open_folder(paths.join(parent or ".", "."))  # the name's own folder, be it reached by a link
    try:
        names = opening.names_in(fd)
        clips = [other for other in names if content.extension(other) in content.VIDEO_EXTENSIONS]
        others = [other for other in names if sidecars.is_sidecar(other)]
        paired = sidecars.pair({*clips, name}, others).get(name, ())
        return tuple(paths.join(parent, other) for other in paired if _is_file(other, fd))
    finally:
        os.close(fd)


def _is_file(name: str, fd: int) -> bool:
    try:
        return opening.kind_of(name, dir_fd=fd) is opening.Kind.FILE
    except InputError:
        return False
