"""Verification: the numbered procedure. Pure where it can be: bytes and values in, `Check` values out, every problem.

    1  case file       case.json is canonical and of a schema that this program knows
    2  log chain       each log line is canonical, of this case, next in number, and names the digest of the one before
    3  inventories     each OCFL inventory agrees with its sidecar and its history; declared and present files are equal
    4  content         each stored file has the SHA-256 that its inventory declares; --all-digests: the SHA-512 too
    5  manifests       each manifest is canonical, has its facts' digests, names the one it supersedes; disclosures fit
    6  subjects        each manifest names exactly the files of its version, with the digests that the inventory has
    7  log and store   each logged manifest is in the store with the logged digest; the store has nothing else
    8  findings        findings, reviews, validation records, receipts: canonical, logged, naming what they rest on
    9  seals           each checkpoint has the root of the log's lines; the next line names it; the unsealed are counted
    10 signatures      each checkpoint, manifest, finding and validation record is signed by a key in force at its line
    11 keys            each key came in, and was put away, by an event signed by a key in force; keys/ says the same
    12 time-stamps     each token is over the seal's signature, in answer to its request, and holds at its own time
    13 brackets        each event's time is not after the next token's time and not before the last logged token's
    14 held head       with --against: the log begins with the lines of a head that somebody else kept
    15 bag             an exhibit is a BagIt 1.0 bag in the form that is written, with every file named and no other
    16 bag digests     each file of an exhibit has the SHA-256, and each of its payload the SHA-512, that the bag says
    17 inclusion       each log line in an exhibit is proved to be in the log under the exhibit's signed checkpoint
    18 copies          each copy in a bucket is there, current and locked as logged; --deep: has the logged SHA-256

Steps 3 and 4 are done by `forensics.acquire.Store.check`, 15 and 16 by `forensics.exhibit`; the rest is in this part.
None needs a secret, and only 18 a network: it is that of `vault check`, with 14 for the heads that the bucket holds.
Steps 1, 3 and 4 are of cases only, 15 to 17 of exhibits only; with these, step 10 is
of the signature over the whole exhibit too.

Steps 1 to 8 find every change by somebody who cannot rewrite the whole log. Steps 9 to 11 find every change by
somebody who does not hold the key. Its holder can write all of it anew: steps 12 and 13 find that when an authority
gave times, and the rewritten lines claim others. Anybody can put an older copy in its place, and the key's holder can
claim later times: only step 14 finds that. What was never sealed can be cut off without a trace; it is counted aloud.

A receipt is the word of somebody outside the case: in step 10 it must be signed by the key that it names itself.

A check that was not done, or a state that a crash leaves and the next run puts right, is ``skipped`` and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.custody import canonical
from forensics.custody.case_file import case_info, case_value
from forensics.custody.key_ring import PUT_AWAY
from forensics.errors import ManifestError
from forensics.model.custody import Check, CheckStatus, CustodyEvent, EventType
from forensics.model.verification import Step

VERIFY_STEPS: tuple[tuple[int, str, str], ...] = (
    (Step.CASE, "case file", "case.json is canonical and of a schema that this program knows"),
    (
        Step.LOG,
        "log chain",
        "each log line is canonical, of this case, next in number, and names the digest of the one before",
    ),
    (
        Step.INVENTORIES,
        "inventories",
        "each OCFL inventory agrees with its sidecar and its history; declared and present files are equal",
    ),
    (
        Step.CONTENT,
        "content",
        "each stored file has the SHA-256 that its inventory declares; --all-digests: the SHA-512 too",
    ),
    (
        Step.MANIFESTS,
        "manifests",
        "each manifest is canonical, has its facts' digests, names the one it supersedes; disclosures fit",
    ),
    (
        Step.SUBJECTS,
        "subjects",
        "each manifest names exactly the files of its version, with the digests that the inventory has",
    ),
    (
        Step.LOG_AND_STORE,
        "log and store",
        "each logged manifest is in the store with the logged digest; the store has nothing else",
    ),
    (
        Step.FINDINGS,
        "findings",
        "findings, reviews, validation records, receipts: canonical, logged, naming what they rest on",
    ),
    (
        Step.SEALS,
        "seals",
        "each checkpoint has the root of the log's lines; the next line names it; the unsealed are counted",
    ),
    (
        Step.SIGNATURES,
        "signatures",
        "each checkpoint, manifest, finding and validation record is signed by a key in force at its line",
    ),
    (
        Step.KEYS,
        "keys",
        "each key came in, and was put away, by an event signed by a key in force; keys/ says the same",
    ),
    (
        Step.STAMPS,
        "time-stamps",
        "each token is over the seal's signature, in answer to its request, and holds at its own time",
    ),
    (
        Step.BRACKETS,
        "brackets",
        "each event's time is not after the next token's time and not before the last logged token's",
    ),
    (Step.HELD_HEAD, "held head", "with --against: the log begins with the lines of a head that somebody else kept"),
    (
        Step.BAG,
        "bag",
        "an exhibit is a BagIt 1.0 bag in the form that is written, with every file named and no other",
    ),
    (
        Step.BAG_DIGESTS,
        "bag digests",
        "each file of an exhibit has the SHA-256, and each of its payload the SHA-512, that the bag says",
    ),
    (
        Step.INCLUSION,
        "inclusion",
        "each log line in an exhibit is proved to be in the log under the exhibit's signed checkpoint",
    ),
    (
        Step.COPIES,
        "copies",
        "each copy in a bucket is there, current and locked as logged; --deep: has the logged SHA-256",
    ),
)
"""Number, name and explanation of each step, as in the docstring of this module."""

CASE_SCHEMA = 1
"""The case file's schema that this program reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIndex:
    """What the custody log says, by what the later steps ask for.

    ``admitted`` maps (evidence, version) to the manifest digests logged for it; ``unfinished_runs`` began an ingestion
    and never ended it; ``findings`` maps the digest of each logged finding, withdrawn or not, to its file name;
    ``reviews`` maps the digest of each that a person made to what its line says it supersedes, and to its status;
    ``validations`` are the digests of the logged validation records. ``told_at`` maps the digest of each of these
    documents to the number (from 0) of the line that first names it. ``late`` are those of which that line says that
    the key which signed them had been put away when they were recovered. ``merging`` maps each unfinished run that
    merges a shard to the SHA-256 of that shard's log; ``promised`` are the manifests that it may have brought already.
    """

    lines: int
    admitted: Mapping[tuple[str, int], tuple[str, ...]]
    unfinished_runs: frozenset[str]
    findings: Mapping[str, str]
    validations: frozenset[str] = frozenset()
    told_at: Mapping[str, int] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    reviews: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    merging: Mapping[str, str] = field(default_factory=dict)
    promised: frozenset[str] = frozenset()


