"""What every telemetry format promises, run over the table of formats."""

import pytest

from forensics.model.telemetry import Track
from forensics.telemetry import FORMATS, HEAD_BYTES, Format, read_track

PLACE = "[latitude: {:.6f}] [longitude: {:.6f}] [rel_alt: 5.300 abs_alt: 23.057] </font>\n\n"
SRT = "".join(
    f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n<font>2024-06-14 20:15:0{n}.042\n"
    + PLACE.format(50 + n / 1e5, 6 - n / 1e5)
    for n in range(5)
)
SAMPLES = {
    # module: name, whole file, first place, last place
    "forensics.telemetry.srt": ("DJI_0001.SRT", SRT.encode(), ("50.000000", "6.000000"), ("50.000040", "5.999960")),
}
NAMES = [each.__name__ for each in FORMATS]  # type: ignore[attr-defined]


def _sample(each: Format) -> tuple[str, bytes, tuple[str, str], tuple[str, str]]:
    return SAMPLES[each.__name__]  # type: ignore[attr-defined]


def test_every_format_has_a_sample_with_a_known_first_and_last_place() -> None:
    assert set(NAMES) == set(SAMPLES)


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_the_sample_is_known_and_its_places_are_read_as_written(each: Format) -> None:
    name, data, first, last = _sample(each)
    assert each.sniff(data[:HEAD_BYTES], name)
    track = each.read(data)
    located = track.located
    assert [(fix.latitude, fix.longitude) for fix in (located[0], located[-1])] == [first, last]
    assert track == each.read(data)
    assert track == read_track(name, data)
    assert track.notices == ()


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_no_cut_of_the_sample_raises_or_invents_a_place(each: Format) -> None:
    _, data, _, _ = _sample(each)
    places = {(fix.latitude, fix.longitude) for fix in each.read(data).fixes} | {(None, None)}
    for length in range(0, len(data), 7):
        track = each.read(data[:length])
        assert isinstance(track, Track)
        assert {(fix.latitude, fix.longitude) for fix in track.fixes} <= places
        assert len(track.fixes) <= track.cues


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 4096, b"\xff" * 4096, bytes(range(256)) * 64], ids=["empty", "zeros", "ones", "all"]
)
def test_bytes_of_nothing_give_no_fix_and_say_so(each: Format, data: bytes) -> None:
    track = each.read(data)
    assert track.located == ()
    assert track.notices


@pytest.mark.parametrize("each", FORMATS, ids=NAMES)
def test_a_film_is_no_telemetry(each: Format) -> None:
    assert not each.sniff(b"\x00\x00\x00\x18ftypisom", "clip.mp4")
