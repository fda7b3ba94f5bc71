"""Derive from all frames what a triage told of the sync frames alone.

1  in a worker: open the kept original, digest it again, derive in full into the run's working area
2  here, one at a time: the new facts become the next version of the manifest, which names the one it supersedes
3  the log line is last: what it names is on disk

What a triage wrote stays in its own version.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import acquire, media
from forensics.acquire import digest_file
from forensics.errors import IntegrityError
from forensics.model.notice import Notice
from forensics.model.store import ORIGINAL_NAME
from pipelines.case import Case, Run
from pipelines.clerk import clerk_of
from pipelines.config import Settings
from pipelines.derive import Derived, derive, single_threaded
from pipelines.engine import Failed
from pipelines.environment import environment_record
from pipelines.facts import is_triage
from pipelines.kit import Kit, open_kit
from pipelines.progress import Progress
from pipelines.replay import sidecars_of
from pipelines.workers import engine_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Deepened:
    """What became of one evidence: ``status`` is deepened, whole (it was no triage) or failed."""

    id: str
    status: str
    version: int
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """The worker's job: step 1 for one evidence."""

    case: Case
    kit: Kit
    area: Path

    def __call__(self, evidence: str) -> tuple[Path, Derived]:
        single_threaded()
        media.warm()
        content = self.area / evidence / "content"
        with acquire.writing(content):
            content.mkdir(parents=True)
        handle = self.case.store.open(evidence, ORIGINAL_NAME)
        try:
            digests = digest_file(handle)
            if digests.sha256 != evidence:
                raise IntegrityError(
                    f"the kept original of {evidence[:16]} has another digest",
                    hint="run verify for the whole extent",
                )
            sidecars = sidecars_of(self.case, evidence, self.case.manifest(evidence))
            return content, derive(handle, digests, sidecars, content, self.kit)
        finally:
            os.close(handle)


def triaged(case: Case) -> tuple[str, ...]:
    """Every evidence whose facts are of sync frames only."""
    return tuple(evidence for evidence in case.store.ids() if is_triage(case.manifest(evidence).facts))


def deepen(
    case: Case, run: Run, evidence: Sequence[str], settings: Settings, argv: Sequence[str], progress: Progress
) -> Iterator[Deepened]:
    """Yield what became of each evidence, as it happens.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old, or the required sandbox is not to be had.
        StoreError: the case cannot be written.
    """
    kit = open_kit(run.surroundings.search_path(), settings)
    clerk = clerk_of(case, run, environment_record(kit.tools, settings, argv))
    due = tuple(each for each in dict.fromkeys(evidence) if is_triage(case.manifest(each).facts))
    for each in dict.fromkeys(evidence):
        if each not in due:
            yield Deepened(id=each, status="whole", version=case.manifest(each).version)
    progress.grow(len(due))
    with case.working_area(run) as area:
        for done in engine_for(settings, len(due)).run(_Whole(case=case, kit=kit, area=area), due):
            progress.advance()
            progress.working_on(done.item[:16])
            if isinstance(done, Failed):
                notice = Notice(code=done.code, message=done.message)
                yield Deepened(
                    id=done.item, status="failed", version=case.manifest(done.item).version, notices=(notice,)
                )
                continue
            content, derived = done.result
            manifest = clerk.deepen(done.item, derived, content)
            yield Deepened(id=done.item, status="deepened", version=manifest.version, notices=manifest.notices)