class Admission(NamedTuple):
    """What a line of the log says of a manifest that it admits: the evidence, the version, the SHA-256 of its bytes."""

    item: str
    version: int
    manifest: str


def admission(event: CustodyEvent) -> Admission | None:
    """The manifest that an event admits, if it admits one."""
    manifest, version = event.detail.get("manifest"), event.detail.get("version")
    if event.event in _ADMITTING and event.item and isinstance(manifest, str) and isinstance(version, int):
        return Admission(event.item, version, manifest)
    return None


def index_log(events: Iterable[CustodyEvent]) -> LogIndex:
    """Go through the log once for steps 7 to 9. Events of no interest are counted only."""
    lines = 0
    admitted: dict[tuple[str, int], tuple[str, ...]] = {}
    unfinished: set[str] = set()
    findings: dict[str, str] = {}
    reviews: dict[str, tuple[str, str]] = {}
    validations: set[str] = set()
    told_at: dict[str, int] = {}
    late: set[str] = set()
    merging: dict[str, str] = {}
    for event in events:
        lines += 1
        detail = event.detail
        for document in _DOCUMENTS & detail.keys():
            if told_at.setdefault(str(detail[document]), event.seq) == event.seq and PUT_AWAY in detail:
                late.add(str(detail[document]))
        _follow_run(event, unfinished, merging)
        if event.event in _FINDING and "finding" in detail:
            findings[str(detail["finding"])] = str(detail.get("file", ""))
            if event.event is EventType.REVIEW:
                reviews[str(detail["finding"])] = (str(detail.get("supersedes")), str(detail.get("status")))
        elif event.event is EventType.VALIDATION and "record" in detail:
            validations.add(str(detail["record"]))
        elif (told := admission(event)) is not None:
            key = (told.item, told.version)
            admitted[key] = (*admitted.get(key, ()), told.manifest)
    return LogIndex(
        lines=lines,
        admitted=admitted,
        unfinished_runs=frozenset(unfinished),
        findings=findings,
        reviews=reviews,
        validations=frozenset(validations),
        told_at=told_at,
        late=frozenset(late),
        merging=merging,
    )


def _follow_run(event: CustodyEvent, unfinished: set[str], merging: dict[str, str]) -> None:
    """Which runs have begun and not ended, and which of them merge a shard."""
    what = event.detail.get("what") if event.event is EventType.MERGING else None
    if event.event is EventType.INGESTION_START or what == "begun":
        unfinished.add(event.run)
    if what == "begun":
        merging[event.run] = str(event.detail.get("shard"))
    if event.event is EventType.INGESTION_END or what == "ended":
        unfinished.discard(event.run)
        merging.pop(event.run, None)


def check_case(data: bytes | None) -> Iterator[Check]:
    """Step 1, for the bytes of case.json, or None when it cannot be read."""
    if data is None:
        yield _case_check("a readable file", "none")
        return
    try:
        value = canonical.decode_stored(data)
        info = case_info(value)
        plain = case_value(info, value)
    except (ManifestError, ValueError) as error:
        yield _case_check("a canonical case file", str(error))
        return
    if plain != value:
        yield _case_check("the fields of the schema", "other fields")
    elif info.schema != CASE_SCHEMA:
        yield _case_check(f"schema {CASE_SCHEMA}", f"schema {info.schema}")
    else:
        yield Check(step=Step.CASE, name="case file", status=CheckStatus.OK, subject="case.json", found=info.id)


_DOCUMENTS = frozenset({"manifest", "finding", "record", "kept"})
"""Details that hold the digest of a signed document; ``kept`` that of a shard's manifest which became a file."""

_FINDING = frozenset({EventType.MATCHING, EventType.REVIEW})
"""Events that file a finding."""

_ADMITTING = frozenset({EventType.INGESTION, EventType.APPEARANCE, EventType.MERGING})
"""Events that bring a version of a manifest into the store."""


def _case_check(expected: str, found: str) -> Check:
    return Check(
        step=Step.CASE,
        name="case file",
        status=CheckStatus.FAILED,
        subject="case.json",
        expected=expected,
        found=found[:400],
    )
