"""Real files of known drones: cues, fixes, first and last place, clocks and heights as their README states them."""

import re
from pathlib import Path

import pytest

from forensics.telemetry import read_track

FIRST_LAST = {
    # name: family, cues, fixes, first, last, relative heights, absolute heights
    "mavic_pro.SRT": ("A", 468, 468, (-20.2533, 149.0251), (-20.2532, 149.0251), (1.9, 0.0), None),
    "p4p_sample.SRT": ("B", 5, 5, (47.4692, 8.209), (47.4692, 8.209), (45.6, 45.6), None),
    "mavic_air.SRT": ("C", 2, 0, None, None, None, None),
    "mavic_air2.srt": ("C", 25, 25, (41.420684, 2.162162), (41.420686, 2.162162), None, (27.3, 29.2)),
    "mavic_mini.SRT": ("B", 117, 117, (48.0771, -121.7458), (48.0775, -121.7476), (200.7, 200.8), None),
    "matrice_300.srt": ("A-M", 381, 381, (36.6146, -6.112), (36.6146, -6.112), (0.3, 0.0), None),
    "old_format.SRT": ("A0", 468, 468, (-20.2533, 149.0251), (-20.2532, 149.0251), (1.9, 0.0), None),
    "broken_empty.SRT": (None, 0, 0, None, None, None, None),
    "broken_empty2.SRT": (None, 0, 0, None, None, None, None),
    "broken_incomplete.SRT": ("A", 20, 19, (-34.7383, -58.4563), (-34.7383, -58.4563), (20.1, 7.7), None),
    "MAVIC3.srt": ("D", 12318, 12318, (3.41531, -3.3744), (3.41368, -3.37721), (-2.4, 3.6), (0.401, 6.401)),
    "DJI.SRT": ("E", 7, 7, (49.379442, 15.032166), (49.379443, 15.032166), (43.225, 43.22), (758.949, 758.943)),
    "DJI_MAVIC_3T.SRT": (
        "D",
        12,
        12,
        (50.106373, 14.495168),
        (50.106374, 14.495168),
        (80.504, 80.503),
        (327.094, 327.093),
    ),
    "DJI_MAVIC_ENTERPRISE.SRT": (
        "C",
        10,
        10,
        (49.129338, 14.637413),
        (49.129337, 14.637423),
        None,
        (499.411011, 499.32901),
    ),
    "Mini5PRO_clip.SRT": ("D", 5, 5, (53.365108, 6.460719), (53.365109, 6.460718), (6.0, 6.0), (-122.769, -122.769)),
    "Avata360_clip.SRT": ("D", 5, 5, (53.36508, 6.460739), (53.36508, 6.460739), (5.4, 5.4), (-124.744, -124.744)),
    "neo2_clip_nogps.SRT": (
        "D",
        6,
        3,
        (32.848932, -84.861966),
        (32.848932, -84.861966),
        (0.4, 0.4),
        (269.099, 269.099),
    ),
    "viewer_sample1.SRT": ("A", 811, 811, (-38.4271, 174.8943), (-38.4271, 174.8944), (0.0, 0.0), None),
    "DJI_0005.SRT": ("C", 1013, 1013, (50.802605, 6.513726), (50.802592, 6.513737), None, (147.688995, 147.824997)),
}
NOTICES = {
    "mavic_air.SRT": ["no_position"],
    "matrice_300.srt": ["axis_order_inferred"],
    "broken_empty.SRT": ["no_cues"],
    "broken_empty2.SRT": ["no_cues"],
    "broken_incomplete.SRT": ["cut_last_cue"],
    "neo2_clip_nogps.SRT": ["no_fix"],
    "viewer_sample1.SRT": ["timecode_restart"],
}


@pytest.mark.parametrize("name", FIRST_LAST)
def test_a_real_file_is_read_as_its_ground_truth_says(shared: Path, name: str) -> None:
    family, cues, fixes, first, last, relative, absolute = FIRST_LAST[name]
    track = read_track(name, (shared / "samples" / "dji_srt" / name).read_bytes())
    assert track is not None
    located = track.located
    assert (track.family, track.cues, len(located)) == (family, cues, fixes)
    assert [notice.code for notice in track.notices] == [f"telemetry.{code}" for code in NOTICES.get(name, [])]
    if not fixes:
        return
    ends = [(float(fix.latitude or "nan"), float(fix.longitude or "nan")) for fix in (located[0], located[-1])]
    assert ends == [first, last]
    for heights, expected in (
        ([located[0].relative_altitude, located[-1].relative_altitude], relative),
        ([located[0].absolute_altitude, located[-1].absolute_altitude], absolute),
    ):
        assert [None if height is None else float(height) for height in heights] == list(expected or (None, None))


def test_every_value_of_every_sample_is_text_of_the_file(shared: Path) -> None:
    for path in sorted((shared / "samples" / "dji_srt").iterdir()):
        data = path.read_bytes()
        if len(data) > 500_000:
            continue
        track = read_track(path.name, data)
        assert track is not None
        words = set(re.split(r"[\s,()\[\]:Mm]+", data.decode()))
        for fix in track.fixes:
            for value in (fix.latitude, fix.longitude, fix.relative_altitude, fix.absolute_altitude):
                assert value is None or value in words
            assert fix.clock_as_written is None or fix.clock_as_written.encode() in data
