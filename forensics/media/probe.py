"""Container facts: one ffprobe call and one walk over the boxes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forensics.errors import MediaError
from forensics.media.child import Child, collect
from forensics.media.clock import Spans, clock_origin, presented_spans, sound_origin
from forensics.media.commands import is_mov, probe_command
from forensics.media.ending import FileEnd
from forensics.media.headers import read_outline
from forensics.media.isobmff import Boxes
from forensics.media.limits import DEFAULT_LIMITS, Limits
from forensics.media.oddities import box_oddities, stored_beside
from forensics.media.outline import Outline
from forensics.media.tools import Tools
from forensics.model.media import Probe, Stream, Tag
from forensics.model.notice import Notice
from forensics.model.time import MediaTime, TimeBase

_Pairs = list[tuple[str, Any]]
_RATIO = re.compile(r"(\d{1,18})/(\d{1,18})\Z")
_UNSET = frozenset({"", "unknown", "N/A", "0/0", "0:1", "und"})
_MAX_TEXT = 64
_NO_BOX_BYTES = 1 << 50
"""No file in use has a pebibyte: a box that claims to end so far past the file is forged or broken."""
_LIMIT = re.compile(r"max_streams|max pixel count|Cannot allocate memory")
_NOT_LISTED = re.compile(r"([\w,]+): Format not on whitelist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a file says, the ffprobe argv that asked, and what a reader must know. ``probe.video`` is None when
    there is no video stream; whether that is an error is for the caller to say. ``sound_origin`` is the presentation
    clock's zero on the clock of the first sound stream (`first_sound`), as ``probe.origin`` is on the video's.
    ``tags_found`` counts all tags of the file, those that ``probe.tags`` leaves out among them. ``counted`` is whether
    the file states where it ends: a copy of one that does not may be cut between two packets, and nothing shows it.
    ``presented`` are the spans that the video's edit list shows (`presented_spans`), for who decodes it next.
    """

    probe: Probe
    command: tuple[str, ...]
    notices: tuple[Notice, ...]
    sound_origin: MediaTime | None = None
    tags_found: int = 0
    counted: bool = True
    presented: Spans | None = None

    def openable(self, limits: Limits) -> Notice | None:
        """Why the file is not to be opened once more, if it is not."""
        if self.tags_found <= limits.max_opened_tags:
            return None
        message = (
            f"the file holds {self.tags_found} tags: every opening spends its time on them, and with more than"
            f" {limits.max_opened_tags} it is not opened again to be decoded"
        )
        return Notice(code="media.limit", message=message)


def probe(tools: Tools, fd: int, limits: Limits = DEFAULT_LIMITS) -> Probed:
    """Read the container facts of the regular file open as ``fd``.

    Raises `MediaError` with code ``media.empty``, ``media.not_media``, ``media.moov_missing``, ``media.truncated``,
    ``media.damaged`` or ``media.limit`` when ffprobe can make nothing of it, and `ToolError`.
    """
    if os.fstat(fd).st_size == 0:
        raise MediaError("the file is empty", code="media.empty", hint="Fetch it again.")
    outline, unread = read_outline(fd, limits)
    boxes = outline.boxes
    child, text = _ask(tools, fd, limits, tags=True)
    notices: list[Notice] = [*unread]
    if text is None:
        notices.append(Notice(code="media.tags_dropped", message="The tags exceed the probe's limit and are left out."))
        child, text = _ask(tools, fd, limits, tags=False)
    raw = _parse(text or b"")
    if not _streams_of(raw):
        raise _refusal(child, outline)
    facts, sound_zero, more = _facts(raw, boxes, limits)
    notices += [*more, *_box_notices(boxes if is_mov(facts.container) else None), *stored_beside(facts)]
    ending = outline.ending(facts.container)
    notices += _ending_notices(ending)
    return Probed(
        probe=facts,
        command=child.command,
        notices=tuple(notices),
        sound_origin=sound_zero,
        tags_found=_count_tags(raw),
        counted=ending.counted,
        presented=presented_spans(boxes, facts),
    )


def first_sound(streams: tuple[Stream, ...]) -> Stream | None:
    """The sound stream that is listened to: the first one whose codec is known."""
    return next((stream for stream in streams if stream.kind == "audio" and stream.codec is not None), None)


def _ask(tools: Tools, fd: int, limits: Limits, *, tags: bool) -> tuple[Child, bytes | None]:
    """Run ffprobe: the ended child, and its JSON or None when that is over the byte cap."""

    def build(name: str, outputs: tuple[str, ...]) -> list[str]:
        return probe_command(tools.ffprobe, name, outputs[0], limits, tags=tags)

    return collect(
        build, fd, limits=limits, cpu_s=limits.probe_cpu_s, wall_s=limits.probe_wall_s, max_bytes=limits.max_probe_bytes
    )


