"""Parts of what is ingested: together all of it, none of it twice, and what belongs together in one of them."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import sources
from forensics.errors import InputError
from forensics.model.provenance import Found, Passed
from forensics.sources import sidecars, ytdlp

NAMES = st.text(st.sampled_from("abAB_dDzé.1 \udcff"), min_size=1, max_size=8).filter(lambda name: name.strip(". "))
COUNTS = st.integers(1, 7)


@given(st.lists(NAMES, min_size=1, max_size=8), COUNTS)
def test_each_path_is_in_exactly_one_part(names: list[str], count: int) -> None:
    unit = sources.unit_of("/".join(names))
    assert sum(sources.Part(number=number + 1, of=count).holds(unit) for number in range(count)) == 1


@given(st.lists(NAMES, max_size=6), st.lists(NAMES, max_size=6), NAMES)
def test_what_is_paired_with_a_clip_is_in_its_unit(clips: list[str], others: list[str], folder: str) -> None:
    clips, texts = [f"{name}.mp4" for name in clips], [f"{name}.srt" for name in others]
    pairs = sidecars.pair(clips, texts)
    for clip, paired in pairs.items():
        assert {sources.unit_of(f"{folder}/{name}") for name in paired} == {sources.unit_of(f"{folder}/{clip}")}


@given(NAMES)
def test_the_record_of_a_downloader_is_in_the_unit_of_its_clip(name: str) -> None:
    assert sources.unit_of(f"x/{ytdlp.info_name(name)}") == sources.unit_of(f"x/{name}")


SUFFIXES = (".mp4", ".MP4", ".srt", ".jpg", "_D.srt", ".info.json", ".txt", ".zip")
TREES = st.dictionaries(
    st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    st.sets(st.tuples(st.sampled_from(["x", "y", "X", "clip"]), st.sampled_from(SUFFIXES)), max_size=4),
    max_size=5,
)
VIDEO = bytes([0, 0, 0, 16]) + b"ftypisom\0\0\0\0"
JPEG = b"\xff\xd8\xff\xe0"


def grow(root: Path, tree: dict[tuple[str, ...], set[tuple[str, str]]]) -> None:
    for folders, files in tree.items():
        place = root.joinpath(*folders)
        place.mkdir(parents=True, exist_ok=True)
        for stem, suffix in files:
            write(place / f"{stem}{suffix}")


def write(path: Path) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("in/one.mp4", VIDEO)
            archive.writestr("in/one.srt", "1\n")
    else:
        path.write_bytes(JPEG if path.suffix == ".jpg" else VIDEO if path.suffix.lower() == ".mp4" else b"{}")


def export(root: Path) -> None:
    """An export of a channel with two posts, each with its file."""
    (root / "files").mkdir(parents=True)
    posts = []
    for number in (1, 2):
        (root / f"files/{number}.mp4").write_bytes(VIDEO)
        posts.append(
            f'{{"id":{number},"type":"message","date":"2024-05-01T10:00:00","date_unixtime":"1714557600",'
            f'"from":"c","from_id":"channel1","file":"files/{number}.mp4","text":"","text_entities":[]}}'
        )
    head = '{"name":"c","type":"public_channel","id":1,"messages":['
    (root / "result.json").write_text(head + ",".join(posts) + "]}")


def found(inputs: list[str], room: Path, choice: sources.Choice | None = None) -> Counter[tuple[object, ...]]:
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    met = sources.discover(inputs, os.fspath(room), choice=choice)
    return Counter(told(thing) for thing in met)


def told(thing: Found | Passed) -> tuple[object, ...]:
    if isinstance(thing, Passed):
        return (thing.path, thing.code)
    return (
        thing.path,
        tuple(Path(each).name for each in thing.sidecars),
        thing.appearance.source,
        thing.appearance.kind,
    )


@given(TREES, TREES, COUNTS)
@settings(max_examples=60)
def test_the_parts_are_together_the_whole_also_when_files_appear_between_the_runs(first, later, count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root, room = Path(name, "in"), Path(name, "room")
        root.mkdir()
        grow(root, first)
        export(root / "b/ChatExport")
        (root / "link.mp4").symlink_to("nowhere")
        parts = [sources.Part(number=number + 1, of=count) for number in range(count)]
        before = found([str(root)], room)
        taken: dict[tuple[object, ...], int] = {}
        for part in parts:
            for thing, times in found([str(root)], room, sources.Choice(part=part)).items():
                assert times == 1
                assert thing not in taken
                taken[thing] = part.number
        assert Counter(taken).keys() == before.keys()
        grow(root, later)
        after = found([str(root)], room)
        again = {thing: part.number for part in parts for thing in found([str(root)], room, sources.Choice(part=part))}
        assert again.keys() == after.keys()
        assert all(again[thing] == number for thing, number in taken.items() if thing in again)


def test_an_export_and_an_archive_stay_whole(tmp_path: Path) -> None:
    export(tmp_path / "in/a/ChatExport")
    write(tmp_path / "in/a/more.zip")
    for number in range(1, 6):
        choice = sources.Choice(part=sources.Part(number=number, of=5))
        kinds = Counter(
            thing[3] for thing in found([str(tmp_path / "in")], tmp_path / "room", choice) if len(thing) == 4
        )
        assert kinds["telegram-desktop-export"] in {0, 2}
        assert kinds["archive"] == kinds["file"]
        assert len(choice.met) == 2


def test_inputs_go_by_their_own_names_wherever_they_lie(tmp_path: Path) -> None:
    for mount in ("here", "there"):
        write_all = [tmp_path / mount / f"{number}.mp4" for number in range(8)]
        (tmp_path / mount).mkdir()
        for path in write_all:
            write(path)
    taken = []
    for mount in ("here", "there"):
        names = [str(tmp_path / mount / f"{number}.mp4") for number in range(8)]
        choice = sources.Choice(part=sources.Part(number=1, of=3))
        taken.append([Path(str(thing[0])).name for thing in found(names, tmp_path / "room", choice)])
    assert taken[0] == taken[1]
    assert 0 < len(taken[0]) < 8


def test_what_cannot_be_looked_into_every_part_tells(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for number in (1, 2, 3):
        choice = sources.Choice(part=sources.Part(number=number, of=3))
        given_ = [str(tmp_path / "gone"), str(tmp_path / "link")]
        assert [code for _, code in found(given_, tmp_path / "room", choice)] == ["input.unreadable", "input.symlink"]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "x", "1", "1/2/3", "-1/2", "01/2", "1/100001", "١/2"])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        sources.read_part(text)


def test_inputs_within_one_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    sources.refuse_overlap([str(tmp_path / "a"), str(tmp_path / "ab")])
    for pair in (["a", "a/b"], ["a", "a"], ["a/b", "a/../a"]):
        with pytest.raises(InputError, match="is, or lies in"):
            sources.refuse_overlap([str(tmp_path / name) for name in pair])
