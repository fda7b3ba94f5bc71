"""Sound beside pictures, over a whole library: which pairs are looked at, and what is said of the rest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from forensics import fingerprint, matching, media
from forensics.errors import IntegrityError
from forensics.model.manifest import Facts
from forensics.model.match import Assessment, Match
from forensics.model.notice import Notice
from forensics.model.sound import SoundTrack
from pipelines import findings
from pipelines.engine import Serial
from pipelines.facts import sound_line
from pipelines.sounds import SOUND_COMMON, with_sound


def words(seed: int, count: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)


def track(*parts: np.ndarray) -> SoundTrack:
    joined = np.concatenate(parts)
    samples = (len(joined) - 1) * media.CHROMAPRINT.step + media.CHROMAPRINT.span
    levels = np.full(media.CHROMAPRINT.levels_of(samples), 20, np.uint8)
    return fingerprint.flag_sound(media.CHROMAPRINT, samples, joined, levels)


def library(sounds: dict[str, SoundTrack], outside: tuple[str, ...] = ()) -> Any:
    """What `with_sound` asks of a library."""
    inside = tuple(name for name in sounds if name not in outside)
    index = matching.SoundIndex([sounds[name] for name in inside])
    references = tuple(SimpleNamespace(id=name) for name in inside)
    return SimpleNamespace(sound=sounds.get, references=references, sound_index=(inside, index))


def heard(sounds: dict[str, SoundTrack], *found: Match | Notice) -> list[Match | Notice]:
    order = {name: place for place, name in enumerate(sounds)}
    return list(with_sound(Serial(), library(sounds), tuple(sounds), order, iter(found)))


def test_inside_a_case_a_pair_is_named_once_with_the_later_file_as_query() -> None:
    same = words(1)
    found = heard({"a": track(same), "b": track(words(2)), "c": track(same)})
    assert [(each.query_id, each.reference_id, each.assessment) for each in found if isinstance(each, Match)] == [
        ("c", "a", Assessment.AUDIO_ONLY)
    ]
    assert len(found) == 1


def test_a_query_from_outside_is_compared_with_every_reference_and_no_other_query() -> None:
    sounds = {name: track(words(1)) for name in ("a", "b", "q1", "q2")}
    found = list(with_sound(Serial(), library(sounds, ("q1", "q2")), ("q1", "q2"), {}, iter(())))
    pairs = {(each.query_id, each.reference_id) for each in found if isinstance(each, Match)}
    assert pairs == {("q1", "a"), ("q1", "b"), ("q2", "a"), ("q2", "b")}


def test_a_pair_that_the_pictures_gave_is_supported_and_not_named_again() -> None:
    same = words(1)
    sounds = {"a": track(same), "b": track(same)}
    pictures = matching.sound_alone(("a", "b"), *sounds.values(), findings.SOUND_METHOD)
    assert pictures is not None
    (found,) = heard(sounds, pictures)
    assert isinstance(found, Match)
    assert (found.query_id, found.reference_id) == ("a", "b")
    assert found.sound is not None


def test_a_jingle_of_many_files_is_told_and_makes_no_pairs() -> None:
    jingle = words(0)
    sounds = {f"{number}": track(jingle, words(number + 1)) for number in range(matching.SOUND_PARAMS.most_files + 2)}
    (notice,) = heard(sounds)
    assert isinstance(notice, Notice)
    assert notice.code == SOUND_COMMON
    assert f"of {len(sounds)} files" in notice.message


def test_a_track_that_is_not_the_one_of_the_manifest_leaves_the_pictures_alone() -> None:
    class Broken:
        references = ()

        def sound(self, volume: str) -> SoundTrack:
            raise IntegrityError("the sound track of a is not the one that its manifest names")

    one = matching.sound_alone(("a", "b"), track(words(1)), track(words(1)), findings.SOUND_METHOD)
    assert one is not None
    found = list(with_sound(Serial(), Broken(), ("a",), {}, iter((one,))))  # type: ignore[arg-type]
    assert [type(each) for each in found] == [Notice, Match]
    assert found[1] is one


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ({}, "not read: ingested before sound was"),
        ({"sound": {"state": "too_short", "reason": "26500 samples"}}, "too short: 26500 samples"),
        (
            {"sound": {"state": "read", "words": 9, "audible": 0, "silent": 9, "plain": 9, "loudest_db": None}},
            "0 of 9 words can be compared (9 silent, 9 too even); every sample is zero",
        ),
    ],
)
def test_what_is_known_of_the_sound_is_one_line(recipe: dict, line: str) -> None:
    assert sound_line(Facts(exact={"kind": "video"}, recipe=recipe)) == line
    assert sound_line(Facts(exact={"kind": "still"}, recipe=recipe)) is None
