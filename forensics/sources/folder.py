"""A plain folder: clips and stills by content or by name, telemetry files with their clips, everything else named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from forensics.errors import InputError, ParserStopped
from forensics.model import content
from forensics.model.content import Looks
from forensics.model.provenance import Appearance, Found, Passed, SourceKind
from forensics.sources import opening, sidecars, ytdlp
from forensics.sources.opening import Kind
from forensics.sources.parts import Holds
from forensics.sources.walk import Claim, Folder, Taker, everything, walk

ReadInfo = Callable[[bytes], ytdlp.Told | None]
"""What the bytes of an info.json tell, as `ytdlp.read_info`; it may raise ParserStopped, too."""


def sniff(path: str) -> bool:
    """Whether ``path`` is a folder (a link to one is not)."""
    try:
        return opening.kind_of(path) is Kind.FOLDER
    except InputError:
        return False


def read(
    path: str,
    claim: Claim = lambda _: None,
    unpack: Claim = lambda _: None,
    read_info: ReadInfo = ytdlp.read_info,
    holds: Holds = everything,
) -> Iterator[Found | Passed]:
    """Every file below the folder that ``holds``; a folder inside it that another reader claims is left to that reader.

    What an archive in it holds is for ``unpack`` to say, if that will.
    """
    return walk(path, partial(survey, unpack=unpack, read_info=read_info), claim, holds)


def survey(folder: Folder, unpack: Claim = lambda _: None, read_info: ReadInfo = ytdlp.read_info) -> Taker:
    """Look at all files of one folder, then take each: clips with their sidecars, stills, or a reason."""
    seen = {name: _look(folder, name) for name in folder.files}
    pairs = sidecars.pair(
        (name for name, what in seen.items() if what is Looks.VIDEO),
        (name for name, what in seen.items() if what is None and sidecars.is_sidecar(name)),
    )
    infos = {name: info for name, what in seen.items() if (info := _info(folder, name, what, read_info)) is not None}
    lent = frozenset((*(name for names in pairs.values() for name in names), *map(ytdlp.info_name, infos)))
    return partial(_take, folder, seen, pairs, infos, lent, unpack)


def _info(
    folder: Folder, name: str, what: Looks | InputError | None, read_info: ReadInfo
) -> ytdlp.Told | InputError | ParserStopped | None:
    """What yt-dlp wrote about a clip or still, if it did and it is of Telegram."""
    beside = ytdlp.info_name(name)
    if not isinstance(what, Looks) or beside not in folder.files:
        return None
    try:
        return read_info(ytdlp.data_of(beside, dir_fd=folder.fd))
    except (InputError, ParserStopped) as err:
        return err


def _look(folder: Folder, name: str) -> Looks | InputError | None:
    try:
        return content.looks(name, opening.read_head(name, dir_fd=folder.fd))
    except InputError as err:
        return err


def _take(
    folder: Folder,
    seen: Mapping[str, Looks | InputError | None],
    pairs: Mapping[str, tuple[str, ...]],
    infos: Mapping[str, ytdlp.Told | InputError | ParserStopped],
    lent: frozenset[str],
    unpack: Claim,
    name: str,
) -> Iterator[Found | Passed]:
    path, what = folder.at(name), seen[name]
    if isinstance(what, InputError):
        yield opening.passed(path, what)
    elif what is not None:
        appearance = Appearance(kind=SourceKind.FILE, path=path)
        info, source = infos.get(name), folder.at(ytdlp.info_name(name))
        if isinstance(info, InputError | ParserStopped):
            yield opening.passed(source, info)
        elif info is not None:
            appearance = Appearance(
                kind=SourceKind.YT_DLP, path=path, source=source, source_sha256=info.sha256, post=info.post
            )
        yield Found(appearance=appearance, sidecars=tuple(folder.at(other) for other in pairs.get(name, ())))
    elif name not in lent:
        unpacked = unpack(path) if content.is_archive_name(name) else None
        yield from (no_media(path),) if unpacked is None else unpacked


def no_media(path: str) -> Passed:
    """A file that is neither media nor somebody's sidecar: no defect, but said. An archive may hold footage."""
    if content.is_archive_name(path):
        return Passed(path=path, code="archive.not_opened", message=_ARCHIVE, failed=True)
    if content.is_closed_archive_name(path):
        return Passed(path=path, code="archive.unsupported", message=_CLOSED, failed=True)
    if sidecars.is_sidecar(path):
        message = "a subtitle or telemetry file with no clip of that name beside it; give it by name to take it"
    else:
        message = "no video or still, by content or by name; give it by name to take it all the same"
    return Passed(path=path, code="input.not_media", message=message, failed=False)


_ARCHIVE = "an archive, which is not opened here; ingest it by name to keep it and to read its members"
_CLOSED = "an archive, or part of one, of a kind that is not read here; unpack it, and ingest it with what was in it"
