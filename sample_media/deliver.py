"""From lossless masters to the committed files: encodes, copies, export, lists."""

from __future__ import annotations

import hashlib
import json
import tempfile
from itertools import combinations
from pathlib import Path

import cv2
import flight_log
import flights
import telegram
from encode import encode, first_picture

DRONE_CLIP = "drone/DJI_0042.MP4"
FOREST_CLIP = "more/forest_clearing.mp4"
STILL = "more/coast_still.jpg"
ALL_SECONDS = flights.DRONE.frames / flights.DRONE.rate

# Stretch of the drone clip that each copy shows: start and end in seconds on the drone clip.
COPIES = {
    "reencoded": (0.0, ALL_SECONDS),
    "captioned": (2.0, 12.4),
    "trimmed": (5.2, 10.8),
    "forwarded": (5.2, 10.8),
}
KINDS = {
    "reencoded": "480p re-encode of the whole clip, about 500 kbit/s",
    "captioned": "cropped 12 % on each side, bars with drawn text above and below, part of the clip",
    "trimmed": "part of the clip, 640x360, 24 pictures a second",
    "forwarded": "the bytes of the trimmed copy in a forwarded post",
}
UNRELATED = {"winter": "31", "coast": "29", "town": "30", "second_flight": "29"}
SMALL = "scale=640:360:flags=area"
CROP = "[0:v]crop=972:546,scale=720:404:flags=bicubic,pad=720:480:0:38:color=0x12161e[v];[v][1:v]overlay=0:0"


def deliver(masters: Path, out: Path) -> None:
    """Write everything below ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    _drone(masters, out)
    _copies(out)
    for name, crf in UNRELATED.items():
        tags = (("creation_time", telegram.posted_utc(name)),)
        encode(masters / f"{name}.mkv", out / telegram.path_of(name), quality=("-crf", crf), filters=SMALL, tags=tags)
    telegram.write_export(out)
    _more(masters, out)
    _truth(out)
    _sums(out)


def _drone(masters: Path, out: Path) -> None:
    tags = (("creation_time", flight_log.START_UTC), ("location", flight_log.location_tag(flights.DRONE.pose(0.0))))
    quality = ("-crf", "29", "-maxrate", "1550k", "-bufsize", "3100k", "-g", "50")
    encode(masters / "drone.mkv", out / DRONE_CLIP, quality=quality, tags=tags, handler="DJI.AVC", faststart=False)
    flight_log.write_srt(flights.DRONE, (out / DRONE_CLIP).with_suffix(".SRT"))


def _copies(out: Path) -> None:
    source = out / DRONE_CLIP

    def sent(name: str) -> tuple[tuple[str, str], ...]:
        return (("creation_time", telegram.posted_utc(name)),)

    rate = ("-b:v", "500k", "-maxrate", "700k", "-bufsize", "1000k")
    encode(source, out / telegram.path_of("reencoded"), quality=rate, filters="scale=854:480", tags=sent("reencoded"))
    with tempfile.TemporaryDirectory() as scratch:
        overlay = Path(scratch) / "bars.png"
        bars = telegram.caption_bars((720, 480), 38, "ЩОЙНО З ДРОНА  •  ЕКСКЛЮЗИВ", "підпишись: Долина Верби · новини")
        overlay.write_bytes(cv2.imencode(".png", bars)[1].tobytes())
        start, end = COPIES["captioned"]
        target = out / telegram.path_of("captioned")
        encode(
            source,
            target,
            quality=("-crf", "31"),
            filters=CROP,
            span=(start, end - start),
            tags=sent("captioned"),
            overlay=overlay,
        )
    start, end = COPIES["trimmed"]
    target = out / telegram.path_of("trimmed")
    encode(
        source,
        target,
        quality=("-crf", "30"),
        filters="fps=24,scale=640:360",
        span=(start, end - start),
        tags=sent("trimmed"),
    )
    telegram.copy_video(out, "trimmed", "forwarded")


def _more(masters: Path, out: Path) -> None:
    tags = (("creation_time", "2025-04-26T09:18:44.000000Z"),)
    encode(masters / "forest.mkv", out / FOREST_CLIP, quality=("-crf", "30"), filters=SMALL, tags=tags)
    picture = first_picture(masters / "still.mkv", 0.0, flights.STILL.lens.width)
    jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 72))[1].tobytes()
    segment = flight_log.exif(flights.LATITUDE + 0.031, flights.LONGITUDE + 0.052, 46.0, "2025:05:11 14:02:31")
    (out / STILL).write_bytes(flight_log.with_exif(jpeg, segment))


def _pair(query: str, reference: str) -> dict[str, object]:
    spans = {DRONE_CLIP: (0.0, ALL_SECONDS)} | {telegram.path_of(name): span for name, span in COPIES.items()}
    (q0, q1), (r0, r1) = spans[query], spans[reference]
    start, end = max(q0, r0), min(q1, r1)
    times = {
        "query_start_s": start - q0,
        "query_end_s": end - q0,
        "reference_start_s": start - r0,
        "reference_end_s": end - r0,
    }
    return {"query": query, "reference": reference, "segment": {key: round(value, 3) for key, value in times.items()}}


def _truth(out: Path) -> None:
    copies = [telegram.path_of(name) for name in COPIES]
    truth = {
        "note": "Times are seconds on each file's own clock. Any pair not named here shows different recordings.",
        "original": DRONE_CLIP,
        "copies": [_pair(telegram.path_of(name), DRONE_CLIP) | {"kind": KINDS[name]} for name in COPIES],
        "copies_of_one_another": [_pair(a, b) for a, b in combinations(copies, 2)],
        "identical_bytes": [[telegram.path_of("trimmed"), telegram.path_of("forwarded")]],
        "same_place_other_recording": [
            {"files": [telegram.path_of("second_flight"), other], "at_most": "candidate"}
            for other in (DRONE_CLIP, *copies)
        ],
        "unrelated": [*(telegram.path_of(name) for name in UNRELATED if name != "second_flight"), FOREST_CLIP, STILL],
    }
    (out / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _sums(out: Path) -> None:
    roots = ("drone", "telegram", "more", "truth.json")
    files = sorted(
        path
        for root in roots
        for path in ((out / root).rglob("*") if (out / root).is_dir() else [out / root])
        if path.is_file()
    )
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(out).as_posix()}\n" for path in files]
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")
