"""Captures of chats: two of them compared (what is absent, what was changed, what nobody can tell), posts that name one
file of the servers, and leads that a post gives by itself.
"""

from forensics.captures.compare import Unlisted, compare
from forensics.captures.files import Files
from forensics.captures.leads import Lead, LeadKind, lead_of
from forensics.captures.pairs import joined_by_name, pairs
from forensics.captures.posts import changes_of
from forensics.captures.server_files import Place, Reach, ServerEdge, name_kind, server_edges

__all__ = [
    "Files",
    "Lead",
    "LeadKind",
    "Place",
    "Reach",
    "ServerEdge",
    "Unlisted",
    "changes_of",
    "compare",
    "joined_by_name",
    "lead_of",
    "name_kind",
    "pairs",
    "server_edges",
]
