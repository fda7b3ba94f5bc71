"""Is this machine fit to work? Versions, confinement, clock, free space, hash vectors, the case's health."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensics import __version__, fingerprint, media
from forensics.errors import ForensicsError
from pipelines import segments
from pipelines.case import open_case
from pipelines.config import Settings
from pipelines.environment import PACKAGES
from pipelines.library import segments_of
from pipelines.listing import Lister
from pipelines.segments import Proof
from pipelines.surroundings import Surroundings, clock_error, machine
from pipelines.volumes import track_of, volumes_of

VECTORS_SHA256 = "7f0c3d4613b1f81a91bec454a64e872b13cfd74807931ae8e20f4dae131e2c2c"
"""SHA-256 over the frame hashes of `_test_pictures`: another value means that hashes made here match nobody else's."""

LEAST_FREE = 2**30
"""Bytes: each file is copied before it is looked at, and a clip of a drone is seldom larger than 4 GB; below this no
case grows for long."""

MOST_NAMED = 5
"""Evidences named in one line."""

NO_PDF = "not installed: no exhibit or certificate as PDF (pip install 'footage-forensics[report]')"
"""Paper is optional too."""

NO_BUCKETS = "not installed: no bucket can be reached (pip install 'footage-forensics[s3]')"
"""So are buckets."""

NO_EXTRA = "not installed: no model can be named (pip install 'footage-forensics[learned]')"
"""Learned descriptors are optional, so that a machine without them is fit."""

NOT_HEARD = "cannot be compared: this ffmpeg was built without chromaprint; every manifest says so"
"""Sound is supporting evidence only, so that its absence makes no machine unfit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing examined."""

    name: str
    ok: bool
    found: str


def examine(case_dir: Path | None, settings: Settings | None = None) -> Iterator[Finding]:
    """Yield what was found, good and bad; ``settings`` tell where a case's catalog is."""
    from importlib import metadata

    yield Finding(name="footage-forensics", ok=True, found=__version__)
    yield Finding(name="python", ok=True, found=f"{machine()['python']} on {machine()['platform']}")
    for package in PACKAGES:
        yield Finding(name=package, ok=True, found=metadata.version(package))
    yield Finding(name="learned extra", ok=True, found=_learned_extra())
    yield Finding(name="report extra", ok=True, found=_report_extra())
    yield Finding(name="s3 extra", ok=True, found=_s3_extra())
    yield from _programs(Surroundings().search_path())
    yield _jail("jail", lambda: media.try_jail(sys.executable))
    yield _jail("jail of readers", media.try_reader_jail)
    yield _clock()
    yield _space(case_dir or Path.cwd())
    digest = hashlib.sha256(fingerprint.hash_batch(_test_pictures())[0].tobytes()).hexdigest()
    yield Finding(name="frame hash vectors", ok=digest == VECTORS_SHA256, found=digest[:16])
    if case_dir is not None:
        yield _case(case_dir)
        yield _index(case_dir)
        yield _catalog(case_dir, settings or Settings())


def _jail(name: str, attempt: Callable[[], media.Tried]) -> Finding:
    """What a jail refuses here. A weaker one is told and makes no machine unfit: the record names it."""
    level = media.reached()
    if not level.full:
        return Finding(name=name, ok=True, found=f"{level}: weaker than full, and --sandbox require refuses it")
    try:
        tried = attempt()
    except ForensicsError as error:
        return Finding(name=name, ok=False, found=f"{level}: cannot be tried: {error.message}")
    refused = f"{tried.acts - len(tried.allowed)} of {tried.acts} forbidden acts refused"
    done = f"; not refused: {', '.join(tried.allowed)}" if tried.allowed else ""
    return Finding(name=name, ok=not tried.allowed, found=f"{level}: {refused}{done}")


def _clock() -> Finding:
    """Whether anything keeps the clock right. One that nobody keeps is told and makes no machine unfit: times of a case
    are held against those of others, and a seal has its time-stamp.
    """
    kept = clock_error()
    now = Surroundings().timestamp()
    if kept is None:
        return Finding(name="clock", ok=True, found=f"{now}; this system does not tell whether it is kept right")
    said = "not synchronised: nothing keeps it right" if kept.unsynchronised else "synchronised"
    return Finding(name="clock", ok=True, found=f"{now}, {said}, at most {kept.at_most_s:.3f} s off by its own account")


