"""A PostgreSQL of the tests' own: made anew, on a socket in a temporary folder, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

GUARDED, PASSWORD = "guarded", "p@ss:w/ord"
"""A role that must give its password; all others are let in as they are."""

START_S = 60
"""A server starts in a second; on a machine with much other work in more."""

_SERVERS = ("postgres", "nobody")
"""Whom the server runs as where the tests run as root, which PostgreSQL refuses."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    folder: Path
    owner: str
    numbers: Iterator[int]

    def address(self, database: str, user: str | None = None) -> str:
        """The address of a database: the socket's folder stands in the query."""
        return f"postgresql://{user or self.owner}@/{database}?host={self.folder}"

    def new(self) -> str:
        """The address of a new, empty database."""
        name = f"test{next(self.numbers)}"
        with psycopg.connect(dbname="postgres", user=self.owner, host=str(self.folder), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.address(name)


def why_not() -> str | None:
    """Why no server can be started here; None where one can."""
    if shutil.which("initdb") is None:
        return "initdb of PostgreSQL is not on PATH"
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or _server_user() is None):
        return "PostgreSQL does not run as root, and there is no setpriv or no other user"
    return None


def _server_user() -> pwd.struct_passwd | None:
    known = {each.pw_name: each for each in pwd.getpwall()}
    return next((known[name] for name in _SERVERS if name in known), None)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as the block lasts."""
    user = _server_user() if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    assert user is not None
    # Tests that are killed clean up nothing: the server ends with the process that started it.
    become = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.geteuid() == 0:
        become += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    around = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C"}}
    server = str(Path(shutil.which("initdb") or "initdb").resolve().with_name("postgres"))
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        made = [*become, "initdb", "-D", str(data), "-A", "trust", "-N", "--no-locale", "-E", "UTF8"]
        subprocess.run(made, check=True, capture_output=True, **around)
        hba = data / "pg_hba.conf"
        hba.write_text(f"local all {GUARDED} scram-sha-256\n{hba.read_text()}")
        words = [*become, server, "-D", str(data), "-c", "listen_addresses=", "-c", "fsync=off", "-k", name]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **around) as process:
            try:
                with _connected(name, user.pw_name) as connection:
                    connection.execute(f"CREATE ROLE {GUARDED} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
                yield Postgres(folder, user.pw_name, count())
            finally:
                process.send_signal(signal.SIGQUIT)


def _connected(folder: str, owner: str) -> psycopg.Connection:
    """A connection to a server that was started just now."""
    until = time.monotonic() + START_S
    while True:
        try:
            return psycopg.connect(dbname="postgres", user=owner, host=folder, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
