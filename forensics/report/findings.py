"""What was found, in three sentences and a row of counts, worked out from the values alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forensics.model.match import Decision
from forensics.report.groups import RepostGroup, posting_time
from forensics.report.values import CaseReport
from forensics.report.wording import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counts that the page speaks of. ``recordings`` counts groups of copies and files joined to none."""

    files: int
    appearances: int
    channels: int
    groups: int
    grouped_files: int
    recordings: int
    matches: int
    candidates: int
    rejected: int
    refused: int
    failed: int
    notices: int
    statuses: tuple[tuple[str, int], ...]
    first_posted: int | None
    last_posted: int | None


def tally(report: CaseReport, groups: Sequence[RepostGroup]) -> Tally:
    """Count everything once."""
    appearances = [seen for item in report.evidence for seen in item.appearances]
    posts = [seen.post for seen in appearances if seen.post is not None]
    repeated = [group for group in groups if len(group.items) > 1]
    grouped = {item for group in repeated for item in group.items}
    own = {item.sha256 for item in report.evidence}
    decisions = [view.match.decision for view in report.matches if not view.rejected]
    times = sorted(time for seen in appearances if (time := posting_time(seen)[0]) is not None)
    failed = sum(1 for item in report.refused if item.failed)
    statuses = [item.status for item in report.evidence]
    return Tally(
        files=len(report.evidence),
        appearances=len(appearances),
        channels=len({(post.platform, post.channel_id or post.channel) for post in posts}),
        groups=len(groups),
        grouped_files=len(grouped),
        recordings=len(repeated) + len(own - grouped) - report.attached,
        matches=decisions.count(Decision.MATCH),
        candidates=decisions.count(Decision.CANDIDATE),
        rejected=len(report.matches) - len(decisions),
        refused=len(report.refused) - failed,
        failed=failed,
        notices=len(report.notices) + sum(len(item.notices) for item in report.evidence),
        statuses=tuple((status, statuses.count(status)) for status in dict.fromkeys(statuses)),
        first_posted=times[0] if times else None,
        last_posted=times[-1] if times else None,
    )


def sentences(report: CaseReport, counts: Tally) -> tuple[str, str, str]:
    """Say what is in the case, what was found and what it does not prove: plain, without foreign text."""
    return _held(counts), _found(report, counts), DOES_NOT_PROVE


DOES_NOT_PROVE = (
    "None of this proves who filmed the pictures, where or when, that they show what a caption says, or that a file "
    "is unedited: “earliest” means earliest among the files of this case, posting times are those that the exports "
    "state, and two files without a match may still share footage."
)


def _held(counts: Tally) -> str:
    files, seen = count(counts.files, "distinct file"), count(counts.appearances, "place", "places")
    left_out = ""
    if counts.failed or counts.refused:
        passed = f"{counts.refused} {'was' if counts.refused == 1 else 'were'} passed over"
        left_out = f"; {count(counts.failed, 'input')} failed and {passed} (section 12)"
    return f"The case holds {files}, each named by its SHA-256, found in {seen}{left_out}."


def _found(report: CaseReport, counts: Tally) -> str:
    if report.method.matching is None and not report.matches:
        return (
            "No finding of a comparison is in this case, so nothing is said here about copies, beyond files that are "
            "equal byte for byte."
        )
    if counts.matches:
        found = (
            f"{count(counts.matches, 'pair')} of files {'hold' if counts.matches > 1 else 'holds'} the same recording"
        )
    else:
        found = "No two files were found to hold the same recording"
    if counts.groups:
        found += f"; copies of the same footage form {count(counts.groups, 'group')} (section 3)"
    if counts.candidates == 1:
        found += "; 1 more pair needs a person to look and is not called a copy"
    elif counts.candidates:
        found += f"; {counts.candidates} more pairs need a person to look and are not called copies"
    if counts.rejected:
        found += f"; {count(counts.rejected, 'finding')} of the machine {'were' if counts.rejected > 1 else 'was'} "
        found += "rejected by an examiner and joins nothing"
    return found + "."
