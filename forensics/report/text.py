"""Foreign text on a page: as everywhere, and one-to-one besides."""

from __future__ import annotations

from forensics.model import text as model_text

_BRACKET = "\u27e8"
_BRACKET_WRITTEN = f"{_BRACKET}U+27E8\u27e9"


def visible(text: str, *, keep_newlines: bool = False) -> str:
    """Raw text with what would act on the reader's screen written out, see `forensics.model.text.visible`.

    One-to-one: an opening ``⟨`` of the input is itself written ``⟨U+27E8⟩``, so that two texts never look the same
    on a page because one of them holds an escape as plain letters. Apply it once, to raw text.
    """
    return model_text.visible(text.replace(_BRACKET, _BRACKET_WRITTEN), keep_newlines=keep_newlines)
