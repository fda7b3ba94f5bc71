"""What is told before anything is written: a clock that went back, a file system that others write to."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.model.custody import CaseInfo, EventType
from pipelines import footing
from pipelines.case import SCHEMA, Case, Run, create_case
from pipelines.surroundings import Surroundings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run_at(moment: datetime, mounts: str = "") -> Run:
    surroundings = Surroundings(now=lambda: moment, environ={}, mounts=lambda: mounts)
    return Run(id="urn:uuid:1", operator="op-1", surroundings=surroundings)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    info = CaseInfo(id="C", title="", custodian="", operator="t", created="2026-11-22T12:00:00.000000Z", schema=SCHEMA)
    return create_case(tmp_path / "case", info, run_at(NOON))


def mounted(path: Path, kind: str) -> str:
    """A table of mounts that has this file system below a folder (proc(5), mountinfo)."""
    device = path.stat().st_dev
    return (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        f"40 27 {os.major(device)}:{os.minor(device)} / /a\\040place rw shared:1 - {kind} server:/cases rw,vers=4.2\n"
    )


def codes(case: Case, run: Run) -> list[str]:
    return [notice.code for notice in footing.notices(case, run)]


def test_a_clock_behind_the_log_is_told_and_by_how_much(case: Case) -> None:
    behind = run_at(NOON - timedelta(hours=1))
    (notice,) = footing.notices(case, behind)
    assert notice.code == "clock.back"
    assert "3600 s behind" in notice.message


@pytest.mark.parametrize("step", [timedelta(), timedelta(seconds=-50), timedelta(days=400)])
def test_a_clock_that_goes_on_or_is_set_by_seconds_is_not_told(case: Case, step: timedelta) -> None:
    assert codes(case, run_at(NOON + step)) == []


def test_the_last_line_counts_not_the_first(case: Case) -> None:
    case.record(run_at(NOON + timedelta(days=1)), EventType.LIST_CHECK, None, {"hits": 1})
    assert codes(case, run_at(NOON + timedelta(hours=1))) == ["clock.back"]


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs", "virtiofs"])
def test_a_network_file_system_is_told(case: Case, kind: str) -> None:
    run = run_at(NOON, mounted(case.root, kind))
    (notice,) = footing.notices(case, run)
    assert notice.code == "store.network"
    assert kind in notice.message


@pytest.mark.parametrize("kind", ["ext4", "xfs", "tmpfs", "fuse.ntfs-3g", "overlay"])
def test_a_local_file_system_is_not_told(case: Case, kind: str) -> None:
    assert codes(case, run_at(NOON, mounted(case.root, kind))) == []


@pytest.mark.parametrize("table", ["", "nonsense", "40 27 0:1 / / rw - nfs server:/ rw", "40 - nfs"])
def test_a_table_that_does_not_name_the_device_tells_nothing(case: Case, table: str) -> None:
    assert codes(case, run_at(NOON, table)) == []


def test_the_table_of_this_machine_can_be_read(case: Case) -> None:
    run = replace(run_at(NOON), surroundings=Surroundings(now=lambda: NOON, environ={}))
    assert footing.file_system(case.root, run.surroundings.mounts()) != ""
