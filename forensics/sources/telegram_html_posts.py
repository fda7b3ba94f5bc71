"""One message of Telegram Desktop's HTML export as a post, with the rule for its summer times.

The label of a time has been ``UTC+02:00`` since mid-2022: the *standard* offset of the exporter's zone beside its wall
clock, which may be on summer time (export_output_html.cpp). So a label alone tells two moments, an hour apart; without
a label, none. The zone by name tells one, but for the hour that a change of clocks repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from forensics.model.capture import CapturedPost, MediaState, PostMedia
from forensics.model.provenance import Post
from forensics.sources.telegram_page import Element, PageMessage
from forensics.sources.telegram_posts import MAX_CAPTION, MAX_NAME, Oddities

HOUR_S = 3600
LEAST_DIVIDER = -100_000_000
"""Dates between messages are numbered from -1 down; messages of a group's earlier history below -900,000,000."""

_TITLE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?: UTC([+-])(\d\d):(\d\d))?\Z", re.ASCII)
_REPLY = re.compile(r"#go_to_message(-?[0-9]{1,18})\Z")
_WINTER_BACK_UNTIL = {HOUR_S: 9999, 2 * HOUR_S: 2017}
"""Standard offsets of zones that set the clock back in winter instead of on in summer, and until which year: Dublin
and Casablanca (+1), Windhoek (+2)."""

_PLACEHOLDERS = (
    ("Not included", MediaState.NOT_INCLUDED),
    ("Exceeds maximum size", MediaState.TOO_LARGE),
    ("Unavailable", MediaState.UNAVAILABLE),
)
_WRAPS = (
    ("photo_wrap", "photo"),
    ("video_file_wrap", "video_file"),
    ("animated_wrap", "animation"),
    ("sticker_wrap", "sticker"),
    ("media_photo", "photo"),
    ("media_video", "video_file"),
    ("media_voice_message", "voice_message"),
    ("media_audio_file", "audio_file"),
    ("media_file", "file"),
)
"""Classes of what holds a file, and the word of the JSON export for it; a plain file has none there."""

_LENGTH = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d\d)(?:,|\Z)", re.ASCII)


def is_divider(message: PageMessage) -> bool:
    """Whether it is a date between the messages of two days."""
    return LEAST_DIVIDER < message.number < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What holds for all messages of a page.

    ``document`` is its name, ``channel`` the chat's name, ``zone`` the exporter's if the user knows it; ``oddities``
    counts what had to be cut or replaced.
    """

    document: str
    channel: str | None
    zone: ZoneInfo | None
    oddities: Oddities


def captured(message: PageMessage, page: PageContext, author: str | None) -> CapturedPost:
    """The post that a message stands for, which is no divider.

    ``author`` is the one of the message before: a joined one does not say it again.
    """
    oddities = page.oddities
    body = next(message.element.children("body"), message.element)
    forwarded = next(body.children("forwarded"), None)
    content = body if forwarded is None else forwarded
    local, moments = times_of(_date(body), page.zone)
    origin = _forwarded_at(forwarded, page.zone)
    return CapturedPost(
        number=message.number,
        document=page.document,
        rendered=True,
        post=Post(
            platform="telegram",
            channel=page.channel,
            channel_id=None,
            message_id=str(message.number),
            kind="service" if "service" in message.element.classes else "message",
            posted_unixtime=moments[0] if len(moments) == 1 else None,
            posted_candidates=moments if len(moments) > 1 else (),
            posted_local=local,
            author=oddities.text(author_of(message) or author),
            forwarded_from=oddities.text(_name(forwarded)),
            forwarded_unixtime=origin[0] if len(origin) == 1 else None,
            forwarded_candidates=origin if len(origin) > 1 else (),
            caption=_caption(content, oddities),
            reply_to=_reply_to(body),
            source_offset=message.offset,
            source_length=message.length,
        ),
        media=tuple(_files(content, oddities)),
    )


def _forwarded_at(forwarded: Element | None, zone: ZoneInfo | None) -> tuple[int, ...]:
    """Each moment at which the original may have been posted."""
    name = None if forwarded is None else next(forwarded.children("from_name"), None)
    return times_of(_date(name), zone)[1]


def author_of(message: PageMessage) -> str | None:
    """The name that stands above a message."""
    body = next(message.element.children("body"), None)
    return _name(body)


def _name(body: Element | None) -> str | None:
    found = None if body is None else next(body.children("from_name"), None)
    return None if found is None else found.text(but="date").strip()[:MAX_NAME] or None


def _caption(content: Element, oddities: Oddities) -> str | None:
    """The text; a service message has none, for the page words it in the exporter's language."""
    found = next(content.children("text"), None)
    return None if found is None else oddities.text(found.text().strip("\n"), MAX_CAPTION) or None


