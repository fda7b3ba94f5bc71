"""Every drone, camera and Telegram file of ../shared/samples: reader, what its README states, what is found.

`make samples-table` prints it. A row of telemetry goes the way of ``forensics track``: by the format that knows the
file, or through the container. A file that cannot be read ends in the code of a notice or an error: its row has it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from forensics import media
from forensics.errors import ForensicsError
from forensics.model.telemetry import Track
from pipelines.track import Tracks, of_file
from tests.sample_row import Row
from tests.telegram_samples import telegram_rows

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT.parent / "shared" / "samples"

SRT = {
    # name: cues, fixes, first, last, heights (relative or absolute) of first and last, first and last clock, home
    "mavic_pro.SRT": "468 468 -20.2533,149.0251 -20.2532,149.0251 rel 1.9,0 2017.08.05T14:11:51 2017.08.05T14:19:39"
    " home -20.2532,149.0251",
    "p4p_sample.SRT": "5 5 47.4692,8.209 47.4692,8.209 rel 45.6,45.6 none none",
    "mavic_air.SRT": "2 0 none none none 2018-02-19T08:04:51,265,847 2018-02-19T08:04:51,305,846 no_position",
    "mavic_air2.srt": "25 25 41.420684,2.162162 41.420686,2.162162 abs 27.3,29.2"
    " 2022-05-01T15:01:58,531,716 2022-05-01T15:01:58,931,885",
    "mavic_mini.SRT": "117 117 48.0771,-121.7458 48.0775,-121.7476 rel 200.7,200.8 none none",
    "matrice_300.srt": "381 381 36.6146,-6.112 36.6146,-6.112 rel 0.3,0 2022.06.21T16:06:17 2022.06.21T16:12:37"
    " axis_order_inferred",
    "old_format.SRT": "468 468 -20.2533,149.0251 -20.2532,149.0251 rel 1.9,0 2017.8.5T14:11:51 2017.8.5T14:19:39"
    " home -20.2532,149.0251",
    "broken_empty.SRT": "no_cues no_track",
    "broken_empty2.SRT": "no_cues no_track",
    "broken_incomplete.SRT": "20 19 -34.7383,-58.4563 -34.7383,-58.4563 rel 20.1,7.7 2017.07.03T10:15:03"
    " 2017.07.03T10:15:22 home -34.7386,-58.4563 cut_last_cue",
    "MAVIC3.srt": "12318 12318 3.41531,-3.3744 3.41368,-3.37721 rel -2.4,3.6 abs 0.401,6.401"
    " 2021-12-25T12:27:52.373 2021-12-25T12:31:58.710",
    "DJI.SRT": "7 7 49.379442,15.032166 49.379443,15.032166 rel 43.225,43.22 abs 758.949,758.943"
    " 2024-04-23T14:04:07.002 2024-04-23T14:04:07.202",
    "DJI_MAVIC_3T.SRT": "12 12 50.106373,14.495168 50.106374,14.495168 rel 80.504,80.503 abs 327.094,327.093"
    " 2024-05-23T17:36:01.877 2024-05-23T17:36:02.345",
    "DJI_MAVIC_ENTERPRISE.SRT": "10 10 49.129338,14.637413 49.129337,14.637423 abs 499.411011,499.32901"
    " 2024-05-20T15:43:15,129,161 2024-05-20T15:43:15,489,069",
    "Mini5PRO_clip.SRT": "5 5 53.365108,6.460719 53.365109,6.460718 rel 6,6 abs -122.769,-122.769"
    " 2026-05-27T13:14:22.911 2026-05-27T13:14:23.071",
    "Avata360_clip.SRT": "5 5 53.36508,6.460739 53.36508,6.460739 rel 5.4,5.4 abs -124.744,-124.744"
    " 2026-05-27T13:10:00.015 2026-05-27T13:10:00.181",
    "neo2_clip_nogps.SRT": "6 3 32.848932,-84.861966 32.848932,-84.861966 rel 0.4,0.4 abs 269.099,269.099"
    " 2026-05-31T16:15:29.797 2026-05-31T16:15:29.964 no_fix",
    "viewer_sample1.SRT": "811 811 -38.4271,174.8943 -38.4271,174.8944 rel 0,0 2017.07.23T11:46:08"
    " 2017.07.23T11:59:38 home -38.4271,174.8943 timecode_restart",
    "DJI_0005.SRT": "1013 1013 50.802605,6.513726 50.802592,6.513737 abs 147.688995,147.824997"
    " 2021-10-10T15:56:39,661,949 2021-10-10T15:57:13,429,092",
}
KLV = {
    "klv_ts/aphill_klv_10s.ts": "EG 0104: 300 packets, 38.15993,-77.356214 at 2008-09-17T15:23:32.027000Z,"
    " last 38.159534,-77.349234, 1984.6 m, no checksums",
    "klv_ts/h264_klv.ts": "ST 0601: 30 packets, 60.176823,128.426759 at 2008-10-24T00:13:29.913000Z,"
    " last 60.176515,128.423961, 14190.7 m, 30 good, 0 bad, looks at -10.542389,29.15789",
    "klv_ts/mpeg2_klv.ts": "ST 0601: 30 packets, 60.176823,128.426759 at 2008-10-24T00:13:29.913000Z,"
    " last 60.176515,128.423961, 14190.7 m, 30 good, 0 bad, looks at -10.542389,29.15789",
    "klv_bin/DynamicConstantMISMMSPacketData.bin": "ST 0601: 1 packets, 60.176823,128.426759 at"
    " 2009-01-12T22:08:22.000000Z, last 60.176823,128.426759, 14190.7 m, 0 good, 1 bad, Mission 12, Predator, checksum",
    "klv_ts/h264_no_klv.ts": "no_track",
    "klv_ts/h264_audio.ts": "no_track",
}
GPMF = {
    # The README gives the clock of karma.mp4 alone; the places are pinned as this reader finds them.
    "gpmf/Fusion.raw": "Fusion GPS5 19: 33.1266299,-117.3274386 .. 33.1266363,-117.3274444 at 2018-03-23T17:25:37.375",
    "gpmf/hero5.raw": "Camera GPS5 18: 33.1264969,-117.3273542 .. 33.1264973,-117.3273579 at 2017-04-17T17:31:03.000",
    "gpmf/hero7.raw": "Hero7 Black GPS5 308: 42.3425835,-8.7526142 .. 42.3423429,-8.752681 at 2019-01-03T16:33:34.094",
    "gpmf/karma.mp4": "Camera GoPro Karma v1.0 GPRI 47: 33.125368,-117.3310641 .. 33.126003,-117.3314762"
    " at 2017-04-17T19:27:58.000",
}
BOXES = {
    "mp4_meta/with-gps.mp4": "2017-02-22T08:20:28Z place +51.4169,-000.0806 com.android.version=6.0.1",
    "mp4_meta/sample_mpeg4.mp4": "2005-10-28T17:46:46Z",
    "mp4_meta/xmp480qt.mov": "2020-01-05T11:19:45Z",
    "mp4_meta/QuickTime.mov": "2005-08-11T14:03:54Z \xa9inf=PENTAX DIGITAL CAMERA",
    "mp4_meta/sample-5s.mp4": "unset \xa9too=Lavf58.44.100",
    "mp4_meta/motion.mp4": "2015-01-20T18:39:53Z \xa9too=Transmageddon encoder",
    "gpmf/karma.mp4": "2017-04-17T19:27:57Z",
    "mp4_malformed/issue_2340_poc.mp4": "media.truncated",
    "mp4_malformed/issue_2366_poc.mp4": "media.truncated",
    "mp4_malformed/issue_2377_poc.mp4": "media.truncated",
}
STILLS = {
    "dji_dng_fraction.jpg": "DJI FC220 2016041101 2018:03:31 17:17:34 no_position",
    "photos_church1.jpg": "DJI FC8482 2026:06:15 12:30:45 60.170278,24.952222 95.3",
    # Its README has 15:15:44-04:00 from IPTC, which is not read; XMP has the same clock without the zone.
    "thompson-springs.jpg": "062021002724 2022-01-10T15:15:44.31 39.115,-108.400968333 1483.9",
    "datetimeoriginal-gps.jpg": "2025:12:01 11:30:00 39,-108",
    "GoPro.jpg": "GoPro HERO6 Black C3221324657219 2017:10:03 10:58:29 40.6584192,-73.9933543 -3.983",
    "QuickTime.heic": "no_position no_track",
    "heic-single.heic": "no_position no_track",
    "cheers_1440x960.heic": "no_position no_track",
    "DJI Phantom 4 (1).jpg.txt": "media.not_media",
    "dji_dng_fraction.jpg.json": "media.not_media",
    "Geotag_DJI_2020-12-02_[07-50-31].csv": "media.not_media",
}


def rows(samples: Path = SAMPLES) -> Iterator[Row]:
    """The whole table; raises where a sample is missing."""
    tools = media.find_tools(os.environ["PATH"])
    for reader, folder, expected, tell in (
        ("srt", "dji_srt/", SRT, _srt),
        ("klv", "", KLV, _klv),
        ("gpmf", "", GPMF, _gpmf),
        ("boxes", "", BOXES, _boxes),
        ("exif", "stills/", STILLS, _still),
    ):
        for name, truth in expected.items():
            path = samples / f"{folder}{name}"
            found = " ".join(_said(path, tools, tell))
            yield Row(reader=reader, file=str(path.relative_to(samples)), expected=truth, found=found)


def _said(path: Path, tools: media.Tools, tell: Callable[[Tracks, Path, media.Tools], Iterator[str]]) -> Iterator[str]:
    try:
        found = of_file(path, tools, media.DEFAULT_LIMITS)
    except ForensicsError as error:
        yield error.code
        return
    yield from tell(found, path, tools)


def _codes(found: Tracks) -> Iterator[str]:
    for notice in found.notices:
        yield notice.code.removeprefix("telemetry.")


def _ends(track: Track) -> list[str]:
    """The first and the last place, numbers without needless zeros."""
    located = track.located
    ends = (located[0], located[-1]) if located else ()
    return [f"{_short(fix.latitude)},{_short(fix.longitude)}" for fix in ends] or ["none", "none"]


def _short(text: str | None, digits: int = 9) -> str:
    value = round(float(text or "nan"), digits)
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if value else "0"


def _srt(found: Tracks, path: Path, tools: media.Tools) -> Iterator[str]:
    for each in found.tracks:
        track, located = each.track, each.track.located
        yield f"{track.cues} {len(located)}"
        yield from _ends(track)
        heights = [
            (name, [getattr(fix, field) for fix in (located[0], located[-1])])
            for name, field in (("rel", "relative_altitude"), ("abs", "absolute_altitude"))
            if located and getattr(located[0], field) is not None
        ]
        for name, values in heights:
            yield f"{name} {','.join(_short(value) for value in values)}"
        if not located:
            yield "none"
        for fix in (track.fixes[0], track.fixes[-1]):
            yield (fix.clock_as_written or "none").replace(" ", "T")
        if track.home:
            yield f"home {_short(track.home[0])},{_short(track.home[1])}"
    yield from _codes(found)


def _klv(found: Tracks, path: Path, tools: media.Tools) -> Iterator[str]:
    for each in found.tracks:
        track = each.track
        first, last = track.located[0], track.located[-1]
        tags = {tag.name: tag.value for tag in reversed(track.tags)}
        parts = [
            f"{track.family}: {track.cues} packets",
            f"{_short(first.latitude, 6)},{_short(first.longitude, 6)} at {first.utc}",
            f"last {_short(last.latitude, 6)},{_short(last.longitude, 6)}",
            f"{_short(first.absolute_altitude, 1)} m",
            tags.get("checksums", "no checksums"),
        ]
        if "frame_center_latitude, first" in tags and path.suffix == ".ts":
            center = (tags[f"frame_center_{axis}, first"] for axis in ("latitude", "longitude"))
            parts.append(f"looks at {','.join(_short(value, 6) for value in center)}")
        if path.suffix == ".bin":
            parts += [tags["mission"], tags["platform_designation"]]
        yield ", ".join([*parts, *_codes(found)])
    if not found.tracks:
        yield from _codes(found)


def _gpmf(found: Tracks, path: Path, tools: media.Tools) -> Iterator[str]:
    for each in found.tracks:
        track = each.track
        for tag in track.tags:
            if tag.name == "device_name":
                yield tag.value
        yield f"{track.family} {len(track.located)}:"
        yield " .. ".join(_ends(track))
        yield f"at {(track.clocks[0].utc or '')[:23]}"
    yield from _codes(found)


def _boxes(found: Tracks, path: Path, tools: media.Tools) -> Iterator[str]:
    from pipelines.embedded import read_embedded

    with path.open("rb") as file:
        probe = media.probe(tools, file.fileno()).probe
        boxes = read_embedded(tools, file.fileno(), probe, media.DEFAULT_LIMITS).boxes
    assert boxes is not None
    created = [clock.utc for clock in boxes.clocks if clock.source == "moov/mvhd creation"]
    yield (created[0] or "").replace(".000000", "") if created else "unset"
    for fix in boxes.fixes:
        yield f"place {fix.latitude},{fix.longitude}"
    for tag in boxes.tags:
        if tag.name in ("com.android.version", "\xa9too", "\xa9inf"):
            yield f"{tag.name}={tag.value}"


def _still(found: Tracks, path: Path, tools: media.Tools) -> Iterator[str]:
    for each in found.tracks:
        track = each.track
        tags = {tag.name: tag.value for tag in track.tags}
        tags.setdefault("BodySerialNumber", tags.get("aux:SerialNumber", ""))
        yield from (tags[name] for name in ("Make", "Model", "BodySerialNumber") if tags.get(name))
        written = [fix.clock_as_written for fix in track.fixes if fix.clock_as_written]
        dated = [clock.raw for clock in track.clocks if clock.source == "XMP photoshop:DateCreated"]
        yield from written or dated
        for fix in track.located:
            yield f"{fix.latitude},{fix.longitude}"
            if fix.absolute_altitude:
                yield fix.absolute_altitude
    yield from _codes(found)


def main() -> int:
    """Print the table; 1 when a row is not equal."""
    if not SAMPLES.is_dir():
        print("the folder ../shared with real material is absent")
        return 0
    table = [*rows(), *telegram_rows(SAMPLES)]
    for row in table:
        print(f"{'equal ' if row.equal else 'DIFFERS'} {row.reader:6} {row.file}\n    expected  {row.expected}")
        if not row.equal:
            print(f"    found     {row.found}")
    right = sum(row.equal for row in table)
    print(f"{right} of {len(table)} rows are as stated")
    return int(right < len(table))


if __name__ == "__main__":
    sys.exit(main())
