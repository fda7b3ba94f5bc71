"""Rows of a paper: what is not known is left out, never printed as a word of Python."""

from pipelines.exhibit_paper import _telemetry_rows


def rows(**entry):
    return [(row.label, row.value) for row in _telemetry_rows(entry)]


def test_a_place_without_a_clock_stands_alone() -> None:
    place = {"latitude": "56.29888916", "longitude": "6.603790283", "clock_as_written": None}
    assert rows(format="boxes", family=None, fixes=1, cues=1, first=place, last=place) == [
        ("telemetry", "boxes: 1 / 1"),
        ("first_fix", "56.29888916, 6.603790283"),
        ("last_fix", "56.29888916, 6.603790283"),
    ]


def test_a_clock_stands_beside_its_place_as_it_was_written() -> None:
    place = {"latitude": "1.5", "longitude": "-2", "clock_as_written": "2025-05-17 10:42:07.120"}
    nowhere = {"latitude": None, "longitude": None, "clock_as_written": None}
    assert rows(format="srt", family="D", fixes=1, cues=2, first=place, last=nowhere) == [
        ("telemetry", "srt D: 1 / 2"),
        ("first_fix", "1.5, -2 (2025-05-17 10:42:07.120)"),
    ]
