"""A certificate to be signed by hand: filled in from the record, never signed, with a page for counsel apart.

1  the template: numbered paragraphs, each with what of the record follows it
2  the paragraph "I recomputed the digest with another program" stands only when the log holds, for each exhibit, a
   named check with an equal digest by that very person; else it is left out, and a notice says so
3  PDF and plain text, and a page of what counsel should review
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forensics import __version__, report
from forensics.errors import InputError, StoreError, ToolError
from forensics.model.custody import CustodyEvent
from forensics.model.manifest import Json, Manifest
from forensics.model.notice import Notice
from forensics.report import paper
from pipelines import persons
from pipelines.case import Case
from pipelines.certificate_templates import Paragraph, Template
from pipelines.named_checks import NamedCheck, named_checks, with_name
from pipelines.scope import HAND_OVERS
from pipelines.whole_files import write_whole

BLANK = "____________________"
"""What stands where nothing was given: to be written by hand."""

REVIEW = "What counsel should review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarant:
    """Who is to sign, as typed; None is left blank."""

    name: str | None
    employer: str | None
    training: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One exhibit: its manifest, the events on it, every named check, and those of the declarant that are grounds to
    say "I recomputed": all equal, or none.
    """

    evidence: str
    manifest: Manifest
    events: tuple[CustodyEvent, ...]
    every_check: tuple[NamedCheck, ...]
    checks: tuple[NamedCheck, ...]
    names: Mapping[str, str]

    @property
    def label(self) -> str:
        """The exhibit number."""
        return str(self.manifest.record.case.get("exhibit"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The files that were written, and whether the paragraph on recomputing stands."""

    template: str
    paths: tuple[Path, ...]
    recomputed: bool


def certificate(
    case: Case, names: Sequence[str], template: Template, declarant: Declarant, form: report.Form, out: Path | None
) -> Iterator[Drawn | Notice]:
    """Write the certificate on these exhibits into the folder ``out`` (default: reports/ of the case).

    Raises:
        CaseError: no evidence of such a name.
        InputError: one of the files is there and holds something else (``input.exists``).
        IntegrityError, ManifestError: the case does not agree with itself.
        StoreError: ``out`` cannot be written.
    """
    known = persons.names(case)
    items = tuple(_item(case, evidence, declarant, known) for evidence in dict.fromkeys(map(case.resolve, names)))
    lacking = tuple(item.label for item in items if not item.checks)
    left_out = bool(lacking) and any(each.needs for each in template.paragraph)
    if left_out:
        who = declarant.name or "the declarant (name one with --by)"
        yield Notice(
            code="certificate.no_named_check",
            message=f"the paragraph on recomputing with another program is left out: the log has no named check with "
            f"an equal digest by {who} of {', '.join(lacking)}",
        )
    folder = out or case.reports
    stem = f"CERTIFICATE-{'-'.join(item.label for item in items)[:80]}-{template.name}"
    drawn = _paper(case, items, template, declarant, form)
    review = _review(items, template, form, lacking if left_out else ())
    paths = [_put(folder / f"{stem}.txt", _text(drawn)), _put(folder / f"{stem}-for-counsel.txt", _text(review))]
    try:
        for name, each in ((f"{stem}.pdf", drawn), (f"{stem}-for-counsel.pdf", review)):
            paths.append(_put(folder / name, report.typeset(each)))
    except ToolError as error:
        yield Notice(code=error.code, message=f"plain text only, no PDF: {error.message}; {error.hint}")
    yield Drawn(template=template.name, paths=tuple(paths), recomputed=not lacking)


def _item(case: Case, evidence: str, declarant: Declarant, known: Mapping[str, str]) -> Item:
    manifest = case.manifest(evidence)
    events = tuple(line.event for line in case.log.events() if line.event.item == evidence)
    every = tuple(with_name(check, known) for check in named_checks(manifest, events))
    own = tuple(check for check in every if declarant.name is not None and check.person == declarant.name.strip())
    return Item(
        evidence=evidence,
        manifest=manifest,
        events=tuple(event for event in events if event.event not in HAND_OVERS),
        every_check=every,
        checks=own if all(check.equal for check in own) else (),
        names=known,
    )


def _put(path: Path, data: bytes) -> Path:
    try:
        if path.exists() and path.read_bytes() != data:
            raise InputError(
                f"{path} is there and is not what would be written now",
                code="input.exists",
                hint="it may be filled in or signed: nothing was overwritten; move it, or name another --out",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", hint="name another place with --out") from error
    return path


def _text(drawn: report.Paper) -> bytes:
    lines = (report.visible(line, keep_newlines=True) for line in report.as_text(drawn))
    return ("\n".join(lines) + "\n").encode("utf-8")


def _sheet(items: Sequence[Item], form: report.Form, title: str, blocks: Iterator[paper.Block]) -> report.Paper:
    last = max(event.time for item in items for event in item.events)
    return report.Paper(
        title=title,
        language="en",
        size=form.size,
        head_left=title[:70],
        head_right=", ".join(item.label for item in items)[:70],
        foot=f"footage-forensics {__version__}",
        page_of=report.words_of("en").texts["page.of"],
        moment=datetime.fromisoformat(last).replace(microsecond=0),
        blocks=tuple(blocks),
        bates=form.bates,
    )


def _paper(
    case: Case, items: Sequence[Item], template: Template, declarant: Declarant, form: report.Form
) -> report.Paper:
    places = {
        "declarant": declarant.name or BLANK,
        "employer": declarant.employer or BLANK,
        "training": declarant.training or BLANK,
        "case": case.info.id,
    }
    return _sheet(items, form, template.title, _paragraphs(items, template, places))


def _paragraphs(items: Sequence[Item], template: Template, places: Mapping[str, str]) -> Iterator[paper.Block]:
    yield paper.Heading(text=template.title, level=1)
    yield paper.Para(text="DRAFT, NOT SIGNED. To be read, corrected and signed by the person named in it.", strong=True)
    standing = (each for each in template.paragraph if each.needs is None or all(item.checks for item in items))
    for number, each in enumerate(standing, start=1):
        yield paper.Para(text=f"{number}. {each.text.format_map(places)}", kept=each.block is not None)
        yield from _block(each, items)


def _block(paragraph: Paragraph, items: Sequence[Item]) -> Iterator[paper.Block]:
    if paragraph.block == "signature":
        yield paper.Signature(labels=("Signature", "Name", "Date", "Place"))
    elif paragraph.block == "exhibits":
        for item in items:
            yield paper.Rows(rows=tuple(_exhibit_rows(item)))
    elif paragraph.block is not None:
        texts = tuple(dict.fromkeys(text for item in items for text in _BLOCKS[paragraph.block](item)))
        yield paper.Items(texts=texts or ("none",))


def _exhibit_rows(item: Item) -> Iterator[report.Row]:
    original = next(subject for subject in item.manifest.subjects if subject.name == "original")
    yield report.Row(label="Exhibit", value=item.label)
    yield report.Row(label="SHA-256", value=original.sha256)
    yield report.Row(label="SHA-512", value=original.sha512)
    yield report.Row(label="Size", value=f"{original.size} bytes")
    for seen in item.manifest.record.appearances:
        yield report.Row(label="Copied from", value="\n".join(_place(seen)))


def _place(seen: Mapping[str, Json]) -> Iterator[str]:
    yield f"{seen.get('name') or Path(str(seen.get('path'))).name}, on {seen.get('seen')}"
    post = seen.get("post")
    if isinstance(post, dict):
        posted = post.get("posted_unixtime")
        when = report.utc(posted) if isinstance(posted, int) else "at a time not known"
        which = f"{post.get('channel')}, post {post.get('message_id')}"
        yield f"{post.get('platform')}: {which}, posted {when} (as exported)"


def _environment(item: Item) -> Iterator[str]:
    environment = item.manifest.record.environment
    tool, machine, programs = (environment.get(name) for name in ("tool", "machine", "programs"))
    if isinstance(tool, dict):
        yield f"{tool.get('name')} {tool.get('version')}"
    if isinstance(machine, dict):
        yield f"Python {machine.get('python')} on {machine.get('platform')}"
    for each in programs if isinstance(programs, list) else []:
        if isinstance(each, dict):
            yield f"{each.get('name')} {each.get('version')}, SHA-256 {each.get('sha256')}"


def _checks(item: Item) -> Iterator[str]:
    for check in item.checks:
        version = "" if check.version == "not stated" else f" {check.version}"
        how = f"{check.algorithm} with {check.program}{version}, on {check.date}"
        yield f"{item.label}: {how}: {check.digest} (log line {check.seq})"


def _custody(item: Item) -> Iterator[str]:
    for event in item.events:
        who = item.names.get(event.operator, event.operator)
        yield f"{item.label}: {event.time}, {event.event}, by {who} (log line {event.seq})"


def _gaps(item: Item) -> Iterator[str]:
    for check in item.every_check:
        if not check.equal:
            yield f"{item.label}: {check.in_words()} (log line {check.seq})"
    for notice in item.manifest.notices:
        yield f"{item.label}: {notice.message} [{notice.code}]"
    yield from item.manifest.limits


_BLOCKS = {"environment": _environment, "checks": _checks, "custody": _custody, "gaps": _gaps}


def _review(items: Sequence[Item], template: Template, form: report.Form, lacking: Sequence[str]) -> report.Paper:
    same = tuple(item.label for item in items if any(check.same_key for check in item.checks))
    return _sheet(items, form, REVIEW, _review_blocks(template, lacking, same))


def _review_blocks(template: Template, lacking: Sequence[str], same: Sequence[str]) -> Iterator[paper.Block]:
    yield paper.Heading(text=REVIEW, level=1)
    yield paper.Para(text="Not part of the certificate. Not to be filed.", strong=True)
    yield paper.Rows(
        rows=(
            report.Row(label="Template", value=f"{template.name}: {template.title}"),
            report.Row(label="Drafted", value=template.rule),
            report.Row(label="Basis", value=template.basis),
        )
    )
    if lacking:
        yield paper.Boxed(
            title="A PARAGRAPH IS LEFT OUT",
            text="The certificate does not say that the declarant recomputed the digests with another program: the "
            f"custody log has no such check with an equal digest by that person of {', '.join(lacking)}. Record one "
            "with forensics attest-check, and draw the certificate anew.",
        )
    own_key = (
        f"The declarant's check of {', '.join(same)} was logged under the key of the ingestion: nothing in the log "
        "shows that it was another person.",
    )
    yield paper.Items(texts=(*template.counsel, *(own_key if same else ())))
    yield paper.Para(
        text="Each sentence is the declarant's own: whoever signs must be able to say it on the stand. Nothing here is "
        "legal advice. Lines left blank, as ____, are to be filled in or struck out."
    )
