"""A finding: our analysis of one pair, a document of its own that never touches the certified record."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.model.evidence import Digests
from forensics.model.manifest import Json
from forensics.model.match import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the machine says about two videos, bound to the manifests that describe them.

    ``reference_manifest`` and ``query_manifest`` are the SHA-256 of the manifests' stored bytes. A query from outside
    the case has no manifest: ``query_manifest`` is None and ``query_digests`` are those of the file itself. Exactly
    one of the two is given. ``params`` are the method's parameters, or None when only their digest is kept;
    ``sound_params`` are likewise those of the sound that agrees, where some does.
    """

    id: str
    match: Match
    reference_manifest: str
    query_manifest: str | None
    query_digests: Digests | None
    params: dict[str, Json] | None
    status: str
    limits: tuple[str, ...]
    sound_params: dict[str, Json] | None = None

    def __post_init__(self) -> None:
        if (self.query_manifest is None) == (self.query_digests is None):
            raise ValueError("a query is named by its manifest, or by its digests when it is outside the case")
