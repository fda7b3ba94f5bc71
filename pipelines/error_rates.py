"""Which validation record a case relies on: told by the log, held to the parameters in force.

CASE/validation/<sha256>.json   the records; one stands when the log names it

A record speaks for one set of parameters only. Where the case has none, the one that ships with the program, made
from its public sample footage, stands in, and is called that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from forensics import custody
from forensics.errors import IntegrityError
from forensics.model.custody import EventType, Namespace
from forensics.model.finding import ErrorRates
from forensics.model.validation import ValidationRecord
from pipelines.case import Case, Run, entry, write_signed

FOLDER = "validation"
SHIPPED = "default-validation.json"
"""Name of the program's own record, a file of this package; a program without it relies on none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """A record that stands, with the SHA-256 of its stored bytes; ``own`` when it was made from this case."""

    record: ValidationRecord
    sha256: str
    own: bool


def reliance(case: Case, params_sha256: str) -> Reliance | None:
    """The newest record of the case for these parameters, else the program's own, else None.

    Raises:
        IntegrityError: a logged record is missing, or its bytes are not those that were logged.
        ManifestError: it is not canonical.
    """
    logged = [
        str(line.event.detail["record"])
        for line in case.log.events()
        if line.event.event is EventType.VALIDATION and line.event.detail.get("params") == params_sha256
    ]
    found = _own(case, logged[-1]) if logged else _shipped()
    return found if found is not None and found.record.method.params_sha256 == params_sha256 else None


def in_words(found: Reliance | None) -> str:
    """One sentence that names the record, for a finding and for the end of a list of matches."""
    if found is None:
        return "No validation record for these parameters: their error rates were not measured."
    source = "this case" if found.own else "the program's sample footage, not this case"
    return (
        f"Error rates: validation record {found.sha256} of {found.record.made[:10]}, "
        f"measured on {len(found.record.sources)} videos of {source}."
    )


def as_calibration(found: Reliance | None) -> ErrorRates | None:
    """The record's figures as a finding carries them."""
    if found is None:
        return None
    record, null = found.record, found.record.unrelated
    return ErrorRates(
        record=found.sha256,
        made=record.made,
        of_this_case=found.own,
        videos=record.evidence,
        videos_sha256=record.evidence_sha256,
        attacked=len(record.sources),
        copies=record.overall.copies,
        matched=record.overall.matched,
        recall_low=record.overall.recall_low,
        recall_high=record.overall.recall_high,
        pairs=null.pairs,
        false_pairs=null.false_pairs,
        false_bound=null.upper_bound,
    )


def file_record(case: Case, run: Run, record: ValidationRecord) -> Path:
    """Write a record into the case and log it; returns where it lies.

    Raises:
        ManifestError: the record contradicts itself.
    """
    data = custody.encode_validation(record)
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(case, sha256)
    path.parent.mkdir(exist_ok=True)
    null = record.unrelated
    detail: dict[str, str | int] = {
        "record": sha256,
        "params": record.method.params_sha256,
        "copies": record.overall.copies,
        "matched": record.overall.matched,
        "pairs": null.pairs,
        "false_pairs": null.false_pairs,
    }
    with case.writing():
        write_signed(run, Namespace.VALIDATION, path, data)
        case.log.append_many([entry(run, EventType.VALIDATION, None, detail)])
    return path


def _path(case: Case, sha256: str) -> Path:
    return case.root / FOLDER / f"{sha256}.json"


def _own(case: Case, sha256: str) -> Reliance:
    path = _path(case, sha256)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"validation record {sha256}: {error.strerror}", hint="restore the case from a copy, or validate again"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(
            f"validation record {sha256} is not the one that was logged",
            hint="restore it from a copy, or validate again",
        )
    return Reliance(record=custody.decode_validation(data), sha256=sha256, own=True)


def _shipped() -> Reliance | None:
    file = resources.files("pipelines").joinpath(SHIPPED)
    if not file.is_file():
        return None
    data = file.read_bytes()
    return Reliance(record=custody.decode_validation(data), sha256=hashlib.sha256(data).hexdigest(), own=False)
