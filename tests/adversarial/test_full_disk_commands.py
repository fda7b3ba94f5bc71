"""Commands on a disk that fills up, runs out of names, allows only small files, or cannot be written.

Exit code 7 and one line that says so; the case verifies; nothing that was acknowledged is lost; with room the same
command completes. The sizes are few here; `make bench-all` has a hundred for each of four commands.
"""

import shutil
import subprocess

import pytest

from tests.adversarial import forked

IN_A_NAMESPACE = ("unshare", "-rm")
COMMANDS = ("ingest", "seal", "export", "report")
SIZES = {"ingest": 6, "export": 3}
"""What is tried here, and in how many sizes."""


@pytest.fixture(autouse=True)
def mounts() -> None:
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    if subprocess.run([*IN_A_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
        pytest.skip("no mounts in a namespace of our own here")


@pytest.mark.parametrize(("command", "sizes"), SIZES.items())
def test_a_command_that_finds_no_room_says_so_loses_nothing_and_completes_with_room(command: str, sizes: int) -> None:
    found = forked.alone("tests.adversarial.full_disk", command, sizes, before=IN_A_NAMESPACE)
    assert found["problems"] == {}
    refused = {kind.partition(":")[0] for kind in found["codes"] if kind.endswith("7")}
    assert {"ro", "size"} <= refused, found
