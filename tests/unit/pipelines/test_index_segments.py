"""The index on disk: whatever happens to it, what is searched is what the tracks hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forensics.errors import IntegrityError, StoreError
from forensics.index import Collection, Wanted
from forensics.model.fingerprint import Fingerprint
from pipelines import segments
from pipelines.segments import Proof, Upkeep, bring_up, prove, segments_for
from tests.unit.index.segment_members import fingerprint, member, named


class Tracks:
    """The store's tracks, and how often each was read."""

    def __init__(self, seeds: range) -> None:
        self.held: dict[Wanted, Fingerprint] = {}
        self.read: list[Wanted] = []
        for seed in seeds:
            made = member(seed)
            self.held[made.evidence, made.track] = made.fingerprint

    def __call__(self, wanted: Wanted) -> Fingerprint:
        self.read.append(wanted)
        return self.held[wanted]

    def up(self, folder: Path) -> Upkeep:
        self.read.clear()
        return bring_up(folder, {"videos": tuple(self.held)}, self)

    def searched(self, folder: Path | None) -> list[int]:
        """Rows of the index at distance nought of every code, which is each row itself."""
        self.read.clear()
        held = Collection(segments_for(folder, "videos", tuple(self.held), self), tuple(self.held))
        codes = np.concatenate([np.concatenate([each.codes, each.box_codes]) for each in self.held.values()])
        assert len(held.codes) == len(codes)
        return held.codes.query(codes, 0).reference.tolist()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def every(tracks: Tracks) -> list[int]:
    return list(range(sum(len(each.codes) + len(each.box_codes) for each in tracks.held.values())))


def test_what_was_written_once_is_opened_without_reading_a_track(tmp_path: Path) -> None:
    tracks = Tracks(range(5))
    assert tracks.up(tmp_path / "index") == Upkeep(broken=0, written=1, dropped=0)
    assert tracks.up(tmp_path / "index") == Upkeep(broken=0, written=0, dropped=0)
    assert tracks.searched(tmp_path / "index") == every(tracks)
    assert tracks.read == []


def test_without_a_folder_it_is_made_in_memory() -> None:
    tracks = Tracks(range(5))
    assert tracks.searched(None) == every(tracks)


def test_each_shelf_finds_its_own_segments(tmp_path: Path) -> None:
    videos, stills = Tracks(range(3)), Tracks(range(3, 5))
    both = {**videos.held, **stills.held}
    bring_up(tmp_path, {"videos": tuple(videos.held), "stills": tuple(stills.held)}, both.__getitem__)
    assert [each.shelf for each in segments_for(tmp_path, "videos", tuple(videos.held), videos)] == ["videos"]
    assert [each.shelf for each in segments_for(tmp_path, "stills", tuple(stills.held), stills)] == ["stills"]
    assert videos.read + stills.read == []
    assert segments_for(tmp_path, "stills", (), stills) == ()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size - 1)


def rename(path: Path) -> None:
    path.rename(path.with_name("0" * 64 + path.suffix))


def link(path: Path) -> None:
    path.rename(path.with_suffix(".kept"))
    path.symlink_to(path.with_suffix(".kept"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def empty(path: Path) -> None:
    path.unlink()
    path.touch()


@pytest.mark.parametrize("harm", [flip, cut, rename, link, pipe, empty, Path.unlink])
def test_a_harmed_segment_is_never_searched_and_made_again_from_the_tracks(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    tracks = Tracks(range(5))
    tracks.up(tmp_path)
    (name,) = names(tmp_path)
    harm(tmp_path / name)
    assert tracks.searched(tmp_path) == every(tracks)
    assert len(tracks.read) == 5
    assert tracks.up(tmp_path).written == 1
    assert name in names(tmp_path)
    assert tracks.searched(tmp_path) == every(tracks)
    assert tracks.read == []


def test_new_evidence_is_added_and_the_rest_not_read_again(tmp_path: Path) -> None:
    Tracks(range(3)).up(tmp_path)
    tracks = Tracks(range(4))
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=1, dropped=0)
    assert len(tracks.read) == 1
    assert tracks.searched(tmp_path) == every(tracks)


def test_evidence_with_another_track_is_dead_in_its_segment_and_stands_in_a_new_one(tmp_path: Path) -> None:
    tracks = Tracks(range(8))
    tracks.up(tmp_path)
    replaced = next(iter(tracks.held))
    del tracks.held[replaced]
    tracks.held[replaced[0], named("track", 99)] = fingerprint(99)
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=1, dropped=0)
    assert tracks.searched(tmp_path) == every(tracks)


def test_a_segment_that_is_more_than_a_quarter_dead_is_folded(tmp_path: Path) -> None:
    tracks = Tracks(range(8))
    tracks.up(tmp_path)
    for number, pair in enumerate(tuple(tracks.held)[:4]):
        del tracks.held[pair]
        tracks.held[pair[0], named("track", 90 + number)] = fingerprint(90 + number)
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=1, dropped=1)
    assert tracks.searched(tmp_path) == every(tracks)
    assert len(names(tmp_path)) == 1


