"""Exchange of hash lists with others: what a case gives, and whether a frame of the case stands on somebody's list.

1  read each list: bounded, digested, every unusable line a notice
2  take the hashes of each evidence: kept frame hashes (PDQ), hashes of keyframes and stills (phash, dhash)
3  search: every frame within the radius of a listed hash, exactly; nothing is decided by it
4  the log keeps that the list was looked up, and each evidence with candidates

A hit is a candidate for a person: a list says what somebody else listed, and a close hash is no match.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import acquire, exchange
from forensics.errors import InputError, StoreError
from forensics.exchange import Algorithm, Hash
from forensics.model.custody import EventType
from forensics.model.notice import Notice
from pipelines.case import Case, Run, entry
from pipelines.frame_hashes import PICTURE, Frame, exhibits_of, hashes_of
from pipelines.list_search import MAX_CANDIDATES, Candidate, Search, Sheet
from pipelines.whole_files import write_whole

SHARED_QUALITY = 50
"""PDQ quality below which a hash is not given away bare: PDQ's own advice, as such hashes are close to many pictures.
A vPDQ list carries the quality, so there all are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One list, looked up to its end."""

    sheet: Sheet
    evidence: int
    frames: int
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What one evidence gave to a written list, on which lines; ``left_out`` hashes were too poor to share."""

    evidence: str
    exhibit: str
    hashes: int
    left_out: int
    first_line: int
    last_line: int


def check(case: Case, run: Run, paths: Sequence[str]) -> Iterator[Candidate | Notice | Checked]:
    """Look every list up in the case; yield candidates, what could not be used, and one `Checked` a list.

    Raises:
        InputError: a list cannot be read or is of no known format.
        IntegrityError: a stored fingerprint is not the one that its manifest names.
    """
    sheets = [read_sheet(path) for path in paths]
    exhibits = exhibits_of(case)
    for sheet in sheets:
        for notice in sheet.notices:
            yield Notice(code=notice.code, message=f"{sheet.name}: {notice.message}")
        yield from _check_sheet(case, run, sheet, exhibits)


def export(case: Case, run: Run, format_name: str, ids: Sequence[str], out: Path) -> Iterator[Exported | Notice]:
    """Write the hashes of these evidences (all, when none is named) as a list; the log keeps its digest.

    Raises:
        CaseError: a name means no evidence, or several.
        StoreError: the file cannot be written.
    """
    form = next(each for each in exchange.FORMATS if format_name == each.NAME)
    exhibits = exhibits_of(case)
    chosen = [case.resolve(name) for name in ids] or list(exhibits)
    written, line, given = b"", 0, []
    for evidence in dict.fromkeys(chosen):
        # Others hash whole frames; the hash of a content box would say nothing to them.
        frames = [frame for frame in hashes_of(case, evidence, form.ALGORITHMS) if frame.view == PICTURE]
        hashes, left_out = _shared(frames, bare=not form.WITH_QUALITY)
        data = form.write(hashes) if hashes else b""
        lines = data.count(b"\n")
        written += data
        if lines:
            given.append(
                Exported(
                    evidence=evidence,
                    exhibit=exhibits[evidence],
                    hashes=len(hashes),
                    left_out=left_out,
                    first_line=line + 1,
                    last_line=line + lines,
                )
            )
        else:
            reason = f"all {left_out} hashes are too poor to share" if left_out else "it has no such hash"
            yield Notice(code="exchange.nothing_to_list", message=f"{exhibits[evidence]} is not on the list: {reason}")
        line += lines
    try:
        write_whole(out, written)
    except OSError as error:
        raise StoreError(f"{out}: {error.strerror}", hint="name another place with --out") from error
    detail: dict[str, str | int] = {
        "what": f"hash list ({form.NAME})",
        "sha256": hashlib.sha256(written).hexdigest(),
        "hashes": sum(each.hashes for each in given),
        "evidence": len(given),
    }
    case.record(run, EventType.DISSEMINATION, None, detail)
    yield from given


def read_sheet(path: str) -> Sheet:
    """Read and digest a list.

    Raises:
        InputError: no regular file, unreadable, too large, or of no known format.
    """
    handle = acquire.open_source(path)
    with os.fdopen(handle, "rb") as opened:
        data = opened.read(exchange.MAX_LIST_BYTES + 1)
    if len(data) > exchange.MAX_LIST_BYTES:
        raise InputError(
            f"{path}: a list above {exchange.MAX_LIST_BYTES} bytes", hint="split it", code="exchange.too_large"
        )
    form = exchange.format_of(data)
    listing = form.read(data)
    return Sheet(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        format=form.NAME,
        entries=listing.entries,
        notices=listing.notices,
    )


def _check_sheet(
    case: Case, run: Run, sheet: Sheet, exhibits: dict[str, str]
) -> Iterator[Candidate | Notice | Checked]:
    searches = [
        Search(algorithm, [each for each in sheet.entries if each.hash.algorithm is algorithm])
        for algorithm in Algorithm
    ]
    searches = [each for each in searches if each.listed]
    looked, frames, total = 0, 0, 0
    logged = []
    for evidence, exhibit in exhibits.items():
        held = hashes_of(case, evidence, tuple(search.algorithm for search in searches))
        results = [search.candidates(sheet, evidence, exhibit, held) for search in searches]
        found = sorted(
            (each for some, _ in results for each in some), key=lambda each: (each.distance, each.listed.line)
        )
        count = sum(number for _, number in results)
        looked += bool(held)
        frames += len(held)
        total += count
        if found:
            detail: dict[str, str | int] = {
                "list": sheet.sha256,
                "candidates": count,
                "closest": found[0].distance,
                "line": found[0].listed.line,
            }
            logged.append(entry(run, EventType.LIST_CHECK, evidence, detail))
        yield from found[:MAX_CANDIDATES]
        if count > MAX_CANDIDATES:
            message = f"{sheet.name}: {exhibit} has {count} candidates; the {MAX_CANDIDATES} closest are shown"
            yield Notice(code="exchange.limit", message=message)
    whole: dict[str, str | int] = {
        "list": sheet.sha256,
        "name": sheet.name,
        "format": sheet.format,
        "hashes": len(sheet.entries),
        "evidence": looked,
        "candidates": total,
    }
    with case.writing():
        case.log.append_many([*logged, entry(run, EventType.LIST_CHECK, None, whole)])
    yield Checked(sheet=sheet, evidence=looked, frames=frames, candidates=total)


def _shared(frames: Sequence[Frame], *, bare: bool) -> tuple[list[Hash], int]:
    """The hashes to give away, each once where nothing but the hash is written, and how many are too poor for it."""
    if not bare:
        return [frame.hash for frame in frames], 0
    good = [frame.hash for frame in frames if not _poor(frame)]
    return list({(each.algorithm, each.code): each for each in good}.values()), len(frames) - len(good)


def _poor(frame: Frame) -> bool:
    quality = frame.hash.quality
    return bool(frame.flags) or (quality is not None and quality < SHARED_QUALITY)
