"""Frames as queries on real clips: is the video found, and its second, and what is claimed wrongly?

    python -m tests.benchmark.still_queries --out DIR [--seed 1] [--moments 1] [--attacks 1] [--nulls 60] [--jobs 1]

1  grab frames of real clips at seeded times, make them up as screenshots are, and take others whose moment is not in
   the case: of the later part of the same recordings, of the same place or camera at another time, of other footage
2  ingest the clips (of long ones only the first part) and match the stills against them (`forensics match`)
3  tell each pair by the list of sources; count what was found, whether the second is right, and false claims by word

Stages are kept in DIR as `null_pairs` keeps them; what the program made is kept by the digest of the program.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from forensics.matching.statistics import clopper_pearson_upper, quantile
from tests.benchmark.accuracy_measures import REPORT, TUNE, Share, half_of
from tests.benchmark.command_line import ROOT, files_sha256, forensics, keep_plan, program_sha256
from tests.benchmark.null_clips import Clip, render
from tests.benchmark.real_footage import COUNTED, Kinship, Source, kinship, listed, real_sources
from tests.benchmark.still_shots import KEPT_ROLES, Shot, described, kept_span, moves, planned, render_stills

NEAR_S = 0.5
"""A second is right within so much."""

SLACK_S = 0.1
"""What the told times may miss: a still is of the frame at or next after its moment."""

PROBABLE = "same_recording_probable"
ALL = "all"


@dataclass(frozen=True)
class Claim:
    """What was said of one still and one clip of the case. ``shown``: the clip has the moment; ``right`` and
    ``covered``: the second told is right, and lies between the times told (None where ``shown`` is not so).
    """

    shot: Shot
    reference: str
    kind: Kinship
    shown: bool
    assessment: str
    decision: str
    told_s: float | None
    error_s: float | None
    right: bool | None
    covered: bool | None
    line: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """Of the stills whose moment is in the case, of one kind of make-up or of all: listed, called probable, and of the
    listed ones where the scene moves the second right, and of all listed the moment between the times told.
    """

    listed: Share
    probable: Share
    right: Share
    covered: Share
    median_s: float | None


@dataclass(frozen=True)
class Wrongly:
    """Pairs of a still and a clip that has not its moment, of one kinship; ``stills`` that had such a clip."""

    kind: str
    pairs: int
    stills: int
    scene: int
    probable: int
    matches: int
    bound: float


@dataclass(frozen=True)
class Part:
    """One half of the footage families, or all."""

    name: str
    found: Mapping[str, Found]
    wrongly: tuple[Wrongly, ...]
    places: int
    places_false: int
    wrong_moment: int

    @property
    def claimed(self) -> int:
        """Pairs called probable, or worse, of which the clip has not the moment."""
        return sum(row.probable + row.matches for row in self.wrongly)


@dataclass(frozen=True)
class Result:
    """Every figure and what it was measured on."""

    seed: int
    program_sha256: str
    params_sha256: tuple[str, ...]
    stills_sha256: str
    clips_sha256: str
    stills: int
    clips: int
    moving: int
    parts: tuple[Part, ...]
    cpu_s: float
    told: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Size:
    """How much is tried: moments of each clip, make-ups of each moment, stills without their moment."""

    moments: int = 1
    attacks: int = 1
    nulls: int = 60


def run(shared: Path, out: Path, *, size: Size, seed: int, jobs: int) -> Result:
    """All stages; those that DIR already has are taken from it."""
    sources = real_sources(shared)
    roles = {row["id"]: row["role"] for row in listed(shared)}
    kept = [source for source in sources if roles.get(source.id) in KEPT_ROLES]
    shots = planned(sources, roles, size.moments, size.attacks, size.nulls, seed)
    keep_plan(out / "plan.json", described(shots, seed))
    render_stills(shots, out / "stills", jobs)
    render([Clip(f"{source.id}.mp4", kept_span(source)) for source in kept], out / "clips", jobs)
    place = out / f"program-{program_sha256()[:16]}"
    place.mkdir(exist_ok=True)
    answer, spent = place / "match.jsonl", place / "cpu_s"
    if not answer.exists():
        home, case = out / "home", place / "case"
        if not (case / "case.json").exists():
            forensics(home, "init", case, "--case-id", "STILLS")
        forensics(home, "ingest", out / "clips", "-c", case, "--json", "--jobs", str(jobs))
        part, cost = place / "match.part", ("-c", case, "--json", "--jobs", str(jobs))
        spent.write_text(str(forensics(home, "match", out / "stills", *cost, output=part).cpu_s))
        part.rename(answer)
    moving = _moving(shots, out / "moving.json")
    lines = [json.loads(line) for line in answer.read_text().splitlines()]
    claims = claims_of(shots, {f"{source.id}.mp4": source for source in kept}, lines)
    result = Result(
        seed=seed,
        program_sha256=program_sha256(),
        params_sha256=tuple(sorted({claim.line["method"]["params_sha256"] for claim in claims})),
        stills_sha256=files_sha256((out / "stills").iterdir(), out / "stills"),
        clips_sha256=files_sha256((out / "clips").iterdir(), out / "clips"),
        stills=len(shots),
        clips=len(kept),
        moving=len(moving),
        parts=tuple(counted(name, shots, kept, claims, moving) for name in (ALL, TUNE, REPORT)),
        cpu_s=float(spent.read_text()),
        told=tuple(_told(claim) for claim in claims if _wrong(claim)),
    )
    (place / "result.json").write_text(json.dumps(asdict(result), indent=1))
    return result


def _moving(shots: Sequence[Shot], kept: Path) -> frozenset[str]:
    """Names of the stills of moments at which the scene moves."""
    if not kept.exists():
        kept.write_text(json.dumps([shot.name for shot in shots if shot.expected and moves(shot)]))
    return frozenset(json.loads(kept.read_text()))


def claims_of(
    shots: Sequence[Shot], clips: Mapping[str, Source], lines: Sequence[Mapping[str, Any]]
) -> tuple[Claim, ...]:
    """What the lines of ``match`` say. SystemExit when a still was not compared."""
    if lines[-1]["type"] != "summary" or lines[-1]["not_compared"]:
        raise SystemExit(f"not every still was compared: {lines[-1]}")
    names = {shot.name: shot for shot in shots}
    return tuple(
        _claim(names[Path(line["query"]["path"]).name], clips[Path(line["reference"]["path"]).name], line)
        for line in lines
        if line["type"] == "match"
    )


def _claim(shot: Shot, source: Source, line: Mapping[str, Any]) -> Claim:
    due = moment_in(shot, source)
    moment = line["segments"][0]["moment"] if line["segments"] else None
    told = None if moment is None else float(moment["at_s"])
    error = None if due is None or told is None else abs(told - due)
    spans = [(each["reference_start_s"], each["reference_end_s"]) for each in line["segments"]]
    inside = due is not None and any(start - SLACK_S <= due <= end + SLACK_S for start, end in spans)
    return Claim(
        shot=shot,
        reference=source.id,
        kind=kinship(shot.span, kept_span(source)),
        shown=due is not None,
        assessment=line["assessment"],
        decision=line["decision"],
        told_s=told,
        error_s=error,
        right=None if due is None else error is not None and error <= NEAR_S,
        covered=None if due is None else inside,
        line=line,
    )


def moment_in(shot: Shot, source: Source) -> float | None:
    """The second of what the case has of a source at which the still was taken; None where it has not the moment."""
    if shot.source.recording != source.recording:
        return None
    at_s, kept = shot.span.on_recording[0] - source.offset_s, kept_span(source)
    return at_s if kept.start_s <= at_s <= kept.end_s else None


def counted(
    name: str, shots: Sequence[Shot], kept: Sequence[Source], claims: Sequence[Claim], moving: frozenset[str]
) -> Part:
    """The figures of one half of the families, by what the stills show."""
    shots = [shot for shot in shots if name in (ALL, half_of(shot.source.place))]
    chosen = {shot.name for shot in shots}
    claims = [claim for claim in claims if claim.shot.name in chosen]
    kinds = sorted({shot.attack for shot in shots if shot.expected})
    wrong = [claim for claim in claims if not claim.shown and claim.kind in COUNTED and _strong(claim)]
    null = {shot.source.place for shot in shots if not shot.expected}
    return Part(
        name=name,
        found={kind: _found(shots, claims, moving, kind) for kind in (ALL, *kinds)},
        wrongly=tuple(_wrongly(kind, shots, kept, claims) for kind in COUNTED),
        places=len(null),
        places_false=len({claim.shot.source.place for claim in wrong}),
        wrong_moment=sum(claim.shown and _strong(claim) and not (claim.right or claim.covered) for claim in claims),
    )


def _strong(claim: Claim) -> bool:
    return claim.assessment == PROBABLE or claim.decision == "match"


def _found(shots: Iterable[Shot], claims: Iterable[Claim], moving: frozenset[str], kind: str) -> Found:
    due = [shot for shot in shots if shot.expected and kind in (ALL, shot.attack)]
    best: dict[str, Claim] = {}
    for claim in claims:
        if claim.shown and claim.shot.expected and kind in (ALL, claim.shot.attack):
            best.setdefault(claim.shot.name, claim)
    seconds = [claim for claim in best.values() if claim.shot.name in moving]
    errors = [claim.error_s for claim in seconds if claim.error_s is not None]
    return Found(
        listed=Share(len(best), len(due)),
        probable=Share(sum(_strong(claim) for claim in best.values()), len(due)),
        right=Share(sum(bool(claim.right) for claim in seconds), len(seconds)),
        covered=Share(sum(bool(claim.covered) for claim in best.values()), len(best)),
        median_s=quantile(errors, 0.5),
    )


def _wrongly(kind: Kinship, shots: Sequence[Shot], kept: Sequence[Source], claims: Sequence[Claim]) -> Wrongly:
    of_kind = [
        (shot.name, source.id)
        for shot in shots
        for source in kept
        if moment_in(shot, source) is None and kinship(shot.span, kept_span(source)) is kind
    ]
    wrong = [claim for claim in claims if not claim.shown and claim.kind is kind]
    stills = len({name for name, _ in of_kind})
    strong = {claim.shot.name for claim in wrong if _strong(claim)}
    return Wrongly(
        kind=str(kind),
        pairs=len(of_kind),
        stills=stills,
        scene=sum(claim.assessment == "same_scene" for claim in wrong),
        probable=sum(claim.assessment == PROBABLE for claim in wrong),
        matches=sum(claim.decision == "match" for claim in wrong),
        bound=clopper_pearson_upper(len(strong), stills),
    )


def _wrong(claim: Claim) -> bool:
    """Worth a person's look: claimed though the moment is not there, or told at another second."""
    if not claim.shown:
        return _strong(claim) or claim.kind in (Kinship.UNRELATED, Kinship.PUBLISHER)
    return not (claim.right and claim.covered)