def _date(place: Element | None) -> str | None:
    found = None if place is None else next(place.children("date"), None)
    return None if found is None else found.attributes.get("title")


def times_of(title: str | None, zone: ZoneInfo | None) -> tuple[str | None, tuple[int, ...]]:
    """The wall clock in ISO 8601 and each moment in seconds UTC that it may mean, rising; none when nothing tells."""
    found = None if title is None else _TITLE.match(title)
    if found is None:
        return None, ()
    day, month, year, clock, sign, hours, minutes = found.groups()
    local = f"{year}-{month}-{day}T{clock}"
    try:
        wall = datetime.fromisoformat(local).replace(tzinfo=UTC)
    except ValueError:
        return local, ()
    seconds = int(wall.timestamp())
    if zone is not None:
        return local, _in_zone(wall, seconds, zone)
    if sign is None:
        return local, ()
    offset = (int(hours) * HOUR_S + int(minutes) * 60) * (-1 if sign == "-" else 1)
    labelled = seconds - offset
    more = (labelled + HOUR_S,) if wall.year <= _WINTER_BACK_UNTIL.get(offset, 0) else ()
    return local, (labelled - HOUR_S, labelled, *more)


def _in_zone(wall: datetime, seconds: int, zone: ZoneInfo) -> tuple[int, ...]:
    """What a wall clock in a zone may mean: one, two in the hour that is repeated, none in the lost one."""
    found = set()
    for fold in (0, 1):
        offset = wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
        moment = seconds - int(offset.total_seconds())
        back = datetime.fromtimestamp(moment, zone).utcoffset()
        if back == offset:
            found.add(moment)
    return tuple(sorted(found))


def _reply_to(body: Element) -> str | None:
    for place in body.children("reply_to"):
        for each in place.holds:
            if isinstance(each, Element) and (found := _REPLY.match(each.attributes.get("href", ""))):
                return found[1]
    return None


def _files(content: Element, oddities: Oddities) -> Iterator[PostMedia]:
    """The files of a message; polls, contacts, places and calls stand in the same frame and are none.

    The sizes of the page are rounded, and its pictures are previews: neither is told.
    """
    for wrap in content.children("media_wrap"):
        link = next((each for each in wrap.holds if isinstance(each, Element)), wrap)
        kind = next((kind for name, kind in _WRAPS if name in link.classes or any(wrap.inside(name))), "")
        if not kind:
            continue
        path = link.attributes.get("href") if link.name == "a" else None
        words = next((each.text().strip() for each in wrap.inside("description")), "")
        state = next((state for start, state in _PLACEHOLDERS if words.startswith(start)), MediaState.UNKNOWN)
        yield PostMedia(
            state=MediaState.NAMED if path else state,
            kind=None if kind == "file" else kind,
            name=oddities.text(path, MAX_CAPTION),
            duration_s=_length(wrap),
        )


def _length(wrap: Element) -> int | None:
    for name in ("video_duration", "status"):
        for each in wrap.inside(name):
            if (found := _LENGTH.match(each.text().strip())) is not None:
                return int(found[1] or 0) * HOUR_S + int(found[2]) * 60 + int(found[3])
    return None
