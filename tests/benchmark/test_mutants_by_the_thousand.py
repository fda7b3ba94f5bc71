"""Five thousand damaged files through the door, of another seed than those of `make test`."""

import pytest

from tests.adversarial import forked, mutants

pytestmark = pytest.mark.benchmark

COUNT = 5000
SEED = 2


def test_no_mutant_of_five_thousand_kills_the_parent_hangs_or_is_shortened_without_a_word() -> None:
    found = forked.alone("tests.adversarial.mutants", COUNT, SEED)
    columns = ("decoded, nothing to see", "decoded, with notices", "refused, said why", "error")
    for name in (*mutants.KINDS, *mutants.DAMAGES):
        print(f"\n{name:>8}", *(f"{found['outcomes'][name].get(column, 0):6d}" for column in columns), end="")
    print(f"\nslowest {found['slowest_s']} s; problems: {found['problems']}")
    assert found["problems"] == {}
