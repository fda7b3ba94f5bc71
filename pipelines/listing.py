"""List the evidences of a case: from its catalog where one is kept, else from every manifest. Both give the same.

1  a small case, or one for which no catalog can be kept, is read manifest by manifest
2  the catalog is caught up from the custody log's tail; in any doubt (damage, another schema, a log that is not the
   one it was made from, a number of evidences that is not the log's) it is made anew from the manifests
3  what the store holds decides: an evidence that the catalog does not know is read from its manifest, one that the
   store no longer has is told

Only the process that drives a command comes here. What is written into a finding or a manifest is read from manifest
and store, not from here; `verify` takes nothing from a catalog.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from forensics import custody
from forensics.errors import ForensicsError, InputError, IntegrityError, StoreError, ToolError
from forensics.model.catalog import Listed, LogMark, Unread
from forensics.model.notice import Notice
from pipelines.case import Case
from pipelines.catalog_secret import SECRET_FILE, own_secret
from pipelines.config import CATALOG_AUTO, CATALOG_LOCAL, CATALOG_OFF, Settings
from pipelines.entries import entries_of, entry_of
from pipelines.footing import file_system, is_shared
from pipelines.keys import key_path
from pipelines.surroundings import Surroundings

if TYPE_CHECKING:
    from forensics.catalog import Catalog

SMALL_CASE = 200
"""Evidences whose manifests are read in about the time that loading the database library takes (0.4 s)."""

AT_ONCE = 1000
"""Evidences in one transaction of catching up: two seconds of reading that a crash can cost."""

NEAR = 1000
"""Lines of the log that looking up a number goes on by; further behind, the manifests are searched instead."""

NOT_IN_STORE = "match.not_in_store"

_LOG_BROKEN = "integrity.log"

_DOUBTS = ("integrity.catalog", "integrity.log_moved")
"""Codes of what is wrong with a catalog, or with the log that it was made from."""

Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many rows a catalog has, how many evidences are read from their manifests whatever it says, and which rows
    are ``different`` from what their manifests say.
    """

    rows: int
    behind: int
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Where the list of a case comes from: these settings, on this machine."""

    case: Case
    settings: Settings
    surroundings: Surroundings

    def listed(self, take: Callable[[Iterator[Listed]], Taken]) -> tuple[Taken, tuple[Notice, ...]]:
        """What ``take`` makes of every evidence, in the order of their SHA-256, and what a person should know.

        ``take`` is called again when the catalog turns out doubtful half-way.

        Raises:
            ToolError, StoreError, InputError, CaseError: a catalog was asked for and cannot be used.
            ManifestError, IntegrityError: a manifest cannot be read.
        """
        catalog = self.catalog()
        if catalog is None:
            return self._from_manifests(take)
        with catalog.database.alone(wait=True):
            try:
                return self._sure(catalog, take)
            except IntegrityError as error:
                if error.code != _LOG_BROKEN:
                    raise
                # No catalog can follow such a log. The store is as it was.
                taken, notices = self._from_manifests(take)
                return taken, (Notice(code=error.code, message=error.message), *notices)

    def _sure(self, catalog: Catalog, take: Callable[[Iterator[Listed]], Taken]) -> tuple[Taken, tuple[Notice, ...]]:
        """From the catalog, or, in doubt, from one made anew."""
        try:
            return self._from_catalog(catalog, take)
        except IntegrityError as error:
            if error.code not in _DOUBTS:
                raise
            catalog.anew()
            taken, notices = self._from_catalog(catalog, take)
            return taken, (_made_anew(error), *notices)

    def _from_manifests(self, take: Callable[[Iterator[Listed]], Taken]) -> tuple[Taken, tuple[Notice, ...]]:
        missing: list[str] = []
        return take(_from_manifests(self.case, missing)), tuple(map(_vanished, missing))

    def _from_catalog(
        self, catalog: Catalog, take: Callable[[Iterator[Listed]], Taken]
    ) -> tuple[Taken, tuple[Notice, ...]]:
        missing: list[str] = []
        bring_up(self.case, catalog)
        taken = take(_merged(self.case, catalog.entries(), missing))
        return taken, tuple(map(_vanished, missing))

    def catch_up(self) -> None:
        """Bring the catalog up to the log, where one is kept and nobody else is at it. Raises as `listed`."""
        catalog = self.catalog()
        if catalog is not None:
            with catalog.database.alone(wait=False) as mine:
                if mine:
                    bring_up(self.case, catalog)

    def compared(self) -> Compared | None:
        """The rows of the catalog against the manifests, each read again; None where no catalog is kept or made yet.

        Raises:
            IntegrityError: doubt, or a manifest cannot be read.
            StoreError, CaseError: it cannot be used.
        """
        catalog = self.catalog()
        if catalog is None or not (catalog.database.file is None or catalog.database.file.exists()):
            return None
        rows = behind = 0
        different: list[str] = []
        with catalog.database.alone(wait=True):
            catalog.state()
            for row in catalog.entries():
                rows += 1
                now = entry_of(self.case, row.id) if self.case.store.contains(row.id) else None
                if now is None or now.version > row.version or isinstance(row, Unread):
                    behind += 1
                elif now != row:
                    different.append(row.id)
        return Compared(rows=rows, behind=behind, different=tuple(different))

    def numbered(self, exhibit: str) -> tuple[str, ...]:
        """The evidences that the catalog lists under an exhibit number: none where it cannot be asked at once."""
        try:
            catalog = self.catalog()
            if catalog is None:
                return ()
            with catalog.database.alone(wait=False) as mine:
                if not mine or self.case.log.head().seq - catalog.state().mark.seq > NEAR:
                    return ()
                bring_up(self.case, catalog)
                return tuple(each.id for each in catalog.numbered(exhibit))
        except ForensicsError:
            # The manifests are asked then, which takes longer and cannot be wrong.
            return ()

    def catalog(self) -> Catalog | None:
        """The catalog to be used; None where manifests are read. Raises as `listed`."""
        if self.settings.catalog == CATALOG_OFF:
            return None
        if self.settings.catalog != CATALOG_AUTO:
            return self._opened()
        try:
            return None if self.small else self._opened()
        except (InputError, StoreError, ToolError):
            # Nobody asked for one: doctor tells why there is none.
            return None

    @property
    def small(self) -> bool:
        """Whether a case is read manifest by manifest unless a catalog is asked for."""
        return sum(1 for _ in islice(self.case.store.ids(), SMALL_CASE)) < SMALL_CASE

    def why_none(self) -> str:
        """Why no catalog is kept, or what is wrong with it."""
        if self.settings.catalog == CATALOG_OFF:
            return "off"
        if self.settings.catalog == CATALOG_AUTO and self.small:
            return f"below {SMALL_CASE} evidences the manifests are read"
        try:
            self._opened()
        except ForensicsError as error:
            return f"{error.message} - {error.hint}"
        return "none made yet"

    def _opened(self) -> Catalog:
        from forensics import catalog

        secret = own_secret(key_path(self.settings).with_name(SECRET_FILE), self.surroundings)
        if self.settings.catalog not in (CATALOG_AUTO, CATALOG_LOCAL):
            database = catalog.open_server(self.settings.catalog)
        else:
            self._require_local()
            # Each user's own: one of another's is never believed, and two would make it anew in turn.
            mark = hashlib.sha256(secret).hexdigest()[:8]
            database = catalog.open_file(self.case.root / "index" / f"catalog-{mark}.sqlite")
        return catalog.Catalog(database=database, case_id=self.case.info.id, secret=secret)

    def _require_local(self) -> None:
        kind = file_system(self.case.root, self.surroundings.mounts())
        if kind is not None and is_shared(kind):
            raise StoreError(
                f"the case lies on {kind}, a network or shared file system, where SQLite's locks cannot be relied upon",
                code="store.catalog",
                hint="name a PostgreSQL database: --catalog postgresql://user@host/name",
            )


def bring_up(case: Case, catalog: Catalog) -> LogMark:
    """Go on from the line of the log up to which the catalog is current; the last line that it then is.

    The caller is alone with it. A crash leaves it current up to an earlier line.
    """
    mark = start = catalog.state().mark
    touched: dict[str, tuple[int, str]] = {}
    for event, mark in custody.follow(case.log.path, case.info.id, start):
        admitted = custody.admission(event)
        if admitted is not None:
            touched[admitted.item] = (admitted.version, admitted.manifest)
        if len(touched) == AT_ONCE:
            catalog.take([_read(case, *each) for each in touched.items()], mark)
            touched.clear()
    if mark != catalog.state().mark:
        catalog.take([_read(case, *each) for each in touched.items()], mark)
    return mark


def _read(case: Case, evidence: str, logged: tuple[int, str]) -> Listed | Unread:
    """What the newest manifest says; where it is not the logged one, that it is to be read whenever needed."""
    version, manifest = logged
    if case.store.contains(evidence):
        entry = entry_of(case, evidence)
        if entry.version > version or (entry.version, entry.manifest) == logged:
            return entry
    return Unread(id=evidence, version=version, manifest=manifest)


def _merged(case: Case, rows: Iterator[Listed | Unread], missing: list[str]) -> Iterator[Listed]:
    """Yield every evidence of the store, from its row if there is one; add to ``missing`` what has a row only."""
    row = next(rows, None)
    # While a run is under way, or after one that died, the store may have what the log does not tell of yet.
    unlogged = any(case.staging.iterdir())
    for evidence in case.store.ids():
        while row is not None and row.id < evidence:
            missing.append(row.id)
            row = next(rows, None)
        known = row if row is not None and row.id == evidence else None
        newer = known is not None and unlogged and case.store.has_version(evidence, known.version + 1)
        yield known if isinstance(known, Listed) and not newer else entry_of(case, evidence)
        if known is not None:
            row = next(rows, None)
    while row is not None:
        missing.append(row.id)
        row = next(rows, None)


def _from_manifests(case: Case, missing: list[str]) -> Iterator[Listed]:
    """Yield every evidence of the store; add to ``missing`` what the log admits and the store does not have."""
    admitted = map(custody.admission, custody.sound_events(case.log.path, case.info.id))
    logged = {each.item for each in admitted if each is not None}
    for entry in entries_of(case):
        logged.discard(entry.id)
        yield entry
    missing += sorted(logged)


def _made_anew(error: IntegrityError) -> Notice:
    code = "catalog.remade" if error.code == "integrity.catalog" else error.code
    return Notice(code=code, message=f"{error.message}: the catalog was made anew from the manifests")


def _vanished(evidence: str) -> Notice:
    message = f"not compared: {evidence[:16]} is in the custody log and not in the store: run verify"
    return Notice(code=NOT_IN_STORE, message=message)
