"""What an exhibit's paper shows: frozen values that the caller fills, raw. What is concealed is concealed already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forensics.model.finding import Finding
from forensics.report.paper import Bates, PaperSize
from forensics.report.values import KeyframeView, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How it is printed: language of the fixed texts (`forensics.report.words`), sheet, number of the first page."""

    language: str = "en"
    size: PaperSize = PaperSize.A4
    bates: Bates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFiles:
    """The signed manifest as stored: its bytes, the signature beside it (None: not signed), the public keys in the form
    of ssh-keygen, the version, and the moment at which the log names it, as ssh-keygen takes it (None: not logged).
    """

    data: bytes
    sha256: str
    signature: bytes | None
    signers: bytes
    version: int
    verify_time: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """One line of the log: its number, time, event, who (a pseudonym or a name), details, and its own SHA-256."""

    seq: int
    time: str
    event: str
    who: str
    detail: tuple[Row, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFinding:
    """A finding that stands, with its SHA-256; ``other`` names the other item as the profile allows. ``first`` tells
    whether this item is the finding's first file (the query).
    """

    finding: Finding
    sha256: str
    other: str
    first: bool
    still: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitView:
    """One evidence on paper.

    Labels of ``facts`` and ``seen`` are names of texts in the language files. ``moment`` is that of the last line
    shown. ``unshown`` counts lines on the item that are left out, ``withheld`` findings. ``keys`` are the fingerprints
    in force.
    """

    case_id: str
    case_title: str | None
    custodian: str | None
    label: str
    sealed: bool
    sha256: str
    sha512: str
    size: int
    status: str
    names: tuple[str, ...]
    manifest: ManifestFiles
    facts: tuple[Row, ...]
    seen: tuple[tuple[Row, ...], ...]
    keyframes: tuple[KeyframeView, ...]
    keyframes_kept: int
    custody: tuple[CustodyRow, ...]
    unshown: int
    findings: tuple[PaperFinding, ...]
    withheld: int
    notices: tuple[str, ...]
    limits: tuple[str, ...]
    keys: tuple[str, ...]
    moment: datetime
    tool: str