def _space(folder: Path) -> Finding:
    """Whether there is room for more than the next file."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name="free space", ok=False, found=f"cannot be told: {error.strerror}")
    return Finding(name="free space", ok=free >= LEAST_FREE, found=f"{free / 2**30:.1f} GiB")


def _learned_extra() -> str:
    """ONNX Runtime's version, told without loading it."""
    from importlib import metadata

    try:
        return f"onnxruntime {metadata.version('onnxruntime')}: a model can be named with --model"
    except metadata.PackageNotFoundError:
        return NO_EXTRA


def _s3_extra() -> str:
    """The version of the client of buckets, told without loading it."""
    from importlib import metadata

    try:
        return f"boto3 {metadata.version('boto3')}: locked copies, and input, in buckets"
    except metadata.PackageNotFoundError:
        return NO_BUCKETS


def _report_extra() -> str:
    """The typesetter's version, told without loading it."""
    from importlib import metadata

    try:
        return f"typst {metadata.version('typst')}: exhibits and certificates as PDF"
    except metadata.PackageNotFoundError:
        return NO_PDF


def _programs(search_path: str) -> Iterator[Finding]:
    try:
        tools = media.find_tools(search_path)
    except ForensicsError as error:
        yield Finding(name="ffmpeg", ok=False, found=f"{error.message} - {error.hint}")
        return
    for tool in (tools.ffmpeg, tools.ffprobe):
        yield Finding(name=tool.name, ok=True, found=f"{tool.version} sha256 {tool.sha256[:16]}")
    yield Finding(name="confinement", ok=True, found=tools.confinement)
    heard = "can be compared" if media.can_listen(tools.ffmpeg) else NOT_HEARD
    yield Finding(name="sound", ok=True, found=heard)


def _case(root: Path) -> Finding:
    try:
        case = open_case(root)
        count = sum(1 for _ in case.store.ids())
    except ForensicsError as error:
        return Finding(name="case", ok=False, found=f"{error.message} - {error.hint}")
    left = sorted(path.name for path in case.staging.iterdir()) if case.staging.is_dir() else []
    unfinished = f"; unfinished work in staging: {len(left)} folders (the next ingest puts them away)" if left else ""
    return Finding(name="case", ok=True, found=f"{case.info.id}: {count} evidences{unfinished}")


def _index(root: Path) -> Finding:
    """Whether the segments of the index are what the tracks give."""
    try:
        case = open_case(root)
        volumes = {(each.id, each.fingerprint_sha256): each for each in volumes_of(case)}
        seen = tuple(segments.prove(segments_of(case), volumes, lambda pair: track_of(volumes[pair])))
    except ForensicsError as error:
        return Finding(name="index", ok=False, found=f"{error.message} - {error.hint}")
    bad = [f"{name} is {proof}" for name, proof in seen if proof in (Proof.DIFFERENT, Proof.NOT_WHOLE)]
    if bad:
        return Finding(name="index", ok=False, found=f"{'; '.join(bad)} - delete it, and match again")
    outdated = sum(proof is Proof.OUTDATED for _, proof in seen)
    more = f"; {outdated} outdated" if outdated else ""
    return Finding(name="index", ok=True, found=f"{len(seen) - outdated} segments, as the tracks give them{more}")


def _catalog(root: Path, settings: Settings) -> Finding:
    """Whether the rows of the catalog are what the manifests say."""
    try:
        lister = Lister(case=open_case(root), settings=settings, surroundings=Surroundings())
        seen = lister.compared()
    except ForensicsError as error:
        return Finding(name="catalog", ok=False, found=f"{error.message} - {error.hint}")
    if seen is None:
        return Finding(name="catalog", ok=True, found=f"not kept: {lister.why_none()}")
    if seen.different:
        named = ", ".join(each[:16] for each in seen.different[:MOST_NAMED])
        found = f"{len(seen.different)} rows are not what the manifests say: {named} - delete it, and match again"
        return Finding(name="catalog", ok=False, found=found)
    more = f"; {seen.behind} to be read from their manifests" if seen.behind else ""
    return Finding(name="catalog", ok=True, found=f"{seen.rows} evidences, as the manifests say{more}")


def _test_pictures() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Pictures made of whole numbers alone: gradients, waves and blocks that every machine makes alike."""
    y, x = np.mgrid[0:64, 0:64].astype(np.int64)
    planes = [
        (x * a + y * b + x * y * c) % 256 for a, b, c in ((3, 5, 0), (1, 7, 1), (11, 2, 3), (0, 4, 5), (13, 13, 7))
    ]
    return np.stack(planes).astype(np.uint8)
