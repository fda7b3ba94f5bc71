"""The paper of one exhibit: facts first, then custody, then, on pages of their own, findings as opinions."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.report.exhibit_findings import finding_pages
from forensics.report.exhibit_values import CustodyRow, ExhibitView, Form
from forensics.report.paper import (
    Attachment,
    Block,
    Boxed,
    Commands,
    Heading,
    Items,
    Large,
    Paper,
    Para,
    Picture,
    Pictures,
    Rows,
    Table,
    TableRow,
)
from forensics.report.typeset import typeset
from forensics.report.values import KeyframeView, Row
from forensics.report.words import Words, words_of

MANIFEST, SIGNATURE, SIGNERS = "manifest.json", "manifest.json.sig", "signers"
"""Names of the attached files; the manifest is the first, as readers list them by name."""

MAX_HEAD = 48
"""Characters of a case's identifier in the head of each page; the first page has all of it."""


def render_exhibit(view: ExhibitView, form: Form) -> bytes:
    """The PDF of an exhibit. Raises ToolError as `typeset`."""
    return typeset(exhibit_paper(view, form))


def exhibit_paper(view: ExhibitView, form: Form) -> Paper:
    """The paper of an exhibit, before it is typeset."""
    words = words_of(form.language)
    short = view.case_id if len(view.case_id) <= MAX_HEAD else f"{view.case_id[:MAX_HEAD]}…"
    return Paper(
        title=words("exhibit.title", label=view.label),
        language=form.language,
        size=form.size,
        head_left=words("exhibit.head", label=view.label, case=short),
        head_right=view.sha256,
        foot=view.tool,
        page_of=words.texts["page.of"],
        moment=view.moment,
        blocks=tuple(_blocks(view, words)),
        bates=form.bates,
        attachments=tuple(_attachments(view, words)),
    )


def _attachments(view: ExhibitView, words: Words) -> Iterator[Attachment]:
    manifest = view.manifest
    yield Attachment(name=MANIFEST, data=manifest.data, media_type="application/json", what=words("attached.manifest"))
    if manifest.signature is not None:
        yield Attachment(
            name=SIGNATURE, data=manifest.signature, media_type="text/plain", what=words("attached.signature")
        )
        yield Attachment(name=SIGNERS, data=manifest.signers, media_type="text/plain", what=words("attached.signers"))


