"""The model of learned descriptors that the user names: read, asked about every picture, its proposals added.

1  read the model once, digest it, try it
2  describe each evidence, a picture in `matching.LEARNED_PARAMS.step_s` seconds, and keep that in the case's cache
3  add to each ranking what the descriptors propose

CASE/index/learned/<model>/<evidence>.bin    a cache: it may be deleted, and is made again where it is not whole

The pictures are decoded again from the kept bytes, as the rest of matching does. The keyframes in the store would be
cheaper, but they stand up to ten seconds apart, a query from outside has none, and a moving camera has left the place
by then.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np

from forensics import acquire, fingerprint, matching
from forensics.errors import ForensicsError, InputError, IntegrityError, ModelInvalid, StoreError
from forensics.model.learned import Descriptors, ModelSpec
from forensics.model.notice import Notice
from pipelines.case import Case
from pipelines.config import Settings
from pipelines.derive import single_threaded
from pipelines.engine import Engine, Failed
from pipelines.library import Library
from pipelines.progress import Progress
from pipelines.whole_files import write_whole

PACKAGE = "package:"
"""Before the name of an installed package that brings the model: ``package:NAME``, or ``package:NAME/FILE.onnx``."""

LICENCE_FIELDS = ("License-Expression", "License")
"""Where a package states its licence (Core metadata 2.4, and before)."""

MAX_LICENCE_BYTES = 1 << 20
"""A licence's text is far shorter."""

MAX_CACHE_BYTES = 1 << 30
"""Descriptors of one evidence: two hundred hours of it."""

LONG_SIDE = 512
"""Pixels of the decoded pictures: more than models of this kind take in."""

