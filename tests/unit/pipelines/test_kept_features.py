"""Features of a query are taken from where they were kept, or looked for again: never anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forensics.errors import StoreError
from forensics.matching.geometry import Detector, Features, Pose
from pipelines import kept_features
from pipelines.kept_features import KeptFeatures


class Decoder:
    """Stands for decoded footage, and counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def ahead(self, subject: str, start_s: float, end_s: float) -> None:
        self.asked.append(("ahead", start_s, end_s))

    def features(self, subject: str, at_s: float, pose: Pose, detector: Detector) -> Features | None:
        self.asked.append((at_s, pose, detector))
        if at_s > 8:
            return None
        rng = np.random.default_rng(int(at_s * 10) + pose.mirrored)
        count = int(at_s * 3)
        points = rng.random((count, 2)).astype(np.float32)
        return Features(points, rng.integers(0, 256, (count, 32), dtype=np.uint8), 288, 512)


LOOKS = [(0.0, Pose(), Detector.ORB), (2.5, Pose(), Detector.ORB), (2.5, Pose(mirrored=True), Detector.ORB_ENLARGED)]
LOOKS += [(9.0, Pose(inverted=True), Detector.ORB)]


def kept(path: Path | None, track: str = "t") -> tuple[KeptFeatures, Decoder]:
    decoder = Decoder()
    return KeptFeatures(footage=decoder, evidence="e", track=track, path=path), decoder  # type: ignore[arg-type]


def look(pictures: KeptFeatures) -> list[object]:
    pictures.ahead("e", 0.0, 20.0)
    found = [pictures.features("e", *each) for each in LOOKS]
    return [None if each is None else [column.tolist() for column in each[:2]] + list(each[2:]) for each in found]


def test_what_was_looked_at_once_is_not_decoded_again(tmp_path: Path) -> None:
    pictures, decoder = kept(tmp_path / "a" / "e.features")
    found = look(pictures)
    assert decoder.asked == [("ahead", 0.0, 20.0), *LOOKS]
    pictures.keep()
    again, decoder = kept(tmp_path / "a" / "e.features")
    assert look(again) == found
    assert decoder.asked == []
    again.features("e", 5.0, Pose(), Detector.ORB)
    assert decoder.asked == [("ahead", 0.0, 20.0), (5.0, Pose(), Detector.ORB)]
    again.keep()
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["e.features"]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def other_version(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"features 1", b"features 2"))


@pytest.mark.parametrize("harm", [flip, cut, other_version, Path.unlink])
def test_a_harmed_file_is_not_read(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path = tmp_path / "e.features"
    pictures, _ = kept(path)
    found = look(pictures)
    pictures.keep()
    harm(path)
    again, decoder = kept(path)
    assert look(again) == found
    assert len(decoder.asked) == 1 + len(LOOKS)


def test_features_under_another_fingerprint_are_not_used(tmp_path: Path) -> None:
    pictures, _ = kept(tmp_path / "e.features")
    look(pictures)
    pictures.keep()
    again, decoder = kept(tmp_path / "e.features", track="another")
    look(again)
    assert len(decoder.asked) == 1 + len(LOOKS)


def test_what_is_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_features, "MOST_BYTES", 300)
    pictures, _ = kept(tmp_path / "e.features")
    look(pictures)
    pictures.keep()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pictures, _ = kept(tmp_path / "file" / "e.features")
    look(pictures)
    with pytest.raises(StoreError):
        pictures.keep()
