"""A Telegram Desktop single-chat export (`result.json`, 2025 era) of an invented public channel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import cv2
import numpy as np
from encode import first_picture, probe
from stage import Image

EXPORT = "telegram/ChatExport_2025-06-03"
CHANNEL, CHANNEL_ID = "Долина Верби · новини", 2199990042
OTHER_CHANNEL = "Вісті з узбережжя"
EXPORTER_ZONE = timezone(timedelta(hours=3))
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
THUMBNAIL_WIDTH = 320
THUMBNAIL_QUALITY = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message: id, UTC time as `YYYY-MM-DD HH:MM:SS`, caption with #tags, what is attached."""

    number: int
    posted: str
    caption: str
    video: str | None = None
    sender_name: str | None = None
    edited: str | None = None
    forwarded_from: str | None = None
    missing: Mapping[str, str | int] | None = None


POSTS = (
    Post(
        number=2,
        posted="2025-01-19 11:08:14",
        caption="Вітаємо на каналі! Тут новини долини: погода, дороги, відео мешканців.",
    ),
    Post(
        number=3,
        posted="2025-01-21 14:22:40",
        caption="Зимова дорога до ферми. Трактор уже розчистив колію. #зима",
        video="winter",
        sender_name="winter_road.mp4",
    ),
    Post(
        number=5,
        posted="2025-05-11 16:37:02",
        caption="Вихідні на морі: вітер, хвилі, пляж майже порожній. #море",
        video="coast",
        sender_name="IMG_2071.MP4",
    ),
    Post(
        number=8,
        posted="2025-05-17 12:20:31",
        caption="Село над рікою з висоти, ранок 17 травня. Відео надіслав підписник. #долина",
        video="reencoded",
        edited="2025-05-17 13:05:09",
    ),
    Post(
        number=9,
        posted="2025-05-17 18:51:55",
        caption="Вечірній політ над селом, інший оператор. #долина",
        video="second_flight",
        sender_name="evening_flight.mp4",
    ),
    Post(
        number=11,
        posted="2025-05-18 19:44:20",
        caption="Містечко в сутінках. Ліхтарі вже працюють. #місто",
        video="town",
    ),
    Post(
        number=12,
        posted="2025-05-19 07:15:47",
        caption="ТЕРМІНОВО: щойно зняли з дрона! Інше село, інший берег. Поширюйте!",
        video="captioned",
        sender_name="video_2025-05-19_10-12-30.mp4",
    ),
    Post(number=14, posted="2025-05-21 09:30:03", caption="Коротке відео: дорога через село. #дорога", video="trimmed"),
    Post(
        number=17,
        posted="2025-06-02 17:58:26",
        caption="Пишуть, що це сьогодні. Хто знає, коли це знято?",
        video="forwarded",
        forwarded_from=OTHER_CHANNEL,
    ),
    Post(
        number=18,
        posted="2025-06-02 18:10:11",
        caption="Повний запис зборів громади, 40 хвилин.",
        missing={
            "file_name": "zbory_2025-06-02.mp4",
            "file_size": 412_908_113,
            "mime_type": "video/mp4",
            "duration_seconds": 2417,
            "width": 1280,
            "height": 720,
        },
    ),
)


def file_name(post: Post) -> str:
    """The name the exporter gives: the sender's own, or a number and the local time."""
    local = _local(post.posted)
    return post.sender_name or f"video_{post.number}@{local:%d-%m-%Y_%H-%M-%S}.mp4"


def path_of(video: str) -> str:
    """Where a video of the export lies, from the root of the sample media."""
    (post,) = (post for post in POSTS if post.video == video)
    return f"{EXPORT}/video_files/{file_name(post)}"


def posted_utc(video: str) -> str:
    """When a video was posted, as an ISO 8601 text in UTC."""
    (post,) = (post for post in POSTS if post.video == video)
    return _utc(post.posted).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _local(text: str) -> datetime:
    return _utc(text).astimezone(EXPORTER_ZONE)


