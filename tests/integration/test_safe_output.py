"""Names, tags and captions that attack a terminal, through the real commands: all that they print is looked at."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.integration.conftest import Ran, ffmpeg
from tests.property.test_safe_text_laws import ACTING

NASTY = "\x1b[31m\u202e=1+1\x9b\u2028\r<b>[red]"


def test_no_command_prints_what_acts_on_a_terminal(forensics: Callable[..., Ran], tmp_path: Path) -> None:
    case, export = tmp_path / "case", tmp_path / "export"
    (export / "v").mkdir(parents=True)
    source = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=64x48:d=1",
        "-metadata",
        f"title={NASTY}",
        "-metadata",
        f"comment={NASTY}",
    )
    ffmpeg(*source, export / "v" / "plain.mp4")
    name = f"v/{NASTY}.mp4".replace("\r", "")
    os.rename(export / "v" / "plain.mp4", export / name)
    (export / f"{NASTY}.zip").write_bytes(b"PK\x03\x04" + NASTY.encode())
    message = {"id": 1, "type": "message", "date_unixtime": "1657612800", "file": name, "text": NASTY, "from": NASTY}
    missing = {**message, "id": 2, "file": f"v/{NASTY}gone.mp4"}
    chat = {"name": NASTY, "type": "public_channel", "id": 2, "messages": [message, missing]}
    (export / "result.json").write_text(json.dumps(chat))
    assert forensics("init", case, "--case-id", "T-1", "--operator", "t").code == 0
    told = [
        forensics("ingest", export, "-c", case, "-v"),
        forensics("ingest", export / f"{NASTY}.zip", export / NASTY, "-c", case, "--json"),
        forensics("show", "E-0001", "-c", case),
        forensics("timeline", "-c", case),
        forensics("show", f"--{NASTY}", "-c", case),
        forensics("show", NASTY, "-c", case),
    ]
    for ran in told:
        assert ran.out or ran.err
        assert ACTING.search(ran.out + ran.err) is None, ran
    assert "⟨U+202E⟩" in told[0].out + told[0].err
    assert "⟨U+202E⟩" in told[2].out
    log = (case / "log" / "custody.jsonl").read_text()
    assert ACTING.search(log) is None
