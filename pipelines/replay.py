"""Derive the facts again from the kept bytes and compare.

1  open the kept original and its sidecars, and digest the original again
2  derive, exactly as at ingest, into a temporary folder; keyframes are packed by the recipe that the facts name
3  compare the digests of exact and of recipe-bound facts, the derived files and the notices; where they differ, name
   each place
4  name the programs and packages whose recorded version is not today's
5  log what was found
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from forensics import custody
from forensics.acquire import digest_file
from forensics.model.custody import EventType
from forensics.model.manifest import Json, Manifest
from forensics.model.store import MANIFEST_NAME, ORIGINAL_NAME
from pipelines.case import Case, Run
from pipelines.config import Settings
from pipelines.derive import Derived, derive, single_threaded
from pipelines.engine import Done, Failed
from pipelines.environment import Moved, environment_record, moved
from pipelines.facts import is_triage
from pipelines.keyframe_files import png_recipe
from pipelines.kit import Kit, open_kit
from pipelines.progress import Progress
from pipelines.sidecars import Sidecar
from pipelines.workers import engine_for

MAX_DIFFERENCES = 200
"""Places named one by one; past that their number is said."""

MAX_MOVED = 2000
"""Characters of the log line that say what moved; the JSON line of the command has all of it."""

DERIVED = "derived/"
"""Folder of what was derived, among a manifest's subjects."""

_RECIPE_TOOLS = "recipe.tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What deriving again gave. ``differences`` name each place with both values; ``moved`` what of the environment in
    which the facts were derived is another one today, whether or not a fact differs.
    """

    id: str
    exhibit: str
    exact_equal: bool
    recipe_equal: bool
    files_equal: bool
    differences: tuple[str, ...]
    moved: tuple[Moved, ...] = ()

    @property
    def equal(self) -> bool:
        """Both digests of facts agree, and the derived files and notices are the recorded ones."""
        return self.exact_equal and self.recipe_equal and self.files_equal

    @property
    def only_versions(self) -> bool:
        """Whether nothing differs but the versions that the recipe names: with others, the values are the same."""
        return not self.equal and all(each.startswith(_RECIPE_TOOLS) for each in self.differences)

    @property
    def verdict(self) -> str:
        """What the differences can be put down to, in words; empty where all is equal and nothing moved."""
        named = ", ".join(f"{each.name} {each.recorded} -> {each.now}" for each in self.moved)
        if self.equal:
            return f"equal although there moved: {named}" if named else ""
        if self.only_versions:
            return f"the values are equal; only versions moved: {named}"
        if named:
            return f"moved since the facts were derived: {named}"
        return "no recorded version has moved: none of them explains the difference"

    def as_fields(self) -> dict[str, object]:
        """The fields of the JSON line."""
        return {
            "id": self.id,
            "exhibit": self.exhibit,
            "equal": self.equal,
            "exact_equal": self.exact_equal,
            "recipe_equal": self.recipe_equal,
            "files_equal": self.files_equal,
            "only_versions": self.only_versions,
            "differences": list(self.differences),
            "moved": [each._asdict() for each in self.moved],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """The worker's job: steps 1 to 3 for one evidence."""

    case: Case
    kit: Kit
    environment: dict[str, Json]

    def __call__(self, evidence: str) -> Replayed:
        single_threaded()
        manifest = self.case.manifest(evidence)
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:
            derived = self._derive(evidence, manifest, Path(folder))
        outcome = _compare(evidence, manifest, derived)
        return replace(outcome, moved=moved(self._derived_in(evidence, manifest), self.environment))

    def _derived_in(self, evidence: str, manifest: Manifest) -> dict[str, Json]:
        """The environment of the first version with these facts: later ones that only add an appearance carry the
        facts on, with the environment of their own run. What the recipe names outranks it.
        """
        environment = dict(manifest.record.environment)
        for state in reversed(self.case.store.states(evidence)):
            former = custody.decode_manifest(self.case.store.read(evidence, MANIFEST_NAME, state.version))
            if former.facts != manifest.facts:
                break
            environment = dict(former.record.environment)
        return named_by_recipe(environment, manifest.facts.recipe.get("tools"))

    def _derive(self, evidence: str, manifest: Manifest, into: Path) -> Derived:
        handle = self.case.store.open(evidence, ORIGINAL_NAME)
        try:
            sidecars, triage = sidecars_of(self.case, evidence, manifest), is_triage(manifest.facts)
            kit = replace(self.kit, png=png_recipe(manifest.facts))
            return derive(handle, digest_file(handle), sidecars, into, kit, triage=triage)
        finally:
            os.close(handle)


