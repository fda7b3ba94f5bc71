"""The database below a catalog: a SQLite file, or PostgreSQL by its address. One code path over SQLAlchemy Core.

A file is opened so that a power cut leaves the last whole transaction (WAL, ``synchronous`` FULL: a commit waits for
the disk), a transaction takes the write lock when it begins (``BEGIN IMMEDIATE``), and nothing in the file is run:
schemas are not trusted, and what is no regular file is not opened (https://sqlite.org/security.html).

Errors of a database are mapped here, once: what makes the content doubtful is IntegrityError (``integrity.catalog``),
all else StoreError. No message has the address, which may hold a password.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from forensics.errors import InputError, IntegrityError, StoreError, ToolError

BUSY_MS = 30_000
"""How long a transaction waits for another's: ours take well below a second, a slow disk's flush some seconds."""

CONNECT_S = 10
"""Seconds until a server that does not answer is given up."""

_LOCK = 0x666F_6F74_6167_65
"""Number of the lock in PostgreSQL under which a catalog is brought up: ``footage`` in ASCII."""

_DOUBTFUL = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISMATCH,
                       sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_SCHEMA})  # fmt: skip
"""SQLite's codes (https://sqlite.org/rescode.html) that speak of what is in the file, not of the disk below it."""

_DOUBTFUL_STATES = ("22", "23", "42", "XX")
"""PostgreSQL's classes of errors (its manual, appendix A) that do: data, constraints, unknown tables, corruption."""

_PRAGMAS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
)

MOST_SAID = 300
"""Characters of what a driver says that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An engine, and what it is called in messages. ``file`` is where a SQLite database lies. On a server that is None,
    and ``secrets`` are the parts of its address that no message may have.
    """

    engine: Engine
    name: str
    file: Path | None
    secrets: tuple[str, ...] = ()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or taken back when anything is raised.

        Raises:
            IntegrityError: ``integrity.catalog``, what is in the database cannot be what was written.
            StoreError: it cannot be reached, read or written.
        """
        with self._mapped(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def alone(self, *, wait: bool) -> Iterator[bool]:
        """Whether nobody else holds the database's lock; it is held meanwhile. Without ``wait`` it may be False.

        Raises StoreError.
        """
        if self.file is None:
            with self._mapped(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                asked = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
                yield connection.scalar(text(f"SELECT {asked}(:lock)"), {"lock": _LOCK}) is not False
            return
        with self._lock_file(self.file.with_suffix(".lock")) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True

    def remove(self) -> None:
        """Remove the file of a SQLite database with what belongs to it; the caller is `alone`. Raises StoreError."""
        assert self.file is not None
        with self._written():
            for ending in ("", "-wal", "-shm", "-journal"):
                self.file.with_name(self.file.name + ending).unlink(missing_ok=True)

    @contextmanager
    def _lock_file(self, path: Path) -> Iterator[int]:
        with self._written():
            path.parent.mkdir(exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _unusable(self.name, error.strerror or "the system refused") from error

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _of_driver(self.name, error.orig, self.secrets) from error
        except SQLAlchemyError as error:
            raise _doubt(self.name, type(error).__name__) from error


def open_file(path: Path) -> Database:
    """The SQLite database at ``path``, which is made when it is first written to. The caller is `Database.alone` when
    it is opened and says whether the file system is one for it.
    """

    def connect() -> sqlite3.Connection:
        for ending in ("", "-wal", "-shm", "-journal"):
            _regular(path.with_name(path.name + ending))
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return Database(engine=engine, name=f"the catalog {path.name}", file=path)


def open_server(address: str) -> Database:
    """The database that a PostgreSQL address (``postgresql://user@host/name``) names. Nothing is called yet.

    Raises:
        InputError: it is no such address.
        ToolError: ``tool.catalog``, the driver is not installed.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise _no_address() from error
    if url.drivername != "postgresql":
        raise _no_address()
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_S}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"application_name": "forensics", **timeout},
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ToolError(
            "psycopg, which speaks with PostgreSQL, is not installed",
            code="tool.catalog",
            hint="pip install 'footage-forensics[postgresql]'",
        ) from error
    return Database(engine=engine, name="the catalog's database", file=None, secrets=_secrets(address, url))


def _no_address() -> InputError:
    return InputError(
        "the catalog's address cannot be read",
        hint="postgresql://user@host/name, with every other character of a password percent-encoded",
    )


def _regular(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise sqlite3.NotSupportedError(f"{path.name} is not a regular file")


def _of_driver(name: str, cause: BaseException | None, secrets: Sequence[str]) -> IntegrityError | StoreError:
    """What an error of a driver means."""
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return StoreError(f"{name}: the disk is full", code="store.full", hint="Free space and run it again.")
        return _doubt(name, str(cause)) if code in _DOUBTFUL else _unusable(name, str(cause))
    state = str(getattr(cause, "sqlstate", None) or "")
    said = _without(str(cause).strip().splitlines(), secrets)
    return _doubt(name, said) if state.startswith(_DOUBTFUL_STATES) else _unusable(name, said)


def _without(lines: list[str], secrets: Sequence[str]) -> str:
    """The first line that a driver said, without the passwords of the address."""
    said = lines[0][:MOST_SAID] if lines else "no reason given"
    for secret in secrets:
        said = said.replace(secret, "***")
    return said


def _secrets(address: str, url: URL) -> tuple[str, ...]:
    """The passwords of an address, decoded and as they stand in it."""
    named = [url.password, address.partition("://")[2].rpartition("@")[0].partition(":")[2]]
    for value in url.query.values():
        named += [value] if isinstance(value, str) else value
    return tuple(sorted({each for each in named if each}, key=len, reverse=True))


def _doubt(name: str, found: str) -> IntegrityError:
    return IntegrityError(f"{name} is not as it was written: {found}", code="integrity.catalog")


def _unusable(name: str, found: str) -> StoreError:
    return StoreError(
        f"{name} cannot be used: {found}",
        code="store.catalog",
        hint="Check permissions and the address, or go without: --catalog off.",
    )
