"""Concealing and revealing: nothing is lost, nothing is told without its disclosure, no letter can change unseen."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.custody import CONCEALED, SHOWN, conceal_record, record_digests, reveal_record
from forensics.custody.disclosure import check, conceal, make_disclosure, read_disclosure, reveal
from forensics.errors import ManifestError
from forensics.model.manifest import Record

patient = settings(deadline=None, max_examples=60)  # a busy machine is no failure
words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
salts = st.binary(min_size=16, max_size=16)
objects = st.dictionaries(st.sampled_from(["path", "author", "a", "b", "c"]), values, max_size=5)
secret = st.uuids().map(str)


@patient
@given(objects, st.sets(st.sampled_from(["path", "author", "a"])), st.data())
def test_what_is_concealed_is_revealed_whole(found: dict, names: set[str], data: st.DataObject) -> None:
    left, made = conceal(found, sorted(names), lambda: data.draw(salts))
    assert not names & left.keys()
    assert reveal(left, {each.digest: each for each in made}) == found
    assert reveal(left, {}) == {name: value for name, value in found.items() if name not in names}


@patient
@given(words, values, salts)
def test_a_disclosure_is_read_back_as_it_was_made(name: str, value: object, salt: bytes) -> None:
    if name in {"_sd", "..."}:
        return
    made = make_disclosure(name, value, salt)
    assert read_disclosure(made.text) == made


@patient
@given(values, salts, st.data())
def test_a_changed_letter_is_refused_or_stands_nowhere(value: object, salt: bytes, data: st.DataObject) -> None:
    made = make_disclosure("name", value, salt)
    place = data.draw(st.integers(0, len(made.text) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz019-_").filter(lambda each: each != made.text[place]))
    try:
        changed = read_disclosure(made.text[:place] + letter + made.text[place + 1 :])
    except ManifestError:
        return
    told = check((changed,), {"_sd": [made.digest]})
    assert (told.disclosed, told.foreign) == ((), (changed.digest,))


@st.composite
def records(draw: st.DrawFn) -> Record:
    post = {
        "platform": "telegram",
        "channel": draw(secret),
        "channel_id": draw(secret),
        "message_id": "7",
        "channel_type": draw(st.sampled_from(["public_channel", "private_group", "personal_chat", None])),
        "author": draw(st.none() | secret),
        "forwarded_from": draw(st.none() | secret),
        "public_page": draw(st.sampled_from([None, "t.me/c/1"])),
        "forwarded_message_id": draw(st.sampled_from([None, "12"])),
        "forwarded_from_username": draw(st.none() | secret),
        "forwarded_from_id": draw(st.none() | secret.map("user{}".format) | secret.map("channel{}".format)),
    }
    seen = {"kind": "file", "name": "a.mp4", "path": draw(secret), "post": draw(st.none() | st.just(post))}
    return Record(
        case={"id": "C"},
        appearances=tuple(dict(seen) for _ in range(draw(st.integers(1, 3)))),
        acquisition={},
        environment={
            "argv": draw(st.lists(secret, max_size=2)),
            "settings": {"operator": draw(secret), "custodian": draw(st.none() | secret), "jobs": 0},
            "programs": [{"name": "ffmpeg", "path": draw(secret)}, {"name": "ffprobe", "path": draw(secret)}],
        },
        processing={"commands": [["ffprobe"]]},
        log={},
    )


def salting() -> Callable[[], bytes]:
    """A salt that no other call has had."""
    counted = itertools.count()
    return lambda: next(counted).to_bytes(16, "big")


@patient
@given(records())
def test_a_record_is_revealed_whole_and_concealing_it_again_adds_nothing(record: Record) -> None:
    written, made = conceal_record(record, salting())
    assert reveal_record(written, made) == record
    assert len(record_digests(written)) == len(made)
    assert conceal_record(written, salting()) == (written, ())


@patient
@given(records())
def test_nothing_of_a_concealed_value_is_in_the_record(record: Record) -> None:
    written, made = conceal_record(record, salting())
    text = json.dumps([written.appearances, written.environment])
    for each in made:
        for value in each.value if isinstance(each.value, list) else [each.value]:
            assert str(value) not in text


@patient
@given(records(), st.data())
def test_a_value_that_is_not_at_hand_is_said_to_be_concealed(record: Record, data: st.DataObject) -> None:
    written, made = conceal_record(record, salting())
    kept = [each for each in made if data.draw(st.booleans())]
    shown = reveal_record(written, kept)
    for seen, was in zip(shown.appearances, record.appearances, strict=True):
        assert seen["path"] in {was["path"], SHOWN}
    assert shown.environment["settings"]["operator"] in {record.environment["settings"]["operator"], SHOWN}
    assert record_digests(shown) == ()


def test_each_row_of_the_table_gives_its_reason() -> None:
    assert all(row.reason and row.what and bool(row.unless) == bool(row.exception) for row in CONCEALED)