def _told(claim: Claim) -> dict[str, Any]:
    return {
        "still": str(claim.shot),
        "reference": claim.reference,
        "half": half_of(claim.shot.source.place),
        "kind": "its own clip" if claim.shown else str(claim.kind),
        "assessment": claim.assessment,
        "score": claim.line["score"],
        "error_s": claim.error_s,
        "covered": claim.covered,
        "segments": claim.line["segments"],
    }


def shown(result: Result) -> str:
    """The result as text."""
    out = [
        f"program {result.program_sha256}",
        f"params  {', '.join(result.params_sha256)}",
        f"stills  {result.stills_sha256}\nclips   {result.clips_sha256}",
        f"{result.stills} stills against {result.clips} clips (seed {result.seed}); {result.moving} where things move",
        f"CPU     {result.cpu_s / max(1, result.stills):.2f} s a still, all included",
    ]
    for part in result.parts:
        out += ["", f"{part.name}:", *_shown_part(part)]
    out += [
        f"{each['half']:6} {each['still']} | {each['reference']}: {each['kind']}, {each['assessment']} "
        f"{each['score']:.3f}" + ("" if each["error_s"] is None else f", {each['error_s']:.2f} s off")
        for each in sorted(result.told, key=lambda each: (each["assessment"], each["kind"], each["still"]))
    ]
    return "\n".join(out)


