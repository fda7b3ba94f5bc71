import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.report import visible

# Format characters that have a visible glyph, or without which Persian, Indic scripts and emoji are misspelt.
HARMLESS_FORMAT = {0x200C, 0x200D, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def undo(shown: str) -> str:
    return re.sub("⟨U\\+([0-9A-F]{4,6})⟩", lambda found: chr(int(found[1], 16)), shown)


@given(ANY_TEXT)
def test_what_is_shown_tells_exactly_what_was_there(text):
    assert undo(visible(text)) == text


@given(ANY_TEXT)
def test_what_is_shown_can_be_written_as_utf8_and_holds_nothing_that_acts(text):
    shown = visible(text)
    shown.encode("utf-8")
    assert not [sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [sign for sign in shown if unicodedata.bidirectional(sign) in {"LRE", "RLO", "LRO", "RLE", "PDF"}]
    assert not [sign for sign in shown if unicodedata.bidirectional(sign) in {"LRI", "RLI", "FSI", "PDI"}]


@given(ANY_TEXT)
def test_only_line_feeds_differ_where_several_lines_are_wanted(text):
    assert visible(text, keep_newlines=True).replace("\n", "⟨U+000A⟩") == visible(text)


def test_every_control_and_unseen_format_character_of_unicode_is_shown():
    missed = [
        f"U+{code:04X}"
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and code not in HARMLESS_FORMAT
        and visible(chr(code)) == chr(code)
    ]
    # Egyptian joiners shape their neighbours' glyphs, Kaithi number signs have a glyph.
    assert set(missed) <= {f"U+{code:04X}" for code in (*range(0x13430, 0x13440), 0x110BD, 0x110CD)}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("evil\u202egpj.mp4", "evil⟨U+202E⟩gpj.mp4"),
        ("a\x1b[2Jb", "a⟨U+001B⟩[2Jb"),
        ("one\r\ntwo\tthree", "one⟨U+000D⟩⟨U+000A⟩two⟨U+0009⟩three"),
        ("caf\udce9.mp4", "caf⟨U+DCE9⟩.mp4"),
        ("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("\x85\u2028", "⟨U+0085⟩⟨U+2028⟩"),
    ],
)
def test_what_would_act_on_the_reader_is_shown_by_its_number(raw, shown):
    assert visible(raw) == shown


@pytest.mark.parametrize("plain", ["видео с дрона.mp4", "مسيّرة فوق المدينة", "می‌خواهم", "👨‍👩‍👧 e\u0301", "<b>&amp;"])
def test_plain_text_of_any_script_stays_as_it_is(plain):
    assert visible(plain) == plain