CHUNK_S = 600.0
"""Seconds decoded at once: 300 pictures, about 45 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    """A model that was tried, and where it lies."""

    path: Path
    spec: ModelSpec


def open_model(settings: Settings) -> NamedModel | None:
    """The model that the settings name, tried; None when they name none, and nothing is loaded then.

    Raises:
        InputError: the file or package cannot be read (``model.unreadable``), or is no model that is used here.
        ToolError: ONNX Runtime is not installed.
    """
    if settings.model is None:
        if settings.model_licence is not None:
            raise InputError("a model's licence is named, but no model", hint="name the model too, with --model")
        return None
    path, packaged = _packaged(settings.model) if settings.model.startswith(PACKAGE) else (Path(settings.model), None)
    path = path.resolve()
    spec = _loaded(path, hashlib.sha256(_read(path, fingerprint.MOST_MODEL_BYTES)).hexdigest()).spec
    if settings.model_licence is not None:
        spec = _with_licence(spec, *_licence_file(Path(settings.model_licence)))
    elif packaged is not None and spec.licence == fingerprint.NOT_STATED:
        spec = _with_licence(spec, *packaged)
    return NamedModel(path=path, spec=spec)


@lru_cache(maxsize=1)
def _loaded(path: Path, sha256: str) -> fingerprint.LearnedModel:
    """The model in this process; the file must still be the one that was tried.

    Raises:
        InputError: it is not, or cannot be read.
    """
    data = _read(path, fingerprint.MOST_MODEL_BYTES)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelInvalid(f"{path} was changed while it was in use", code="model.changed", hint="run again")
    try:
        return fingerprint.LearnedModel(data)
    except ModelInvalid as error:
        raise ModelInvalid(f"the model {path}: {error.message}", code=error.code, hint=error.hint) from error


def _read(path: Path, most: int) -> bytes:
    """The bytes of a regular file that the user named.

    Raises:
        InputError: not readable, or larger than ``most``.
    """
    try:
        with os.fdopen(acquire.open_source(os.fspath(path)), "rb") as handle:
            data = handle.read(most + 1)
    except (ForensicsError, OSError) as error:
        raise ModelInvalid(
            f"{path}: {error}", code="model.unreadable", hint="name a file that is there and can be read"
        ) from error
    if len(data) > most:
        raise ModelInvalid(
            f"{path} is larger than {most} bytes", code="model.too_large", hint="is it the file that was meant?"
        )
    return data


def _packaged(named: str) -> tuple[Path, tuple[str, str]]:
    """The model file of an installed package, found without running it, and the licence that the package states."""
    name, _, wanted = named.removeprefix(PACKAGE).partition("/")
    try:
        package = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise ModelInvalid(
            f"no package {name!r} is installed", code="model.unreadable", hint="pip list names those that are"
        ) from error
    held = sorted(str(each) for each in package.files or () if str(each).endswith(".onnx"))
    fitting = [each for each in held if not wanted or each == wanted]
    if len(fitting) != 1:
        some = ", ".join(held[:8]) or "none"
        raise ModelInvalid(
            f"the package {name} does not hold one such model, but: {some}",
            code="model.unreadable",
            hint=f"name one with {PACKAGE}{name}/FILE.onnx",
        )
    stated = next((package.metadata[each] for each in LICENCE_FIELDS if each in package.metadata), "")
    licence = fingerprint.one_line(stated), f"the package {name} {package.version}"
    return Path(str(package.locate_file(fitting[0]))), licence


def _licence_file(path: Path) -> tuple[str, str]:
    data = _read(path, MAX_LICENCE_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    return fingerprint.one_line(data.decode("utf-8", "replace")), f"a file named by the user, SHA-256 {digest}"


def _with_licence(spec: ModelSpec, licence: str, place: str) -> ModelSpec:
    return replace(spec, licence=licence, licence_from=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a worker needs: the volumes, the model, where descriptors lie.

    Those of evidence of the case (``kept``) lie in its ``cache``, others in ``scratch`` where there is one; ``memo``
    holds what this process has loaded or made.
    """

    library: Library
    model: NamedModel
    kept: frozenset[str]
    cache: Path
    scratch: Path | None = None
    memo: dict[str, Descriptors] = field(default_factory=dict)

    def facing(self, library: Library) -> Learned:
        """The same model over other volumes."""
        return replace(self, library=library)

    def describe(self, volume: str) -> None:
        """Have the descriptors of a volume at hand: from the cache, or made now and written there.

        Raises:
            MediaError: it cannot be decoded.
            ModelInvalid: the model gives no numbers for it, or is not the one that was tried.
            StoreError: they cannot be written.
        """
        if self.of(volume) is not None:
            return
        made = self._made(volume)
        self.memo[volume] = made
        path = self._path(volume)
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, fingerprint.encode_descriptors(made, volume, self.model.spec))
            except OSError as error:
                raise StoreError(f"{path}: {error.strerror}", hint="make room or check permissions") from error

    def of(self, volume: str) -> Descriptors | None:
        """The descriptors of a volume, None where there are none that are whole and of this model."""
        if volume not in self.memo:
            path = self._path(volume)
            stored = None if path is None else _stored(path, volume, self.model.spec)
            if stored is None:
                return None
            self.memo[volume] = stored
        return self.memo[volume]

    def added(self, ranking: matching.Ranking, query: str, references: Sequence[str]) -> matching.Ranking:
        """The ranking with what the model proposes of these references."""
        ours = self.of(query)
        if ours is None:
            return ranking
        theirs = {each: found for each in references if (found := self.of(each)) is not None}
        return matching.with_learned(ranking, (query, ours), theirs)

    def visited(self, volume: str, path: str) -> Iterator[Notice]:
        """Describe a query from outside; say so where that fails, and it is compared without the model."""
        try:
            self.describe(volume)
        except ForensicsError as error:
            yield _not_described(path, error.code, error.message)

    def forget_visitors(self) -> None:
        """Let go of queries from outside."""
        for volume in self.memo.keys() - self.kept:
            del self.memo[volume]

    def _path(self, volume: str) -> Path | None:
        folder = self.cache / self.model.spec.sha256 if volume in self.kept else self.scratch
        return None if folder is None else folder / f"{volume}.bin"

    def _made(self, volume: str) -> Descriptors:
        model = _loaded(self.model.path, self.model.spec.sha256)
        rate = 1.0 / matching.LEARNED_PARAMS.step_s
        parts: list[Descriptors] = []
        start = 0.0
        while not parts or start <= self.library.subjects[volume].duration_s:
            window = self.library.window(volume, start, start + CHUNK_S, rate, LONG_SIDE)
            parts.append(model.described(window.seconds.tolist(), list(window.luma)))
            start += CHUNK_S
        return Descriptors(
            seconds=np.concatenate([part.seconds for part in parts]),
            as_is=np.concatenate([part.as_is for part in parts]),
            negative=np.concatenate([part.negative for part in parts]),
        )


def learned_for(
    model: NamedModel | None, case: Case, library: Library, kept: Sequence[str], scratch: Path | None = None
) -> Learned | None:
    """What workers need to use this model over the library, of which ``kept`` are of the case; None without one."""
    if model is None:
        return None
    cache = case.root / "index" / "learned"
    return Learned(library=library, model=model, kept=frozenset(kept), cache=cache, scratch=scratch)


def describe_all(
    engine: Engine, learned: Learned | None, volumes: Sequence[str], progress: Progress
) -> Iterator[Notice]:
    """Step 2 for these volumes; yield what could not be described, which is then not proposed by the model."""
    if learned is None:
        return
    progress.grow(len(volumes))
    progress.working_on("describing pictures with the model")
    for done in engine.run(_Describe(learned=learned), volumes):
        progress.advance()
        if isinstance(done, Failed):
            yield _not_described(done.item[:16], done.code, done.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Describe:
    """The worker's job of step 2."""

    learned: Learned

    def __call__(self, volume: str) -> None:
        single_threaded()
        self.learned.describe(volume)
        # Whoever ranks loads what it needs: here it would only pile up.
        self.learned.memo.clear()


def _stored(path: Path, volume: str, spec: ModelSpec) -> Descriptors | None:
    """Descriptors from the cache, None where they have to be made (again)."""
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_CACHE_BYTES + 1)
        return fingerprint.decode_descriptors(data, volume, spec)
    except (OSError, IntegrityError):
        return None


def _not_described(subject: str, code: str, message: str) -> Notice:
    return Notice(code=code, message=f"not described by the model: {subject}: {message}")
