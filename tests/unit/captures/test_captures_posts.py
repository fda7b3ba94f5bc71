"""What is called a change of a post, and what is none."""

from dataclasses import replace

import pytest

from forensics.captures import changes_of
from forensics.model.capture import CapturedPost, MediaState, PostMedia, State
from forensics.model.provenance import Post

POST = Post(
    platform="telegram",
    channel="c",
    channel_id="5",
    message_id="7",
    posted_unixtime=1000,
    posted_local="1970-01-01T00:16:40",
    caption="one",
    kind="message",
)
FILE = PostMedia(
    state=MediaState.NAMED, kind="video_file", name="v/video_1@x.mp4", mime="video/mp4", size=5, duration_s=9
)
TOLD = CapturedPost(number=7, post=POST, sender="channel5", media=(FILE,), markup=())


def _states(**changed: object) -> list[State]:
    post = {name: value for name, value in changed.items() if name in Post.__slots__}
    rest = {name: value for name, value in changed.items() if name not in Post.__slots__}
    other = replace(TOLD, post=replace(POST, **post), **rest)  # type: ignore[arg-type]
    states, changes = changes_of(TOLD, other)
    assert bool(states) == bool(changes)
    return list(states)


@pytest.mark.parametrize(
    ("changed", "states"),
    [
        ({}, []),
        ({"caption": "two"}, [State.TEXT_EDITED]),
        ({"caption": None}, [State.TEXT_EDITED]),
        ({"markup": (("text_link", "one", "https://example.org"),)}, [State.TEXT_EDITED]),
        ({"markup": None}, []),
        ({"caption": "two", "edited_unixtime": 2000}, [State.TEXT_EDITED]),
        ({"edited_unixtime": 2000}, [State.EDIT_STAMP_ONLY]),
        ({"media": ()}, [State.MEDIA_REPLACED]),
        ({"media": (replace(FILE, size=6),)}, [State.MEDIA_REPLACED]),
        ({"media": (replace(FILE, size=6),), "edited_unixtime": 2000}, [State.MEDIA_REPLACED]),
        ({"media": (replace(FILE, name="v/video_2@x.mp4"),)}, []),
        ({"media": (replace(FILE, size=None, file_name="a.mp4"),)}, []),
        ({"media": (replace(FILE, state=MediaState.UNAVAILABLE, name=None),)}, [State.PLACEHOLDER_CHANGED]),
        ({"posted_unixtime": 1001}, [State.TIME_CHANGED]),
        ({"posted_unixtime": None}, []),
        ({"posted_unixtime": None, "posted_candidates": (1000, 4600)}, []),
        ({"posted_unixtime": None, "posted_candidates": (1001, 4601)}, [State.TIME_CHANGED]),
        ({"posted_local": "1970-01-01T03:16:40"}, []),
        ({"sender": "channel6"}, [State.OTHER_CHANGED]),
        ({"kind": "unsupported", "caption": None, "media": ()}, [State.OTHER_CHANGED]),
        ({"source_offset": 99, "channel": "renamed"}, []),
    ],
)
def test_a_change_has_its_name(changed: dict[str, object], states: list[State]) -> None:
    assert _states(**changed) == states


def test_a_forward_that_names_another_origin_is_a_change_and_one_that_tells_less_is_none() -> None:
    told = replace(TOLD, post=replace(POST, forwarded_from="a", forwarded_from_id="channel1"))
    other = replace(TOLD, post=replace(POST, forwarded_from="b"))
    states, changes = changes_of(told, other)
    assert states == (State.OTHER_CHANGED,)
    assert [(change.field, change.old, change.new) for change in changes] == [("forwarded_from", "a", "b")]


def test_what_a_page_shows_in_its_own_way_is_no_change() -> None:
    shown = replace(
        TOLD,
        rendered=True,
        sender=None,
        markup=None,
        post=replace(POST, author="Chat", edited_unixtime=None),
        media=(PostMedia(state=MediaState.NAMED, kind="animation", name="v/x.mp4", duration_s=9),),
    )
    signed = replace(TOLD, post=replace(POST, author="Signature", edited_unixtime=2000))
    assert changes_of(signed, shown) == ((), ())
    assert changes_of(signed, replace(shown, rendered=False))[0] != ()
    assert changes_of(signed, replace(shown, media=()))[0] == (State.MEDIA_REPLACED,)
