"""The pages of one finding: an opinion, with who stands behind it, the measurements, and how often the method errs."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.finding import ErrorRates, Finding
from forensics.model.match import Assessment, Segment
from forensics.report.exhibit_values import PaperFinding
from forensics.report.paper import Block, Boxed, Heading, Items, Para, Rows, Table, TableRow
from forensics.report.values import Row
from forensics.report.wording import clock, figure
from forensics.report.words import Words

MAX_SEGMENTS = 60
"""Segments printed of one finding, two pages; the finding itself has all."""


def finding_pages(view: PaperFinding, label: str, words: Words) -> Iterator[Block]:
    """Yield the blocks of a finding; they begin a page."""
    finding, match = view.finding, view.finding.match
    yield Heading(text=words("finding.heading", label=label, other=view.other), fresh_page=True)
    yield Boxed(title=words("finding.opinion"), text=words("finding.opinion_text"))
    yield Rows(rows=tuple(_what(view, label, words)))
    yield Para(text=_meaning(match.assessment, still=view.still, words=words))
    yield from _review(finding, words)
    yield from _segments(match.segments, words)
    yield Heading(text=words("finding.rates"), level=3)
    yield Para(text=_rates(finding.calibration, words))
    yield Heading(text=words("finding.limits"), level=3)
    yield Items(texts=finding.limits)


def _what(view: PaperFinding, label: str, words: Words) -> Iterator[Row]:
    finding, match = view.finding, view.finding.match
    sides = (label, view.other) if view.first else (view.other, label)
    yield Row(label=words("finding.first"), value=f"{sides[0]}\n{match.query_id}")
    yield Row(label=words("finding.second"), value=f"{sides[1]}\n{match.reference_id}")
    yield Row(label=words("finding.status"), value=words(f"finding_status.{finding.status.replace('-', '_')}"))
    yield Row(label=words("finding.decision"), value=words(f"decision.{match.decision}"))
    yield Row(label=words("finding.assessment"), value=words(f"assessment.{match.assessment}"))
    yield Row(label=words("finding.score"), value=figure(match.score, 3))
    if match.mirrored:
        yield Row(label=words("finding.mirrored"), value=words("word.yes"))
    yield Row(label=words("finding.method"), value=f"{match.method.name} {match.method.version}")
    yield Row(label=words("finding.parameters"), value=match.method.params_sha256)
    yield Row(label=words("finding.document"), value=view.sha256)


def _meaning(assessment: Assessment, *, still: bool, words: Words) -> str:
    meaning = words(f"meaning.{assessment}")
    return words.known(f"still_meaning.{assessment}", meaning) if still else meaning


def _review(finding: Finding, words: Words) -> Iterator[Block]:
    yield Heading(text=words("finding.person"), level=3)
    review = finding.review
    if review is None:
        yield Para(text=words("finding.nobody"), strong=True)
        return
    yield Rows(
        rows=(
            Row(label=words("finding.examiner"), value=review.examiner),
            Row(label=words("finding.made"), value=review.made),
            Row(label=words("finding.reason"), value=review.reason),
            *(Row(label=words("finding.alternative"), value=each) for each in review.alternatives),
            Row(label=words("finding.supersedes"), value=review.supersedes),
        )
    )


def _segments(segments: tuple[Segment, ...], words: Words) -> Iterator[Block]:
    if not segments:
        return
    yield Heading(text=words("finding.segments"), level=3)
    yield Table(
        head=(words("finding.of_first"), words("finding.of_second"), words("finding.speed"), words("finding.score")),
        widths=(5, 5, 2, 2),
        rows=tuple(
            TableRow(
                cells=(
                    f"{clock(each.query_start_s)} – {clock(each.query_end_s)}",
                    f"{clock(each.reference_start_s)} – {clock(each.reference_end_s)}",
                    figure(each.speed, 3),
                    figure(each.score, 3),
                )
            )
            for each in segments[:MAX_SEGMENTS]
        ),
    )
    if len(segments) > MAX_SEGMENTS:
        yield Para(text=words("finding.more_segments", shown=MAX_SEGMENTS, all=len(segments)), strong=True)


def _rates(rates: ErrorRates | None, words: Words) -> str:
    if rates is None:
        return words("finding.no_rates")
    return words(
        "finding.rates_text",
        data=words("finding.own_data" if rates.of_this_case else "finding.shipped_data"),
        attacked=rates.attacked,
        copies=rates.copies,
        matched=rates.matched,
        low=figure(100 * rates.recall_low, 1),
        high=figure(100 * rates.recall_high, 1),
        pairs=rates.pairs,
        false_pairs=rates.false_pairs,
        bound=figure(100 * rates.false_bound, 2),
        made=rates.made[:10],
        record=rates.record,
    )
