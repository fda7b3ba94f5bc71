"""The list of a case's evidences: the same from the catalog as from the manifests, whatever happened to either."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import CaseError, InputError, IntegrityError, StoreError
from forensics.model.catalog import Listed
from forensics.model.custody import EventType
from pipelines import doctor, listing
from pipelines.case import Case
from pipelines.config import Settings
from pipelines.entries import entries_of, entry_of
from pipelines.held import require_as_listed
from pipelines.library import Library
from pipelines.listing import Lister
from pipelines.surroundings import Surroundings
from pipelines.volumes import Volume, holdings, kept_volume, listed_volume
from tests.postgres import Postgres
from tests.unit.pipelines.listed_case import ListedCase
from tests.unit.pipelines.test_footing import mounted

KINDS = ("video", "video", "still", "video", "undecodable")


@pytest.fixture
def made(tmp_path: Path) -> ListedCase:
    """A case of five evidences."""
    made = ListedCase(tmp_path / "case")
    for number, kind in enumerate(KINDS):
        made.admit(number, kind)
    return made


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The evidences whose manifests were read for the list."""
    found: list[str] = []

    def counted(case: Case, evidence: str) -> Listed:
        found.append(evidence)
        return entry_of(case, evidence)

    monkeypatch.setattr(listing, "entry_of", counted)
    return found


def lister(made: ListedCase, where: str = "local", **surroundings: object) -> Lister:
    settings = Settings(catalog=where, key=str(made.root.parent / "keys" / "operator_key"))
    around = Surroundings(entropy=lambda size: b"s" * size, environ={}, mounts=lambda: "")
    return Lister(case=made.case, settings=settings, surroundings=replace(around, **surroundings))


def listed(made: ListedCase, where: str = "local") -> tuple[tuple[Listed, ...], list[str]]:
    found, notices = lister(made, where).listed(tuple)
    return found, [notice.code for notice in notices]


def truth(made: ListedCase) -> tuple[Listed, ...]:
    return tuple(entries_of(made.case))


def file_of(made: ListedCase) -> Path:
    (path,) = (made.root / "index").glob("catalog-*.sqlite")
    return path


def test_the_first_list_reads_every_manifest_and_the_second_none(made: ListedCase, reads: list[str]) -> None:
    assert listed(made) == (truth(made), [])
    assert sorted(reads) == [each.id for each in truth(made)]
    reads.clear()
    assert listed(made) == (truth(made), [])
    assert reads == []


def test_on_a_server_it_is_the_same(made: ListedCase, reads: list[str], postgres: Postgres) -> None:
    address = postgres.new()
    for _ in range(2):
        assert listed(made, address) == (truth(made), [])
    assert len(reads) == len(KINDS)
    assert not list((made.root / "index").glob("catalog*"))


def test_without_a_catalog_it_is_the_same_and_nothing_is_kept(made: ListedCase) -> None:
    assert listed(made, "off") == listed(made, "auto") == (truth(made), [])
    assert not list((made.root / "index").glob("catalog*"))


def test_what_is_listed_of_a_volume_is_what_its_manifest_says(made: ListedCase) -> None:
    found, _ = lister(made).listed(lambda entries: holdings(made.case, entries))
    numbers = {each.id: each.exhibit for each in truth(made)}
    assert [numbers[each.id] for each in found.volumes] == ["E-0001", "E-0002", "E-0003", "E-0004"]
    for volume in found.volumes:
        assert volume.original == made.case.store.path(volume.id, "original")
        assert track_bytes(volume) == made.case.store.read(volume.id, "derived/fingerprint.bin")
        assert volume == kept_volume(made.case, volume.id, made.case.manifest(volume.id))
    assert found.heard == {"not_read": 1, "audible": 2}
    assert [each.frames for each in found.volumes] == [1, 150, 1, 150]
    assert [each.still for each in found.volumes] == [True, False, True, False]


def track_bytes(volume: Volume) -> bytes:
    return volume.at(volume.fingerprint_path).read_bytes()


def test_a_still_without_a_fingerprint_is_told(made: ListedCase) -> None:
    old = made.admit(9, "still", printed=False)
    found, _ = lister(made).listed(lambda entries: holdings(made.case, entries))
    assert found.unprinted == (old,)


def test_new_evidence_and_new_versions_are_read_and_the_rest_is_not(made: ListedCase, reads: list[str]) -> None:
    listed(made)
    reads.clear()
    seen = truth(made)[1].id
    made.again(seen)
    new = made.admit(7)
    assert listed(made) == (truth(made), [])
    assert sorted(reads) == sorted([seen, new])
    assert {each.id: each.version for each in truth(made)}[seen] == 2


def test_evidence_that_came_with_a_merge_is_read_once_too(made: ListedCase, reads: list[str]) -> None:
    listed(made)
    merged = made.admit(8, logged=False)
    made.log(EventType.MERGING, merged, manifest_digest(made, merged), 1)
    reads.clear()
    for _ in range(2):
        assert listed(made) == (truth(made), [])
    assert reads == [merged]


