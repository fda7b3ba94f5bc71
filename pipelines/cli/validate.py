"""forensics validate: how often is matching right on this case's own footage?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, model_options, open_desk, output_options, work_options

if TYPE_CHECKING:
    from forensics.model.validation import AttackResult, NullResult
    from pipelines.validate import Validated

NULL_WORDS = {
    "unrelated": "pairs of videos that nothing joins",
    "same_source_other_time": "pairs of two parts of one video",
}


@click.command()
@case_option
@click.option("--most", type=int, help="Attack at most so many videos; the seed chooses.  [default: all]")
@click.option("--attack", "attacks", multiple=True, help="Only this attack; may be given again.  [default: all]")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides videos, stretches and parameters.")
@model_options
@work_options
@output_options
def validate(
    case_dir: Path | None,
    most: int | None,
    attacks: tuple[str, ...],
    seed: int,
    flags: dict[str, object],
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Measure error rates on the case's own footage: attacked copies of it, and pairs that are no copies.

    Nothing is admitted. The record is written to the case; match then names it.
    """
    from forensics.model.notice import Notice
    from pipelines import validate as job
    from pipelines.learned import open_model
    from pipelines.progress import shown

    desk = open_desk(case_dir, flags)
    named = open_model(desk.settings)
    plan = job.Plan(most=most, attacks=attacks, seed=seed)
    noticed = 0
    work = Work(desk, signed=True, quiet=quiet)
    with work as desk, shown("validate", quiet=quiet or as_json) as progress:
        for thing in job.validate(desk.case, desk.run, plan, desk.settings, progress, named):
            if isinstance(thing, Notice):
                noticed += 1
                tell(f"{thing.message} [{thing.code}]", quiet=quiet)
            elif as_json:
                _emit_all(thing)
            else:
                _say_all(thing)
    return work.code(ExitCode.PARTIAL if noticed else ExitCode.OK)


def _emit_all(done: Validated) -> None:
    import msgspec

    record = done.record
    for attack in (*record.attacks, record.overall):
        emit({"type": "attack", **msgspec.to_builtins(attack)})
    for null in record.nulls:
        emit({"type": "null", **msgspec.to_builtins(null)})
    for wrong in record.false_matches:
        emit({"type": "false_match", **msgspec.to_builtins(wrong)})
    emit({"type": "calibration", **msgspec.to_builtins(record.calibration)})
    emit(
        {
            "type": "summary",
            "record": done.path.stem,
            **path_fields(str(done.path)),
            "id": record.id,
            "params_sha256": record.method.params_sha256,
            "seed": record.seed,
            "sources": len(record.sources),
            "copies": record.overall.copies,
            "matched": record.overall.matched,
            "false_matches": len(record.false_matches),
            "not_made": record.not_made,
            "not_compared": record.not_compared,
            "localisation": msgspec.to_builtins(record.localisation),
            "search": msgspec.to_builtins(record.search),
        }
    )


def _say_all(done: Validated) -> None:
    record = done.record
    counts = f"{'copies':>7}{'matched':>9}{'candidates':>12}{'misplaced':>11}{'missed':>8}"
    say(f"{'attack':22}{counts}   share matched, 95 % interval")
    for attack in (*record.attacks, record.overall):
        say(_attack_line(attack))
    say("")
    for null in record.nulls:
        say(_null_line(null))
    for wrong in record.false_matches:
        where = f"{wrong.query_start_s:.2f} s of it with {wrong.reference_start_s:.2f} s"
        say(f"  false match: {wrong.attack} of {wrong.source[:12]} with {wrong.reference[:12]}, {where}")
    search = record.search
    say(
        f"expected false matches, with 95 % confidence at most: {search.one_query:.3g} when one file is searched among "
        f"{search.references}, {search.whole_case:.3g} when all are compared ({search.case_pairs} pairs)"
    )
    places = record.localisation
    if places.offset_median_s is not None:
        say(
            f"times of matches: off by {places.offset_median_s:.3f} s (median), {places.offset_p90_s:.3f} s "
            f"(nine of ten); ends by {places.ends_median_s:.3f} s, {places.ends_p90_s:.3f} s"
        )
    for block in record.calibration.blocks:
        say(
            f"score {block.low:.3f} to {block.high:.3f}: log10 likelihood ratio {block.log10_ratio:+.2f} "
            f"({block.positives} copies, {block.negatives} unrelated pairs)"
        )
    if record.calibration.match_log10_ratio_low is not None:
        say(f"a decided match: log10 likelihood ratio at least {record.calibration.match_log10_ratio_low:+.2f}")
    for limit in record.limits:
        say(f"limit: {limit}")
    say(f"record: {done.path}")


def _attack_line(attack: AttackResult) -> str:
    counts = f"{attack.copies:7}{attack.matched:9}{attack.candidates:12}{attack.misplaced:11}{attack.missed:8}"
    return f"{attack.attack:22}{counts}   {attack.recall_low:.1%} to {attack.recall_high:.1%}"


def _null_line(null: NullResult) -> str:
    left_out = f"; {null.left_out} pairs that the case joins are left out" if null.left_out else ""
    return (
        f"false matches: {null.false_pairs} of {null.pairs} {NULL_WORDS[null.kind]} ({null.trials} comparisons, "
        f"{null.candidate_pairs} pairs candidates); rate below {null.upper_bound:.2%} with 95 % confidence{left_out}"
    )
