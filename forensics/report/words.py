"""The fixed texts of papers, one file a language in papers/: every language has every text, a test sees to it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "uk", "ru")
"""Languages by ISO 639-1; the first is that of what the record itself says (notices, limits)."""

_PAPERS = Path(__file__).parent / "papers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of one language, by ``group.name``."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of this name, with values in its places. Values are inserted as they are, once. Raises KeyError."""
        return self.texts[name].format(**values)

    def known(self, name: str, otherwise: str) -> str:
        """The text of this name, or else the word of the record itself."""
        return self.texts.get(name, otherwise)


@cache
def words_of(language: str) -> Words:
    """The texts of one of `LANGUAGES`. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    groups = tomllib.loads((_PAPERS / f"{language}.toml").read_text("utf-8"))
    texts = {f"{group}.{name}": str(text) for group, named in groups.items() for name, text in named.items()}
    return Words(language=language, texts=texts)