def test_of_one_that_is_gone_no_row_stays_where_others_do(tmp_path: Path) -> None:
    tracks = Tracks(range(12))
    tracks.up(tmp_path)
    gone, former = next(iter(tracks.held.items()))
    del tracks.held[gone]
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=1, dropped=1)
    (name,) = names(tmp_path)
    assert former.codes[0].tobytes() not in (tmp_path / name).read_bytes()
    assert tracks.searched(tmp_path) == every(tracks)
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=0, dropped=0)


def test_of_evidence_that_is_gone_nothing_stays(tmp_path: Path) -> None:
    tracks = Tracks(range(2))
    tracks.up(tmp_path)
    tracks.held.clear()
    assert tracks.up(tmp_path) == Upkeep(broken=0, written=0, dropped=1)
    assert names(tmp_path) == []


def test_many_small_segments_are_folded_into_one(tmp_path: Path) -> None:
    for count in range(1, segments.MOST_SMALL + 2):
        Tracks(range(count)).up(tmp_path)
    assert len(names(tmp_path)) == segments.MOST_SMALL + 1
    tracks = Tracks(range(segments.MOST_SMALL + 1))
    tracks.up(tmp_path)
    assert len(names(tmp_path)) == 1
    assert tracks.searched(tmp_path) == every(tracks)


def test_members_go_on_in_another_segment_when_one_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST_ROWS", 20)
    tracks = Tracks(range(5))
    assert tracks.up(tmp_path).written > 1
    assert tracks.searched(tmp_path) == every(tracks)


def test_evidence_without_any_row_does_not_have_its_segment_written_again(tmp_path: Path) -> None:
    tracks = Tracks(range(0))
    made = member(1, rows=0)
    tracks.held[made.evidence, made.track] = made.fingerprint
    assert [tracks.up(tmp_path).written, tracks.up(tmp_path).written] == [1, 0]


def test_making_a_segment_again_from_the_tracks_shows_whether_it_is_what_they_give(tmp_path: Path) -> None:
    tracks = Tracks(range(3))
    tracks.up(tmp_path)
    (name,) = names(tmp_path)
    assert list(prove(tmp_path, tracks.held, tracks)) == [(name, Proof.EQUAL)]
    pair = next(iter(tracks.held))
    other = dict(tracks.held)
    other[pair] = fingerprint(98)
    assert list(prove(tmp_path, other, other.__getitem__)) == [(name, Proof.DIFFERENT)]
    del other[pair]
    assert list(prove(tmp_path, other, other.__getitem__)) == [(name, Proof.OUTDATED)]
    flip(tmp_path / name)
    assert list(prove(tmp_path, tracks.held, tracks)) == [(name, Proof.NOT_WHOLE)]


def die_at(monkeypatch: pytest.MonkeyPatch, module: object, name: str, count: int) -> None:
    """The process is killed, as by SIGKILL, in place of that call of this function."""
    real, left = getattr(module, name), [count]

    def call(*arguments: object, **named_arguments: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named_arguments)

    monkeypatch.setattr(module, name, call)


@pytest.mark.parametrize(
    ("module", "name", "count"),
    [
        (segments.os, "fchmod", 1),  # bytes written, not on disk
        (segments.os, "fsync", 1),
        (Path, "replace", 1),  # on disk, not named
        (segments.os, "fsync", 2),  # named, its name perhaps not on disk
        (Path, "replace", 2),  # one of several segments is there
        (Path, "unlink", 1),  # all there, the old ones too
        (Path, "unlink", 2),
    ],
)
def test_a_process_killed_while_it_writes_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str, count: int
) -> None:
    monkeypatch.setattr(segments, "MOST_ROWS", 40)
    for seeds in (range(3), range(6)):
        Tracks(seeds).up(tmp_path)
    tracks = Tracks(range(3, 12))
    child = os.fork()
    if not child:
        die_at(monkeypatch, module, name, count)
        tracks.up(tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert tracks.searched(tmp_path) == every(tracks)
    after = tracks.up(tmp_path)
    assert after.written + after.dropped + after.broken > 0
    assert tracks.searched(tmp_path) == every(tracks)
    assert tracks.read == []
    assert all(path.suffix == segments.SUFFIX for path in tmp_path.iterdir())


def test_a_track_that_is_not_the_one_of_its_manifest_is_not_indexed(tmp_path: Path) -> None:
    def broken(_: Wanted) -> Fingerprint:
        raise IntegrityError("the fingerprint is not the one that its manifest names")

    with pytest.raises(IntegrityError):
        bring_up(tmp_path, {"videos": tuple(Tracks(range(1)).held)}, broken)
    assert all(path.suffix != segments.SUFFIX for path in tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file")
    with pytest.raises(StoreError):
        Tracks(range(1)).up(tmp_path / "index")