def _parse(text: bytes) -> dict[str, Any]:
    """The JSON of ffprobe. Objects keep repeated keys (as a list of pairs), since a file may repeat a tag."""
    try:
        found = json.loads(text.decode("utf-8", "replace") or "{}", object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _pairs(pairs: _Pairs) -> dict[str, Any]:
    return {**dict(pairs), "": pairs}


def _streams_of(raw: dict[str, Any]) -> list[dict[str, Any]]:
    found = raw.get("streams")
    return [stream for stream in found if isinstance(stream, dict)] if isinstance(found, list) else []


def _refusal(child: Child, outline: Outline) -> MediaError:
    """The reason why ffprobe found no stream; raises `ToolError` when it refused our own options."""
    said, boxes = child.diagnostics.first, outline.boxes
    if child.over_limit or any(_LIMIT.search(line) for line in said):
        return MediaError(
            "probing exceeds the limits: " + (said[0] if said else "CPU time"),
            code="media.limit",
            hint="Raise the limits if the file is to be trusted.",
        )
    if boxes is not None and boxes.missing_bytes > _NO_BOX_BYTES:
        return MediaError(
            f"a box claims to end {boxes.missing_bytes} bytes after the file: what it covers cannot be read",
            code="media.damaged",
            hint="The bytes are kept; a copy from another source may decode.",
        )
    if boxes is not None and "moov" not in boxes.kinds:
        if "moof" in boxes.kinds or "mdat" in boxes.kinds or boxes.missing_bytes:
            return MediaError(
                "the index (moov) is missing: the end of the file was probably never received",
                code="media.moov_missing",
                hint="Fetch it again; the bytes at hand are kept.",
            )
        return MediaError("the file holds no index and no media data", code="media.truncated", hint="Fetch it again.")
    if boxes is not None:
        return MediaError(
            "the file has an index, but no stream can be read" + (f": {said[0]}" if said else ""),
            code="media.damaged",
            hint="The bytes are kept; a copy from another source may decode.",
        )
    if cut := outline.cut_before_streams:
        return MediaError(f"no stream can be read: {cut}", code="media.truncated", hint="Fetch it again.")
    refused = next((found for line in said if (found := _NOT_LISTED.match(line))), None)
    return MediaError(
        f"a {refused[1]} file is not read here" if refused else "not a video container that is read here",
        code="media.not_media",
        hint="Playlists and scripts that name other files are refused on purpose; give the video file itself.",
    )


def _facts(raw: dict[str, Any], boxes: Boxes | None, limits: Limits) -> tuple[Probe, MediaTime | None, list[Notice]]:
    outer = raw.get("format") if isinstance(raw.get("format"), dict) else {}
    assert isinstance(outer, dict)
    container = str(outer.get("format_name", ""))
    boxes = boxes if is_mov(container) else None
    listed = _streams_of(raw)
    streams = tuple(_stream(place, entry) for place, entry in enumerate(listed))
    tags, notices = _tags(outer, listed, limits)
    video = _first_video(streams)
    track_ids = [_track_id(entry) for entry in listed]
    origin, edit_list = clock_origin(streams, video, track_ids, boxes, _text(outer, "start_time"))
    sound = first_sound(streams)
    sound_zero = sound_origin(streams, sound.index if sound else None, track_ids, boxes, _text(outer, "start_time"))
    if boxes is not None or _text(outer, "format_name") == "avi":
        notices += _stored_notices(listed, video, streams, indexed=boxes is not None)
    return (
        Probe(
            container=container,
            duration=_text(outer, "duration"),
            start=_text(outer, "start_time"),
            bit_rate=_text(outer, "bit_rate"),
            brands=boxes.brands if boxes else (),
            streams=streams,
            tags=tags,
            video=video,
            origin=origin,
            edit_list=edit_list,
            trailing_bytes=boxes.trailing_bytes if boxes else 0,
        ),
        sound_zero,
        notices,
    )


def _first_video(streams: tuple[Stream, ...]) -> int | None:
    real = [s for s in streams if s.kind == "video" and not s.attached_picture]
    sound = [s for s in real if s.codec is not None and s.width and s.height]
    return next((s.index for s in (*sound, *real)), None)


def _stream(place: int, entry: dict[str, Any]) -> Stream:
    disposition = entry.get("disposition")
    return Stream(
        index=place,
        kind=str(entry.get("codec_type", "unknown"))[:_MAX_TEXT],
        codec=_text(entry, "codec_name"),
        time_base=_time_base(entry.get("time_base")),
        start_pts=_whole(entry.get("start_pts")),
        duration=_text(entry, "duration"),
        packets=_whole(entry.get("nb_read_packets")),
        width=_whole(entry.get("width")),
        height=_whole(entry.get("height")),
        pixel_format=_text(entry, "pix_fmt"),
        frame_rate=_text(entry, "avg_frame_rate") or _text(entry, "r_frame_rate"),
        sample_aspect_ratio=_text(entry, "sample_aspect_ratio"),
        color_space=_text(entry, "color_space"),
        color_range=_text(entry, "color_range"),
        rotation=_rotation(entry),
        attached_picture=isinstance(disposition, dict) and disposition.get("attached_pic") == 1,
        sample_rate=_whole(entry.get("sample_rate")),
        channels=_whole(entry.get("channels")),
    )


def _text(entry: dict[str, Any], key: str) -> str | None:
    value = entry.get(key)
    text = str(value)[:_MAX_TEXT] if isinstance(value, str | int) else ""
    return None if text in _UNSET else text


def _whole(value: object) -> int | None:
    """An integer that ffprobe gave as a number or as digits."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value) else None


def _time_base(value: object) -> TimeBase | None:
    found = _RATIO.match(value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0 or int(found[2]) == 0:
        return None
    return TimeBase(num=int(found[1]), den=int(found[2]))


def _rotation(entry: dict[str, Any]) -> int | None:
    """Degrees counter-clockwise by which the picture must be turned to stand upright, from the display matrix."""
    listed = entry.get("side_data_list")
    for data in listed if isinstance(listed, list) else ():
        if isinstance(data, dict) and isinstance(data.get("rotation"), int):
            return int(data["rotation"])
    return None


def _track_id(entry: dict[str, Any]) -> int | None:
    """track_ID of an ISO stream: ffprobe writes it in hexadecimal."""
    value = entry.get("id")
    return int(value, 16) if isinstance(value, str) and re.fullmatch(r"0x[0-9a-f]{1,8}", value) else None


def _tags(outer: dict[str, Any], listed: list[dict[str, Any]], limits: Limits) -> tuple[tuple[Tag, ...], list[Notice]]:
    """Tags of the container and of each stream in file order, bounded in number and length."""
    groups = [("format", outer), *((f"stream:{place}", entry) for place, entry in enumerate(listed))]
    found: list[Tag] = []
    total = cut = 0
    for group, entry in groups:
        inner = entry.get("tags")
        for name, value in inner[""] if isinstance(inner, dict) else ():
            total += 1
            text = str(value)
            cut += len(text) > limits.max_tag_chars
            if len(found) < limits.max_tags:
                found.append(Tag(group=group, name=str(name)[:256], value=text[: limits.max_tag_chars]))
    notices = []
    if total > len(found):
        message = f"{total} tags found, the first {len(found)} are recorded."
        notices.append(Notice(code="media.tags_dropped", message=message))
    if cut:
        message = f"{cut} tags are longer than {limits.max_tag_chars} characters and were cut."
        notices.append(Notice(code="media.tags_cut", message=message))
    return tuple(found), notices


def _count_tags(raw: dict[str, Any]) -> int:
    holders = (raw.get("format"), *_streams_of(raw))
    groups = (holder.get("tags") for holder in holders if isinstance(holder, dict))
    return sum(len(tags[""]) for tags in groups if isinstance(tags, dict))


def _stored_notices(
    listed: list[dict[str, Any]], video: int | None, streams: tuple[Stream, ...], *, indexed: bool
) -> list[Notice]:
    """More frames are listed than can be read: the data was cut off, or, where only a header counts them, dropped."""
    if video is None:
        return []
    stored, readable = _whole(listed[video].get("nb_frames")), streams[video].packets
    if stored is None or readable is None or stored <= readable:
        return []
    if indexed:
        message = f"The index lists {stored} frames of video, {readable} can be read."
        return [Notice(code="media.truncated", message=message)]
    message = f"The header lists {stored} frames of video, {readable} are there."
    return [Notice(code="media.fewer_frames", message=message)]


def _trailing(count: int) -> Notice:
    message = f"{count} bytes follow the end of the movie; players do not show them."
    return Notice(code="media.trailing_data", message=message)


def _ending_notices(ending: FileEnd) -> Iterator[Notice]:
    if ending.missing:
        yield Notice(code="media.truncated", message=ending.missing)
    if ending.damaged:
        yield Notice(code="media.damaged", message=ending.damaged)
    if ending.unclear:
        yield Notice(code="media.end_unclear", message=ending.unclear)
    if ending.after:
        yield _trailing(ending.after)


def _box_notices(boxes: Boxes | None) -> list[Notice]:
    if boxes is None:
        return []
    notices = []
    if boxes.missing_bytes:
        message = f"The last box ends {boxes.missing_bytes} bytes after the end of the file."
        notices.append(Notice(code="media.truncated", message=message))
    if boxes.trailing_bytes:
        notices.append(_trailing(boxes.trailing_bytes))
    if not boxes.complete:
        message = "The file has more boxes than the walk may visit; trailing bytes are not known."
        notices.append(Notice(code="media.boxes_not_walked", message=message))
    return [*notices, *box_oddities(boxes)]
