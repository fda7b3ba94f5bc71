"""A fake of S3 for tests: moto's server in a process of its own, and a liar that stands before it.

moto is no store of evidence. Seen with moto 5.2.5: it takes bytes that have not the SHA-256 sent along; it lets a lock
in COMPLIANCE mode be shortened; it drops the lock that a multipart upload asks for; it gives the checksum of such an
upload without the number of its parts; it checks no signature and knows no permissions. So no test here shows that a
lock holds: that is for the server of whoever relies on it.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

READY_S = 20
"""Seconds until the server must answer; alone on a machine it takes one or two."""

SECRET, KEY_ID = "s3cr3t-" + "x" * 33, "AKIATESTONLY00000000"


class Answer(NamedTuple):
    """What the fake answered; a liar may change it. ``body`` shorter than its length breaks the connection."""

    status: int
    headers: dict[str, str]
    body: bytes


Lie = Callable[[str, str, Answer], Answer | None]
"""From method, path and true answer to what is told; None breaks the connection without a word."""


def settings(server: str) -> dict[str, str]:
    """The environment of a client of this server; nothing of the configuration of whoever runs the tests."""
    return {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """The address of a fake of S3 that lives as long as the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    # Small parts, so that an upload in parts needs no gigabytes.
    environment = {**os.environ, "S3_UPLOAD_PART_MIN_SIZE": "1"}
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=READY_S)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        assert server.poll() is None, "the fake of S3 ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the fake of S3 is not ready")


def client(server: str) -> Any:
    """A client of the fake with all of its powers, to do what an attacker, or an owner of a bucket, would do."""
    import boto3

    known = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    return boto3.session.Session(**known).client("s3", endpoint_url=server)


@contextmanager
def liar(server: str, lie: Lie) -> Iterator[str]:
    """The address of something that passes all on to the fake, and tells what ``lie`` makes of its answers."""

    class Between(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = self.rfile.read(length)
            true = http.client.HTTPConnection(server.removeprefix("http://"), timeout=30)
            true.request(self.command, self.path, sent, dict(self.headers))
            answer = true.getresponse()
            told = lie(self.command, self.path, Answer(answer.status, dict(answer.getheaders()), answer.read()))
            true.close()
            self.close_connection = True
            if told is None:
                return
            self.send_response_only(told.status)
            for name, value in told.headers.items():
                if name.lower() not in {"transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815  names that the library calls

        def log_message(self, *_: object) -> None:
            """Nothing."""

    between = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    thread = threading.Thread(target=between.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{between.server_address[1]}"
    finally:
        between.shutdown()
        between.server_close()
        thread.join()