def _stamps(prefix: str, text: str) -> dict[str, str]:
    return {prefix: f"{_local(text):%Y-%m-%dT%H:%M:%S}", f"{prefix}_unixtime": str(int(_utc(text).timestamp()))}


def entities(caption: str) -> list[dict[str, str]]:
    """The caption cut into plain runs and hashtags, as the exporter lists them."""
    parts: list[dict[str, str]] = []
    for word in caption.replace(" #", "\0 \0#").split("\0"):
        kind = "hashtag" if word.startswith("#") else "plain"
        if parts and parts[-1]["type"] == kind == "plain":
            parts[-1]["text"] += word
        else:
            parts.append({"type": kind, "text": word})
    return parts


def _text(parts: Sequence[dict[str, str]]) -> str | list[str | dict[str, str]]:
    if len(parts) == 1 and parts[0]["type"] == "plain":
        return parts[0]["text"]
    return [part["text"] if part["type"] == "plain" else part for part in parts]


def _media(post: Post, out: Path) -> dict[str, str | int]:
    if post.missing is not None:
        return {"file": NOT_INCLUDED, "thumbnail": NOT_INCLUDED, "media_type": "video_file", **post.missing}
    if post.video is None:
        return {}
    path = out / path_of(post.video)
    thumbnail = path.with_name(path.name + "_thumb.jpg")
    picture = first_picture(path, 0.0, THUMBNAIL_WIDTH)
    thumbnail.write_bytes(cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY))[1].tobytes())
    facts = probe(path)
    return {
        "file": f"video_files/{path.name}",
        "file_name": path.name,
        "file_size": path.stat().st_size,
        "thumbnail": f"video_files/{thumbnail.name}",
        "thumbnail_file_size": thumbnail.stat().st_size,
        "media_type": "video_file",
        "mime_type": "video/mp4",
        "duration_seconds": int(float(facts["duration"])),
        "width": int(facts["width"]),
        "height": int(facts["height"]),
    }


def _message(post: Post, out: Path) -> dict[str, object]:
    parts = entities(post.caption)
    edited = {} if post.edited is None else _stamps("edited", post.edited)
    forwarded = {} if post.forwarded_from is None else {"forwarded_from": post.forwarded_from}
    return {
        "id": post.number,
        "type": "message",
        **_stamps("date", post.posted),
        **edited,
        "from": CHANNEL,
        "from_id": f"channel{CHANNEL_ID}",
        **forwarded,
        **_media(post, out),
        "text": _text(parts),
        "text_entities": parts,
    }


def write_export(out: Path) -> None:
    """Write thumbnails and `result.json` beside the videos that are already in place."""
    born = {
        "id": 1,
        "type": "service",
        **_stamps("date", "2025-01-19 10:58:00"),
        "actor": CHANNEL,
        "actor_id": f"channel{CHANNEL_ID}",
        "action": "create_channel",
        "title": CHANNEL,
        "text": "",
        "text_entities": [],
    }
    messages = [born, *(_message(post, out) for post in POSTS)]
    chat = {"name": CHANNEL, "type": "public_channel", "id": CHANNEL_ID, "messages": messages}
    (out / EXPORT / "result.json").write_text(json.dumps(chat, ensure_ascii=False, indent=1) + "\n", "utf-8")


def copy_video(out: Path, source: str, target: str) -> None:
    """The same bytes under another post."""
    shutil.copyfile(out / path_of(source), out / path_of(target))


def caption_bars(size: tuple[int, int], bar: int, top: str, bottom: str) -> Image:
    """A see-through BGRA picture with opaque bars and text at the upper and lower edge."""
    width, height = size
    picture = np.zeros((height, width, 4), np.uint8)
    for row, text, colour in ((0, top, (60, 214, 255)), (height - bar, bottom, (255, 255, 255))):
        strip = np.full((bar, width, 3), (30, 22, 18), np.uint8)
        cv2.putText(strip, text, (14, bar - 12), colour, cv2.FontFace("sans"), 22, 600)
        picture[row : row + bar, :, :3], picture[row : row + bar, :, 3] = strip, 255
    return picture
