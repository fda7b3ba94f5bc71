"""What lies in an export's folder that no message names: media as plain files, the export's own parts named as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.model.provenance import Found, Passed
from forensics.sources import folder, paths, sidecars
from forensics.sources.walk import Claim, Folder, Taker, walk

RESULT = "result.json"
THUMBNAIL_ENDING = "_thumb.jpg"

_ASSET = re.compile(r"images/(?:back|calls|web|frequent|(?:media|section)_[a-z]+)(?:@2x)?\.png\Z")
"""Icons that Telegram Desktop puts beside its HTML pages (its Resources/export_html/images)."""
_ICON = "named like an icon of the export's own pages; give it by name to take it"
_THUMBNAIL = "a thumbnail that Telegram made of the file it is named after; give it by name to take it"
_NESTED = "an export inside an export was not read: give this folder by itself"


def rest(root: str, sniff: Claim, taken: frozenset[str], thumbnails: frozenset[str]) -> Iterator[Found | Passed]:
    """Every file below ``root`` by the plain folder's rules, without those ``taken`` already.

    Args:
        root: The export's folder.
        sniff: Claims a folder that is an export itself.
        taken: Names below the root that need no more words.
        thumbnails: Paths below the root that messages name as thumbnails.
    """

    def survey(found: Folder) -> Taker:
        plain = folder.survey(found)
        above = paths.below(found.path, root)
        files = frozenset(found.files)

        def take(name: str) -> Iterator[Found | Passed]:
            here = paths.join(above, name)
            if here in taken:
                return
            part = _part_of_export(here, name, files, thumbnails)
            if part is None:
                yield from plain(name)
            else:
                yield Passed(path=found.at(name), code=part[0], message=part[1], failed=False)

        return take

    yield from walk(root, survey, sniff)


def nested(path: str) -> Iterator[Found | Passed]:
    """The refusal of an export inside an export."""
    yield Passed(path=path, code="telegram.nested_export", message=_NESTED, failed=True)


def telemetry_files(root: str, sniff: Claim) -> set[str]:
    """Names below ``root`` of all files that may be telemetry."""
    names: set[str] = set()

    def survey(found: Folder) -> Taker:
        above = paths.below(found.path, root)
        names.update(paths.join(above, name) for name in found.files if sidecars.is_sidecar(name))
        return lambda _: iter(())

    for _ in walk(root, survey, sniff):
        pass  # what it passes over is told when the rest of the folder is read
    return names


def _part_of_export(here: str, name: str, files: frozenset[str], thumbnails: frozenset[str]) -> tuple[str, str] | None:
    if _ASSET.match(here):
        return "telegram.export_asset", _ICON
    if not name.lower().endswith(THUMBNAIL_ENDING):
        return None
    of_a_neighbour = name[: -len(THUMBNAIL_ENDING)] in files
    return ("telegram.thumbnail", _THUMBNAIL) if of_a_neighbour or here in thumbnails else None
