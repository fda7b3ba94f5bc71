"""An exhibit as a sender hands it over, written here by the letter of its layout, and the log line that says so."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from forensics import custody
from forensics.model.custody import EventType, Namespace
from pipelines.case import open_case
from pipelines.interop import files
from tests.adversarial.sealed_case import OWN, SealedCase

SEAL = "seal/tagmanifest-sha256.txt.sig"


class Sent:
    """A bag on disk that can be changed and made up again, as far as its digests go."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def tagmanifest(self) -> str:
        return hashlib.sha256((self.root / "tagmanifest-sha256.txt").read_bytes()).hexdigest()

    def relist(self) -> None:
        """Write every list of digests anew, as anybody can."""
        payload = [path for path in sorted((self.root / "data").rglob("*")) if path.is_file()]
        for algorithm in ("sha256", "sha512"):
            self._list(f"manifest-{algorithm}.txt", algorithm, payload)
        tags = [p for p in sorted(self.root.iterdir()) if p.is_file() and p.name != "tagmanifest-sha256.txt"]
        self._list("tagmanifest-sha256.txt", "sha256", tags)

    def seal(self, signer: custody.Signer = OWN) -> None:
        path = self.root / SEAL
        path.parent.mkdir(exist_ok=True)
        data = (self.root / "tagmanifest-sha256.txt").read_bytes()
        path.write_bytes(custody.sign(signer, Namespace.EXHIBIT, data))

    def zipped(self) -> Path:
        path = self.root.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(self.root.rglob("*")):
                if file.is_file():
                    archive.write(file, f"{self.root.name}/{file.relative_to(self.root)}")
        return path

    def _list(self, name: str, algorithm: str, paths: list[Path]) -> None:
        lines = (
            f"{hashlib.new(algorithm, path.read_bytes()).hexdigest()}  {path.relative_to(self.root).as_posix()}\n"
            for path in paths
        )
        (self.root / name).write_text("".join(lines))


def send(case: SealedCase, evidence: str, folder: Path, *, log: bool = True) -> Sent:
    """Make the bag of an evidence in ``folder``; its dissemination is logged unless ``log`` is false."""
    bag = Sent(folder / f"EXHIBIT-{evidence[:6]}")
    data = bag.root / "data"
    data.mkdir(parents=True)
    opened = open_case(case.root)
    state = opened.store.states(evidence)[-1]
    for file in state.files:
        target = data / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(opened.store.path(evidence, file.name), target)
    (data / "interop").mkdir()
    for name, content in files(opened, evidence, case.run):
        (data / "interop" / name).write_bytes(content)
    (bag.root / "bagit.txt").write_bytes(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (bag.root / "bag-info.txt").write_text("Bag-Software-Agent: a test\n")
    bag.relist()
    bag.seal()
    if log:
        case.record(EventType.DISSEMINATION, evidence, tagmanifest=bag.tagmanifest, bag=bag.root.name, profile="public")
        case.seal()
    return bag
