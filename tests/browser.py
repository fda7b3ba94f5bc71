"""Headless Chromium through its debugging pipe: opens a page, measures, counts requests, photographs, prints.

Protocol: Chrome DevTools Protocol as JSON messages that end in a zero byte, read on descriptor 3 and written on 4.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--remote-debugging-pipe",
)  # fmt: skip

ON_3_AND_4 = (
    "import fcntl, os, sys; high = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 20) for fd in sys.argv[1:3]]; "
    "os.dup2(high[0], 3); os.dup2(high[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""Starts a program with two descriptors at the numbers that it wants."""

MOST_HEIGHT = 16_000
"""Pixels of a photograph: Chromium paints no larger one."""


def browser_program() -> str | None:
    """The browser of this machine, if it has one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One browser with one page. Use as a context."""

    def __init__(self, timeout_s: float = 60.0) -> None:
        self.timeout_s = timeout_s
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._loaded = False

    def __enter__(self) -> Browser:
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        options = (*OPTIONS, f"--user-data-dir={self._home.name}", "about:blank")
        self._process = subprocess.Popen(
            [sys.executable, "-c", ON_3_AND_4, str(theirs_in), str(theirs_out), browser_program() or "", *options],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._number, self._session = b"", 0, None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._home.cleanup()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call one method and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        asked = self._number
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while asked not in self._answers:
            self._read()
        answer = self._answers.pop(asked)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _read(self) -> None:
        """Take the next message: an answer, or an event, which may itself ask."""
        message = self._next()
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self._take(message)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def _take(self, event: dict[str, Any]) -> None:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self.ask("Page.handleJavaScriptDialog", accept=False)
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]["text"]))

    def open(self, path: Path, *, width: int = 1440, height: int = 900, scripts: bool = True) -> float:
        """Load a file and wait for its load event; the seconds that it took."""
        self._width = width
        self.size(width, height)
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        for told in (self.requests, self.dialogs, self.errors):
            told.clear()
        self._loaded = False
        start = time.monotonic()
        self.ask("Page.navigate", url=path.absolute().as_uri())
        while not self._loaded:
            self._read()
        return time.monotonic() - start

    def size(self, width: int, height: int) -> None:
        """Set the window's size in CSS pixels."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def value(self, expression: str) -> Any:
        """What an expression of the browser's own language gives in the page; the page's policy does not bind it."""
        told = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.value(f"document.querySelector({selector!r}).click()")

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other: names as in `KEYS`, or one character."""
        for key in keys:
            told = KEYS.get(key, {"key": key, "text": key})
            self.ask("Input.dispatchKeyEvent", type="keyDown", **told)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=told["key"])

    def photograph(self, out: Path, *, top: int = 0, left: int = 0, height: int | None = None) -> None:
        """Write a PNG of the page from ``top``, down to its end or for ``height`` pixels; all is laid out first."""
        self.size(self._width, MOST_HEIGHT * 4)
        metrics = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": left, "y": top, "width": metrics["width"] - left, "scale": 1}
        clip["height"] = min(height or metrics["height"] - top, MOST_HEIGHT)
        shot = self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        out.write_bytes(base64.b64decode(shot["data"]))

    def print(self, out: Path, sheet: tuple[float, float] = (8.27, 11.69)) -> None:
        """Write the page as PDF, on sheets of this width and height in inches (A4 unless told otherwise)."""
        told = self.ask("Page.printToPDF", printBackground=True, paperWidth=sheet[0], paperHeight=sheet[1])
        out.write_bytes(base64.b64decode(told["data"]))


KEYS: dict[str, dict[str, Any]] = {
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
}
"""Keys that are no characters, as the protocol wants them."""
