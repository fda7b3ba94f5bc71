"""Strengths of forwards, what one server file joins, and which absent posts the log names."""

from dataclasses import dataclass, replace

import pytest

from forensics.captures import lead_of
from forensics.model.capture import ChatCoverage, Difference, Order, State
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.match import SameServerFile
from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report import repost_groups
from pipelines.absences import DETAIL, absences, absent, key_of
from pipelines.footage import PostLead
from pipelines.origins import BY_NAME, BY_NAME_AND_DATE, BY_NUMBER, EXACT, forwards
from pipelines.same_server_file import served
from pipelines.timeline import lead_fields
from pipelines.timeline_text import lead_line

SERVED = "bd7ceb0b41.mp4"


@dataclass(frozen=True)
class File:
    sha256: str
    appearances: tuple[Appearance, ...]

    @property
    def label(self) -> str:
        return f"E-{self.sha256}"


def seen(channel: str, number: str, posted: int, **more: object) -> Appearance:
    values = {"channel": channel, "channel_id": str(sum(map(ord, channel))), **more}
    post = Post(platform="telegram", message_id=number, posted_unixtime=posted, posted_local=None, **values)
    return Appearance(
        kind=SourceKind.TELEGRAM_EXPORT, path=f"{channel}{number}", source="result.json", source_sha256="d", post=post
    )


ORIGIN, OTHER = seen("A", "3", 100), seen("A", "4", 150)


@pytest.mark.parametrize(
    ("more", "strength", "stands_for"),
    [
        ({"forwarded_from_id": "channel65", "forwarded_message_id": "3"}, EXACT, ["3"]),
        ({"forwarded_from_username": "chronicle"}, BY_NUMBER, []),
        ({"forwarded_from": "A", "forwarded_from_id": "channel65"}, BY_NUMBER, ["3", "4"]),
        ({"forwarded_from": "A", "forwarded_unixtime": 150}, BY_NAME_AND_DATE, ["4"]),
        ({"forwarded_from": "A"}, BY_NAME, []),
    ],
)
def test_a_forward_stands_for_no_more_than_it_names(more, strength, stands_for):
    (group,) = repost_groups([File("1", (ORIGIN, OTHER, seen("B", "9", 200, **more)))], [])
    (forward,) = forwards(group)
    assert (forward.strength, forward.drawn) == (strength, strength != BY_NAME)
    assert [each.appearance.post.message_id for each in forward.earlier] == stands_for


def test_a_public_address_names_the_very_post_without_regard_to_case():
    origin = seen("A", "3", 100, channel_id="Chronicle")
    forward = seen("B", "9", 200, forwarded_from_username="chronicle", forwarded_message_id="3")
    (group,) = repost_groups([File("1", (origin, ORIGIN, forward))], [])
    (found,) = forwards(group)
    assert (found.strength, [each.appearance for each in found.earlier]) == (EXACT, [origin])


def test_a_user_name_is_no_number_of_a_channel():
    """``t.me/channel65`` may be anybody's."""
    origin = seen("A", "3", 100, channel_id="channel65")
    (group,) = repost_groups([File("1", (origin, seen("B", "9", 200, forwarded_from_id="channel65")))], [])
    assert next(forwards(group)).earlier == ()


def test_a_forward_stands_for_no_later_post():
    forward = seen("B", "9", 120, forwarded_from_id="channel65")
    (group,) = repost_groups([File("1", (ORIGIN, OTHER, forward))], [])
    assert [each.appearance.post.message_id for each in next(forwards(group)).earlier] == ["3"]


def named(item: str, number: str) -> File:
    return File(item, (seen("A", number, 100, server_file=SERVED),))


def link(one: str, other: str) -> SameServerFile:
    return SameServerFile(query_id=one, reference_id=other, name=SERVED)


def test_pictures_that_do_not_agree_outrank_the_name():
    same = served([named("1", "1"), named("2", "2")], [], frozenset("12"))
    assert same.links == ()
    (notice,) = same.notices
    assert notice.code == "match.server_file"
    assert "E-1, E-2" in notice.message
    assert len(same.edges) == 1


def test_a_file_that_nothing_can_be_compared_with_is_joined_by_the_name():
    same = served([named("1", "1"), named("2", "2")], [], frozenset("1"))
    assert (same.links, same.notices, same.attached) == ((link("1", "2"),), (), 0)


