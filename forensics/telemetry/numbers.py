"""Numbers of binary telemetry as decimal text, and moments as RFC 3339: exact, rounded once, never through a float."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

DEGREE_DIGITS = 9
"""Decimals of a degree that is computed from a binary number: 0.1 mm, finer than any format's own grid."""
METRE_DIGITS = 3

MAX_LATITUDE = 90
MAX_LONGITUDE = 180
MAX_ALTITUDE_M = 100_000
"""Metres: the edge of space."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MICROS = 2**62
_PRECISE = Context(prec=40, rounding=ROUND_HALF_EVEN)


def decimal_text(value: Fraction, digits: int) -> str:
    """The value rounded to ``digits`` decimals (half to even), without needless zeros."""
    scaled = round(value * 10**digits)
    text = str(Decimal(scaled).scaleb(-digits, context=_PRECISE))
    if "E" in text:
        text = f"{Decimal(scaled).scaleb(-digits, context=_PRECISE):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def degrees(value: Fraction, limit: int) -> str | None:
    """A latitude or longitude as text; None when it is beyond ``limit`` degrees."""
    return decimal_text(value, DEGREE_DIGITS) if abs(value) <= limit else None


def metres(value: Fraction) -> str | None:
    """A height as text; None when it is beyond the edge of space."""
    return decimal_text(value, METRE_DIGITS) if abs(value) <= MAX_ALTITUDE_M else None


def micros_to_utc(micros: int, since: datetime = _EPOCH) -> str | None:
    """Microseconds since an epoch as RFC 3339 with ``Z``, six decimals; None beyond the years 1 to 9999."""
    if not -_MAX_MICROS < micros < _MAX_MICROS:
        return None
    try:
        moment = since + timedelta(microseconds=micros)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"
