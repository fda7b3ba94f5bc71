"""What verify reads when it is asked for less or more, and which check names a change then."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.errors import InputError
from forensics.model.custody import Check, CheckStatus
from pipelines.extent import Extent, in_order
from pipelines.verify import NOT_READ, NOT_RECOMPUTED, ContentRead, verify_case, verify_target
from tests.adversarial.sealed_case import SealedCase, copy_of

SHA256 = Extent()
BOTH = Extent(all_digests=True)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("extent") / "case"
    SealedCase(root).make()
    return root


@pytest.fixture
def case(pristine: Path, tmp_path: Path) -> SealedCase:
    return copy_of(pristine, tmp_path / "case")


def checks(case: SealedCase, extent: Extent) -> Iterator[Check]:
    return (thing for thing in verify_case(case.root, None, extent) if isinstance(thing, Check))


def fired(case: SealedCase, extent: Extent) -> set[tuple[int, str]]:
    return {(int(check.step), check.name) for check in checks(case, extent) if check.status is CheckStatus.FAILED}


def told(case: SealedCase, extent: Extent) -> list[tuple[str, str | None]]:
    return [(check.name, check.found) for check in checks(case, extent) if check.name in {NOT_READ, NOT_RECOMPUTED}]


def flip(path: Path) -> None:
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


CONTENT = {(4, "content digests")}
INVENTORY = {(3, "inventory")}

CLASSES: dict[str, set[tuple[int, str]]] = {
    "v1/content/original": CONTENT,
    "v1/content/frame.png": CONTENT,
    "v1/content/manifest.json": CONTENT | {(5, "manifest"), (7, "manifest logged")},
    "v1/content/manifest.json.sig": CONTENT | {(10, "manifest signature")},
    "inventory.json": INVENTORY,
    "inventory.json.sha512": INVENTORY,
    "v1/inventory.json": INVENTORY,
    "v1/inventory.json.sha512": INVENTORY,
    "0=ocfl_object_1.1": {(3, "object files")},
}
"""Each kind of stored file, and the checks that a flipped bit in its middle must fire."""


@pytest.mark.parametrize("extent", [SHA256, BOTH], ids=["by default", "with all digests"])
@pytest.mark.parametrize("name", CLASSES)
def test_a_flipped_bit_of_each_kind_of_stored_file_is_named(case: SealedCase, name: str, extent: Extent) -> None:
    flip(case.place(case.third) / name)
    assert fired(case, extent) >= CLASSES[name]


def test_the_classes_above_are_all_files_of_an_object(case: SealedCase) -> None:
    place = case.place(case.third)
    assert {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()} == set(CLASSES)


def write_sha512(case: SealedCase, name: str) -> None:
    """Another SHA-512 for a file in every inventory, and the sidecars made anew: the bytes stay as they are."""
    place = case.place(case.third)
    old = hashlib.sha512((place / f"v1/content/{name}").read_bytes()).hexdigest()
    for path in place.rglob("inventory.json"):
        value = json.loads(path.read_bytes().replace(old.encode(), b"0" * 128))
        data = (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
        path.write_bytes(data)
        path.with_name("inventory.json.sha512").write_text(f"{hashlib.sha512(data).hexdigest()} inventory.json\n")


@pytest.mark.parametrize(
    ("name", "step"), [("original", 6), ("frame.png", 6), ("manifest.json", 4), ("manifest.json.sig", 4)]
)
def test_another_sha512_written_into_an_inventory_is_found_although_none_is_computed_again(
    case: SealedCase, name: str, step: int
) -> None:
    """The signed manifest tells those of its subjects; those of the documents are always computed."""
    write_sha512(case, name)
    assert {at for at, _ in fired(case, SHA256)} == {step}
    assert 4 in {at for at, _ in fired(case, BOTH)}


def test_by_default_one_line_says_that_sha512_was_not_computed_again(case: SealedCase) -> None:
    assert [name for name, _ in told(case, SHA256)] == [NOT_RECOMPUTED]
    assert told(case, BOTH) == []
    for extent, digests in ((SHA256, 1), (BOTH, 2)):
        found = [check for check in checks(case, extent) if check.name == "content digests"]
        originals = [check for check in found if check.subject.endswith("/original")]
        assert {len(str(check.found).split()) for check in originals} == {digests}


def test_checks_come_in_the_same_order_each_time(case: SealedCase) -> None:
    first = list(checks(case, SHA256))
    assert all(list(checks(case, SHA256)) == first for _ in range(5))


def seed_that_reads(case: SealedCase, evidence: str) -> str:
    return next(
        seed for seed in map(str, range(100)) if evidence in Extent(sample=1, seed=seed).chosen(tuple(case.store.ids()))
    )


def test_a_sample_reads_the_evidences_that_its_seed_chooses_and_counts_the_rest(case: SealedCase) -> None:
    flip(case.place(case.third) / "v1/content/original")
    hit = Extent(sample=1, seed=seed_that_reads(case, case.third))
    miss = Extent(sample=1, seed=seed_that_reads(case, case.first))
    assert fired(case, hit) == CONTENT
    assert fired(case, miss) == set()
    ((name, found), _) = told(case, miss)
    assert name == NOT_READ
    assert found is not None and found.startswith("2 evidences not read")
    assert ContentRead(read=1, unread=2) in list(verify_case(case.root, None, miss))
    whole = Extent(sample=99, seed="x")
    assert fired(case, whole) == CONTENT
    assert ContentRead(read=3, unread=0) in list(verify_case(case.root, None, whole))


@pytest.mark.parametrize(
    "name", [name for name in CLASSES if name not in {"v1/content/original", "v1/content/frame.png"}]
)
def test_a_flipped_bit_of_what_is_no_footage_is_found_in_an_evidence_outside_the_sample(
    case: SealedCase, name: str
) -> None:
    flip(case.place(case.third) / name)
    assert fired(case, Extent(sample=1, seed=seed_that_reads(case, case.first)))


@pytest.mark.parametrize("name", ["log/custody.jsonl", "findings/1.json", "case.json", "keys/allowed_signers"])
def test_a_sample_checks_everything_outside_the_store(case: SealedCase, name: str) -> None:
    flip(case.root / name)
    assert fired(case, Extent(sample=1, seed="any"))


def test_the_choice_can_be_repeated_with_sha256sum(case: SealedCase) -> None:
    ids = tuple(case.store.ids())
    script = (
        'for i in "$@"; do printf "%s %s\\n" "$(printf "%s %s" SEED "$i" | sha256sum | cut -c1-64)" "$i"; done | sort'
    )
    done = subprocess.run(["sh", "-c", script, "sh", *ids], capture_output=True, text=True, check=True)
    ranked = [line.split()[1] for line in done.stdout.splitlines()]
    for count in (1, 2, 3):
        assert Extent(sample=count, seed="SEED").chosen(ids) == set(ranked[:count])


@pytest.mark.parametrize(("sample", "seed"), [(0, "a"), (-1, "a"), (1, ""), (1, "a b"), (1, "x" * 65), (1, "a\n")])
def test_a_sample_of_nothing_or_a_seed_that_cannot_be_typed_is_refused(sample: int, seed: str) -> None:
    with pytest.raises(InputError):
        Extent(sample=sample, seed=seed)


def test_a_manifest_alone_has_nothing_to_sample(case: SealedCase) -> None:
    with pytest.raises(InputError):
        list(verify_target(case.place(case.third) / "v1/content/manifest.json", None, None, BOTH))


def test_what_a_thread_raises_is_raised_and_results_keep_their_order() -> None:
    assert list(in_order(lambda n: n * n, range(50), 3)) == [n * n for n in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda n: 1 // n, [1, 0, 1], 2))
