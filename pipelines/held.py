"""What a case holds for comparing, as its list tells it, and whether that is what the manifests say."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from forensics.errors import IntegrityError
from forensics.model.notice import Notice
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.entries import entry_of
from pipelines.library import Library
from pipelines.listing import Lister
from pipelines.volumes import Holdings, holdings, listed_volume


def held_of(case: Case, run: Run, settings: Settings) -> tuple[Holdings, tuple[Notice, ...]]:
    """What the case has for comparing, and what a person should know of how it was listed."""
    return Lister(case=case, settings=settings, surroundings=run.surroundings).listed(partial(holdings, case))


def require_as_listed(case: Case, library: Library, evidences: Collection[str]) -> None:
    """Make sure that what was compared of these evidences is what their manifests say now.

    Raises:
        IntegrityError: a catalog said something else.
        ManifestError, StoreError: a manifest cannot be read.
    """
    held = {volume.id: volume for volume in library.references if volume.id in evidences}
    for evidence in sorted(evidences):
        if held[evidence] != listed_volume(case, entry_of(case, evidence)):
            raise IntegrityError(
                f"the catalog does not say of {evidence} what its manifest says",
                code="integrity.catalog",
                hint="delete index/catalog-*.sqlite and run it again; run verify",
            )
