"""What looks at the first bytes of a file outside a jail compares bytes, and takes nothing apart.

A sniff runs in the process that keeps the store, for every file. So none of them parses: they compare bytes, look for
marks by `re` with patterns that cannot go back, and open and stat. What reads JSON, HTML, XML or boxes has a jail.
"""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest

import forensics
from forensics import telemetry
from forensics.model import content
from forensics.sources import archive, post_documents, telegram

ROOMS = [Path(forensics.__file__).parent / room for room in ("model", "sources", "telemetry", "media")]
LOOKING = {
    *("sniff", "looks", "_by_bytes", "_is_transport_stream", "archive_form", "is_archive_name", "extension"),
    *("packet_form", "in_step"),
}
"""Functions that look at the first bytes of a file, by name."""

PLAIN = {
    *("any", "bool", "len", "max", "next", "range"),
    *("lower", "startswith", "endswith", "count", "find", "rpartition", "get"),
}
"""Calls of Python itself that compare bytes and text."""
SEARCHES = {"search", "match"}
OPENINGS = {"kind_of", "read_head", "open_folder", "documents_in", "join", "base", "close", "format_of", "pread"}
"""Calls that open, stat, list and read first bytes."""

MARKS = (
    b'"_"', b'"_":"Message"', b'"chat"', b'"chat":{', b'"api_data"', b'"api_data":', b'{"id":1,"messages":', b'"type"',
    b'"type":"', b'"peer_id":{"_":', b'"chats"', b'"Message', b"\xef\xbb\xbf{", b"1\r\n00:00:00", b"$GP", b"GPS",
)  # fmt: skip
SEVERAL = 1 << 16
"""First bytes of a page or a dump: the most that any of them is given."""
MOST_CPU_S = 0.5
"""For all of them over one head; measured 2 ms. One that goes back takes minutes over 64 KiB."""


def functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for room in ROOMS:
        for path in sorted(room.glob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in LOOKING]
            found += [(f"{path.stem}.{node.name}", node) for node in nodes]
    return found


def calls_of(function: ast.FunctionDef) -> set[str]:
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else ast.unparse(each) for each in called}


@pytest.mark.parametrize(("name", "function"), functions(), ids=lambda each: each if isinstance(each, str) else "")
def test_a_sniff_calls_nothing_that_takes_bytes_apart(name: str, function: ast.FunctionDef) -> None:
    assert sorted(calls_of(function) - PLAIN - SEARCHES - OPENINGS - LOOKING) == []


def test_a_parser_in_a_sniff_would_be_seen() -> None:
    (bad,) = ast.parse("def sniff(head, name):\n    return 'id' in json.loads(head)").body
    assert isinstance(bad, ast.FunctionDef)
    assert calls_of(bad) - PLAIN - SEARCHES - OPENINGS - LOOKING == {"loads"}
    assert len(functions()) > 20


@pytest.mark.parametrize("filler", [b" ", b"\n", b"0", b'"', b"{", b": ", b"-->"], ids=repr)
def test_no_first_bytes_make_a_sniff_slow(filler: bytes) -> None:
    for mark in (b"", *MARKS):
        head = ((mark + filler * 50) * SEVERAL)[: SEVERAL // 2] + (mark + filler * SEVERAL)[: SEVERAL // 2]
        begun = time.process_time()
        for each in post_documents.FORMATS:
            each.sniff("dump.json", head)
            each.sniff("page.html", head)
        for known in telemetry.FORMATS:
            known.sniff(head, "a.txt")
        content.looks("a", head)
        content.archive_form(head)
        telegram._HEAD_MARKS.search(head)  # of a file named as JSON, within its sniff
        assert time.process_time() - begun < MOST_CPU_S, (mark, filler)


def test_every_pattern_of_the_sniffs_is_possessive_where_it_repeats() -> None:
    """A repetition that may give back what it took is what makes a search quadratic or worse."""
    for pattern in (telegram._HEAD_MARKS, *(value for each in post_documents.FORMATS for value in vars(each).values())):
        if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, bytes):
            assert re.search(rb"\\s[*+](?!\+)|\.[*+](?![+?])", pattern.pattern) is None, pattern.pattern


def test_an_archive_is_known_by_its_first_bytes_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert archive.sniff(str(path))
