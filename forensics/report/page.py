"""The case report: HTML that works offline, needs no script, and lets nothing foreign act.

Three walls: every value is escaped by the template engine; control and bidirectional characters are made visible;
a Content Security Policy (W3C CSP Level 3) in the page forbids every load and script. The policy does not stop a
``<meta http-equiv="refresh">``, so escaping stays the wall. No address in the page is built from input.

A case is one file; one that would be larger than a mail takes is a first page and a folder of pages, joined by plain
links. One page of the folder has a script, for searching, that its policy admits by digest; all others have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from forensics.report import lanes, network, plots, register, wording
from forensics.report.drawing import BAR_HEIGHT, GAP, WIDTH
from forensics.report.findings import sentences
from forensics.report.groups import EARLIEST, posting_time, standing
from forensics.report.markup import digest, foreign, picture, said, short
from forensics.report.places import Places, Sheet, as_address, sheets
from forensics.report.style import policy, style_sheet
from forensics.report.sums import code_of
from forensics.report.svg import drawn
from forensics.report.text import visible
from forensics.report.values import CaseReport, EvidenceView
from forensics.report.views import Arranged, arrange

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

MAX_ONE_FILE = 20_000_000
"""Bytes of one file: what most mail systems still carry; a larger report becomes a folder."""

_PANEL_BYTES, _EVIDENCE_BYTES, _ROW_BYTES = 9_000, 9_000, 450
"""Measured bytes of markup of a match, an evidence and a row of a table, without pictures."""


def render_case(report: CaseReport) -> bytes:
    """Write the whole report as one page of UTF-8 HTML. Equal values give equal bytes.

    Raises ValueError for a value that the page cannot show (see `forensics.report.values`).
    """
    arranged = arrange(report)
    return _written("case.html", _shell(report, arranged), href=Places(), sheets={})


def render_folder(report: CaseReport, index: str, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of a large case: names as paths beside the first page, which is ``index`` and comes last, and
    below the folder named ``folder``. Equal values give equal bytes.

    Raises ValueError as `render_case`.
    """
    arranged = arrange(report)
    shell = _shell(report, arranged)
    listed = _lists(report, arranged)
    inside = Places(index=f"../{as_address(index)}", folder="./")
    plan = {letter: sheets(letter, len(things)) for letter, things in listed.items()}
    for letter, pages in plan.items():
        for sheet in pages:
            things = listed[letter][sheet.start : sheet.end]
            around = {"before": _near(pages, sheet, -1), "after": _near(pages, sheet, 1), "pages": len(pages)}
            run = _with_script(shell) if letter == SEARCHED else {"script": None}
            page = _written("sheet.html", shell | run, href=inside, sheet=sheet, things=things, **around)
            yield f"{folder}/{sheet.name}", page
    yield f"{folder}/{SUMS}", arranged.sums.file
    first = Places(folder=f"{as_address(folder)}/")
    yield index, _written("case.html", shell, href=first, sheets=plan, listed=listed)


SEARCHED = "i"
"""Letter of the pages with a search."""

SUMS = "sums.txt"
"""Name of the list of digests in the folder of pages."""


def is_large(report: CaseReport) -> bool:
    """Whether a case is written as a folder: its one page would be larger than `MAX_ONE_FILE`."""
    pictures = sum(_picture_bytes(view) for view in report.evidence)
    for view in report.matches:
        for pair in view.strip:
            pictures += len(pair.query_jpeg) + len(pair.reference_jpeg) + len(pair.difference_jpeg or b"")
    rows = sum(len(view.custody) + len(view.appearances) + len(view.keyframes) for view in report.evidence)
    rows += len(report.notices) + len(report.refused) + len(report.absences) + len(report.forwards)
    markup = _PANEL_BYTES * len(report.matches) + _EVIDENCE_BYTES * len(report.evidence) + _ROW_BYTES * rows
    return pictures * 4 // 3 + markup > MAX_ONE_FILE


