"""The main job: make the case if there is none, ingest, match, seal, verify, report, seal.

1  open the case, or make it
2  put away what an interrupted run left
3  ingest what is new
4  match every evidence against every other
5  seal the log, so that what is verified is sealed
6  verify all of it
7  render the report
8  seal the log again: the report's own line is under a seal too
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from forensics import custody
from forensics.errors import CaseError, InputError
from forensics.model.custody import CaseInfo, Check
from forensics.model.notice import Notice
from forensics.model.provenance import Passed
from pipelines import recovery
from pipelines.all_pairs import Compared
from pipelines.case import CASE_FILE, SCHEMA, Case, Run, case_config, create_case, open_case
from pipelines.clerk import Outcome
from pipelines.config import Settings, read_config, resolve
from pipelines.ingest import ingest
from pipelines.learned import NamedModel, open_model
from pipelines.match import Matched, match_case
from pipelines.progress import Progress
from pipelines.report import write_report
from pipelines.seal import seal_case
from pipelines.searched import Searched
from pipelines.surroundings import Surroundings
from pipelines.verify import checks_of

MAX_CASE_ID = 200
"""Characters of a case identifier: it stands in every line of the log and on every page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The main job under way."""

    case: Case
    run: Run
    settings: Settings
    model: NamedModel | None


KeyFor = Callable[[Settings, Surroundings], custody.Signer]
"""Gives the operator's key under these settings, making one when there is none."""


def make_case(
    folder: Path,
    *,
    key_for: KeyFor,
    case_id: str,
    title: str | None = None,
    custodian: str | None = None,
    operator: str | None = None,
) -> Case:
    """Make a case in ``folder``, with the operator's key as its first, and seal it.

    Raises:
        CaseError: there is one already.
        InputError: the identifier is empty or too long.
        StoreError: the folder cannot be written.

    """
    surroundings = Surroundings()
    user = read_config(user_config_path("footage-forensics") / "config.toml")
    flags = {"operator": operator, "custodian": custodian}
    settings = resolve(flags=flags, environ=surroundings.environ, case={}, user=user)
    if not case_id.strip() or len(case_id) > MAX_CASE_ID or not case_id.isprintable():
        raise InputError("a case identifier is one line of text", hint=f"1 to {MAX_CASE_ID} printable characters")
    key = key_for(settings, surroundings)
    run = Run(id=surroundings.new_urn(), operator=settings.operator, surroundings=surroundings, signer=key)
    info = CaseInfo(
        id=case_id,
        title=title,
        custodian=settings.custodian,
        operator=settings.operator,
        schema=SCHEMA,
        created=surroundings.timestamp(),
    )
    case = create_case(folder, info, run)
    seal_case(case, case.enrolled(run, settings.operator))
    return case


def begin(case_dir: Path | None, case_id: str | None, flags: Mapping[str, object], key_for: KeyFor) -> Work:
    """Step 1.

    Raises:
        CaseError: no folder named.
        InputError: a setting of the wrong kind, or a model that cannot be used.
        ToolError: a model is named and ONNX Runtime is not installed.
        StoreError: the folder cannot be written.

    """
    surroundings = Surroundings()
    root = case_dir or (
        Path(surroundings.environ["FORENSICS_CASE"]) if surroundings.environ.get("FORENSICS_CASE") else None
    )
    if root is None:
        raise CaseError("no case folder named", hint="say where with -c FOLDER; it is made when it is not there")
    if not (root / CASE_FILE).exists():
        operator = flags.get("operator")
        make_case(
            root,
            key_for=key_for,
            case_id=case_id or os.path.abspath(root).rsplit(os.sep, 1)[-1],
            operator=str(operator) if operator else None,
        )
    case = open_case(root)
    user = read_config(user_config_path("footage-forensics") / "config.toml")
    in_case = {**case.known_operator(), **case_config(root)}
    settings = resolve(flags=flags, environ=surroundings.environ, case=in_case, user=user)
    signer = key_for(settings, surroundings)
    run = Run(id=surroundings.new_urn(), operator=settings.operator, surroundings=surroundings, signer=signer)
    model = open_model(settings)
    return Work(case=case, run=case.enrolled(run, settings.operator), settings=settings, model=model)


def recover(work: Work) -> tuple[str, ...]:
    """Step 2. One sentence a thing found."""
    return recovery.recover(work.case, work.run)


def ingest_all(
    work: Work, inputs: Sequence[str], argv: Sequence[str], progress: Progress
) -> Iterator[Outcome | Passed]:
    """Step 3."""
    return ingest(work.case, work.run, inputs, work.settings, argv, progress)


def match_all(work: Work, progress: Progress) -> Iterator[Matched | Notice | Searched | Compared]:
    """Step 4."""
    return match_case(work.case, work.run, work.settings, progress, work.model)


def verify_all(work: Work) -> tuple[Check, ...]:
    """Step 6."""
    return checks_of(work.case.root)


def report_all(work: Work, checks: Sequence[Check] | None, progress: Progress) -> dict[str, Path]:
    """Step 7. Returns the three files worth opening, by what they are."""
    page = write_report(work.case, work.run, work.settings, None, progress, checks)
    first = next(iter(work.case.store.ids()), None)
    places = {"report": page, "custody log": work.case.log.path}
    if first is not None:
        places["a manifest"] = work.case.store.path(first, "manifest.json")
    return places
