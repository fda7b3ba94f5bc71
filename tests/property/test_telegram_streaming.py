"""Laws of reading Telegram Desktop's JSON as a stream: both ways, any buffer and the whole-file parser agree."""

import json
import os
import tempfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import ExportInvalid
from forensics.sources.telegram_json import Export
from forensics.sources.telegram_window import ExportCut, Window

TEXTS = st.text(st.one_of(st.sampled_from('"\\:{}[],\n\u2028é😮 x'), st.characters()), max_size=12)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
MESSAGES = st.lists(st.one_of(st.dictionaries(TEXTS, VALUES, max_size=4), VALUES), max_size=5)
CHUNKS = st.sampled_from([1, 2, 3, 5, 17, 4096])
INDENTS = st.sampled_from([None, 0, 1, 2])


def read(data: bytes, chunk: int, quick: bool) -> tuple[list[tuple[int, int, object]], object]:
    """What a pass tells, up to the error if there is one, and what it counts or the error."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        export = Export(window=Window(file.fileno(), chunk), quick=quick)
        told: list[tuple[int, int, object]] = []
        try:
            for member in export.messages():
                assert data[member.offset :].startswith(member.raw)
                told.append((member.chat, member.offset, member.value))
        except ExportInvalid as err:
            return told, (type(err), err.code, err.message)
        return told, (export.chats, export.closed, export.decoder.repairs, export.decoder.repeated_keys)


def written(document: Any, indent: int | None) -> bytes:
    return json.dumps(document, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")


@given(st.lists(MESSAGES, min_size=1, max_size=3), INDENTS, CHUNKS, st.booleans(), st.booleans())
def test_a_stream_tells_what_the_standard_library_parses(
    chats: list[list[object]], indent: int | None, chunk: int, quick: bool, account: bool
) -> None:
    document: dict[str, Any] = {"name": "c", "id": 5, "messages": chats[0]}
    if account:
        document = {
            "about": {"x": chats[0]},
            "chats": {"list": [{"id": n, "messages": m} for n, m in enumerate(chats)]},
        }
    data = json.dumps(document, indent=indent).encode()
    told, counted = read(data, chunk, quick)
    expected = [(n, value) for n, each in enumerate(chats if account else chats[:1]) for value in each]
    assert [[chat, value] for chat, _, value in told] == json.loads(json.dumps(expected))
    assert isinstance(counted, tuple)
    assert counted[2:] == ({}, 0)


ILLEGAL = st.sampled_from([
    b'"a\\x0Bb"', b'"\\u2028\x80\xa8"', b'"\\\\x41"', b'{"document_id": a (1).webm\n}', b'{"document_id": {x"y.webm\n}',
    b'{"a":1,"a":2}', b'{"document_id": null}', b'"\\ud83d"', b"NaN", b'"\xff"', b"01", b'"\n"', b"]", b"}", b'"',
    b"\n  }",
])  # fmt: skip


@settings(max_examples=300)
@given(MESSAGES, st.lists(ILLEGAL, max_size=3), INDENTS, CHUNKS, CHUNKS, st.data())
def test_both_ways_and_every_buffer_agree_on_what_is_no_json_too(
    messages: list[object], odd: list[bytes], indent: int | None, one: int, other: int, draw: st.DataObject
) -> None:
    marked = [*messages, *({"id": n, "text": f"\0{n}\0"} for n in range(len(odd)))]
    data = written({"name": "c", "messages": marked}, indent)
    for n, piece in enumerate(odd):
        data = data.replace(f'"\\u0000{n}\\u0000"'.encode(), piece)
    data = data[: draw.draw(st.sampled_from([len(data), len(data), len(data) // 2]))]
    assert read(data, one, True) == read(data, other, False) == read(data, 1 << 18, True)


@given(MESSAGES, INDENTS, st.floats(0, 1, exclude_max=True))
def test_what_a_cut_file_tells_is_the_beginning_of_what_the_whole_one_tells(
    messages: list[object], indent: int | None, part: float
) -> None:
    data = json.dumps({"id": 1, "messages": messages}, indent=indent).encode()
    whole, _ = read(data, 4096, True)
    told, error = read(data[: int(part * len(data))], 4096, True)
    assert told == whole[: len(told)]
    assert isinstance(error, tuple)
    assert error[0] is ExportCut
