"""The real command line in a subprocess, and small real clips."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import fake_s3

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == kind]


_KEYS = tempfile.TemporaryDirectory(prefix="keys-")
"""Where the tests' operator keeps the key: never in the configuration of whoever runs the tests."""


def environment() -> dict[str, str]:
    """What every command gets: nothing of the user's own settings, and one worker, which runs in the command's process.

    Two workers are two more starts of Python for each command. A test that is about workers, or the first of a command
    that has them, asks for ``-j 2``.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORENSICS_", "SSH_AUTH_SOCK"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "FORENSICS_JOBS": "1",
        "FORENSICS_KEY": f"{_KEYS.name}/operator_key",
    }


@pytest.fixture(scope="session")
def forensics() -> Callable[..., Ran]:
    """Run the command line."""

    def call(*arguments: str | Path, cwd: Path | None = None, stdin: bytes | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=cwd or ROOT,
            env=environment(),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace"))

    return call


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two different clips of moving detail and one re-encoded copy of the first."""
    folder = tmp_path_factory.mktemp("clips")
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1"]
    first = "mandelbrot=s=320x240:r=25:end_scale=0.02:end_pts=120"
    second = "life=s=320x240:r=12:mold=10:ratio=0.3:seed=7:death_color=#483D8B:life_color=#E0C080"
    ffmpeg("-f", "lavfi", "-i", first, "-t", "5", *encode, folder / "first.mp4")
    ffmpeg("-f", "lavfi", "-i", second, "-t", "4", *encode, folder / "second.mp4")
    ffmpeg("-i", folder / "first.mp4", *encode, "-crf", "34", "-vf", "scale=240:-2", folder / "copy.mp4")
    return folder


@pytest.fixture(scope="session")
def ingested(forensics: Callable[..., Ran], clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case that holds the clips. Tests only read it."""
    case = tmp_path_factory.mktemp("cases") / "case"
    assert forensics("init", case, "--case-id", "T-1", "--operator", "tester").code == 0
    done = forensics("ingest", clips, "-c", case, "--json")
    assert done.code == 0, done.err
    return case


@pytest.fixture(scope="session")
def matched(forensics: Callable[..., Ran], ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That case after its evidences were compared. Tests only read it."""
    case = shutil.copytree(ingested, tmp_path_factory.mktemp("cases") / "matched", symlinks=True)
    done = forensics("match", "-c", case)
    assert done.code == 0, done.err
    return case


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fake of S3 (`tests.fake_s3` says what it gets wrong)."""
    pytest.importorskip("moto", reason="the fake of S3 is not installed")
    pytest.importorskip("boto3", reason="the extra s3 is not installed")
    with fake_s3.moto(tmp_path_factory.mktemp("moto")) as address:
        yield address


@pytest.fixture(scope="session")
def s3_owner(s3: str) -> Any:
    """Whoever owns the buckets there, with every permission."""
    return fake_s3.client(s3)


@pytest.fixture
def s3_bucket(s3_owner: Any, tmp_path: Path) -> str:
    """A bucket of the test's own, with Object Lock."""
    name = f"b-{hashlib.sha256(bytes(tmp_path)).hexdigest()[:20]}"
    s3_owner.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture
def at_s3(s3: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make clients of this process, and commands that it starts, clients of the server at an address."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    def turn(address: str) -> None:
        for variable, value in fake_s3.settings(address).items():
            monkeypatch.setenv(variable, value)

    turn(s3)
    return turn
