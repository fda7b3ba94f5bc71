"""Findings of the machine: what each says, and how a matching of the whole case is filed.

Which of them stand, and how a person's review outlives the next matching, `pipelines.standing` tells from the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from forensics import custody, matching
from forensics.model.custody import EventType, Namespace
from forensics.model.finding import Finding, FindingStatus
from forensics.model.learned import ModelSpec
from forensics.model.manifest import Json
from forensics.model.match import Assessment, Match, Method
from forensics.model.notice import Notice
from pipelines import error_rates
from pipelines.case import Case, Run, entry, write_signed
from pipelines.standing import Ledger, Pair, ledger_of, read
from pipelines.standing import StoredFinding as StoredFinding
from pipelines.standing import load as load

NOT_CONFIRMED = "Machine output; no examiner has confirmed it."
"""First limit of what the machine alone says."""

STILL_LIMITS = (
    NOT_CONFIRMED,
    "A still has no motion: another recording from the same camera position cannot always be told from this one, so "
    "that a still is never decided a match.",
    "The moment is that of the frame which agrees best; frames between the stated times agree about as well.",
    "That a picture shows a moment of a recording does not say which of them was first, nor that either is authentic.",
    "The score orders pairs by trust; it is not a probability.",
    "Error rates of stills were measured on the program's own test set, not on this case (docs/method.md).",
)
"""What no finding on a still claims."""

LIMITS = (
    NOT_CONFIRMED,
    "A match says that two files show the same recording, not that the recording is authentic.",
    "Which file was first is not told by a match.",
    "The score orders pairs by trust; it is not a probability.",
)
"""What no finding claims. Each also names the validation record that it relies on."""


PARAMETERS: dict[str, Json] = {
    field.name: str(getattr(matching.PARAMS, field.name)) for field in fields(matching.PARAMS)
}
"""Every threshold of the decision, as findings carry it."""

METHOD = replace(matching.METHOD, params_sha256=custody.canonical.digest(PARAMETERS))
"""The method with the digest of the parameters' canonical form."""

SOUND_PARAMETERS: dict[str, Json] = {
    field.name: str(getattr(matching.SOUND_PARAMS, field.name)) for field in fields(matching.SOUND_PARAMS)
}
"""Every threshold of the agreement of sound."""

SOUND_METHOD = Method(
    name=matching.SOUND_METHOD,
    version=matching.SOUND_METHOD_VERSION,
    params_sha256=custody.canonical.digest(SOUND_PARAMETERS),
)
"""The method by which sound is compared, with the digest of its parameters' canonical form."""

SOUND_LIMIT = "Sound that agrees does not say that the pictures are of the same recording."
"""What no finding with agreeing sound claims."""

HELD_STILL_LIMIT = (
    "One of the pictures moves within its frame: each of its frames was laid on one frame of the same file before "
    "motion was compared, and no single transform lays one picture over the other."
)
"""What findings say where a picture was held still."""

SOUND_NOT_MEASURED = "No validation record speaks for agreement by sound alone."
"""Said in place of the record of error rates, which is about pictures."""

STILL_PARAMETERS: dict[str, Json] = {
    field.name: str(getattr(matching.STILL_PARAMS, field.name)) for field in fields(matching.STILL_PARAMS)
}
"""The same for stills."""

STILL_METHOD = replace(matching.STILL_METHOD, params_sha256=custody.canonical.digest(STILL_PARAMETERS))
"""The method of stills with the digest of its parameters' canonical form."""


LEARNED_LIMIT = "A learned model, named in the parameters, was among what proposed pairs; it decided nothing."
"""What findings of a run with a model say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """The methods of a run with their parameters. A ``model`` that proposes pairs is part of both."""

    video: Method = METHOD
    still: Method = STILL_METHOD
    parameters: dict[str, Json]
    still_parameters: dict[str, Json]
    model: ModelSpec | None = None


def procedure(model: ModelSpec | None) -> Procedure:
    """The methods in force: without a model `METHOD` and `STILL_METHOD` as they are."""
    if model is None:
        return Procedure(parameters=PARAMETERS, still_parameters=STILL_PARAMETERS)
    added = _of_model(model)
    parameters, still_parameters = {**PARAMETERS, **added}, {**STILL_PARAMETERS, **added}
    return Procedure(
        video=replace(METHOD, params_sha256=custody.canonical.digest(parameters)),
        still=replace(STILL_METHOD, params_sha256=custody.canonical.digest(still_parameters)),
        parameters=parameters,
        still_parameters=still_parameters,
        model=model,
    )


def _of_model(model: ModelSpec) -> dict[str, Json]:
    """What findings say of a model that took part."""
    return {
        "model_sha256": model.sha256,
        "model_licence": model.licence,
        "model_licence_from": model.licence_from,
        "model_runtime": model.runtime,
        "model_input": f"{model.width}x{model.height}; {model.recipe}",
        "model_length": str(model.length),
        **matching.learned_parameters(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What a matching of the whole case left: for each pair the finding that stands of it, with its status; and where a
    review stands against what the machine says now.
    """

    of_pair: Mapping[Pair, tuple[str, FindingStatus]]
    notices: tuple[Notice, ...]


