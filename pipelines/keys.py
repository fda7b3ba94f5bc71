"""The operator's key: where it lies, how it is made, and how a passphrase comes to it.

It lies outside every case: where ``key`` of the user's settings says (FORENSICS_KEY), or else in the user's
configuration folder. A passphrase comes from the file that FORENSICS_PASSPHRASE_FILE names, or from a terminal; where
ssh-agent holds the key, none is needed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from forensics import custody
from forensics.errors import InputError, IntegrityError
from pipelines import agent
from pipelines.config import Settings
from pipelines.surroundings import Surroundings

PASSPHRASE_VARIABLE = "FORENSICS_PASSPHRASE_FILE"  # noqa: S105  the name of a variable

MAX_PASSPHRASE = 4096
"""Bytes of a passphrase file: what is longer is another file."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""Permissions that a private key must not give, as for ssh."""

Ask = Callable[[str], bytes | None]
"""Asks a person at a terminal for a passphrase; None where there is no terminal or nothing was typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKey:
    """The key in force for this user. ``made``: it was made just now."""

    path: Path
    signer: custody.Signer
    made: bool


def no_terminal(question: str) -> bytes | None:
    """Nobody can be asked."""
    return None


def key_path(settings: Settings) -> Path:
    """Where the private key lies, or would."""
    return Path(settings.key).expanduser() if settings.key else user_config_path("footage-forensics") / "operator_key"


def open_or_make(settings: Settings, surroundings: Surroundings, ask: Ask) -> OperatorKey:
    """The user's key; one is made when there is none. Raises as `open_key` and `make_key`."""
    path = key_path(settings)
    found = open_key(settings, surroundings, ask)
    if found is not None:
        return OperatorKey(path=path, signer=found, made=False)
    return make_key(path, surroundings, ask)


def open_key(settings: Settings, surroundings: Surroundings, ask: Ask) -> custody.Signer | None:
    """The user's key, or None when there is none.

    Raises InputError: ``input.key`` when the file cannot be used, ``input.passphrase`` when there is no passphrase or
    a wrong one, ``input.agent`` when only the public half is here and the agent does not hold the other.
    """
    path = key_path(settings)
    public = public_half(path)
    socket = surroundings.environ.get(agent.SOCKET_VARIABLE)
    if not path.exists():
        if public is None:
            return None
        if socket is None or not agent.holds(socket, public):
            raise InputError(
                f"only the public half of the operator's key is here, and no agent holds it: {public.fingerprint}",
                code="input.agent",
                hint="Load it: ssh-add FILE, or plug the token in.",
            )
        return agent.AgentSigner(socket, public)
    data = _read_private(path)
    if not custody.is_encrypted(data):
        return custody.load_key(data, None)
    passphrase = passphrase_from_file(surroundings)
    if passphrase is None and public is not None and socket is not None and agent.holds(socket, public):
        return agent.AgentSigner(socket, public)
    if passphrase is None:
        passphrase = ask(f"Passphrase of {path}")
    if passphrase is None:
        raise InputError(
            f"the operator's key {path} is encrypted and there is no passphrase",
            code="input.passphrase",
            hint=f"Load it into ssh-agent, or name a file that holds the passphrase in {PASSPHRASE_VARIABLE}.",
        )
    return custody.load_key(data, passphrase)


def make_key(path: Path, surroundings: Surroundings, ask: Ask) -> OperatorKey:
    """Make a key at ``path`` and its public half beside it.

    When another process makes it at the same time, there is one key, and both get it. Raises InputError: the folder
    cannot be written, or the passphrase file is of no use.
    """
    passphrase = passphrase_from_file(surroundings) or ask(f"New passphrase for {path} (empty: none)")
    data, signer = custody.make_key(surroundings.entropy(custody.SEED_BYTES), passphrase)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(part, data, 0o600)
        try:
            path.hardlink_to(part)
        finally:
            part.unlink()
        _write(path.with_name(f"{path.name}.pub"), f"{signer.key.line}\n".encode(), 0o644)
    except FileExistsError:
        return OperatorKey(path=path, signer=custody.load_key(_read_private(path), passphrase), made=False)
    except OSError as error:
        raise InputError(f"no key can be written at {path}: {error.strerror}", code="input.key") from error
    return OperatorKey(path=path, signer=signer, made=True)


def passphrase_from_file(surroundings: Surroundings, variable: str = PASSPHRASE_VARIABLE) -> bytes | None:
    """The passphrase in the file that the environment names, without its last newline; None when it names none.

    Raises InputError (``input.passphrase``).
    """
    name = surroundings.environ.get(variable)
    if not name:
        return None
    try:
        with Path(name).open("rb") as file:
            text = file.read(MAX_PASSPHRASE + 1).rstrip(b"\r\n")
    except OSError as error:
        raise InputError(f"{variable}: {error.strerror}", code="input.passphrase") from error
    if not text or len(text) > MAX_PASSPHRASE:
        raise InputError(f"{variable}: the file holds no passphrase", code="input.passphrase")
    return text


def public_half(path: Path) -> custody.PublicKey | None:
    """The key in the ``.pub`` beside a private key, or None. Raises InputError (``input.key``)."""
    try:
        return custody.read_public(path.with_name(f"{path.name}.pub").read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, IntegrityError) as error:
        raise InputError(f"{path}.pub is no public key: {error}", code="input.key") from error


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise InputError(
                    f"others may read the operator's key {path}", code="input.key", hint=f"Type: chmod 600 {path}"
                )
            return file.read(custody.MAX_KEY_FILE)
    except OSError as error:
        raise InputError(f"the operator's key {path} cannot be read: {error.strerror}", code="input.key") from error


def _write(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
