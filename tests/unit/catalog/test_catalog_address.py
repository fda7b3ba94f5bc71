"""Addresses of PostgreSQL: what cannot be read is refused, and no message has a password."""

from __future__ import annotations

import traceback

import pytest

from forensics.catalog import open_server
from forensics.errors import ForensicsError, InputError, StoreError
from tests.postgres import GUARDED, PASSWORD, Postgres
from tests.unit.catalog.catalog_values import catalog


def refused(address: str) -> ForensicsError:
    with pytest.raises(ForensicsError) as raised:
        catalog(open_server(address)).state()
    return raised.value


@pytest.mark.parametrize(
    "address", ["postgresql://h:port/x", "mysql://u:secret@h/x", "nonsense", "postgresql+evil://h/x"]
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    error = refused(address)
    assert isinstance(error, InputError)
    assert "secret" not in error.message + error.hint


@pytest.mark.parametrize("spelled", ["p%40ss%3Aw%2Ford", "wrong-Secret"])
def test_a_password_stands_in_no_message(postgres: Postgres, spelled: str) -> None:
    address = postgres.new().replace(f"//{postgres.owner}@", f"//{GUARDED}:{spelled}@")
    if spelled == "wrong-Secret":
        error = refused(address)
        assert isinstance(error, StoreError)
        told = error.message + error.hint + str(error)
        assert "password authentication failed" in told
        assert "wrong-Secret" not in told
        assert "wrong-Secret" not in "".join(traceback.format_exception(error))
    else:
        assert catalog(open_server(address)).state().evidence == 0


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:hunter2@127.0.0.1:1/x",
        "postgresql://u:hunter2@no-such-host.invalid/x",
        "postgresql://u:hun@ter2@127.0.0.1:1/x",
        "postgresql://u@127.0.0.1:1/x?password=hunter2",
        "postgresql://u:hunter2@127.0.0.1:1/x?nonsense=hunter2",
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(address: str) -> None:
    error = refused(address)
    told = "".join([error.message, error.hint, str(error)])
    assert isinstance(error, StoreError)
    assert "hunter2" not in told
    assert "hun@ter2" not in told


def test_the_right_password_is_percent_encoded() -> None:
    assert PASSWORD == "p@ss:w/ord"