def _picture_bytes(view: EvidenceView) -> int:
    return sum(len(frame.jpeg or b"") for frame in view.keyframes) + len(view.contact_sheet or b"")


def _lists(report: CaseReport, arranged: Arranged) -> dict[str, Sequence[Any]]:
    """What fills pages of its own in a large case, by the letter of its places."""
    return {
        "g": arranged.groups,
        "m": arranged.matches,
        "c": arranged.candidates,
        "r": arranged.rejected,
        "e": arranged.evidence,
        "t": arranged.flown,
        "k": arranged.evidence,
        "f": arranged.network.rows,
        "a": report.absences,
        "n": arranged.notices,
        "x": report.refused,
        SEARCHED: arranged.evidence,
        "b": register.by_name(arranged.evidence),
        "h": register.by_chat(arranged.evidence),
    }


def _near(pages: Sequence[Sheet], sheet: Sheet, step: int) -> Sheet | None:
    place = sheet.number - 1 + step
    return pages[place] if 0 <= place < len(pages) else None


def _shell(report: CaseReport, arranged: Arranged) -> dict[str, Any]:
    style = style_sheet((TEMPLATES / "report.css").read_text(encoding="utf-8"), f"Case {report.case.id}")
    return {
        "report": report,
        "style": Markup(style),  # noqa: S704 our own file and one text that `style_sheet` encoded
        "policy": policy(style),
        "counts": arranged.counts,
        "sentences": sentences(report, arranged.counts),
        "case": arranged,
        "entries": arranged.entries,
        "code": code_of(report, arranged.sums),
        "thresholds": {row.label: row.value for row in report.method.parameters},
    }


def _with_script(shell: Mapping[str, Any]) -> dict[str, Any]:
    """The search, and a policy that admits nothing else."""
    script = Markup(register.SCRIPT)  # noqa: S704 our own file
    return {"script": script, "policy": policy(str(shell["style"]), register.SCRIPT)}


def _written(template: str, shell: Mapping[str, Any], **given: Any) -> bytes:
    return environment().get_template(template).render(shell, **given).encode("utf-8")


@cache
def environment() -> Environment:
    """The template engine with this report's filters: everything is escaped, nothing undefined is written."""
    # Most commands draw no page and need not load what draws them.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "foreign": foreign,
        "said": said,
        "digest": digest,
        "drawn": drawn,
        "short": short,
        "picture": picture,
        "clock": wording.clock,
        "utc": wording.utc,
        "later": wording.later,
        "figure": wording.figure,
        "octets": wording.octets,
        "count": wording.count,
        "per_cent": plots.per_cent,
    }
    environment.globals |= {
        "assessment_names": wording.ASSESSMENT_NAMES,
        "assessment_meanings": wording.ASSESSMENT_MEANINGS,
        "status_meanings": wording.STATUS_MEANINGS,
        "still_meanings": wording.STILL_MEANINGS,
        "sound_in_words": wording.sound_in_words,
        "sound_says_not": wording.SOUND_SAYS_NOT,
        "posting_time": posting_time,
        "standing": standing,
        "earliest_words": EARLIEST,
        "infinity": math.inf,
        "bar_height": BAR_HEIGHT,
        "bar_gap": GAP,
        "bar_width": WIDTH,
        "plot_side": plots.SIDE,
        "plot_margin": plots.MARGIN,
        "mark_radius": lanes.RADIUS,
        "graph_arc": network.ARC,
        "graph_name": network.NAME,
        "sums_name": SUMS,
        "steps": register.steps,
        "chats_of": register.chats_of,
        "longest_name": register.LONGEST_NAME,
        "most_links": register.MOST_LINKS,
        "most_label": register.LONGEST_LABEL,
        "thresholds": {},
    }
    return environment


def _shown(value: object) -> object:
    """Second net below `foreign`: no expression of a template writes raw control characters, or the word None."""
    if value is None:
        raise ValueError("a template wrote a value that is None")
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
