"""forensics match: which files show the same recording?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, lay, path_fields, say, tell
from pipelines.cli.options import (
    Work,
    case_option,
    catalog_option,
    gather,
    input_arguments,
    model_options,
    open_desk,
    output_options,
    work_options,
)

if TYPE_CHECKING:
    from forensics.model.match import Match, Segment
    from forensics.model.notice import Notice
    from pipelines.all_pairs import Compared
    from pipelines.case import Case
    from pipelines.learned import NamedModel
    from pipelines.match import Matched
    from pipelines.searched import Searched


OF_THE_CASE = frozenset({"match.review_stands", "catalog.remade", "integrity.log", "integrity.log_moved"})
"""Codes of notices that tell of no file that was not compared."""


@click.command()
@input_arguments(required=False)
@case_option
@catalog_option
@click.option("--again", is_flag=True, help="Compare all evidence again, also what was compared before.")
@model_options
@work_options
@output_options
def match(
    inputs: tuple[str, ...],
    files0_from: str | None,
    case_dir: Path | None,
    again: bool,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Find reposts: every evidence against every other, or the files QUERY against the case.

    Evidence that was compared before is not compared again: an interrupted run goes on where it was. Queries are
    compared and nothing of them is admitted to the case.
    """
    from pipelines import match as job
    from pipelines.learned import open_model
    from pipelines.progress import shown

    desk = open_desk(case_dir, flags)
    named = open_model(desk.settings)
    paths = gather(inputs, files0_from)
    from_outside = bool(paths) or files0_from is not None
    if again and from_outside:
        raise click.UsageError("--again is for the evidence of the case: files from outside are always compared")
    work = Work(desk, signed=not from_outside, quiet=quiet)
    with work as desk:
        printer = Printer(desk.case, named, as_json=as_json, quiet=quiet)
        with shown("match", quiet=quiet or as_json) as progress:
            if from_outside:
                printer.take(job.match_queries(desk.case, desk.run, paths, desk.settings, progress, named))
            else:
                printer.take(job.match_case(desk.case, desk.run, desk.settings, progress, named, again=again))
        code = printer.print_all()
    return work.code(code)


class Printer:
    """Prints matches, best first, what could not be compared, and which validation record speaks for the method."""

    def __init__(self, case: Case, model: NamedModel | None, *, as_json: bool, quiet: bool) -> None:
        self._case = case
        self._spec = None if model is None else model.spec
        self._as_json = as_json
        self._quiet = quiet
        self._searched: Searched | None = None
        self._compared: Compared | None = None
        self._pairs: list[Matched] = []
        self._names: dict[str, str] = {}
        self._noticed = self._moved = 0
        self._integrity = False

    def take(self, results: Iterable[Matched | Notice | Searched | Compared]) -> None:
        """Gather every pair while progress is shown; tell what could not be compared at once."""
        from forensics.errors import IntegrityError
        from forensics.model.notice import Notice
        from pipelines.all_pairs import Compared
        from pipelines.searched import Searched

        for result in results:
            if isinstance(result, Notice):
                self._noticed += result.code not in OF_THE_CASE
                self._moved += result.code in OF_THE_CASE
                self._integrity = self._integrity or result.code.startswith(IntegrityError.code)
                tell(f"{result.message} [{result.code}]")
                if self._as_json:
                    kind = "notice" if result.code in OF_THE_CASE else "not_compared"
                    emit({"type": kind, "code": result.code, "message": result.message})
            elif isinstance(result, Searched):
                self._searched = result
            elif isinstance(result, Compared):
                self._compared = result
            else:
                self._pairs.append(result)

    def print_all(self) -> ExitCode:
        """Print every pair and the summary; PARTIAL when something could not be compared."""
        self._pairs.sort(key=lambda pair: (-pair.match.score, pair.match.query_id, pair.match.reference_id))
        for pair in self._pairs:
            self._print(pair)
        self._sum_up(self._pairs, self._noticed)
        if self._integrity:
            return ExitCode.INTEGRITY
        return ExitCode.PARTIAL if self._noticed or self._moved else ExitCode.OK

    def _sum_up(self, pairs: Sequence[Matched], noticed: int) -> None:
        import msgspec

        from forensics.model.match import Decision
        from pipelines import error_rates, findings, sounds

        standing = [pair.match.decision for pair in pairs if pair.status != "rejected"]
        matches, rejected = standing.count(Decision.MATCH), len(pairs) - len(standing)
        candidates = len(standing) - matches
        relied = error_rates.reliance(self._case, findings.procedure(self._spec).video.params_sha256)
        if self._as_json:
            validation = relied and {"sha256": relied.sha256, "made": relied.record.made, "own": relied.own}
            counts = {"matches": matches, "candidates": candidates, "rejected": rejected, "not_compared": noticed}
            named = {} if self._spec is None else {"model": msgspec.to_builtins(self._spec)}
            sound = sounds.coverage({} if self._searched is None else self._searched.heard)
            search = {} if self._searched is None else {"search": self._searched.as_json()}
            compared = {} if self._compared is None else {"compared": self._compared.detail()}
            emit({"type": "summary", **counts, "sound": sound, "validation": validation, **named, **search, **compared})
        elif not self._quiet:
            told = f"; {rejected} rejected by an examiner" if rejected else ""
            say(f"{matches} matches, {candidates} candidates for a person to look at{told}")
            if self._searched is not None:
                found = self._searched
                say(f"search: exhaustive, {found.hashes} frame hashes and {found.features} features in the index")
            if self._compared is not None:
                now, before = self._compared.now, self._compared.before
                say(f"compared: each pair from both of its files, {now} looked up now, {before} in earlier runs")
            counts = sounds.coverage({} if self._searched is None else self._searched.heard)
            say("sound: " + ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items()))
            if self._spec is not None:
                licence = f"{self._spec.licence} (from {self._spec.licence_from})"
                say(f"model: SHA-256 {self._spec.sha256}, licence: {licence}; it proposed pairs and decided nothing")
            say(error_rates.in_words(relied))

    def _print(self, pair: Matched) -> None:
        from forensics.report.wording import sound_in_words

        if self._as_json:
            emit(as_line(pair))
            return
        found = pair.match
        decision = "rejected" if pair.status == "rejected" else found.decision
        say(f"{decision:9}  {found.score:.3f}  {found.assessment}{'  mirrored' if found.mirrored else ''}")
        lay(f"           {self._name(found.query_id)}  {pair.query_path}")
        lay(f"           {self._name(found.reference_id)}  {pair.reference_path}")
        for segment in found.segments:
            if segment.moment is not None:
                lay(f"           {moment_in_words(segment, found.assessment)}")
        for moving in sorted({segment.held_still for segment in found.segments if segment.held_still is not None}):
            lay(f"           the picture of the {moving} moves within its frame: it was held still to be compared")
        for line in segment_lines(found.segments):
            lay(line)
        if found.sound is not None:
            lay(f"           {sound_in_words(found.sound)}")
        if pair.finding is not None:
            say(f"           finding {pair.finding[:16]}, {pair.status}")

    def _name(self, evidence: str) -> str:
        """The first digits, and the exhibit number of bytes that the case holds: what other commands take."""
        if evidence not in self._names:
            exhibit = self._case.exhibit_of(evidence)
            self._names[evidence] = evidence[:12] + (f"  {exhibit}" if exhibit else "")
        return self._names[evidence]


