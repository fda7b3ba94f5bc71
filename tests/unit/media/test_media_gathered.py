"""Memory for many frames: what came lies there in order, and a fork does not take it along."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.media import gathered
from forensics.media.gathered import Gathered


@given(st.lists(st.binary(max_size=40)), st.integers(0, 200), st.integers(1, 60))
def test_what_came_lies_there_in_its_order_however_often_room_is_made(
    parts: list[bytes], length: int, room: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathered, "FIRST_BYTES", room)
        kept = Gathered()
        for part in parts:
            kept.add(part)
    whole = b"".join(parts)
    assert len(kept) == len(whole)
    assert bytes(kept.first(length)) == whole[:length]


def test_what_is_handed_out_cannot_be_changed() -> None:
    kept = Gathered()
    kept.add(b"frames")
    with pytest.raises(TypeError, match="read-only"):
        kept.first(6)[0] = 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux leaves memory out of a fork")
def test_a_child_has_none_of_it() -> None:
    kept = Gathered()
    kept.add(b"frames")
    pid = os.fork()
    if pid == 0:
        faulthandler.disable()
        os._exit(kept.first(6)[0] != ord("f"))
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGSEGV
    assert bytes(kept.first(6)) == b"frames"