def manifest_digest(made: ListedCase, evidence: str) -> str:
    return hashlib.sha256(made.case.manifest_bytes(evidence)).hexdigest()


def test_evidence_that_the_log_does_not_tell_of_yet_is_listed_from_its_manifest(
    made: ListedCase, reads: list[str]
) -> None:
    listed(made)
    reads.clear()
    unlogged = made.admit(8, logged=False)
    for _ in range(2):
        assert listed(made) == (truth(made), [])
    assert reads == [unlogged, unlogged]


def test_a_version_that_a_dead_run_committed_and_did_not_log_is_listed(made: ListedCase, reads: list[str]) -> None:
    listed(made)
    reads.clear()
    changed = truth(made)[1].id
    made.again(changed, logged=False)
    (made.case.staging / "run").mkdir()
    assert listed(made) == (truth(made), [])
    assert reads == [changed]
    assert {each.version for each in truth(made)} == {1, 2}


@pytest.mark.parametrize("where", ["local", "off"])
def test_evidence_that_left_the_store_is_told_and_the_rest_listed(made: ListedCase, where: str) -> None:
    listed(made, where)
    gone = truth(made)[2].id
    shutil.rmtree(made.case.store.folder(gone))
    assert listed(made, where) == (truth(made), ["match.not_in_store"])
    assert gone not in {each.id for each in truth(made)}


def test_evidence_that_was_never_in_the_store_is_told_too(made: ListedCase) -> None:
    gone = truth(made)[2].id
    shutil.rmtree(made.case.store.folder(gone))
    for _ in range(2):
        assert listed(made) == (truth(made), ["match.not_in_store"])


def test_a_manifest_that_is_not_the_logged_one_is_read_each_time(made: ListedCase, reads: list[str]) -> None:
    other = made.admit(8, logged=False)
    made.log(EventType.INGESTION, other, "00" * 32, 1)
    for _ in range(2):
        reads.clear()
        assert listed(made) == (truth(made), [])
        assert other in reads