def segment_lines(segments: Sequence[Segment]) -> Iterator[str]:
    """Yield the table of the stretches of two videos; stills have no times."""
    from pipelines.tables import table

    rows = [
        (
            f"{each.query_start_s:.2f} to {each.query_end_s:.2f}",
            f"{each.reference_start_s:.2f} to {each.reference_end_s:.2f}",
            f"{each.speed:.2f}",
        )
        for each in segments
        if each.moment is None and each.query_start_s != each.query_end_s
    ]
    yield from table(rows, heads=("query, s", "reference, s", "speed"), right=(0, 1), indent=11)


def as_line(pair: Matched) -> dict[str, object]:
    """The JSON line of one matched pair (docs/json-lines.md). One that an examiner rejected has a type of its own, so
    that nobody who asks for matches gets it.
    """
    import msgspec

    found: Match = pair.match
    return {
        "type": "rejected" if pair.status == "rejected" else "match",
        "query": {"id": found.query_id, **path_fields(pair.query_path)},
        "reference": {"id": found.reference_id, **path_fields(pair.reference_path)},
        "score": round(found.score, 6),
        "decision": str(found.decision),
        "mirrored": found.mirrored,
        "assessment": str(found.assessment),
        "segments": [_segment_fields(segment) for segment in found.segments],
        "method": {
            "name": found.method.name,
            "version": found.method.version,
            "params_sha256": found.method.params_sha256,
        },
        "finding": pair.finding,
        "status": str(pair.status),
        "sound": None if found.sound is None else _rounded(msgspec.to_builtins(found.sound)),
    }


def moment_in_words(segment: Segment, assessment: str) -> str:
    """What a still shows of a reference, in one line: an instant, or only a place."""
    assert segment.moment is not None
    start, end = segment.reference_start_s, segment.reference_end_s
    told = f"{segment.moment.at_s:.2f} s ({start:.2f} to {end:.2f}) of the reference"
    if assessment == "same_recording_probable":
        return f"the still shows the moment {told}"
    return f"the still looks most like {told}; another moment, or another recording of the place, is not excluded"


def _segment_fields(segment: Segment) -> dict[str, object]:
    import msgspec

    from forensics.model.match import SELDOM

    fields: dict[str, object] = msgspec.to_builtins(segment)
    return _rounded({name: value for name, value in fields.items() if value is not None or name not in SELDOM})


def _rounded(fields: dict[str, object]) -> dict[str, object]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in fields.items()}
