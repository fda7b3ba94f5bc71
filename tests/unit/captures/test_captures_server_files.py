"""Posts with one server file, and the leads of single posts."""

import pytest

from forensics.captures import LeadKind, Place, Reach, lead_of, name_kind, server_edges
from forensics.model.provenance import SHOWN, Appearance, Post, SourceKind


def told(number: str, channel_id: str | None = "77", **more: object) -> Post:
    values = {"channel": "A", "posted_unixtime": 1_000_000, "posted_local": None, **more}
    return Post(platform="telegram", channel_id=channel_id, message_id=number, **values)


def place(item: str, post: Post, capture: str | None = "c" * 64) -> Place:
    seen = Appearance(kind=SourceKind.YT_DLP, path="a.mp4", source="a.json", post=post, source_sha256=capture)
    return Place(item, seen)


SERVED = "bd7ceb0b41.mp4"


def test_two_posts_of_one_capture_with_one_name_are_a_strong_edge():
    (edge,) = server_edges([place("a", told("1", server_file=SERVED)), place("a", told("2", server_file=SERVED))])
    assert (edge.reach, edge.strength, edge.items) == (Reach.ONE_CAPTURE, "strong", ("a",))
    assert edge.captures == ("c" * 64,)


def test_across_captures_the_edge_is_medium_and_stands_beside_the_strong_one():
    posts = [told(number, server_file=SERVED) for number in "123"]
    places = [place("a", posts[0], "1"), place("a", posts[1], "1"), place("b", posts[2], "2")]
    strong, across = server_edges(places)
    assert (strong.strength, len(strong.places)) == ("strong", 2)
    assert (across.strength, len(across.places), across.items) == ("medium", 3, ("a", "b"))
    assert "across captures: medium" in across.basis


def test_one_post_in_two_captures_is_no_repost():
    same = told("1", server_file=SERVED)
    assert server_edges([place("a", same, "1"), place("a", same, "2")]) == ()


def test_posts_that_may_be_one_are_no_repost():
    """A page names the channel by user name, an export by number: nothing tells whether both are one post."""
    page, export = told("1", "chronicle", server_file=SERVED), told("1", "77", server_file=SERVED)
    assert page.is_post(export) is None
    assert server_edges([place("a", page, "1"), place("b", export, "2")]) == ()


def test_a_capture_without_a_digest_proves_nothing_about_one_capture():
    places = [place("a", told(number, server_file=SERVED), None) for number in "12"]
    assert server_edges(places) == ()


@pytest.mark.parametrize(
    "name", ["video.mp4", "video_720p_final.mp4", "", "IMG_20220314_110000.mp4", "a/bd7ceb0b41.mp4"]
)
def test_a_name_that_a_sender_may_choose_joins_nothing(name):
    assert name_kind(name) is None
    assert server_edges([place("a", told(number, server_file=name)) for number in "12"]) == ()


@pytest.mark.parametrize("name", [SERVED, "document:5368709123", "file_unique_id:AgADBAADyW4xG1w"])
def test_names_that_servers_give_are_believed(name):
    assert name_kind(name) is not None


def test_names_of_different_kinds_are_different_files():
    assert (
        server_edges([place("a", told("1", server_file="document:12")), place("b", told("2", server_file="photo:12"))])
        == ()
    )


def test_a_post_is_the_same_in_all_forms_of_its_channels_number():
    assert told("1", "-10077").is_post(told("1", "77")) is True
    assert told("1", "77").is_post(told("1", "78")) is False
    assert told("1", "77").is_post(told("2", "77")) is False
    assert told("1", "Chronicle").is_post(told("1", "chronicle")) is True


def test_a_user_name_that_looks_like_a_number_of_a_channel_is_none():
    """Anybody can take ``t.me/channel77``."""
    assert told("1", "channel77").is_post(told("1", "77")) is None


def test_concealed_channels_equal_nothing():
    assert told("1", SHOWN, channel=SHOWN).is_post(told("1", SHOWN, channel=SHOWN)) is None


def test_older_media_without_an_origin_is_a_lead():
    lead = lead_of(told("1", server_date_unixtime=1_000_000 - 86_401))
    assert lead is not None
    assert (lead.kind, lead.seconds) == (LeadKind.REUSED, 86_401)
    assert "draft" in lead.text


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"server_date_unixtime": 1_000_000 - 86_400},
        {"server_date_unixtime": 1_000_060},
        {"server_date_unixtime": 900_000, "forwarded_from": "B"},
        {"server_date_unixtime": 900_000, "posted_unixtime": None, "posted_candidates": (1_000_000, 1_003_600)},
    ],
)
def test_a_post_that_explains_its_file_or_does_not_tell_gives_no_lead(more):
    assert lead_of(told("1", **more)) is None


def test_media_newer_than_its_edited_post_was_replaced():
    lead = lead_of(told("1", server_date_unixtime=1_000_500, edited_unixtime=1_000_510))
    assert lead is not None
    assert (lead.kind, lead.seconds) == (LeadKind.REPLACED, 500)


@pytest.mark.parametrize("edited", [None, 1_000_100])
def test_media_newer_than_post_and_edit_is_not_called_replaced(edited):
    lead = lead_of(told("1", server_date_unixtime=1_000_500, edited_unixtime=edited))
    assert lead is not None
    assert lead.kind is LeadKind.UNEXPLAINED


def test_an_edit_of_which_no_time_is_told_explains_newer_media_and_both_readings_are_said():
    lead = lead_of(told("1", server_date_unixtime=1_000_500, edited=True))
    assert lead is not None
    assert (lead.kind, lead.seconds) == (LeadKind.REPLACED, 500)
    assert "not told" in lead.text
    timed = lead_of(told("1", server_date_unixtime=1_000_500, edited=True, edited_unixtime=1_000_100))
    assert timed is not None
    assert timed.kind is LeadKind.UNEXPLAINED, "an edit before the file came to be cannot have brought it in"


@pytest.mark.parametrize("more", [{"edited": True}, {"edited_unixtime": 1_000_100}])
def test_older_media_in_an_edited_post_may_have_come_with_the_edit(more):
    lead = lead_of(told("1", server_date_unixtime=900_000, **more))
    assert lead is not None
    assert lead.kind is LeadKind.REUSED
    assert "edited" in lead.text