def delete_a_row(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM forensics_evidence WHERE exhibit = 'E-0002'")
    connection.close()


def hide_a_fingerprint(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE forensics_evidence SET entry = replace(entry, 'video', 'still')")
    connection.close()


def nonsense(path: Path) -> None:
    path.write_bytes(os.urandom(9000))


@pytest.mark.parametrize("harm", [delete_a_row, hide_a_fingerprint, nonsense])
def test_a_doubtful_catalog_is_made_anew_and_that_is_told(
    made: ListedCase, harm: Callable[[Path], None], reads: list[str]
) -> None:
    listed(made)
    harm(file_of(made))
    reads.clear()
    assert listed(made) == (truth(made), ["catalog.remade"])
    assert {*reads} == {each.id for each in truth(made)}
    assert listed(made) == (truth(made), [])


def test_a_catalog_on_a_server_is_made_anew_too(made: ListedCase, postgres: Postgres) -> None:
    import psycopg

    address = postgres.new()
    listed(made, address)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DELETE FROM forensics_evidence WHERE exhibit = 'E-0002'")
    assert listed(made, address) == (truth(made), ["catalog.remade"])
    assert listed(made, address) == (truth(made), [])


def test_the_catalog_of_another_user_is_not_believed_and_each_has_an_own_one(made: ListedCase) -> None:
    listed(made)
    delete_a_row(file_of(made))
    (made.root.parent / "keys" / "catalog_secret").write_bytes(b"t" * 32)
    assert listed(made) == (truth(made), [])
    assert len(list((made.root / "index").glob("catalog-*.sqlite"))) == 2


def test_a_log_that_was_rolled_back_is_told_and_the_store_decides(made: ListedCase) -> None:
    listed(made)
    lines = made.case.log.path.read_bytes().splitlines(keepends=True)
    made.case.log.path.write_bytes(b"".join(lines[:-2]))
    assert listed(made) == (truth(made), ["integrity.log_moved"])
    assert listed(made) == (truth(made), [])
    assert len(truth(made)) == len(KINDS)


def test_a_log_whose_chain_is_broken_is_told_each_time_and_the_store_decides(made: ListedCase) -> None:
    lines = made.case.log.path.read_bytes().splitlines(keepends=True)
    made.case.log.path.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    for _ in range(2):
        found, codes = listed(made)
        assert found == truth(made)
        assert codes[0] == "integrity.log"


def test_a_driver_that_is_killed_while_it_brings_it_up_costs_time_only(
    made: ListedCase, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr(listing, "AT_ONCE", 2)
    child = os.fork()
    if child == 0:
        whole, seen = listing._read, []

        def dies(case: Case, evidence: str, logged: tuple[int, str]) -> object:
            seen.append(evidence)
            if len(seen) == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(case, evidence, logged)

        listing._read = dies
        listed(made)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert listed(made) == (truth(made), [])
    assert len(reads) == len(KINDS) - 2


@pytest.mark.parametrize("where", ["local", "postgresql"])
def test_several_drivers_at_once_list_the_same(made: ListedCase, where: str, request: pytest.FixtureRequest) -> None:
    address = where if where == "local" else request.getfixturevalue("postgres").new()
    expected, children = (truth(made), []), []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os._exit(0 if listed(made, address) == expected == listed(made, address) else 1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert listed(made, address) == expected


def test_an_exhibit_number_is_looked_up_and_checked(made: ListedCase, reads: list[str]) -> None:
    case = replace(made.case, numbered=lister(made).numbered)
    second = {each.exhibit: each.id for each in truth(made)}["E-0002"]
    assert case.resolve("e-0002") == second
    assert lister(made).numbered("E-0002") == (second,)
    with pytest.raises(CaseError):
        case.resolve("E-0099")


def test_a_number_that_a_catalog_gives_to_another_evidence_is_searched_for_in_the_manifests(made: ListedCase) -> None:
    first, second, *_ = sorted(truth(made), key=lambda each: each.exhibit)
    assert replace(made.case, numbered=lambda _: (first.id,)).resolve("E-0002") == second.id


def test_numbers_are_not_looked_up_where_the_catalog_is_far_behind_or_in_use(
    made: ListedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = lister(made).catalog()
    assert catalog is not None
    with catalog.database.alone(wait=True):
        assert lister(made).numbered("E-0002") == ()
    monkeypatch.setattr(listing, "NEAR", 3)
    assert lister(made).numbered("E-0002") == ()
    lister(made).catch_up()
    assert len(lister(made).numbered("E-0002")) == 1


def test_nothing_is_written_on_what_a_catalog_says_and_the_manifest_does_not(made: ListedCase) -> None:
    volumes = tuple(listed_volume(made.case, each) for each in truth(made) if each.fingerprint)
    lying = (replace(volumes[0], original_path="/elsewhere"), *volumes[1:])
    held = {each.id for each in volumes}
    require_as_listed(made.case, Library(kit=None, references=volumes, queries=()), held)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError) as raised:
        require_as_listed(made.case, Library(kit=None, references=lying, queries=()), held)  # type: ignore[arg-type]
    assert raised.value.code == "integrity.catalog"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_file_on_a_network_file_system_is_refused_and_the_server_named(made: ListedCase, kind: str) -> None:
    there = lister(made, mounts=lambda: mounted(made.root, kind))
    with pytest.raises(StoreError, match=kind) as raised:
        there.listed(tuple)
    assert "postgresql://" in raised.value.hint
    assert there.numbered("E-0001") == ()


def test_a_large_case_has_one_unasked_where_it_can(made: ListedCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SMALL_CASE", 5)
    assert listed(made, "auto") == (truth(made), [])
    assert file_of(made).exists()
    remote = lister(made, "auto", mounts=lambda: mounted(made.root, "nfs4"))
    assert remote.catalog() is None
    assert remote.listed(tuple)[0] == truth(made)


@pytest.mark.parametrize("harm", [lambda path: path.chmod(0o644), lambda path: path.write_bytes(b"short")])
def test_a_secret_that_others_can_read_or_that_is_none_is_refused(
    made: ListedCase, harm: Callable[[Path], None]
) -> None:
    listed(made)
    harm(made.root.parent / "keys" / "catalog_secret")
    with pytest.raises(InputError, match="no secret"):
        listed(made)


def test_what_goes_to_a_worker_has_no_address(made: ListedCase) -> None:
    import pickle

    case = replace(made.case, numbered=lister(made, "postgresql://u:hunter2@h/x").numbered)
    assert b"hunter2" not in pickle.dumps(case)
    assert pickle.loads(pickle.dumps(case)) == made.case


def catalog_of(made: ListedCase, where: str = "local") -> doctor.Finding:
    settings = Settings(catalog=where, key=str(made.root.parent / "keys" / "operator_key"))
    return doctor._catalog(made.root, settings)


def test_doctor_compares_every_row_with_its_manifest(made: ListedCase) -> None:
    assert catalog_of(made).found == "not kept: none made yet"
    lister(made).catch_up()
    assert catalog_of(made).found == "5 evidences, as the manifests say"
    made.again(truth(made)[1].id)
    assert catalog_of(made).found == "5 evidences, as the manifests say; 1 to be read from their manifests"


def test_doctor_finds_a_row_that_its_own_user_made_up(made: ListedCase) -> None:
    lister(made).catch_up()
    catalog = lister(made).catalog()
    assert catalog is not None
    lie = replace(truth(made)[3], fingerprint=None, fingerprint_sha256=None)
    with catalog.database.alone(wait=True):
        catalog.take([lie], catalog.state().mark)
    found = catalog_of(made)
    assert not found.ok
    assert lie.id[:16] in found.found


def test_doctor_tells_of_a_damaged_catalog_and_of_none(made: ListedCase) -> None:
    lister(made).catch_up()
    nonsense(file_of(made))
    assert not catalog_of(made).ok
    assert catalog_of(made, "off").found == "not kept: off"
    assert "below 200" in catalog_of(made, "auto").found
