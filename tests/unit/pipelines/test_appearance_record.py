"""Appearances of manifests written before a post had all of its fields."""

from forensics.model.provenance import SourceKind
from pipelines.facts import appearance_of


def test_a_post_of_an_earlier_manifest_is_read_with_what_it_has() -> None:
    post = {"platform": "telegram", "channel": "c", "channel_id": "5", "message_id": "7", "posted_unixtime": 1000,
            "posted_local": None, "edited_unixtime": None, "author": None, "forwarded_from": None,
            "forwarded_from_id": None, "caption": "text"}  # fmt: skip
    seen = appearance_of(
        {"kind": "telegram-desktop-export", "path": "/x/a.mp4", "source": "/x/result.json", "post": post}
    )
    assert seen.kind is SourceKind.TELEGRAM_EXPORT
    assert seen.post is not None
    assert (seen.post.caption, seen.post.posted_candidates, seen.post.source_offset) == ("text", (), None)


def test_the_times_that_a_label_may_mean_are_read_back() -> None:
    post = {"platform": "telegram", "channel": None, "channel_id": None, "message_id": "7", "posted_unixtime": None,
            "posted_local": "2022-07-12T11:00:00", "posted_candidates": [1657612800, 1657616400]}  # fmt: skip
    seen = appearance_of({"kind": "telegram-desktop-html-export", "path": "/x/a.mp4", "post": post})
    assert seen.post is not None
    assert seen.post.posted_candidates == (1657612800, 1657616400)
