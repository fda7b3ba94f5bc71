"""The catalog on both databases: what is put in comes out, in order, and nothing else does."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from forensics.catalog import Database
from forensics.catalog.schema import EVIDENCE, MIGRATIONS, STATE
from forensics.errors import CaseError, IntegrityError, StoreError
from forensics.model.catalog import LOG_START, Unread
from tests.unit.catalog.catalog_values import catalog, entry, mark


def in_order(numbers: range) -> list[str]:
    return sorted(entry(number).id for number in numbers)


def test_a_new_one_stands_before_the_first_line(database: Database) -> None:
    state = catalog(database).state()
    assert (state.mark, state.evidence) == (LOG_START, 0)
    assert list(catalog(database).entries()) == []


def test_what_is_put_in_comes_out_in_the_order_of_the_digests(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(number) for number in range(7)], mark(6))
    found = list(made.entries())
    assert [each.id for each in found] == in_order(range(7))
    assert {each.id: each for each in found} == {entry(number).id: entry(number) for number in range(7)}
    assert made.state().mark == mark(6)
    assert made.state().evidence == 7


def test_a_later_version_takes_the_place_of_the_earlier_and_counts_once(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(1), entry(2)], mark(2))
    made.take([entry(2, version=2), entry(3)], mark(4))
    assert made.state().evidence == 3
    assert {each.version for each in made.entries() if each.id == entry(2).id} == {2}


def test_an_evidence_that_is_to_be_read_comes_out_as_that(database: Database) -> None:
    made = catalog(database)
    made.state()
    unread = Unread(id=entry(1).id, version=1, manifest="00" * 32)
    made.take([unread, entry(2)], mark(1))
    assert unread in list(made.entries())
    assert made.numbered("E-0001") == ()


def test_an_evidence_is_found_by_its_exhibit_number(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(number) for number in range(3)], mark(3))
    assert made.numbered("E-0002") == (entry(2),)
    assert made.numbered("E-0009") == made.numbered("' OR 1=1 --") == ()


def test_begun_anew_it_holds_nothing(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(1)], mark(1))
    made.anew()
    assert made.state().evidence == 0
    assert list(made.entries()) == []


def test_more_evidences_than_one_statement_names_are_taken_at_once(database: Database) -> None:
    made = catalog(database)
    made.state()
    for _ in range(2):
        made.take([entry(number) for number in range(1203)], mark(9))
    assert made.state().evidence == 1203
    assert [each.id for each in made.entries()] == in_order(range(1203))


def test_what_fails_half_way_leaves_it_as_it_was(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(1)], mark(1))
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(delete(EVIDENCE))
        raise ZeroDivisionError
    assert [each.id for each in made.entries()] == [entry(1).id]


def doubtful(database: Database, **other: object) -> None:
    with pytest.raises(IntegrityError) as raised:
        made = catalog(database, **other)
        made.state()
        list(made.entries())
    assert raised.value.code == "integrity.catalog"


def filled(database: Database) -> None:
    made = catalog(database)
    made.state()
    made.take([entry(number) for number in range(4)], mark(4))


@pytest.mark.parametrize(
    "harm",
    [
        update(EVIDENCE).values(entry=b"L\x80"),
        update(EVIDENCE).values(seal=b""),
        update(EVIDENCE).where(EVIDENCE.c.exhibit == "E-0001").values(exhibit="E-0009"),
        update(EVIDENCE).where(EVIDENCE.c.exhibit == "E-0001").values(id=b"\0" * 32),
        delete(EVIDENCE).where(EVIDENCE.c.exhibit == "E-0001"),
        delete(EVIDENCE),
        update(STATE).values(evidence=3),
        update(STATE).values(seq=9),
        update(STATE).values(line="0" * 64),
        update(STATE).values(log_end=7),
        update(STATE).values(seal=None),
        delete(STATE),
        update(STATE).values(schema=len(MIGRATIONS) + 1),
        update(STATE).values(schema=-1),
    ],
    ids=str,
)
def test_any_change_by_other_hands_is_doubt(database: Database, harm) -> None:
    filled(database)
    with database.transaction() as connection:
        connection.execute(harm)
    doubtful(database)


def test_what_another_secret_sealed_is_doubt(database: Database) -> None:
    filled(database)
    doubtful(database, secret=b"x" * 32)


def test_rows_that_were_exchanged_are_doubt(database: Database) -> None:
    filled(database)
    with database.transaction() as connection:
        one, other = (entry(number).id for number in (1, 2))
        row = connection.execute(EVIDENCE.select().where(EVIDENCE.c.id == bytes.fromhex(one))).one()
        connection.execute(
            update(EVIDENCE).where(EVIDENCE.c.id == bytes.fromhex(other)).values(entry=row.entry, seal=row.seal)
        )
    doubtful(database)


def test_a_table_that_is_gone_is_doubt(database: Database) -> None:
    filled(database)
    with database.transaction() as connection:
        EVIDENCE.drop(connection)
    doubtful(database)
    catalog(database).anew()
    filled(database)


def test_the_catalog_of_another_case_is_not_touched_on_a_server_and_is_doubt_in_a_file(database: Database) -> None:
    filled(database)
    if database.file is not None:
        doubtful(database, case_id="OTHER")
        return
    with pytest.raises(CaseError, match="catalog of the case CASE-2026-017"):
        catalog(database, case_id="OTHER").state()


def test_only_one_has_the_lock(database: Database) -> None:
    with database.alone(wait=False) as mine:
        assert not mine


def test_an_error_of_the_database_that_is_no_doubt_is_of_the_store(database: Database) -> None:
    if database.file is None:
        pytest.skip("of files only")
    filled(database)
    database.file.parent.rename(database.file.parent.with_name("away"))
    with pytest.raises(StoreError) as raised:
        catalog(database).state()
    assert raised.value.code == "store.catalog"


def test_a_row_of_another_layout_is_doubt(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from forensics.catalog import catalog as module

    filled(database)
    monkeypatch.setattr(module, "_KINDS", {each: module._kind(each)[::-1] for each in module._KINDS})
    doubtful(database)
