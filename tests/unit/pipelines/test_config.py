"""Settings: flag over environment over case over user."""

import pytest

from forensics.errors import InputError
from pipelines.config import Settings, read_config, resolve


def layered(**layers):
    empty = {"flags": {}, "environ": {}, "case": {}, "user": {}}
    return resolve(**{**empty, **layers})


def test_with_nothing_set_the_defaults_are_in_force() -> None:
    assert layered() == Settings()


def test_each_layer_outranks_the_ones_below_it() -> None:
    layers = {"user": {"jobs": 1}, "case": {"jobs": 2}, "environ": {"FORENSICS_JOBS": "3"}, "flags": {"jobs": 4}}
    expected = [1, 2, 3, 4]
    for count, jobs in enumerate(expected, start=1):
        assert layered(**dict(list(layers.items())[:count])).jobs == jobs


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert layered(flags={"jobs": None}, user={"jobs": 5}).jobs == 5


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ({"case": {"job": 2}}, "unknown setting: job"),
        ({"environ": {"FORENSICS_JOBS": "many"}}, "not a whole number"),
        ({"user": {"operator": 7}}, "not text"),
        ({"flags": {"jobs": 9999}}, "not between"),
        ({"flags": {"cpu_s": 0}}, "above 0"),
        ({"environ": {"FORENSICS_SANDBOX": "off"}}, "sandbox = 'off' is not known"),
        ({"environ": {"FORENSICS_INSECURE": "perhaps"}}, "not true or false"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(layers, words) -> None:
    with pytest.raises(InputError, match=words):
        layered(**layers)


@pytest.mark.parametrize(
    "name", ["key", "timestamp", "model", "model_licence", "sandbox", "engine", "certs", "insecure"]
)
def test_what_opens_a_file_or_calls_somebody_is_not_for_the_case_to_set(name) -> None:
    with pytest.raises(InputError, match=f"the case's configuration cannot set {name}"):
        layered(case={name: "/some/file"})


def test_every_setting_goes_into_the_record() -> None:
    assert set(Settings().as_record()) == {"jobs", "operator", "custodian", "cpu_s", "sandbox"}


def test_of_a_cluster_the_record_names_the_kind_and_not_the_address() -> None:
    settings = layered(flags={"engine": "dask+tls://10.1.2.3:8786", "certs": "/c"}, environ={"FORENSICS_INSECURE": "1"})
    assert settings.insecure is True
    assert settings.as_record()["engine"] == "dask+tls"
    assert "certs" not in settings.as_record()


def test_a_missing_file_is_an_empty_table_and_a_broken_one_is_refused(tmp_path) -> None:
    assert read_config(tmp_path / "none.toml") == {}
    (tmp_path / "bad.toml").write_text("jobs = = 2")
    with pytest.raises(InputError, match=r"bad\.toml"):
        read_config(tmp_path / "bad.toml")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:secret@h/x",
        "postgresql://u:se@cret@h/x",
        "postgresql://u@h/x?password=secret",
        "postgresql://:secret@/x",
    ],
)
def test_a_password_of_the_catalogs_database_is_not_taken_from_the_command_line(address: str) -> None:
    with pytest.raises(InputError) as raised:
        resolve(flags={"catalog": address}, environ={}, case={}, user={})
    assert "secret" not in raised.value.message + raised.value.hint
    assert resolve(flags={}, environ={"FORENSICS_CATALOG": address}, case={}, user={}).catalog == address
    assert resolve(flags={}, environ={}, case={}, user={"catalog": address}).catalog == address


@pytest.mark.parametrize("address", ["local", "off", "auto", "postgresql://u@h:5432/x", "postgresql:///x?host=/run/pg"])
def test_a_catalog_without_a_password_is_taken_from_anywhere_but_the_case(address: str) -> None:
    assert resolve(flags={"catalog": address}, environ={}, case={}, user={}).catalog == address
    with pytest.raises(InputError, match="cannot set catalog"):
        resolve(flags={}, environ={}, case={"catalog": address}, user={})


def test_an_unknown_catalog_is_refused_without_repeating_it() -> None:
    with pytest.raises(InputError) as raised:
        resolve(flags={}, environ={"FORENSICS_CATALOG": "mysql://u:secret@h/x"}, case={}, user={})
    assert "secret" not in raised.value.message + raised.value.hint


def test_where_the_catalog_is_stands_in_no_record() -> None:
    assert "catalog" not in Settings(catalog="postgresql://u:secret@h/x").as_record()
