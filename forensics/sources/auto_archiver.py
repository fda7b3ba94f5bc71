"""Records of the auto-archiver (Bellingcat): a post of Telegram, fetched with Telethon, and the files kept of it.

A record has ``metadata`` with the post (``api_data``: Telethon's ``to_dict``) and the address that was archived
(``url``), and ``media``, a list of files that are named by the number of their post before they are stored under a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from forensics.model.provenance import SourceKind
from forensics.sources import json_records, paths, telethon_dump
from forensics.sources.telegram_posts import Oddities
from forensics.sources.telegram_window import Window
from forensics.sources.told import FileName, Record, Told, address, member, with_page

KIND = SourceKind.AUTO_ARCHIVER
PROGRAM = "auto-archiver"
NOTICE = "posts were archived one by one: what is missing was not asked for"

MAX_FILES = 100
"""Of one record: an album has ten, each with some thumbnails."""

_DATA = re.compile(rb'"api_data"\s*+:\s*+\{')
_KEYS = ("filename", "_key", "key")


def sniff(name: str, head: bytes) -> bool:
    """Whether it begins with a record that holds a post."""
    return name.lower().endswith(telethon_dump.ENDINGS) and bool(_DATA.search(head) and b'"Message' in head)


def records(window: Window) -> Iterator[Record]:
    """Each record."""
    return json_records.records(window)


again = json_records.again


def selected(told: Told) -> bool | None:
    """One post at a time was archived."""
    return True


def told(record: Record, oddities: Oddities) -> tuple[Told, ...]:
    """The post of a record, with the names of the files that are its own."""
    metadata = member(record.value, "metadata") or record.value
    inner = telethon_dump.told(replace(record, value=member(metadata, "api_data")), oddities)
    return tuple(_completed(each, member(record.value, "media"), member(metadata, "url")) for each in inner)


def _completed(told: Told, media: object, url: object) -> Told:
    told = replace(told, captured=replace(told.captured, program=PROGRAM), files=tuple(_names(told, media)))
    page = address(url)
    return with_page(told, page) if page is not None and page[1] == str(told.captured.number) else told


def _names(told: Told, media: object) -> Iterator[FileName]:
    """Files named by the post's number; those of the other posts of its album are not its own."""
    size = told.captured.media[0].size if told.captured.media else None
    for file in (media if isinstance(media, list) else [])[:MAX_FILES]:
        first = member(file, "filename")
        if not isinstance(first, str) or paths.base(first).rpartition(".")[0] != str(told.captured.number):
            continue
        for name in {value for key in _KEYS if isinstance(value := member(file, key), str) and value}:
            yield FileName(name=paths.base(name), own=True, size=size)
