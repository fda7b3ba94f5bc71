"""Laws of the order of appearances, and of edges by server files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forensics.captures import Place, server_edges
from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report import RepostGroup, repost_groups, standing

times = st.one_of(
    st.none(),
    st.integers(0, 9),
    st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
)


class File:
    """One file with all appearances."""

    def __init__(self, appearances: tuple[Appearance, ...]) -> None:
        self.sha256 = "a"
        self.appearances = appearances


def seen(number: int, time: int | tuple[int, ...] | None) -> Appearance:
    post = Post(
        platform="telegram",
        channel="A",
        channel_id="7",
        message_id=str(number),
        posted_unixtime=time if isinstance(time, int) else None,
        posted_local="as written",
        posted_candidates=time if isinstance(time, tuple) else (),
    )
    return Appearance(kind=SourceKind.TELEGRAM_EXPORT, path=str(number), source="x", source_sha256="d", post=post)


def group_of(told: list[int | tuple[int, ...] | None]) -> RepostGroup:
    (group,) = repost_groups([File(tuple(seen(number, time) for number, time in enumerate(told)))], [])
    return group


def could_be(time: int | tuple[int, ...]) -> tuple[int, ...]:
    return (time,) if isinstance(time, int) else time


@given(st.lists(times, min_size=2, max_size=6))
def test_what_is_called_first_is_first_whatever_the_times_mean(told) -> None:
    """The slow truth: a post is first when it is before every other one in each reading of all times."""
    known = {str(number): could_be(time) for number, time in enumerate(told) if time is not None}
    sure = [one for one, mine in known.items() if all(max(mine) < min(each) for o, each in known.items() if o != one)]
    group = group_of(told)
    assert [group.first.appearance.path] == sure if group.first is not None else not sure
    named = {each.appearance.path for each in group.perhaps_first}
    assert named == {one for one, mine in known.items() if all(min(mine) <= max(each) for each in known.values())}


@given(st.lists(times, min_size=2, max_size=6))
def test_only_what_has_no_time_has_no_standing_and_it_comes_last(told) -> None:
    group = group_of(told)
    standings = [standing(group, each) for each in group.sightings]
    without = sum(time is None for time in told)
    assert [each is None for each in standings] == [False] * (len(told) - without) + [True] * without


names = st.sampled_from(["bd7ceb0b41.mp4", "aaaaaaaaaa.mp4", "video.mp4"])
posts = st.tuples(st.integers(1, 4), st.sampled_from("78"), names, st.sampled_from(["1", "2", None]))


@given(st.lists(posts, max_size=8), st.randoms(use_true_random=False))
def test_edges_by_server_file_do_not_depend_on_the_order(told, random) -> None:
    places = [_place(*each) for each in told]
    shuffled = list(places)
    random.shuffle(shuffled)
    assert [_plain(each) for each in server_edges(places)] == [_plain(each) for each in server_edges(shuffled)]


@given(st.lists(posts, max_size=8))
def test_an_edge_has_two_posts_of_one_name(told) -> None:
    for edge in server_edges([_place(*each) for each in told]):
        held = [each.appearance.post for each in edge.places]
        assert {post.server_file for post in held if post} == {edge.name} != {"video.mp4"}
        assert len({(post.channel_id, post.message_id) for post in held if post}) > 1


def _place(number: int, channel: str, name: str, capture: str | None) -> Place:
    post = Post(
        platform="telegram",
        channel=None,
        channel_id=channel,
        message_id=str(number),
        posted_unixtime=None,
        posted_local=None,
        server_file=name,
    )
    seen = Appearance(kind=SourceKind.YT_DLP, path="a", source="x", source_sha256=capture, post=post)
    return Place(f"{channel}{number}", seen)


def _plain(edge):
    return edge.name, edge.reach, edge.captures, edge.items, len(edge.places)