def test_what_a_match_joins_is_not_widened_but_counted_as_the_same_footage():
    files = [named("1", "1"), named("2", "2"), File("3", ())]
    same = served(files, [link("1", "3")], frozenset("13"))
    assert (same.links, same.notices, same.attached) == ((), (), 1)


def test_two_copies_that_a_match_joins_agree_with_the_name():
    same = served([named("1", "1"), named("2", "2")], [link("1", "2")], frozenset("12"))
    assert (same.links, same.notices, same.attached) == ((), (), 0)


def test_the_order_of_files_changes_nothing():
    files = [named(item, item) for item in "1234"]
    assert served(files, [], frozenset("2")).links == served(files[::-1], [], frozenset("2")).links


CHAT = ChatCoverage(
    key="channel:65", name="A", type="public_channel", id="65", posts=4, least=1, greatest=5, complete=True,
    order=Order.RISING,
)  # fmt: skip
ABSENT = Difference(states=(State.ABSENT,), chat=CHAT, reason="between 2 and 4", number=3)


def test_the_log_names_absent_posts_of_public_channels_only():
    assert key_of(ABSENT) == "channel:65/3"
    assert key_of(replace(ABSENT, states=(State.TEXT_EDITED,))) is None
    for chat in (replace(CHAT, type="private_channel"), replace(CHAT, type=None), replace(CHAT, key="name:A")):
        assert key_of(replace(ABSENT, chat=chat)) is None


def test_an_absence_is_told_of_that_post_and_no_other():
    detail = {"old": "1", "new": "2", DETAIL: "channel:65/3 channel:65/7"}
    event = CustodyEvent(
        case="T", seq=4, prev="0", time="2026-01-01T00:00:00.000000Z", event=EventType.COMPARISON, run="r",
        operator="o", item=None, detail=detail,
    )  # fmt: skip
    found = absences([event, replace(event, event=EventType.MATCHING)])
    public = replace(ORIGIN.post, channel_type="public_channel")
    assert [(each.seq, each.new) for each in absent(public, found)] == [(4, "2")]
    assert absent(replace(public, message_id="4"), found) == ()
    assert absent(replace(public, channel_id="66"), found) == ()
    assert absent(ORIGIN.post, found) == ()
    assert absent(None, found) == ()


def test_what_a_public_page_lacks_is_told_of_posts_from_that_page_only():
    page = replace(CHAT, key="t.me:chronicle", id="Chronicle", type=None)
    assert key_of(replace(ABSENT, chat=page)) == "t.me:chronicle/3"
    assert key_of(replace(ABSENT, chat=replace(page, key="t.me:a b/3 channel:65"))) is None
    detail = {"old": "1", "new": "2", DETAIL: "t.me:chronicle/3"}
    event = CustodyEvent(
        case="T", seq=4, prev="0", time="2026-01-01T00:00:00.000000Z", event=EventType.COMPARISON, run="r",
        operator="o", item=None, detail=detail,
    )  # fmt: skip
    found = absences([event])
    shown = replace(ORIGIN.post, channel_id="Chronicle", public_page="t.me/Chronicle/3", channel_type=None)
    assert [each.seq for each in absent(shown, found)] == [4]
    assert absent(replace(shown, public_page=None), found) == (), "a user name in a dump may be another one's by now"
    assert absent(replace(shown, channel_id="other"), found) == ()
    assert absent(replace(ORIGIN.post, channel_type="public_channel"), found) == ()


def test_a_lead_is_told_with_both_times_in_json_and_in_words():
    post = seen("A", "3", 1_000_000, server_date_unixtime=1_000_500, edited_unixtime=1_000_600)
    lead = lead_of(post.post)
    assert lead is not None
    found = PostLead(item="1", exhibit="E-0001", appearance=post, lead=lead)
    fields = lead_fields(found)
    assert (fields["type"], fields["lead"], fields["message_id"]) == ("lead", "media_replaced_after_posting", "3")
    assert (fields["posted_unixtime"], fields["server_date_unixtime"]) == (1_000_000, 1_000_500)
    assert lead_line(found).startswith("lead        E-0001 in A message 3: the file is newer than the post")
