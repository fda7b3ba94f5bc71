"""A bit that flips in any file of a case is found, and the check that finds it names the file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.model.custody import Check, CheckStatus
from tests.adversarial.sealed_case import SealedCase, checks

NOT_EVIDENCE = (".lock", "reports", "index", "staging", "quarantine")
"""Parts of a case that may be deleted, or that hold nothing."""

BYTES_APART = 401
"""Every so many bytes are tried here; every single one by `make bench-all`."""


@pytest.fixture
def case(tmp_path: Path) -> SealedCase:
    made = SealedCase(tmp_path / "case")
    made.make()
    for path in files(made):
        path.chmod(0o600)
    return made


def files(case: SealedCase) -> list[Path]:
    found = (path for path in sorted(case.root.rglob("*")) if path.is_file())
    return [path for path in found if path.relative_to(case.root).parts[0] not in NOT_EVIDENCE]


def failed(case: SealedCase) -> list[Check]:
    return [check for check in checks(case) if check.status is CheckStatus.FAILED]


def is_named(case: SealedCase, path: Path, found: list[Check]) -> bool:
    """Whether a failed check speaks of this file: by its name, or by the evidence that its object is named after."""
    parts = path.relative_to(case.root).parts
    names = {path.name, path.name.partition(".")[0]}
    if parts[0] == "store" and len(parts) > 3:
        names = {parts[2]}
    if path == case.log.path:
        # Of the last line of a seal only its signed root tells; every line before it is named by the next one.
        names = {"line", "custody.jsonl", "checkpoint root"}
    return any(
        name in f"{check.subject} {check.name} {check.expected} {check.found}" for check in found for name in names
    )


def unnamed(case: SealedCase, apart: int) -> Iterator[str]:
    """Each flip that no check found, or that none named."""
    for path in files(case):
        good = path.read_bytes()
        for at in range(0, len(good), apart):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
            if not (found := failed(case)):
                yield f"{path.relative_to(case.root)} byte {at}: not found"
            elif not is_named(case, path, found):
                yield f"{path.relative_to(case.root)} byte {at}: {sorted({check.name for check in found})}"
        path.write_bytes(good)


def test_a_flipped_bit_in_any_file_is_found_and_the_file_is_named(case: SealedCase) -> None:
    assert failed(case) == []
    assert list(unnamed(case, BYTES_APART)) == []
    assert failed(case) == []


@pytest.mark.benchmark
def test_a_flipped_bit_in_every_byte_of_every_file_is_found_and_the_file_is_named(case: SealedCase) -> None:
    sizes = {path.relative_to(case.root).as_posix(): path.stat().st_size for path in files(case)}
    print(f"\n{len(sizes)} files, {sum(sizes.values())} bytes")
    assert list(unnamed(case, 1)) == []
