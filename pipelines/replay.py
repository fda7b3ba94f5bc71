"""Derive the facts again from the kept bytes and compare.

1  open the kept original and its sidecars
2  derive, exactly as at ingest, into a temporary folder
3  compare the digests of exact and of recipe-bound facts; where they differ, name each place
4  log what was found
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from forensics import custody, media
from forensics.model.custody import EventType
from forensics.model.evidence import Digests
from forensics.model.manifest import Json, Manifest
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.derive import Derived, Kit, Sidecar, derive, single_threaded
from pipelines.engine import Done, Failed, open_engine
from pipelines.progress import Progress
from pipelines.surroundings import cpu_count

MAX_DIFFERENCES = 200
"""Places named one by one; past that their number is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What deriving again gave. ``differences`` name each place with both values."""

    id: str
    exhibit: str
    exact_equal: bool
    recipe_equal: bool
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Both digests of facts agree."""
        return self.exact_equal and self.recipe_equal

    def as_fields(self) -> dict[str, object]:
        """The fields of the JSON line."""
        return {
            "id": self.id,
            "exhibit": self.exhibit,
            "equal": self.equal,
            "exact_equal": self.exact_equal,
            "recipe_equal": self.recipe_equal,
            "differences": list(self.differences),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """The worker's job: steps 1 to 3 for one evidence."""

    case: Case
    kit: Kit

    def __call__(self, evidence: str) -> Replayed:
        single_threaded()
        manifest = self.case.manifest(evidence)
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:
            derived = self._derive(evidence, manifest, Path(folder))
        return _compare(evidence, manifest, derived)

    def _derive(self, evidence: str, manifest: Manifest, into: Path) -> Derived:
        original = next(subject for subject in manifest.subjects if subject.name == "original")
        digests = Digests(sha256=original.sha256, sha512=original.sha512, size=original.size)
        with self.case.store.path(evidence, "original").open("rb") as handle:
            return derive(handle.fileno(), digests, self._sidecars(evidence, manifest), into, self.kit)

    def _sidecars(self, evidence: str, manifest: Manifest) -> tuple[Sidecar, ...]:
        """The sidecars of the facts, under the names that they had when the facts were derived."""
        known = manifest.facts.exact.get("telemetry", [])
        assert isinstance(known, list)
        names = [str(entry["file"]) for entry in known if isinstance(entry, dict)]
        return tuple(
            Sidecar(found_as=name, stored_as=name, data=self.case.store.path(evidence, name).read_bytes())
            for name in names
        )


def replay(
    case: Case, run: Run, evidence: tuple[str, ...], settings: Settings, progress: Progress
) -> Iterator[Replayed]:
    """Yield, for each evidence, whether its facts are equal when derived again.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old.

    """
    tools = media.find_tools(run.surroundings.search_path())
    job = _Again(case=case, kit=Kit(tools=tools, limits=replace(media.DEFAULT_LIMITS, decode_cpu_s=settings.cpu_s)))
    progress.grow(len(evidence))
    workers = min(settings.jobs or cpu_count(), len(evidence))
    for thing in open_engine(workers).run(job, evidence):
        outcome = thing.result if isinstance(thing, Done) else _lost(case, thing)
        verdict = "equal" if outcome.equal else f"{len(outcome.differences)} differences"
        case.record(run, EventType.REPLAY, outcome.id, {"facts": verdict})
        progress.advance()
        yield outcome


def _lost(case: Case, failed: Failed[str]) -> Replayed:
    exhibit = str(case.manifest(failed.item).record.case.get("exhibit"))
    sentence = f"could not be derived again: {failed.message} [{failed.code}]"
    return Replayed(id=failed.item, exhibit=exhibit, exact_equal=False, recipe_equal=False, differences=(sentence,))


def _compare(evidence: str, manifest: Manifest, derived: Derived) -> Replayed:
    before = custody.facts_digests(manifest.facts)
    after = custody.facts_digests(derived.facts)
    found: list[str] = []
    if before[0] != after[0]:
        found.extend(_differences("exact", dict(manifest.facts.exact), dict(derived.facts.exact)))
    if before[1] != after[1]:
        found.extend(_differences("recipe", dict(manifest.facts.recipe), dict(derived.facts.recipe)))
    if len(found) > MAX_DIFFERENCES:
        found[MAX_DIFFERENCES:] = [f"and {len(found) - MAX_DIFFERENCES} more"]
    return Replayed(
        id=evidence,
        exhibit=str(manifest.record.case.get("exhibit")),
        exact_equal=before[0] == after[0],
        recipe_equal=before[1] == after[1],
        differences=tuple(found),
    )


def _differences(place: str, before: Json, after: Json) -> Iterator[str]:
    """Each leaf that is not the same, as ``place: before -> after``."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(set(before) | set(after)):
            yield from _differences(f"{place}.{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{place}[{number}]", old, new)
    elif before != after:
        yield f"{place}: {_brief(before)} -> {_brief(after)}"


def _brief(value: Json) -> str:
    text = f"{len(value)} entries" if isinstance(value, list | dict) else str(value)
    return text if len(text) <= 96 else f"{text[:93]}..."
