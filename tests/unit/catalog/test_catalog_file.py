"""The catalog's SQLite file in other hands, damaged, and killed while it is written."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.catalog import open_file
from forensics.errors import IntegrityError, StoreError
from tests.unit.catalog.catalog_values import catalog, entry, mark

HELD = {entry(number).id: entry(number) for number in range(20)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.sqlite"
    made = catalog(open_file(path))
    with made.database.alone(wait=True):
        made.state()
        made.take(list(HELD.values()), mark(20))
    return path


def read(path: Path) -> dict[str, object]:
    made = catalog(open_file(path))
    with made.database.alone(wait=True):
        made.state()
        return {each.id: each for each in made.entries()}


def by_sql(*statements: str) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return harm


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty_row(path: Path) -> None:
    by_sql("UPDATE forensics_evidence SET entry = 17 WHERE exhibit = 'E-0003'")(path)


HARMS = {
    "a trigger": by_sql(
        "CREATE TRIGGER t AFTER DELETE ON forensics_evidence BEGIN DELETE FROM forensics_evidence; END"
    ),
    "a view": by_sql("CREATE VIEW v AS SELECT * FROM forensics_evidence"),
    "a view in the table's place": by_sql(
        "ALTER TABLE forensics_evidence RENAME TO old", "CREATE VIEW forensics_evidence AS SELECT * FROM old LIMIT 19"
    ),
    "another column": by_sql("ALTER TABLE forensics_evidence ADD COLUMN more TEXT"),
    "no index": by_sql("DROP INDEX forensics_evidence_exhibit"),
    "a number for bytes": empty_row,
    "text for bytes": by_sql("UPDATE forensics_evidence SET seal = CAST(seal AS TEXT) WHERE exhibit = 'E-0003'"),
    "text that is none": by_sql("UPDATE forensics_evidence SET exhibit = CAST(x'ff' AS TEXT)"),
    "text for a number": by_sql("UPDATE forensics_state SET seq = 'twenty'"),
    "no database": no_database,
    "half of it": cut,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_file_that_is_not_as_it_was_written_is_doubt_and_made_anew(file: Path, harm: Callable[[Path], None]) -> None:
    harm(file)
    with pytest.raises(IntegrityError) as raised:
        read(file)
    assert raised.value.code == "integrity.catalog"
    made = catalog(open_file(file))
    with made.database.alone(wait=True):
        made.anew()
        assert made.state().evidence == 0


def test_a_flipped_byte_is_found_or_changes_nothing(file: Path) -> None:
    whole = file.read_bytes()
    found = 0
    for place in range(0, len(whole), 397):
        data = bytearray(whole)
        data[place] ^= 0x10
        file.write_bytes(data)
        try:
            assert read(file) == HELD
        except (IntegrityError, StoreError):
            found += 1
    assert found > 10


@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_a_link_in_the_files_place_is_not_followed(file: Path, ending: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(file.read_bytes() if not ending else b"")
    before = other.read_bytes()
    place = file.with_name(file.name + ending)
    place.unlink(missing_ok=True)
    place.symlink_to(other)
    with pytest.raises(IntegrityError, match="not a regular file"):
        read(file)
    catalog(open_file(file)).anew()
    assert read(file) == {}
    assert other.read_bytes() == before


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_a_writer_that_is_killed_leaves_what_it_had_said_was_taken(tmp_path: Path, taken: int) -> None:
    path = tmp_path / "catalog.sqlite"
    child = os.fork()
    if child == 0:
        made = catalog(open_file(path))
        made.state()
        for number in range(taken):
            made.take([entry(number)], mark(number))
        with made.database.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM forensics_evidence")
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert set(read(path)) == {entry(number).id for number in range(taken)}
