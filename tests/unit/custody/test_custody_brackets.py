"""The two outside times of each line, held to the plain words of step 13."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forensics.custody.stamps import Stamped, _Earliest, _Latest

START = datetime(2026, 11, 22, tzinfo=UTC)

TOKENS = st.lists(
    st.builds(
        lambda size, second, logged: Stamped(size, START + timedelta(seconds=second), logged),
        st.integers(1, 12), st.integers(0, 9), st.booleans(),
    ),
    max_size=8,
).map(tuple)  # fmt: skip


@given(TOKENS)
def test_the_times_are_those_of_the_plain_definition(stamped: tuple[Stamped, ...]) -> None:
    latest, earliest = _Latest(stamped), _Earliest(stamped)
    for seq in range(14):
        assert latest(seq) == min((each.time for each in stamped if each.size > seq), default=None)
        above = (each.time for each in stamped if each.logged and each.size <= seq)
        assert earliest(seq) == max(above, default=None)
