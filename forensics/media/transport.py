"""The packets of an MPEG transport stream (Rec. ITU-T H.222.0, 2.4.3), and how a file is known by them."""

from __future__ import annotations

import os

PACKET_FORMS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet and place of its sync byte: plain, with a time code (m2ts), with Reed-Solomon bytes."""

SYNC = 0x47
NULL_PID = 0x1FFF
IN_STEP = 5
"""Sync bytes in a row that are taken for packets: five in noise are one in 2^40."""


def packet_form(handle: int) -> tuple[int, int] | None:
    """The one of `PACKET_FORMS` in which a file begins; None when it is no transport stream by its first bytes."""
    head = os.pread(handle, max(length for length, _ in PACKET_FORMS) * IN_STEP, 0)
    return next((form for form in PACKET_FORMS if in_step(head[form[1] :: form[0]][:IN_STEP])), None)


def in_step(marks: bytes) -> bool:
    """Whether the first bytes of some packets are all what packets begin with."""
    return len(marks) > 0 and marks.count(SYNC) == len(marks)
