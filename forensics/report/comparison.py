"""The page beside a film of two files: frame pairs, the offset line, how the film was made. The three walls are those
of `page`; it holds no more than a person needs to check the film.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from forensics.model.notice import Notice
from forensics.report.drawing import overlap_bar, unmatched
from forensics.report.page import TEMPLATES, environment
from forensics.report.plots import plotted
from forensics.report.residual import GAIN
from forensics.report.side_by_side import BANNER, Party
from forensics.report.style import policy, style_sheet
from forensics.report.values import MatchView, Row
from forensics.report.views import Panel, Side

TITLE = "Comparison of two files"

_SHOWS = (
    "It shows two files beside each other, at the moments that the alignment gives, and what is left when one picture "
    "is laid over the other by the transform that was found."
)
_DRAWN = (
    "It is drawn from the files and is none of them: pictures are scaled, frames are chosen, labels are added, and all "
    "of it is compressed again. Nothing may be measured in it."
)
_KEPT = "The evidence are the kept files."
_FROM_OUTSIDE = (
    "The evidence is the kept file. The other came from outside the case, which does not keep it: only its SHA-256 "
    "says which file it was."
)
_NO_MORE = (
    "It does not show more than the finding says. That two files show the same recording says nothing of whether it is "
    "authentic, nor which of them was first."
)

READING = (
    f"The difference is that of brightness without its sign, {GAIN} times, in the picture of the query. Black is "
    "equal. Only the recorded transform was applied: a copy that was made darker is bright all over, and what was "
    "drawn on a picture stands out. The transform is accurate to about a pixel and the times of a finding to about a "
    "tenth of a second: both leave lines along edges, the second where things move. Hatched parts are not seen in "
    "both. Colour is not compared."
)
"""How the third picture is to be read."""

TAKES_A_ROW = 4
_STYLE = ".plot svg { width: 304px; max-width: 100%; margin-bottom: 4px; }\n"
_FOOT = f'@page {{ @bottom-left {{ content: "{BANNER}"; }} }}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One frame of the film: both pictures and the difference as JPEG (None: not shown), with the clocks printed."""

    left_jpeg: bytes
    left_clock: str
    right_jpeg: bytes
    right_clock: str
    difference_jpeg: bytes | None
    difference_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmView:
    """The film's file name, SHA-256 and bytes, its frames, its rate as text, and its seconds."""

    name: str
    sha256: str
    size: int
    frames: int
    rate: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """All that the page shows. ``lines`` are the segments on the clocks of left and right (see `side_by_side.Scene`);
    ``commands`` each program call, descriptors renumbered; ``again`` the command that makes all of it again.
    """

    case: str
    heading: str
    match: MatchView
    left: Party
    right: Party
    left_name: str
    right_name: str
    query_first: bool
    facts: tuple[str, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    takes: tuple[Take, ...]
    film: FilmView
    again: str
    commands: tuple[str, ...]
    versions: tuple[Row, ...]
    notices: tuple[Notice, ...]


def _says(view: ComparisonView) -> tuple[str, str, str]:
    """What a comparison is and is not."""
    evidence = _KEPT if view.left.kept and view.right.kept else _FROM_OUTSIDE
    return _SHOWS, f"{_DRAWN} {evidence}", _NO_MORE


def render_comparison(view: ComparisonView) -> bytes:
    """Write the page as UTF-8 HTML. Equal values give equal bytes."""
    style = style_sheet(
        (TEMPLATES / "report.css").read_text(encoding="utf-8") + _STYLE + _FOOT, f"{TITLE}, case {view.case}"
    )
    query, reference = (view.left, view.right) if view.query_first else (view.right, view.left)
    panel = Panel(
        anchor="pair",
        title="the pair",
        view=view.match,
        query=_side(query, view.match.query.name),
        reference=_side(reference, view.match.reference.name),
        bar=overlap_bar(view.match),
        gaps=unmatched(view.match),
    )
    page = (
        environment()
        .get_template("comparison.html")
        .render(
            title=TITLE,
            banner=BANNER,
            style=Markup(style),  # noqa: S704 our own file and a text that `style_sheet` encoded
            policy=policy(style),
            view=view,
            panel=panel,
            thresholds={},
            entries={},
            href="#{}".format,
            says=_says(view),
            reading=READING,
            plot=plotted(view.lines, view.left.length_s, view.right.length_s),
            rows=[view.takes[start : start + TAKES_A_ROW] for start in range(0, len(view.takes), TAKES_A_ROW)],
        )
    )
    return page.encode("utf-8")


def _side(party: Party, name: str) -> Side:
    return Side(id=party.sha256, name=name, duration_s=party.length_s, entry=None)
