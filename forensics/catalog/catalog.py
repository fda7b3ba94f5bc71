"""The catalog of a case: what is asked of every evidence, kept in a database so that no manifest need be read for it.

It is a cache. The truth is the store and the custody log; the catalog says up to which line of the log it is current,
and whoever opens it goes on from there (`pipelines.listing`). Every row, and the state, has a seal: HMAC-SHA-256
(RFC 2104) under a secret of the user's that lies outside the case. A row that was damaged, or written by anybody who
has not that secret, is doubt, and doubt ends with a catalog made anew from the manifests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, delete, select, type_coerce, update
from sqlalchemy.types import NULLTYPE

from forensics.catalog.database import Database
from forensics.catalog.schema import EVIDENCE, STATE, bring_up, drop
from forensics.errors import CaseError, IntegrityError
from forensics.model.catalog import LISTED_VERSION, LOG_START, Listed, LogMark, Unread
from forensics.model.text import visible

SECRET_BYTES = 32
"""Bytes of the secret: as many as the digest has (RFC 2104, section 3)."""

MOST_NAMED = 500
"""Evidences named in one statement: SQLite takes 32,766 values, PostgreSQL 65,535; fewer keep a statement short."""

KIND_BYTES = 8
"""Bytes that tell one layout from another; who might look for a second one that fits has the secret already."""

FETCHED = 1000
"""Rows taken from the server at a time: a list of a hundred thousand never lies in memory twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Whose catalog it is, up to which line of the log it is current, and how many evidences that admits."""

    case_id: str
    mark: LogMark
    evidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The catalog of one case in a database. ``secret`` are `SECRET_BYTES` that only the user has.

    All that is raised of doubt is IntegrityError with the code ``integrity.catalog``: then the caller begins it `anew`.
    Whoever reads or writes is `Database.alone`.
    """

    database: Database
    case_id: str
    secret: bytes

    def state(self) -> State:
        """Where it stands, brought up to the newest schema; a new one stands before the first line of the log.

        Raises:
            CaseError: the server's database is the catalog of another case.
            IntegrityError: doubt.
            StoreError: the database cannot be used.
        """
        with self.database.transaction() as connection:
            bring_up(connection)
            return self._state(connection)

    def take(self, entries: Sequence[Listed | Unread], mark: LogMark) -> None:
        """Put these in place of what is held of the same evidences; the catalog is then current up to ``mark``.

        All of it is on disk on return, or none. Raises as `state`.
        """
        rows = {each.id: self._row(each) for each in entries}
        with self.database.transaction() as connection:
            before = self._state(connection)
            replaced = 0
            for some in _parts([bytes.fromhex(each) for each in rows]):
                replaced += connection.execute(delete(EVIDENCE).where(EVIDENCE.c.id.in_(some))).rowcount
            if rows:
                connection.execute(EVIDENCE.insert(), list(rows.values()))
            self._write_state(connection, mark, before.evidence + len(rows) - replaced)

    def anew(self) -> None:
        """Leave nothing of it. Raises StoreError."""
        if self.database.file is not None:
            self.database.remove()
            return
        with self.database.transaction() as connection:
            drop(connection)

    def entries(self) -> Iterator[Listed | Unread]:
        """Yield what is held of every evidence, in the order of their SHA-256. Raises as `state`."""
        asked = select(*_ROW).order_by(EVIDENCE.c.id)
        with self.database.transaction() as connection:
            state, count = self._state(connection), 0
            for row in connection.execution_options(yield_per=FETCHED).execute(asked):
                yield self._entry(*row)
                count += 1
        if count != state.evidence:
            raise _doubt(f"it holds {count} evidences of {state.evidence}")

    def numbered(self, exhibit: str) -> tuple[Listed, ...]:
        """The evidences with this exhibit number. Raises as `state`."""
        asked = select(*_ROW)
        with self.database.transaction() as connection:
            rows = connection.execute(asked.where(EVIDENCE.c.exhibit == exhibit)).all()
        found = [self._entry(*row) for row in rows]
        return tuple(each for each in found if isinstance(each, Listed))

    def _state(self, connection: Connection) -> State:
        rows = connection.execute(select(*_STANDING)).all()
        if len(rows) != 1:
            raise _doubt("it does not say where it stands")
        case_id, seq, line, end, evidence, seal = rows[0]
        if case_id is None:
            return State(case_id=self.case_id, mark=LOG_START, evidence=0)
        if case_id != self.case_id and self.database.file is None:
            raise CaseError(
                f"the database is the catalog of the case {visible(str(case_id))}, not of {self.case_id}",
                code="case.catalog",
                hint="name a database, or a schema of one, for each case",
            )
        if not self._is_sealed(seal, "state", [case_id, seq, line, end, evidence]):
            raise _doubt("what says where it stands was not written by you")
        return State(case_id=case_id, mark=LogMark(seq, line, end), evidence=evidence)

    def _write_state(self, connection: Connection, mark: LogMark, evidence: int) -> None:
        seal = self._seal("state", [self.case_id, *mark, evidence])
        connection.execute(
            update(STATE).values(
                case_id=self.case_id, seq=mark.seq, line=mark.sha256, log_end=mark.end, evidence=evidence, seal=seal
            )
        )

    def _row(self, entry: Listed | Unread) -> dict[str, object]:
        data = _KINDS[type(entry)] + msgspec.msgpack.encode(entry)
        exhibit = entry.exhibit if isinstance(entry, Listed) else None
        seal = self._seal("evidence", [self.case_id, data])
        return {"id": bytes.fromhex(entry.id), "exhibit": exhibit, "entry": data, "seal": seal}

    def _entry(self, evidence: object, exhibit: object, data: object, seal: object) -> Listed | Unread:
        if not isinstance(data, bytes) or not self._is_sealed(seal, "evidence", [self.case_id, data]):
            raise _doubt("a row was not written by you, or is damaged")
        found: Listed | Unread
        try:
            if data[:KIND_BYTES] == _KINDS[Listed]:
                found = msgspec.msgpack.decode(data[KIND_BYTES:], type=Listed)
            elif data[:KIND_BYTES] == _KINDS[Unread]:
                found = msgspec.msgpack.decode(data[KIND_BYTES:], type=Unread)
            else:
                raise _doubt("a row is of another program")
        except msgspec.MsgspecError as error:
            raise _doubt("a row is of another program") from error
        number = found.exhibit if isinstance(found, Listed) else None
        if (bytes.fromhex(found.id), number) != (evidence, exhibit):
            raise _doubt(f"the row of {found.id[:16]} stands under another name")
        return found

    def _is_sealed(self, seal: object, what: str, values: list[object]) -> bool:
        # SQLite's columns hold values of any type, whatever their declaration says.
        plain = all(isinstance(each, (str, int, bytes)) for each in values)
        return plain and isinstance(seal, bytes) and hmac.compare_digest(seal, self._seal(what, values))

    def _seal(self, what: str, values: Sequence[object]) -> bytes:
        return hmac.digest(self.secret, msgspec.msgpack.encode([what, *values]), "sha256")


def _as_found(*columns: Column[Any]) -> tuple[ColumnElement[Any], ...]:
    """Columns whose values come as the driver gives them: converting one of another type would raise anything."""
    return tuple(type_coerce(column, NULLTYPE) for column in columns)


_ROW = _as_found(EVIDENCE.c.id, EVIDENCE.c.exhibit, EVIDENCE.c.entry, EVIDENCE.c.seal)

_STANDING = _as_found(STATE.c.case_id, STATE.c.seq, STATE.c.line, STATE.c.log_end, STATE.c.evidence, STATE.c.seal)


def _kind(of: type[Listed | Unread]) -> bytes:
    """What an encoded value begins with: its type with every field, so that one of another layout is not read as it."""
    layout = [LISTED_VERSION, of.__name__, *((each.name, str(each.type)) for each in fields(of))]
    return hashlib.sha256(msgspec.msgpack.encode(layout)).digest()[:KIND_BYTES]


_KINDS = {each: _kind(each) for each in (Listed, Unread)}


def _parts(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(ids), MOST_NAMED):
        yield ids[start : start + MOST_NAMED]


def _doubt(found: str) -> IntegrityError:
    return IntegrityError(f"the catalog is not as it was written: {found}", code="integrity.catalog")
