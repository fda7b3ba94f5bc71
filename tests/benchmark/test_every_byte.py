"""A bit flipped in every single byte of every signed file of a sealed and stamped case: never called verified."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.model.custody import Check, CheckStatus, EventType
from pipelines import config
from pipelines.case import Run, open_case
from pipelines.seal import stamp_last
from pipelines.surroundings import Surroundings
from pipelines.verify import verify_case
from tests.adversarial import authority as authorities
from tests.adversarial.authority import Authority, open_for_business
from tests.adversarial.sealed_case import Clock, SealedCase

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is openssl ts"),
]


class Stamped(SealedCase):
    """A case with two stamped seals, of which the log names the first, and with a clock that is right."""

    def __init__(self, root: Path, authority: Authority) -> None:
        super().__init__(root)
        self.run = replace(self.run, surroundings=Surroundings(now=Clock(Surroundings().now()), environ={}))
        self.make()
        self._stamp(authority)
        self.record(EventType.LIST_CHECK, hits=1)
        self.seal()
        self._stamp(authority)
        for path in root.rglob("*"):
            if path.is_file():
                path.chmod(0o600)

    def _stamp(self, authority: Authority) -> None:
        asked = config.Authority(name="local", url=authority.url, root=str(authority.root))
        run = Run(id="urn:uuid:s", operator="op", surroundings=Surroundings(environ={}))
        assert list(stamp_last(open_case(self.root), run, [asked])) == []


def files(case: Stamped) -> Iterator[Path]:
    """Everything that a signature or the log covers. Of the last seal's token, which nothing names yet, see below."""
    manifest = case.place(case.third) / "v1/content/manifest.json"
    for document in (manifest, case.root / "findings/1.json"):
        yield document
        yield document.with_name(document.name + ".sig")
    yield case.log.path
    first, last = case.checkpoints[-2:]
    for suffix in ("", ".sig", ".sig.local.tsq", ".sig.local.tsr", ".sig.local.pem"):
        yield first.with_name(first.name + suffix)
    yield last
    yield last.with_name(last.name + ".sig")
    yield case.root / "case.json"
    yield case.root / "keys/allowed_signers"


def is_found(case: Stamped) -> bool:
    """Whether some check fails: verify in this process, up to the first that does."""
    return any(thing.status is CheckStatus.FAILED for thing in verify_case(case.root) if isinstance(thing, Check))


def flip_each(case: Stamped, path: Path) -> list[int]:
    """The places where a flipped bit was not found."""
    good = path.read_bytes()
    missed = []
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(good):
            file.seek(at)
            file.write(bytes([byte ^ 1 << at % 8]))
            if not is_found(case):
                missed.append(at)
            file.seek(at)
            file.write(bytes([byte]))
    assert path.read_bytes() == good
    return missed


def test_a_flipped_bit_in_every_byte_of_every_signed_file_is_found(tmp_path: Path) -> None:
    with open_for_business(authorities.make(tmp_path / "tsa")) as authority:
        case = Stamped(tmp_path / "case", authority)
    assert not is_found(case)
    tried = missed = 0
    for path in files(case):
        size, here = path.stat().st_size, flip_each(case, path)
        print(f"\n{path.relative_to(case.root)}: {size} bytes tried, {size - len(here)} found", end="")
        tried, missed = tried + size, missed + len(here)
        assert here == [], path.name
    print(f"\ntried {tried}, found {tried - missed}")
    assert not is_found(case)


def test_of_a_token_that_no_line_names_yet_no_flipped_bit_gives_another_time(tmp_path: Path) -> None:
    """Of the newest seal only its signature covers the token; what the authority did not sign may change unseen."""
    with open_for_business(authorities.make(tmp_path / "tsa")) as authority:
        case = Stamped(tmp_path / "case", authority)
    proved = stamps(case)
    path = case.checkpoints[-1].with_name(f"{case.checkpoints[-1].name}.sig.local.tsr")
    good = path.read_bytes()
    seen = 0
    for at in range(0, len(good), 5):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
        found = stamps(case)
        seen += found != proved
        assert found[:-1] == proved[:-1]
        assert found[-1] in {proved[-1], ("failed", None), ("skipped", None)}, at
    print(
        f"\ntoken of the newest seal: {len(range(0, len(good), 5))} bits tried, {seen} found, the rest prove the same"
    )


def stamps(case: Stamped) -> list[tuple[str, str | None]]:
    """Of each token its state, and what it proves when it holds."""
    checks = [each for each in verify_case(case.root) if isinstance(each, Check) and each.name == "time-stamp"]
    return [
        (str(each.status), str(each.found).partition(";")[0] if each.status is CheckStatus.OK else None)
        for each in checks
    ]
