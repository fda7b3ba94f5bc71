"""A clip that yt-dlp fetched from Telegram has the post that its info.json tells."""

import hashlib
import json
from pathlib import Path

import pytest

from forensics.model.provenance import Found, Passed, Post, SourceKind
from forensics.report import posting_time
from forensics.sources import discover

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
INFO = {
    "extractor_key": "TelegramEmbed",
    "webpage_url": "https://t.me/front_online/613?single=True",
    "channel": "Фронт",
    "timestamp": 1666594800,
    "description": "text",
    "url": "https://cdn4.example/file/7317467c2d.mp4?token=xyz",
}


def _read(folder: Path, info: object, clip: str = "T [613].mp4") -> tuple[list[Found], list[Passed]]:
    (folder / clip).write_bytes(MP4)
    data = info if isinstance(info, bytes) else json.dumps(info).encode()
    (folder / (clip.rpartition(".")[0] + ".info.json")).write_bytes(data)
    met = list(discover([str(folder)]))
    return [one for one in met if isinstance(one, Found)], [one for one in met if isinstance(one, Passed)]


def test_a_clip_with_its_info_is_an_appearance_of_the_post(tmp_path: Path) -> None:
    (found,), passed = _read(tmp_path, INFO)
    assert passed == []
    seen, source = found.appearance, tmp_path / "T [613].info.json"
    assert (seen.kind, seen.path, seen.source) == (SourceKind.YT_DLP, f"{tmp_path}/T [613].mp4", str(source))
    assert seen.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert posting_time(seen) == (1666594800, "the UTC time that yt-dlp read on the post's page (timestamp)")
    assert seen.post == Post(
        platform="telegram",
        channel="Фронт",
        channel_id="front_online",
        message_id="613",
        posted_unixtime=1666594800,
        posted_local=None,
        caption="text",
        public_page="t.me/front_online/613",
        server_file="7317467c2d.mp4",
        source_offset=0,
        source_length=source.stat().st_size,
    )


def test_the_shared_info_is_read(shared: Path, tmp_path: Path) -> None:
    (sample,) = (shared / "samples" / "ytdlp").glob("*.info.json")
    (found,), _ = _read(tmp_path, sample.read_bytes(), sample.name.removesuffix(".info.json") + ".mp4")
    post = found.appearance.post
    assert post is not None
    assert (post.channel_id, post.message_id, post.posted_unixtime) == ("front_online", "613", 1666594800)
    assert (post.server_file, post.caption) == ("7317467c2d.mp4", "Удар по мосту")


def test_an_info_of_another_site_gives_no_post(tmp_path: Path) -> None:
    (found,), (passed,) = _read(tmp_path, INFO | {"extractor_key": "Youtube"})
    assert (found.appearance.kind, found.appearance.post) == (SourceKind.FILE, None)
    assert (passed.code, passed.failed) == ("input.not_media", False)


@pytest.mark.parametrize(
    ("info", "code"),
    [
        (b"", "ytdlp.info_invalid"),
        (b"[1]", "ytdlp.info_invalid"),
        (b"[" * 100_000, "ytdlp.info_invalid"),
        (b'"\xff"', "ytdlp.info_invalid"),
        (INFO | {"webpage_url": "https://t.me/c/123"}, "ytdlp.post_unknown"),
        (INFO | {"webpage_url": "https://example.org/front_online/613"}, "ytdlp.post_unknown"),
        (INFO | {"webpage_url": None}, "ytdlp.post_unknown"),
        (b" " * ((16 << 20) + 1), "ytdlp.info_too_large"),
    ],
)
def test_an_info_that_cannot_be_read_is_a_failure_and_the_clip_is_a_plain_file(
    tmp_path: Path, info: object, code: str
) -> None:
    (found,), (passed,) = _read(tmp_path, info)
    assert (found.appearance.kind, found.appearance.post) == (SourceKind.FILE, None)
    assert (passed.path, passed.code, passed.failed) == (f"{tmp_path}/T [613].info.json", code, True)


@pytest.mark.parametrize("time", [None, "soon", True, 1.5, -1, 1e300])
def test_a_time_that_is_none_stays_unknown(tmp_path: Path, time: object) -> None:
    (found,), _ = _read(tmp_path, INFO | {"timestamp": time})
    assert found.appearance.post is not None
    assert found.appearance.post.posted_unixtime is None
