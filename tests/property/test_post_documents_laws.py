"""Laws of pages and dumps: whatever a field holds is read or unknown; a page proves absence in its window only."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forensics.captures import compare
from forensics.model.capture import State
from forensics.model.provenance import Found, SourceKind
from forensics.sources import discover, open_capture
from tests.unit.sources.test_sources_dumps import MP4, pyrogram, telethon
from tests.unit.sources.test_sources_tme_page import message, page

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def places(value: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way for step, inner in steps for way in ((*above, step), *places(inner, (*above, step)))]


@given(st.data(), st.sampled_from((telethon, pyrogram)))
def test_any_value_in_any_place_of_a_message_is_read_or_unknown(data: st.DataObject, make: Any) -> None:
    changed = make(2)
    way = data.draw(st.sampled_from(places(changed)))
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = data.draw(anything)
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "dump.json")
        dump.write_text(json.dumps([make(1), changed]))
        Path(folder, "DJI_0042.MP4").write_bytes(MP4)
        found = [one for one in discover([folder]) if isinstance(one, Found)]
        with open_capture(str(dump)) as capture:
            for chat in capture.about.chats:
                for number in capture.columns(chat.key).numbers.tolist():
                    assert capture.post(chat.key, number).number == number
    assert {one.path for one in found} == {f"{folder}/DJI_0042.MP4"}
    assert all(one.appearance.kind is not SourceKind.FILE or one.appearance.post is None for one in found)


numbers = st.sets(st.integers(1, 40), min_size=3, max_size=12).map(sorted)


@given(numbers, st.data())
def test_a_page_proves_absence_between_its_numbers_and_nowhere_else(all_posts: list[int], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(all_posts[1:-1]))
    low = data.draw(st.integers(0, all_posts.index(gone) - 1))
    high = data.draw(st.integers(all_posts.index(gone) + 1, len(all_posts) - 1))
    window = [number for number in all_posts[low : high + 1] if number != gone]
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.html"), Path(folder, "new.html")
        old.write_bytes(page(*(message(number, str(number)) for number in all_posts)))
        new.write_bytes(page(*(message(number, str(number)) for number in window)))
        with open_capture(str(old)) as before, open_capture(str(new)) as after:
            told = list(compare(before, after))
    assert [each.number for each in told if State.ABSENT in each.states] == [gone]
    assert sum(each.count for each in told if State.NOT_COVERED in each.states) == len(all_posts) - len(window) - 1
    assert {state for each in told for state in each.states} <= {State.ABSENT, State.NOT_COVERED}
