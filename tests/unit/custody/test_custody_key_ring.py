"""Which keys may sign, by the log alone."""

from collections.abc import Callable
from typing import Any

import pytest

from forensics.custody import KeyRing, key_change, key_files, make_key, ring_of
from forensics.custody.key_ring import FIRST_NAMESPACES, histories, key_file_history
from forensics.model.custody import CustodyEvent, EventType, KeyAct

A, B, C = (make_key(bytes([number] * 32), None)[1] for number in (1, 2, 3))
CASE = "CASE"
Change = tuple[KeyAct, Any, Any]


def event(seq: int, change: Change, **other: str) -> CustodyEvent:
    act, key, signer = change
    return CustodyEvent(
        case=CASE, seq=seq, prev="0" * 64, time=f"2026-11-22T08:14:{seq:02d}.120455Z", event=EventType.KEY_CHANGE,
        run="r", operator="op", item=None, detail={**key_change(CASE, act, key.key, signer), **other},
    )  # fmt: skip


def ring(*changes: Change) -> KeyRing:
    return ring_of([event(seq, change) for seq, change in enumerate(changes, start=1)], CASE)


FIRST = (KeyAct.FIRST, A, A)
SECOND = (KeyAct.ADMITTED, B, A)


def test_a_key_is_in_force_after_the_line_that_lets_it_in_and_up_to_the_one_that_puts_it_away() -> None:
    keys = ring(FIRST, SECOND, (KeyAct.RETIRED, A, A))
    assert keys.problems == []
    assert [keys.in_force(A.key, lines) for lines in (0, 1, 2, 3, 4)] == [False, False, True, True, False]
    assert [keys.in_force(B.key, lines) for lines in (1, 2, 3, 99)] == [False, False, True, True]
    assert not keys.in_force(C.key, 2)
    assert [known.key for known in keys.current()] == [B.key]
    assert keys.first() == 1


@pytest.mark.parametrize(
    "changes",
    [
        ((KeyAct.FIRST, A, B),),
        ((KeyAct.ADMITTED, A, A),),
        (FIRST, (KeyAct.FIRST, B, B)),
        (FIRST, (KeyAct.ADMITTED, B, B)),
        (FIRST, (KeyAct.ADMITTED, A, A)),
        (FIRST, (KeyAct.RETIRED, B, A)),
        (FIRST, SECOND, (KeyAct.RETIRED, B, A), (KeyAct.ADMITTED, C, B)),
        (FIRST, SECOND, (KeyAct.RETIRED, B, A), (KeyAct.ADMITTED, B, A)),
        (FIRST, SECOND, (KeyAct.RETIRED, B, A), (KeyAct.RETIRED, B, A)),
        (FIRST, SECOND, (KeyAct.REVOKED, B, A), (KeyAct.REVOKED, B, A)),
        (FIRST, SECOND, (KeyAct.REVOKED, A, B), (KeyAct.ADMITTED, C, A)),
    ],
)
def test_a_change_that_nobody_signed_who_might_is_a_problem_and_changes_nothing(changes: tuple[Change, ...]) -> None:
    keys = ring(*changes)
    assert [seq for seq, _ in keys.problems] == [len(changes)]
    assert keys.keys == ring(*changes[:-1]).keys


@pytest.mark.parametrize(
    "other", [{"what": "promoted"}, {"key": B.key.fingerprint}, {"public_key": B.key.line}, {"signature": ""}]
)
def test_a_change_that_contradicts_itself_is_a_problem(other: dict[str, str]) -> None:
    assert len(ring_of([event(1, FIRST, **other)], CASE).problems) == 1


def test_the_change_of_another_case_does_not_hold_here() -> None:
    assert len(ring_of([event(1, FIRST)], "OTHER").problems) == 1


def test_a_retired_key_can_still_be_revoked_and_keeps_its_end() -> None:
    keys = ring(FIRST, SECOND, (KeyAct.RETIRED, A, A), (KeyAct.REVOKED, A, B))
    assert keys.problems == []
    assert (keys.keys[A.key.fingerprint].until, keys.keys[A.key.fingerprint].revoked) == (3, True)


def test_the_files_say_keys_namespaces_times_and_revocations() -> None:
    keys = ring(FIRST, SECOND, (KeyAct.REVOKED, B, A))
    files = key_files(keys)
    first, second = files["allowed_signers"].decode().splitlines()
    assert first.startswith('operator namespaces="checkpoint@footage-forensics,manifest@footage-forensics,')
    assert first.endswith(f'valid-after="20261122081401Z" {A.key.line}')
    assert second.endswith(f'valid-after="20261122081402Z",valid-before="20261122081404Z" {B.key.line}')
    assert files["revoked_keys"].decode() == f"{B.key.line}\n"


def test_each_state_of_the_files_on_the_way_is_known() -> None:
    events = [event(seq, change) for seq, change in enumerate((FIRST, SECOND), start=1)]
    read: Callable[[KeyRing], int] = lambda keys: key_files(keys)["allowed_signers"].count(b"\n")  # noqa: E731
    assert [read(keys) for keys in histories(events, CASE)] == [0, 1, 2]


def test_the_file_that_an_earlier_version_wrote_is_known() -> None:
    """A version that knows one type of document more must not call the files of the one before it forged."""
    events = [event(1, FIRST)]
    earlier = key_files(ring(FIRST), FIRST_NAMESPACES)
    known = key_file_history(events, CASE)
    assert earlier in known[:-1]
    assert known[-1] == key_files(ring(FIRST)) != earlier
