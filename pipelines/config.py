"""Settings: flag > environment (FORENSICS_*) > case > user's file. All that was in force goes into the record."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from forensics.errors import InputError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
"""An authority's name becomes part of file names."""

MAX_JOBS = 256
"""More worker processes than any single machine in use has cores."""


PERSONAL = frozenset({"catalog", "key", "timestamp", "certs", "insecure", "vault"})
"""Settings that bear on nothing in a document, and stand in none."""

FOR_THE_USER = PERSONAL | {"model", "model_licence", "sandbox", "engine"}
"""Settings that a case must not make, since a case folder may come from somebody else: whom this machine calls, whose
key it uses, which files outside the case it opens and runs, which other machines work for it, how closely what reads
hostile bytes is confined.
"""

SANDBOX = ("auto", "require")
"""How closely programs are confined: as well as this machine can, or in the full jail and else not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamp authority: a short name, its address, and the file of its root certificate (PEM)."""

    name: str
    url: str
    root: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise InputError(
                f"timestamp: {self.name!r:.60} is no short name", hint="a to z, 0 to 9 and hyphens, at most 32"
            )
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"timestamp {self.name}: {self.url!r:.80} is not an address with http:// or https://")


CATALOG_AUTO, CATALOG_OFF, CATALOG_LOCAL = "auto", "off", "local"
"""A catalog of large cases, none, or one of any case in its own folder; an address names a server's database."""

_PASSWORD = re.compile(r"://[^@]*:.*@|\bpassword\s*=", re.IGNORECASE)
"""What an address with a password has, be it well formed or not."""

HERE = "local"
"""The engine that is this machine's own cores."""

ON_THE_COMMAND_LINE = "the command line"

UNNAMED = "unnamed operator"
"""The operator whom nobody named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set for a run.

    ``jobs`` worker processes (0: one a core), ``operator`` and ``custodian`` as they go into the record,
    ``cpu_s`` CPU seconds that decoding one file may take, ``model`` of learned descriptors (a file, or
    ``package:NAME``) and a file with its licence, ``model_licence``, ``key`` where the operator's private key lies
    (None: in the user's configuration folder), ``timestamp`` the authorities that are asked for the time of each seal,
    ``sandbox`` one of `SANDBOX`, ``engine`` `HERE`, the address of a cluster's scheduler, for which ``certs`` is the
    folder of certificates (``insecure`` lets it be reached in the clear), or ``module:function`` that opens an
    executor. ``vault`` is the place in a bucket for locked copies. ``catalog`` is `CATALOG_AUTO`, `CATALOG_OFF`,
    `CATALOG_LOCAL` or the address of a PostgreSQL database, which may hold a password: no message has it.
    """

    jobs: int = 0
    operator: str = UNNAMED
    custodian: str | None = None
    cpu_s: int = 14400
    sandbox: str = "auto"
    model: str | None = None
    model_licence: str | None = None
    key: str | None = None
    timestamp: tuple[Authority, ...] = ()
    engine: str = HERE
    certs: str | None = None
    insecure: bool = False
    vault: str | None = None
    catalog: str = CATALOG_AUTO

    def __post_init__(self) -> None:
        if not 0 <= self.jobs <= MAX_JOBS:
            raise InputError(f"jobs = {self.jobs} is not between 0 and {MAX_JOBS}", hint="0 means one a core")
        if self.cpu_s <= 0:
            raise InputError(f"cpu_s = {self.cpu_s} is not a number of seconds above 0")
        if self.sandbox not in SANDBOX:
            raise InputError(f"sandbox = {self.sandbox!r:.40} is not known", hint=f"known: {', '.join(SANDBOX)}")
        known = (CATALOG_AUTO, CATALOG_OFF, CATALOG_LOCAL)
        if self.catalog not in known and not self.catalog.startswith("postgresql://"):
            raise InputError("catalog is not known", hint=f"known: {', '.join(known)}, postgresql://USER@HOST/NAME")

    def as_record(self) -> dict[str, str | int | None]:
        """Every setting that bears on the work, by name, for the manifest; of a model or a cluster only where one is
        named, and of the cluster its kind, not its address.
        """
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in PERSONAL}
        named["engine"] = None if self.engine == HERE else self.engine.partition(":")[0]
        optional = ("engine", "model", "model_licence")
        return {name: value for name, value in named.items() if value is not None or name not in optional}


def read_config(path: Path) -> dict[str, object]:
    """The table of one TOML file; empty when there is none.

    Raises:
        InputError: not readable, or not TOML.

    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}", hint="correct the file or move it away") from error


def resolve(
    *,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    case: Mapping[str, object],
    user: Mapping[str, object],
) -> Settings:
    """Layer the sources, weakest first; a value of None in ``flags`` means "not given".

    Raises:
        InputError: an unknown name or a value of the wrong kind, with the place it came from.

    """
    names = {field.name for field in fields(Settings)}
    settings = Settings()
    layers: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("the user's configuration", user),
        ("the case's configuration", case),
        (
            "the environment",
            {n: environ[f"FORENSICS_{n.upper()}"] for n in names if f"FORENSICS_{n.upper()}" in environ},
        ),
        (ON_THE_COMMAND_LINE, {name: value for name, value in flags.items() if value is not None}),
    )
    for origin, layer in layers:
        unknown = sorted(set(layer) - names)
        if unknown:
            raise InputError(
                f"{origin} names an unknown setting: {unknown[0]}", hint=f"known: {', '.join(sorted(names))}"
            )
        if layer is case and FOR_THE_USER & layer.keys():
            raise InputError(
                f"{origin} cannot set {min(FOR_THE_USER & layer.keys())}", hint="it is for the user to set"
            )
        if origin == ON_THE_COMMAND_LINE and _PASSWORD.search(str(layer.get("catalog", ""))):
            raise InputError(
                "the catalog's address has a password on the command line, where others can read it",
                hint="put it into FORENSICS_CATALOG, or into ~/.pgpass",
            )
        if layer:
            typed: dict[str, Any] = {name: _typed(name, value, origin) for name, value in layer.items()}
            settings = replace(settings, **typed)
    return settings


def _typed(name: str, value: object, origin: str) -> bool | int | str | tuple[Authority, ...]:
    if name == "timestamp":
        return _authorities(value, origin)
    if name == "insecure":
        if isinstance(value, bool):
            return value
        if value in ("0", "1"):
            return value == "1"
        raise InputError(f"{origin}: {name} = {value!r} is not true or false", hint="1 or 0 in the environment")
    if name in {"jobs", "cpu_s"}:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        raise InputError(f"{origin}: {name} = {value!r} is not a whole number")
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{origin}: {name} = {value!r} is not text")
    return value


def _authorities(value: object, origin: str) -> tuple[Authority, ...]:
    tables = value if isinstance(value, list) else []
    if not tables or any(
        not isinstance(table, dict)
        or set(table) != {"name", "url", "root"}
        or not all(isinstance(text, str) for text in table.values())
        for table in tables
    ):
        raise InputError(f"{origin}: timestamp is not a list of tables with name, url and root", hint="[[timestamp]]")
    authorities = tuple(Authority(**table) for table in tables)
    if len({each.name for each in authorities}) != len(authorities):
        raise InputError(f"{origin}: two time-stamp authorities have one name")
    return authorities
