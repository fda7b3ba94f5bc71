"""Two captures compared, on one printable page that works offline; the three walls are those of `page`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from forensics.model.capture import Capture, Difference, State
from forensics.model.notice import Notice
from forensics.model.provenance import Post
from forensics.report import wording
from forensics.report.page import TEMPLATES, environment
from forensics.report.style import policy, style_sheet

TITLE = "Comparison of two captures"

MEANINGS = {
    State.ABSENT: "The earlier capture has the post; the later does not, though it has posts before and after it.",
    State.TEXT_EDITED: "Both have the post; its text is another.",
    State.MEDIA_REPLACED: "Both have the post; what it says of its file is another.",
    State.FILE_DIFFERS: (
        "Both have the post and its file, with other bytes: the media was replaced, or one of the saved files is not "
        "as Telegram gave it."
    ),
    State.TIME_CHANGED: "Both have the post, with another posting time. Telegram does not change that.",
    State.OTHER_CHANGED: "Both have the post or chat; a field other than text, file and times is another.",
    State.PLACEHOLDER_CHANGED: "Both have the post; its file came with one only, or is missing for another reason.",
    State.EDIT_STAMP_ONLY: "Both have the post with the same text and file; only the time of editing is another.",
    State.APPEARED_LATE: "Only the later has the post, though the earlier has posts before and after it.",
    State.RENAMED_CHAT: "The chat has another name and the same id.",
    State.NOT_COVERED: "The earlier has these posts; the later cannot tell, because it does not reach so far.",
    State.ADDED: "Only the later has these posts, outside what the earlier covers.",
    State.NEVER_SEEN: "Neither has these numbers, though both have posts before and after them.",
}
"""In the order of the page: what weighs most comes first."""

_FOOT = '@page { @bottom-left { content: "Comparison of two captures"; } }\n'
_ORDER = {state: place for place, state in enumerate(MEANINGS)}


def render_differences(
    old: Capture,
    new: Capture,
    listed: Sequence[Difference],
    *,
    found: int,
    counts: Mapping[str, int],
    notices: Sequence[Notice],
) -> bytes:
    """Write the page as UTF-8 HTML. Equal values give equal bytes.

    Args:
        old: The earlier capture.
        new: The later one.
        listed: The differences to show.
        found: How many there are; the page says so when they are more than it shows.
        counts: Posts in each state.
        notices: What a reader must know of the captures.
    """
    style = style_sheet((TEMPLATES / "report.css").read_text(encoding="utf-8") + _FOOT, TITLE)
    page = (
        environment()
        .get_template("differences.html")
        .render(
            title=TITLE,
            style=Markup(style),  # noqa: S704 our own file and constants
            policy=policy(style),
            captures=(("Earlier capture (OLD)", old), ("Later capture (NEW)", new)),
            listed=sorted(listed, key=lambda each: min(_ORDER[state] for state in each.states)),
            found=found,
            counts=[(state, counts[state]) for state in MEANINGS if counts.get(state)],
            meanings=MEANINGS,
            notices=notices,
            posting_moment=posting_moment,
        )
    )
    return page.encode("utf-8")


def posting_moment(post: Post) -> str:
    """When a post was posted, as far as its capture tells."""
    if post.posted_unixtime is not None:
        return wording.utc(post.posted_unixtime)
    if post.posted_candidates:
        return " or ".join(wording.utc(each) for each in post.posted_candidates)
    return "unknown time" if post.posted_local is None else f"{post.posted_local} local time, zone unknown"