def sidecars_of(case: Case, evidence: str, manifest: Manifest) -> tuple[Sidecar, ...]:
    """The sidecars of the facts, under the names that they had when the facts were derived."""
    known = manifest.facts.exact.get("telemetry", [])
    assert isinstance(known, list)
    names = [str(entry["file"]) for entry in known if isinstance(entry, dict)]
    return tuple(
        Sidecar(found_as=name, stored_as=name, data=case.store.path(evidence, name).read_bytes()) for name in names
    )


def replay(
    case: Case, run: Run, evidence: tuple[str, ...], settings: Settings, progress: Progress
) -> Iterator[Replayed]:
    """Yield, for each evidence, whether its facts are equal when derived again.

    Raises:
        ToolError: ffmpeg or ffprobe is missing or too old, or the required sandbox is not to be had.

    """
    kit = open_kit(run.surroundings.search_path(), settings)
    job = _Again(
        case=case,
        kit=kit,
        environment=environment_record(kit.tools, settings, ()),
    )
    progress.grow(len(evidence))
    for thing in engine_for(settings, len(evidence)).run(job, evidence):
        outcome = thing.result if isinstance(thing, Done) else _lost(case, thing)
        verdict = "equal" if outcome.equal else f"{len(outcome.differences)} differences"
        detail = {"facts": verdict, "moved": "; ".join(" ".join(each) for each in outcome.moved)[:MAX_MOVED]}
        case.record(run, EventType.REPLAY, outcome.id, {name: value for name, value in detail.items() if value})
        progress.advance()
        progress.working_on(outcome.id[:16])
        yield outcome


def _lost(case: Case, failed: Failed[str]) -> Replayed:
    exhibit = str(case.manifest(failed.item).record.case.get("exhibit"))
    sentence = f"could not be derived again: {failed.message} [{failed.code}]"
    return Replayed(
        id=failed.item,
        exhibit=exhibit,
        exact_equal=False,
        recipe_equal=False,
        files_equal=False,
        differences=(sentence,),
    )


def _compare(evidence: str, manifest: Manifest, derived: Derived) -> Replayed:
    before = custody.facts_digests(manifest.facts)
    after = custody.facts_digests(derived.facts)
    found: list[str] = []
    if before[0] != after[0]:
        found.extend(_differences("exact", dict(manifest.facts.exact), dict(derived.facts.exact)))
    if before[1] != after[1]:
        found.extend(_differences("recipe", dict(manifest.facts.recipe), dict(derived.facts.recipe)))
    files = [*_file_differences(manifest, derived), *_notice_differences(manifest, derived)]
    found.extend(files)
    if len(found) > MAX_DIFFERENCES:
        found[MAX_DIFFERENCES:] = [f"and {len(found) - MAX_DIFFERENCES} more"]
    return Replayed(
        id=evidence,
        exhibit=str(manifest.record.case.get("exhibit")),
        exact_equal=before[0] == after[0],
        recipe_equal=before[1] == after[1],
        files_equal=not files,
        differences=tuple(found),
    )


def _file_differences(manifest: Manifest, derived: Derived) -> Iterator[str]:
    """Each derived file that is not the one that the manifest names."""
    before = {each.name: each.sha256 for each in manifest.subjects if each.name.startswith(DERIVED)}
    after = {each.name: each.sha256 for each in derived.files}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"file {name}: SHA-256 {before.get(name)} -> {after.get(name)}"


def _notice_differences(manifest: Manifest, derived: Derived) -> Iterator[str]:
    """Each notice of deriving that the manifest does not have: a fault that was not told, or is told otherwise now.

    Of those that only the manifest has, some are from finding and acquiring the file, and are not derived.
    """
    for notice in derived.notices:
        if notice not in manifest.notices:
            yield f"notice {notice.code}: not recorded -> {_brief(notice.message)}"


def named_by_recipe(environment: dict[str, Json], tools: Json) -> dict[str, Json]:
    """The environment with the versions that the recipe names: those are what the digest of the facts is over."""
    named = dict(tools) if isinstance(tools, dict) else {}
    programs = environment.get("programs")
    told = [dict(each) for each in programs if isinstance(each, dict)] if isinstance(programs, list) else []
    for program in told:
        program["version"] = named.pop(str(program.get("name")), program.get("version"))
    packages = environment.get("packages")
    known = dict(packages) if isinstance(packages, dict) else {}
    return {**environment, "programs": list(told), "packages": {**known, **named}}


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
