from dataclasses import replace

from forensics.report import ForwardView, chat_key, render_case
from forensics.report.groups import repost_groups
from forensics.report.network import ARC, FOOTAGE, FORWARD, MAX_NODES, network_of


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


def test_one_line_joins_all_chats_with_the_same_footage_and_has_no_direction(build):
    net = graph([posted(build, "B", "A", "C")])
    assert [(row.kind, row.names, row.group) for row in net.rows] == [(FOOTAGE, ("B", "A", "C"), "G-1")]
    (column,) = net.columns
    assert [y for y, _ in column.dots] == [node.y for node in net.nodes]
    assert [first for _, first in column.dots] == [True, False, False]
    assert net.arrows == ()


def test_chats_stand_in_the_order_of_their_first_post(build):
    assert [node.name for node in graph([posted(build, "B", "A", "C")]).nodes] == ["B", "A", "C"]


def test_a_forward_is_an_arrow_to_the_chat_of_its_post(build):
    view = posted(build, "A", "B")
    net = graph([view], [forward(view, "Z", key=("telegram", "number", "9"))])
    (arrow,) = net.arrows
    place = {node.name: node.y for node in net.nodes}
    assert arrow.path.startswith(f"M{ARC - 4},{place['Z']} ")
    assert arrow.head.startswith(f"{ARC - 4},{place['A']} ")
    assert (FORWARD, ("Z", "A"), None, True) in [(row.kind, row.names, row.group, row.drawn) for row in net.rows]


def test_what_rests_on_a_name_alone_is_listed_and_never_drawn(build):
    view = posted(build, "A")
    net = graph([view], [forward(view, "somebody", drawn=False)])
    assert (net.arrows, net.nodes) == ((), ())
    assert [(row.names[0], row.drawn) for row in net.rows] == [("somebody", False)]


def test_the_same_case_gives_the_same_drawing_in_any_order_of_evidence(build):
    views = [posted(build, "A", "B"), replace(posted(build, "B", "C"), sha256=build.sha("other"))]
    assert graph(views) == graph(views[::-1])


def test_chats_beyond_the_limit_are_counted_and_in_the_table(build):
    net = graph([posted(build, *(f"chat {n:02d}" for n in range(MAX_NODES + 3)))])
    assert (len(net.nodes), net.others) == (MAX_NODES, 3)
    assert len(net.rows[0].names) == MAX_NODES + 3
    assert (net.columns, net.other_groups) == ((), 1)


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_the_table(build, case):
    name = "канал " * 20
    page = render_case(replace(case, evidence=(posted(build, name, "B"),), matches=())).decode()
    assert page.count(name) >= 2
    assert f'class="name" x="96" y="43">{name[:25]}…</text>' in page