def _blocks(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield from _cover(view, words)
    yield from _facts(view, words)
    yield from _custody(view, words)
    yield from _keyframes(view, words)
    yield from _limits(view, words)
    yield from _verification(view, words)
    for finding in view.findings:
        yield from finding_pages(finding, view.label, words)
    if view.withheld:
        yield Heading(text=words("finding.withheld_title"))
        yield Para(text=words("finding.withheld", count=view.withheld))


def _cover(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("exhibit.title", label=view.label), level=1)
    yield Rows(
        rows=(
            Row(label=words("cover.case"), value=view.case_id),
            *_row_if(words("cover.title"), view.case_title),
            *_row_if(words("cover.custodian"), view.custodian),
            Row(label=words("cover.names"), value="\n".join(view.names) or words("word.none")),
            Row(label="SHA-256", value=view.sha256),
            Row(label="SHA-512", value=view.sha512),
            Row(label=words("cover.size"), value=words("cover.bytes", size=view.size)),
            Row(label=words("cover.status"), value=words.known(f"status.{view.status}", view.status)),
            Row(label=words("cover.manifest"), value=view.manifest.sha256),
            Row(label=words("cover.version"), value=str(view.manifest.version)),
            Row(label=words("cover.as_of"), value=_moment(view)),
            Row(label=words("cover.copy"), value=words("cover.sealed" if view.sealed else "cover.public")),
        )
    )
    yield Large(label=words("key.label"), texts=view.keys or (words("key.none"),))
    yield Para(text=words("key.compare"), small=True)
    yield Heading(text=words("kinds.title"), level=3)
    yield Items(texts=(words("kinds.facts"), words("kinds.record"), words("kinds.findings")))
    yield Para(text=words("kinds.not"), strong=True)


def _moment(view: ExhibitView) -> str:
    last = view.custody[-1] if view.custody else None
    at = view.moment.isoformat(" ").replace("+00:00", " UTC")
    return at if last is None else f"{at} ({last.seq})"


def _row_if(label: str, value: str | None) -> tuple[Row, ...]:
    return () if value is None else (Row(label=label, value=value),)


def _facts(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("facts.heading"), fresh_page=True)
    yield Para(text=words("facts.intro"))
    yield Rows(rows=tuple(Row(label=words(f"fact.{row.label}"), value=row.value) for row in view.facts))
    yield Heading(text=words("seen.heading"))
    yield Para(text=words("seen.intro"))
    for number, rows in enumerate(view.seen, start=1):
        yield Heading(text=words("seen.number", number=number, all=len(view.seen)), level=3)
        yield Rows(rows=tuple(Row(label=words(f"seen.{row.label}"), value=row.value) for row in rows))


def _custody(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("custody.heading"), fresh_page=True)
    yield Para(text=words("custody.intro"))
    yield Table(
        head=(words("custody.line"), words("custody.time"), words("custody.event"), words("custody.who")),
        widths=(2, 8, 8, 9),
        rows=tuple(_custody_row(row, words) for row in view.custody),
    )
    if not view.custody:
        yield Para(text=words("custody.empty"), strong=True)
    if view.unshown:
        yield Para(text=words("custody.unshown", count=view.unshown))
    yield Para(text=words("custody.hand_overs"), small=True)


def _custody_row(row: CustodyRow, words: Words) -> TableRow:
    at = row.time.replace("T", " ").replace("Z", "")
    event = words.known(f"event.{row.event.replace(' ', '_')}", row.event)
    return TableRow(
        cells=(str(row.seq), at, event, row.who),
        below=(*row.detail, Row(label=words("custody.digest"), value=row.sha256)),
    )


def _keyframes(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("keyframes.heading"), fresh_page=bool(view.keyframes))
    if not view.keyframes:
        yield Para(text=words("keyframes.none"))
        return
    shown = tuple(each for each in view.keyframes if each.jpeg is not None)
    yield Para(text=words("keyframes.intro", shown=len(shown), kept=view.keyframes_kept))
    yield Pictures(pictures=tuple(_picture(number, each, words) for number, each in enumerate(shown, start=1)))
    rest = [(number, each) for number, each in enumerate(view.keyframes, start=1) if each.jpeg is None]
    if rest:
        yield Heading(text=words("keyframes.rest"), level=3)
        yield Rows(
            rows=tuple(Row(label=_title(number, each, words), value=each.planes_sha256) for number, each in rest)
        )


def _picture(number: int, keyframe: KeyframeView, words: Words) -> Picture:
    title = _title(number, keyframe, words)
    return Picture(jpeg=keyframe.jpeg, alt=title, lines=(title, keyframe.planes_sha256))


def _title(number: int, keyframe: KeyframeView, words: Words) -> str:
    return words("keyframes.one", number=number, time=keyframe.time_text, pts=keyframe.pts_text)


def _limits(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("limits.heading"))
    yield Para(text=words("limits.as_recorded"), small=True)
    yield Items(texts=view.limits)
    yield Heading(text=words("notices.heading"), level=3)
    if view.notices:
        yield Items(texts=view.notices)
    else:
        yield Para(text=words("notices.none"))


def _verification(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("verify.heading"), fresh_page=True)
    yield Para(text=words("verify.intro"))
    yield Heading(text=words("verify.file"), level=3)
    yield Commands(lines=("sha256sum original", "certutil -hashfile original SHA256"))
    yield Rows(rows=(Row(label=words("verify.must"), value=view.sha256),))
    yield Heading(text=words("verify.manifest"), level=3)
    yield Commands(
        lines=(
            "pdfdetach -save 1 -o manifest.json EXHIBIT.pdf",
            "sha256sum manifest.json",
            f"grep -c {view.sha256} manifest.json",
        )
    )
    yield Rows(rows=(Row(label=words("verify.must"), value=view.manifest.sha256),))
    yield from _signature(view, words)
    yield Heading(text=words("verify.log"), level=3)
    yield Para(text=words("verify.log_how"))
    yield Commands(lines=("sh VERIFY.sh", "forensics verify EXHIBIT"))
    yield Para(text=words("verify.shows"))
    yield Para(text=words("verify.shows_not"), strong=True)


def _signature(view: ExhibitView, words: Words) -> Iterator[Block]:
    yield Heading(text=words("verify.signature"), level=3)
    if view.manifest.signature is None:
        yield Para(text=words("verify.unsigned"), strong=True)
        return
    at = view.manifest.verify_time
    time = "" if at is None else f"-O verify-time={at} "
    yield Commands(
        lines=(
            "pdfdetach -save 2 -o manifest.json.sig EXHIBIT.pdf",
            "pdfdetach -save 3 -o signers EXHIBIT.pdf",
            "ssh-keygen -Y verify -f signers -I operator -n manifest@footage-forensics \\",
            f"  {time}-s manifest.json.sig < manifest.json",
        )
    )
    yield Para(text=words("verify.fingerprint"))
    yield Boxed(title=words("verify.trust"), text=words("verify.trust_text"))
