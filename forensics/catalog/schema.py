"""The tables of a catalog, made by numbered migrations. There are rows for evidences, none for frames.

A SQLite file may come from somebody else, with triggers and views in it: what it holds must be, statement by statement,
what these migrations make.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    inspect,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.types import NULLTYPE

from forensics.errors import IntegrityError

_METADATA = MetaData()

STATE = Table(
    "forensics_state",
    _METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("schema", Integer, nullable=False),
    Column("case_id", Text),
    Column("seq", BigInteger),
    Column("line", Text),
    Column("log_end", BigInteger),
    Column("evidence", BigInteger),
    Column("seal", LargeBinary),
)
"""One row: the number of the schema; whose catalog it is, up to which line of the log it is current (sequence, SHA-256,
offset after it), how many evidences the log admits up to there, and the seal over these.
"""

EVIDENCE = Table(
    "forensics_evidence",
    _METADATA,
    Column("id", LargeBinary(32), primary_key=True),
    Column("exhibit", Text),
    Column("entry", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
"""One row an evidence that the log admits: its exhibit number, to look it up by; the encoded value and its seal."""

Index("forensics_evidence_exhibit", EVIDENCE.c.exhibit)


def _first(connection: Connection) -> None:
    _METADATA.create_all(connection, tables=[STATE, EVIDENCE])
    connection.execute(STATE.insert().values(one=1, schema=0))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""Step n brings schema n to n + 1. A step that was released is never changed; what comes later is one more."""


def bring_up(connection: Connection) -> None:
    """Have the tables of the newest schema, from none or from those of an earlier one.

    Raises IntegrityError (``integrity.catalog``) for tables of a later one, or that no migration made.
    """
    present = inspect(connection).has_table(STATE.name)
    numbers = connection.scalars(select(type_coerce(STATE.c.schema, NULLTYPE))).all() if present else [0]
    number, made = numbers[0] if len(numbers) == 1 else -1, _made(connection)
    if not isinstance(number, int) or not 0 <= number <= len(MIGRATIONS) or made not in (None, expected(number)):
        raise IntegrityError("the catalog is of another schema", code="integrity.catalog")
    for step in MIGRATIONS[number:]:
        step(connection)
    if number < len(MIGRATIONS):
        connection.execute(update(STATE).values(schema=len(MIGRATIONS)))


def drop(connection: Connection) -> None:
    """Leave no table of ours."""
    _METADATA.drop_all(connection)


def _made(connection: Connection) -> frozenset[str] | None:
    """The statements that made what a SQLite file holds; None on a server, whose owner answers for it."""
    if connection.dialect.name != "sqlite":
        return None
    return frozenset(str(each) for each in connection.scalars(text("SELECT sql FROM sqlite_schema")) if each)


@cache
def expected(number: int) -> frozenset[str]:
    """The statements of a SQLite file of this schema."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for step in MIGRATIONS[:number]:
            step(connection)
        made = _made(connection)
    engine.dispose()
    assert made is not None
    return made
