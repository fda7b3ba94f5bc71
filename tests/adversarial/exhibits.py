"""Small exhibits of a stamped case, and the means of whoever tampers with them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from forensics import custody
from forensics.custody import sign
from forensics.exhibit import bag
from forensics.model.custody import Check, CheckStatus, Namespace
from forensics.model.evidence import Digests
from pipelines.case import open_case
from pipelines.config import Authority as Configured
from pipelines.export import Exported, export
from pipelines.seal import stamp_last
from pipelines.surroundings import Surroundings
from pipelines.verify import verify_target
from tests.adversarial.authority import Authority
from tests.adversarial.sealed_case import Clock, SealedCase

TOOLS = (
    *("sh", "sed", "grep", "openssl", "ssh-keygen"),
    *("base64", "cat", "comm", "cut", "date", "dirname", "fold", "head", "mkdir", "mktemp", "mv", "rm", "sha256sum"),
    *("sha512sum", "sort", "tail", "tr", "wc"),
)
"""All that VERIFY.sh may find: a shell, sed, grep, openssl, ssh-keygen, and coreutils."""


class StampedCase(SealedCase):
    """A sealed case each of whose seals has a token, by the clock of this machine."""

    def __init__(self, root: Path, authority: Authority | None) -> None:
        super().__init__(root)
        self.authorities: Sequence[Configured] = ()
        if authority is not None:
            self.authorities = [Configured(name="local", url=authority.url, root=str(authority.root))]
        surroundings = Surroundings(now=Clock(datetime.now(UTC)), environ={})
        self.run = replace(self.run, surroundings=surroundings)

    def seal(self, signer: custody.Signer | None = None) -> custody.Seal:
        sealed = super().seal(signer)
        assert not list(stamp_last(open_case(self.root), self.run, self.authorities))
        return sealed

    def export(self, out: Path, *ids: str, profile: str = "public", zipped: bool = False) -> list[Exported]:
        found = export(
            open_case(self.root), self.run, ids, out, profile=profile, zipped=zipped, authorities=self.authorities
        )
        return [each for each in found if isinstance(each, Exported)]


def checks(path: Path, held: bytes | None = None, folder: Path | None = None) -> list[Check]:
    head = None
    if held is not None:
        head = (folder or path.parent) / "head"
        head.write_bytes(held)
    return [thing for thing in verify_target(path, None, head) if isinstance(thing, Check)]


def fired(path: Path, held: bytes | None = None) -> set[int]:
    return {int(check.step) for check in checks(path, held) if check.status is CheckStatus.FAILED}


def bin_folder(folder: Path) -> Path:
    """A PATH that has nothing but `TOOLS`."""
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


def run_script(exhibit: Path, tools: Path) -> tuple[int, str, str]:
    """VERIFY.sh with nothing in its environment but a PATH of these tools: exit code, stdout, stderr."""
    words = ["env", "-i", f"PATH={tools}", "sh", str(exhibit / "VERIFY.sh")]
    done = subprocess.run(words, capture_output=True, timeout=120, check=False, cwd="/", stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("ascii"), done.stderr.decode("utf-8", "replace")


def writable(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, symlinks=True)
    for path in target.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
    return target


def digests_of(path: Path) -> Digests:
    data = path.read_bytes()
    return Digests(sha256=hashlib.sha256(data).hexdigest(), sha512=hashlib.sha512(data).hexdigest(), size=len(data))


def recompute(exhibit: Path, signer: custody.Signer | None = None) -> None:
    """Every digest of the bag made anew, as whoever has no key can; and signed anew by whoever has one."""
    files = {str(path.relative_to(exhibit)): path for path in exhibit.rglob("*") if path.is_file()}
    payload = {name: digests_of(path) for name, path in files.items() if name.startswith("data/")}
    info = exhibit / bag.BAG_INFO
    lines = [line for line in info.read_text().splitlines() if not line.startswith("Payload-Oxum")]
    lines.insert(4, f"Payload-Oxum: {bag.oxum(payload)}")
    info.write_text("".join(f"{line}\n" for line in lines))
    (exhibit / bag.SHA256).write_bytes(bag.manifest(payload))
    (exhibit / bag.SHA512).write_bytes(bag.manifest(payload, sha512=True))
    outside = {bag.TAGS, bag.SEAL}
    tags = {name: digests_of(path) for name, path in files.items() if name not in payload and name not in outside}
    (exhibit / bag.TAGS).write_bytes(bag.manifest(tags))
    if signer is not None:
        (exhibit / bag.SEAL).write_bytes(sign(signer, Namespace.EXHIBIT, (exhibit / bag.TAGS).read_bytes()))


def line_that(exhibit: Path, text: bytes) -> Path:
    return next(path for path in sorted((exhibit / "data/log").glob("0*.json")) if text in path.read_bytes())
