"""An archive that is exchanged after its members were read is not taken for what they name."""

import hashlib
from pathlib import Path

from forensics import acquire
from forensics.model.provenance import Appearance, Found, SourceKind
from pipelines.prepare import Prepare, Task


def test_an_archive_of_other_bytes_than_were_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "area").mkdir()
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 other bytes")
    store = acquire.Store(tmp_path / "store")
    prepare = Prepare(area=tmp_path / "area", store=store, kit=None)  # type: ignore[arg-type]
    read = hashlib.sha256(b"the bytes that were read").hexdigest()
    found = Found(appearance=Appearance(kind=SourceKind.ARCHIVE, path=str(path)), sha256=read)
    prepared = prepare(Task(number=1, found=found))
    assert prepared.refused is not None
    assert prepared.refused.code == "input.changed_while_reading"
    assert prepared.derived is None