def _shown_part(part: Part) -> Iterable[str]:
    yield f"  {'make-up':10}{'listed (Wilson 95 %)':36}{'probable':>10}  second right     between the times"
    for kind, found in part.found.items():
        counts = (f"{share.hits:>5}/{share.of:<5}" for share in (found.probable, found.right, found.covered))
        yield f"  {kind:10}{found.listed!s:36}" + "     ".join(counts)
    right, median = part.found[ALL].right, part.found[ALL].median_s
    yield f"  second right where things move: {right}, median error {'-' if median is None else f'{median:.2f} s'}"
    yield f"  {'not its moment:':44}{'pairs':>7}{'stills':>8}{'scene':>7}{'probable':>10}{'match':>7}   bound"
    for row in part.wrongly:
        yield (
            f"  {row.kind:44}{row.pairs:7}{row.stills:8}{row.scene:7}{row.probable:10}{row.matches:7}"
            f"   {100 * row.bound:.1f} % of stills"
        )
    bound = clopper_pearson_upper(part.places_false, part.places)
    yield f"  places of the null with a false claim: {part.places_false} of {part.places} (at most {100 * bound:.1f} %)"
    yield f"  called probable at a moment that is not the still's, of its own clip: {part.wrong_moment}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--moments", type=int, default=Size.moments)
    parser.add_argument("--attacks", type=int, default=Size.attacks)
    parser.add_argument("--nulls", type=int, default=Size.nulls)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args(arguments)
    size = Size(chosen.moments, chosen.attacks, chosen.nulls)
    print(shown(run(chosen.shared, chosen.out.resolve(), size=size, seed=chosen.seed, jobs=chosen.jobs)))


if __name__ == "__main__":
    main()
