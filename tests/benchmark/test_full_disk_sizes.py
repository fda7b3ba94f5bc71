"""A hundred sizes of a full disk for each of four commands (tests/adversarial/full_disk.py says what is looked at)."""

import pytest

from tests.adversarial import forked
from tests.adversarial.test_full_disk_commands import COMMANDS, IN_A_NAMESPACE, mounts  # noqa: F401

pytestmark = pytest.mark.benchmark

SIZES = 102


@pytest.mark.parametrize("command", COMMANDS)
def test_no_size_of_a_full_disk_loses_anything(command: str) -> None:
    found = forked.alone("tests.adversarial.full_disk", command, SIZES, before=IN_A_NAMESPACE)
    print(f"\n{found}")
    assert found["problems"] == {}