def file_run(
    case: Case,
    run: Run,
    matches: Iterable[Match],
    pairs: int,
    *,
    complete: bool,
    by: Procedure,
    searched: Mapping[str, str | int] | None = None,
) -> Filing:
    """Write the findings of one matching of the whole case, withdraw those that no longer stand, and log both.

    When not all pairs could be compared (``complete`` is False) nothing is withdrawn. A review that stands is never
    withdrawn: a result equal to the reviewed one is nothing new, another one is filed beside the review. The log says
    what was ``searched``.
    """
    ledger = ledger_of(case)
    reviews = {pair: read(case, filed) for pair, filed in ledger.reviews.items()}
    calibration = error_rates.reliance(case, by.video.params_sha256)
    now: dict[str, tuple[str, Match]] = {}
    of_pair = {pair: (review.sha256, review.finding.status) for pair, review in reviews.items()}
    notices, seen = [], set[Pair]()
    for match in matches:
        data = custody.encode_finding(_finding(case, match, calibration, by))
        pair = frozenset({match.query_id, match.reference_id})
        seen.add(pair)
        if pair in reviews and custody.decode_finding(data).match == reviews[pair].finding.match:
            continue
        sha256, name = write_finding(case, run, match, data)
        now[sha256] = (name, match)
        if pair in reviews:
            notices.append(_moved(reviews[pair], f"{match.decision}, {match.assessment}; finding {sha256[:12]}"))
        else:
            of_pair[pair] = (sha256, FindingStatus.MACHINE_ONLY)
    if complete:
        notices += [_moved(review, "nothing") for pair, review in reviews.items() if pair not in seen]
    _log_run(case, run, ledger, now, complete=complete, summary={**_summary(pairs, len(seen), by), **(searched or {})})
    return Filing(of_pair=of_pair, notices=tuple(notices))


def write_finding(case: Case, run: Run, match: Match, data: bytes) -> tuple[str, str]:
    """Write the stored bytes of a finding with a signature beside them, unless they are there; SHA-256 and name."""
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{match.query_id[:16]}-{match.reference_id[:16]}-{sha256[:16]}.json"
    if not (case.findings / name).exists():
        write_signed(run, Namespace.FINDING, case.findings / name, data)
    return sha256, name


def _moved(review: StoredFinding, result: str) -> Notice:
    match, status = review.finding.match, review.finding.status
    return Notice(
        code="match.review_stands",
        message=(
            f"{match.query_id[:12]} with {match.reference_id[:12]}: the review {review.sha256[:12]} ({status}) stands; "
            f"it was of {match.decision}, {match.assessment}, and matching now gives {result}"
        ),
    )


def _summary(pairs: int, found: int, by: Procedure) -> dict[str, str | int]:
    named = {} if by.model is None else {"model": by.model.sha256}
    return {"pairs": pairs, "findings": found, **named}


def _log_run(
    case: Case,
    run: Run,
    ledger: Ledger,
    now: Mapping[str, tuple[str, Match]],
    *,
    complete: bool,
    summary: dict[str, str | int],
) -> None:
    before = {sha256: filed for sha256, filed in (ledger.stands | ledger.beside).items() if not filed.reviewed}
    entries = [
        entry(
            run,
            EventType.MATCHING,
            match.query_id,
            {"finding": sha256, "file": name, "reference": match.reference_id, "decision": str(match.decision)},
        )
        for sha256, (name, match) in now.items()
        if sha256 not in before
    ]
    entries += [
        entry(run, EventType.MATCHING, None, {"withdrawn": sha256, "file": filed.name})
        for sha256, filed in before.items()
        if complete and sha256 not in now
    ]
    entries.append(entry(run, EventType.MATCHING, None, summary))
    with case.writing():
        case.log.append_many(entries)


def _finding(case: Case, match: Match, relied: error_rates.Reliance | None, by: Procedure) -> Finding:
    query = hashlib.sha256(case.manifest_bytes(match.query_id)).hexdigest()
    reference = hashlib.sha256(case.manifest_bytes(match.reference_id)).hexdigest()
    pair = f"{query}:{reference}:{match.method.params_sha256}"
    return Finding(
        id=f"urn:sha256:{hashlib.sha256(pair.encode()).hexdigest()}",
        match=match,
        reference_manifest=reference,
        query_manifest=query,
        query_digests=None,
        params=_parameters(match, by),
        status=FindingStatus.MACHINE_ONLY,
        limits=_limits(match, error_rates.in_words(relied), by),
        sound_params=None if match.sound is None else SOUND_PARAMETERS,
        calibration=error_rates.as_calibration(relied) if match.method == by.video else None,
    )


def _parameters(match: Match, by: Procedure) -> dict[str, Json]:
    if match.method == by.still:
        return by.still_parameters
    return SOUND_PARAMETERS if match.assessment is Assessment.AUDIO_ONLY else by.parameters


def _limits(match: Match, measured: str, by: Procedure) -> tuple[str, ...]:
    if match.assessment is Assessment.AUDIO_ONLY:
        return (*LIMITS, SOUND_LIMIT, SOUND_NOT_MEASURED)
    learned = () if by.model is None else (LEARNED_LIMIT,)
    if match.method == by.still:
        return (*STILL_LIMITS, *learned)
    held = (HELD_STILL_LIMIT,) if any(segment.held_still is not None for segment in match.segments) else ()
    sound = () if match.sound is None else (SOUND_LIMIT,)
    return (*LIMITS, *learned, *held, *sound, measured)
