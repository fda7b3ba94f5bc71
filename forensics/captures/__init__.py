"""Two captures of the same chats compared: what is absent, what was changed, and what nobody can tell."""

from forensics.captures.compare import compare
from forensics.captures.pairs import joined_by_name, pairs
from forensics.captures.posts import changes_of

__all__ = ["changes_of", "compare", "joined_by_name", "pairs"]
