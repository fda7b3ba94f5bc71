"""Keyframes on a page are read in a jail, many at once, and look as they did; a broken one takes no other with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest

from forensics import report
from forensics.model.manifest import Manifest
from pipelines import keyframe_views
from pipelines.case import Case
from tests import hostile_readers as hostile

WIDE = 640


def pictures(folder: Path) -> list[bytes]:
    """Two pictures that are made smaller and one that is not, as files of an evidence."""
    generator = np.random.default_rng(1)
    made = []
    for number, (height, width) in enumerate(((361, WIDE), (WIDE, 243), (48, 64)), start=1):
        picture = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        data = cv2.imencode(".png", picture)[1].tobytes()
        path = folder / f"derived/keyframes/{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        made.append(data)
    return made


def views_of(folder: Path, most: int = 24) -> tuple[report.KeyframeView, ...]:
    case = SimpleNamespace(store=SimpleNamespace(path=lambda _evidence, name: folder / name))
    kept = [{"pts": number, "planes_sha256": "0" * 64} for number in range(3)]
    facts = SimpleNamespace(recipe={"keyframes": kept}, exact={})
    manifest = cast(Manifest, SimpleNamespace(facts=facts))
    return keyframe_views.keyframe_views(cast(Case, case), "e", manifest, paper=True, most=most)


def shown(folder: Path, most: int = 24) -> list[bytes | None]:
    return [view.jpeg for view in views_of(folder, most)]


def plain(data: bytes) -> bytes:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return report.thumbnail(np.asarray(picture, np.uint8), *keyframe_views.PRINTED)


@pytest.mark.parametrize("together", [1, 1 << 30])
def test_a_picture_from_the_jail_is_the_same_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(keyframe_views, "TOGETHER", together)
    made = pictures(tmp_path)
    assert shown(tmp_path) == [plain(each) for each in made]
    assert shown(tmp_path, most=2) == [plain(made[0]), plain(made[1]), None]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"text"])
def test_one_that_is_no_picture_is_left_out(tmp_path: Path, data: bytes) -> None:
    made = pictures(tmp_path)
    (tmp_path / "derived/keyframes/000002.png").write_bytes(data)
    views = views_of(tmp_path)
    assert [view.jpeg for view in views] == [plain(made[0]), None, plain(made[2])]
    assert [notice.code for notice in keyframe_views.unread(views)] == ["store.keyframe"]
    assert keyframe_views.unread(views, 1) == ()


@pytest.mark.parametrize("reader", [hostile.crash_over_dark_pictures])
def test_one_that_kills_its_reader_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., object]
) -> None:
    made = pictures(tmp_path)
    (tmp_path / "derived/keyframes/000002.png").write_bytes(hostile.DARK)
    monkeypatch.setattr(keyframe_views, "SHRUNK", reader)
    assert shown(tmp_path) == [plain(made[0]), None, plain(made[2])]
