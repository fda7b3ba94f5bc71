"""An exhibit as a sender hands it over, and the means of whoever has it on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forensics import custody, exhibit
from pipelines.case import open_case
from pipelines.export import Exported, export
from tests.adversarial.exhibits import recompute
from tests.adversarial.sealed_case import SealedCase

TAGS = "tagmanifest-sha256.txt"
SEAL = f"seal/{TAGS}.sig"


class Sent:
    """A bag on disk that can be changed and made up again, as far as its digests go."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def tagmanifest(self) -> str:
        return hashlib.sha256((self.root / TAGS).read_bytes()).hexdigest()

    def relist(self, signer: custody.Signer | None = None) -> None:
        """Make every list of digests anew, as anybody can, and the seal, as the holder of a key can."""
        recompute(self.root, signer)

    def zipped(self) -> Path:
        path = self.root.with_suffix(".zip")
        path.unlink(missing_ok=True)
        exhibit.write_zip(self.root, self.root.name, path)
        return path


def send(case: SealedCase, evidence: str, folder: Path) -> Sent:
    """Export an evidence into ``folder``, and seal the case again."""
    folder.mkdir(exist_ok=True)
    [made] = [each for each in export(open_case(case.root), case.run, [evidence], folder) if isinstance(each, Exported)]
    case.seal()
    return Sent(made.path)
