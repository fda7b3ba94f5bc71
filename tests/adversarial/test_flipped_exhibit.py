"""One changed byte anywhere in an exhibit is never verified: a sample; `make bench-all` tries all of documents."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial import authority as authorities
from tests.adversarial.authority import open_for_business
from tests.adversarial.exhibits import TOOLS, StampedCase, bin_folder, fired, run_script, writable

pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="a tool is missing")


@pytest.fixture(scope="module")
def exhibit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stamped_exhibit(tmp_path_factory.mktemp("flipped"))


def stamped_exhibit(folder: Path) -> Path:
    with open_for_business(authorities.make(folder / "tsa")) as tsa:
        case = StampedCase(folder / "case", tsa)
        case.make()
        made = case.export(folder / "out", case.first, case.second)[0].path
    return writable(made, folder / "copy" / made.name)


def flipped(path: Path, places: list[int], bits: random.Random) -> Iterator[int]:
    """Change one byte at a time, and put it back."""
    whole = path.read_bytes()
    for at in places:
        changed = bytearray(whole)
        changed[at] ^= 1 << bits.randrange(8)
        path.write_bytes(changed)
        yield at
    path.write_bytes(whole)


def files_of(exhibit: Path) -> list[Path]:
    return sorted(path for path in exhibit.rglob("*") if path.is_file() and path.stat().st_size)


def test_a_changed_byte_in_any_file_is_found(exhibit: Path) -> None:
    bits = random.Random(1)
    tried = 0
    for path in files_of(exhibit):
        size = path.stat().st_size
        for at in flipped(path, sorted({0, bits.randrange(size), size - 1}), bits):
            assert fired(exhibit), f"{path.name} byte {at}"
            tried += 1
    assert tried > 100
    assert fired(exhibit) == set()


def test_the_script_finds_a_changed_byte_in_a_file_of_each_kind(exhibit: Path, tmp_path: Path) -> None:
    tools, bits = bin_folder(tmp_path / "bin"), random.Random(2)
    kinds = ("original", "manifest.json", "checkpoint.sig.local.tsr", "allowed_signers", "bag-info.txt")
    for name in (*kinds, "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig"):
        path = next(exhibit.rglob(name))
        for at in flipped(path, [path.stat().st_size // 2], bits):
            assert run_script(exhibit, tools)[0] == 1, f"{name} byte {at}"
    assert run_script(exhibit, tools)[0] == 0


def test_every_byte_of_the_signature_counts_for_the_script(exhibit: Path, tmp_path: Path) -> None:
    """Its armour has bits that mean nothing to a lenient reader: padding, line ends, the last of base64."""
    tools = bin_folder(tmp_path / "bin")
    path = exhibit / "seal/tagmanifest-sha256.txt.sig"
    whole = path.read_bytes()
    last = whole.rindex(b"\n-----END")
    spellings = [whole.replace(b"\n", b"\r\n"), whole + b"\n", b"\n" + whole, whole[:last] + b" " + whole[last:]]
    for spelling in spellings:
        path.write_bytes(spelling)
        assert 10 in fired(exhibit)
        assert run_script(exhibit, tools)[0] == 1
    path.write_bytes(whole)
