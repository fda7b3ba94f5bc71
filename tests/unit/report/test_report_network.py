from dataclasses import replace

from forensics.report import ForwardView, chat_key, render_case
from forensics.report.groups import repost_groups
from forensics.report.network import CONTENT, FORWARD, MAX_NODES, network_of


def posted(build, *channels):
    """One evidence that was posted in each of these chats, in that order."""
    return build.evidence("a", *(build.post(name, 1_000 * n, f"{name}.mp4") for n, name in enumerate(channels, 1)))


def forward(view, origin, *, key=None, drawn=True):
    post = view.appearances[0].post
    return ForwardView(
        origin=origin, origin_key=key, target=post.channel, target_key=chat_key(post), basis="the export", drawn=drawn
    )


def graph(views, forwards=()):
    return network_of(views, repost_groups(views, []), forwards)


def test_chats_with_the_same_footage_are_joined_once_and_without_direction(build):
    net = graph([posted(build, "B", "A", "C")])
    assert [(row.kind, row.source, row.target, row.times) for row in net.rows] == [
        (CONTENT, "A", "B", 1),
        (CONTENT, "A", "C", 1),
        (CONTENT, "B", "C", 1),
    ]
    assert {arc.head for arc in net.contents} == {""}
    assert len(net.contents) == 3


def test_chats_stand_in_the_order_of_their_first_post(build):
    assert [node.name for node in graph([posted(build, "B", "A", "C")]).nodes] == ["B", "A", "C"]


def test_a_forward_is_an_arrow_on_its_own_side(build):
    view = posted(build, "A", "B")
    net = graph([view], [forward(view, "Z", key=("telegram", "number", "9"))])
    (arc,) = net.forwards
    assert arc.head
    assert arc.path != net.contents[0].path
    assert (FORWARD, "Z", "A", True) in [(row.kind, row.source, row.target, row.drawn) for row in net.rows]


def test_what_rests_on_a_name_alone_is_listed_and_never_drawn(build):
    view = posted(build, "A")
    net = graph([view], [forward(view, "somebody", drawn=False)])
    assert (net.forwards, net.nodes) == ((), ())
    assert [(row.source, row.drawn) for row in net.rows] == [("somebody", False)]


def test_the_same_case_gives_the_same_drawing_in_any_order_of_evidence(build):
    views = [posted(build, "A", "B"), replace(posted(build, "B", "C"), sha256=build.sha("other"))]
    assert graph(views) == graph(views[::-1])


def test_chats_beyond_the_limit_are_counted_and_in_the_table(build):
    net = graph([posted(build, *(f"chat {n:02d}" for n in range(MAX_NODES + 3)))])
    assert (len(net.nodes), net.others) == (MAX_NODES, 3)
    assert len(net.rows) == (MAX_NODES + 3) * (MAX_NODES + 2) // 2


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_the_table(build, case):
    name = "канал " * 20
    page = render_case(replace(case, evidence=(posted(build, name, "B"),), matches=())).decode()
    assert page.count(name) >= 2
    assert f'class="name" x="200" y="17">{name[:25]}…</text>' in page
