"""Laws of comparing captures: what is removed inside coverage is always told, what a cut takes never is."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forensics.captures import compare
from forensics.errors import InputError
from forensics.model.capture import Difference, State
from forensics.sources import open_capture

NUMBERS = st.lists(st.integers(-50, 200), min_size=1, max_size=12, unique=True).map(sorted)
KINDS = st.sampled_from(["public_channel", "private_channel", "personal_chat", "public_supergroup", "saved_messages"])
INDENTS = st.sampled_from([None, 1, 4])


def _export(numbers: list[int], kind: str = "public_channel", **more: object) -> dict[str, Any]:
    messages = [
        {"id": n, "type": "message", "date_unixtime": str(1600000000 + n), "from_id": f"user{n % 2}", "text": str(n)}
        for n in numbers
    ]
    return {"name": "c", "type": kind, "id": 5, "messages": messages} | more


def _compared(old: bytes, new: bytes) -> list[Difference]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("old.json", "new.json")]
        for path, data in zip(paths, (old, new), strict=True):
            path.write_bytes(data)
        with open_capture(str(paths[0])) as before, open_capture(str(paths[1])) as after:
            return list(compare(before, after))


def _written(export: object, indent: int | None) -> bytes:
    return json.dumps(export, indent=indent, ensure_ascii=False).encode()


def _absent(differences: list[Difference]) -> set[int | None]:
    return {each.number for each in differences if State.ABSENT in each.states}


@given(NUMBERS, KINDS, INDENTS, INDENTS, st.data())
def test_whatever_is_removed_inside_coverage_is_absent_and_nothing_else_is(
    numbers: list[int], kind: str, before: int | None, after: int | None, draw: st.DataObject
) -> None:
    gone = draw.draw(st.sets(st.sampled_from(numbers)))
    left = [number for number in numbers if number not in gone]
    found = _compared(_written(_export(numbers, kind), before), _written(_export(left, kind), after))
    inside = {number for number in gone if left and left[0] < number < left[-1]}
    assert _absent(found) == inside
    covered = sum(each.count for each in found if State.NOT_COVERED in each.states)
    assert covered == len(gone) - len(inside)
    assert {state for each in found for state in each.states} <= {State.ABSENT, State.NOT_COVERED, State.NEVER_SEEN}


@given(NUMBERS, KINDS, INDENTS, st.floats(0, 1), st.booleans(), st.booleans())
def test_a_cut_tail_is_never_absent(
    numbers: list[int], kind: str, indent: int | None, part: float, backwards: bool, shuffled: bool
) -> None:
    export = _export(numbers, kind)
    if backwards:
        export["messages"].reverse()
    if shuffled:
        export["messages"] = export["messages"][1::2] + export["messages"][::2]
    data = _written({"chats": {"list": [export, _export(numbers, kind, id=6)]}}, indent)
    try:
        found = _compared(data, data[: int(part * len(data))])
    except InputError:
        return
    assert _absent(found) == set()
    assert {state for each in found for state in each.states} <= {State.NOT_COVERED, State.NEVER_SEEN}


@given(NUMBERS, INDENTS, INDENTS, st.booleans())
def test_a_capture_is_no_different_from_itself_however_it_is_laid_out(
    numbers: list[int], before: int | None, after: int | None, renamed: bool
) -> None:
    other = _export(numbers, name="new name" if renamed else "c")
    found = _compared(_written(_export(numbers), before), _written(other, after))
    states = {state for each in found for state in each.states}
    assert states - {State.NEVER_SEEN} == ({State.RENAMED_CHAT} if renamed else set())


@given(NUMBERS, st.data())
def test_the_two_directions_mirror_each_other(numbers: list[int], draw: st.DataObject) -> None:
    left = draw.draw(st.lists(st.sampled_from(numbers), min_size=1, unique=True).map(sorted))
    old, new = _written(_export(numbers), 1), _written(_export(left), 1)
    forth, back = _compared(old, new), _compared(new, old)
    assert _absent(forth) == {each.number for each in back if State.APPEARED_LATE in each.states}
    missing = sum(each.count for each in forth if State.NOT_COVERED in each.states)
    assert missing == sum(each.count for each in back if State.ADDED in each.states)
