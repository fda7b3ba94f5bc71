"""Headless Firefox through WebDriver BiDi: opens a page, measures, counts requests, photographs, prints.

Protocol: WebDriver BiDi (W3C) as JSON messages over a WebSocket on the loopback address; Firefox needs no driver
program for it. What its log does not tell (what the page's policy had to stop) a script that the browser runs before
the page's own writes to its console.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("firefox-esr", "firefox")

SETTINGS = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
"""The browser's own calls are off: what is left comes from the page."""

LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")

EVENTS = ("network.beforeRequestSent", "log.entryAdded", "browsingContext.userPromptOpened")

STOPPED = "Content-Security-Policy stopped"

TELL = (
    "() => document.addEventListener('securitypolicyviolation', told => "
    f"console.error('{STOPPED} ' + told.violatedDirective + ' ' + told.blockedURI))"
)


def firefox_program() -> str | None:
    """The browser of this machine, if it has one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Firefox:
    """One browser with one page. Use as a context. Scripts of pages are off for good with ``scripts=False``."""

    def __init__(self, timeout_s: float = 60.0, *, scripts: bool = True) -> None:
        self.timeout_s = timeout_s
        self.scripts = scripts
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> Firefox:
        import websocket

        self._home = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        wanted = SETTINGS | {"javascript.enabled": self.scripts}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
        (Path(self._home.name) / "user.js").write_text("".join(lines))
        self._told = (Path(self._home.name) / "stderr").open("w+b")
        options = ("--headless", "--no-remote", "--profile", self._home.name, "--remote-debugging-port", "0")
        self._process = subprocess.Popen(
            [firefox_program() or "", *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=self._told
        )
        try:
            address = self._address()
            # The browser refuses a page's origin, and this is none.
            self._socket = websocket.create_connection(
                f"{address}/session", timeout=self.timeout_s, suppress_origin=True
            )
        except BaseException:
            self._end()
            raise
        self._number = 0
        self.ask("session.new", capabilities={})
        self._page = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("session.subscribe", events=list(EVENTS))
        if self.scripts:
            self.ask("script.addPreloadScript", functionDeclaration=TELL)
        return self

    def _address(self) -> str:
        """Where the browser says that it listens."""
        until = time.monotonic() + self.timeout_s
        while time.monotonic() < until:
            found = LISTENS.search(Path(self._told.name).read_text(errors="replace"))
            if found:
                return found[1]
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("the browser did not start")

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._end()

    def _end(self) -> None:
        # Its own end takes its helper processes along; a kill would leave them to notice by themselves.
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._told.close()
        self._home.cleanup()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Call one method and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]
            self._take(answer)

    def _take(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "network.beforeRequestSent":
            self.requests.append(params["request"]["url"])
        elif event.get("method") == "browsingContext.userPromptOpened":
            self.dialogs.append(params["message"])
        elif event.get("method") == "log.entryAdded" and params["level"] == "error":
            self.errors.append(str(params["text"]))

    def open(self, path: Path, *, width: int = 1440, height: int = 900, scripts: bool = True) -> float:
        """Load a file and wait for its load event; the seconds that it took."""
        if scripts and not self.scripts:
            raise ValueError("this browser was started without scripts")
        self._width = width
        self.size(width, height)
        for told in (self.requests, self.dialogs, self.errors):
            told.clear()
        start = time.monotonic()
        self.ask("browsingContext.navigate", context=self._page, url=path.absolute().as_uri(), wait="complete")
        return time.monotonic() - start

    def size(self, width: int, height: int) -> None:
        """Set the window's size in CSS pixels."""
        self.ask("browsingContext.setViewport", context=self._page, viewport={"width": width, "height": height})

    def value(self, expression: str) -> Any:
        """What an expression gives, run apart from the page's own scripts: the page's policy does not bind it."""
        target = {"context": self._page} if self.scripts else {"context": self._page, "sandbox": "reader"}
        told = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        if told["type"] != "success":
            raise RuntimeError(str(told["exceptionDetails"]["text"]))
        return _plain(told["result"])

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.value(f"document.querySelector({selector!r}).click()")

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other; names as in `KEYS`, or one character."""
        actions = [
            {"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")
        ]  # fmt: skip
        self.ask(
            "input.performActions", context=self._page, actions=[{"type": "key", "id": "keys", "actions": actions}]
        )

    def photograph(self, out: Path, *, top: int = 0, left: int = 0, height: int | None = None) -> None:
        """Write a PNG of the page from ``top``, down to its end or for ``height`` pixels."""
        whole_width, whole = self.value(
            "[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
        )
        clip = {"type": "box", "x": left, "y": top, "width": whole_width - left, "height": height or whole - top}
        shot = self.ask("browsingContext.captureScreenshot", context=self._page, origin="document", clip=clip)
        out.write_bytes(base64.b64decode(shot["data"]))

    def print(self, out: Path, sheet: tuple[float, float] = (8.27, 11.69)) -> None:
        """Write the page as PDF, on sheets of this width and height in inches (A4 unless told otherwise)."""
        page = {"width": sheet[0] * CM, "height": sheet[1] * CM}
        told = self.ask("browsingContext.print", context=self._page, background=True, page=page)
        out.write_bytes(base64.b64decode(told["data"]))


CM = 2.54
"""Centimetres in an inch."""

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Backspace": "\ue003"}
"""Code points of keys (WebDriver, section 17.4.2)."""


def _plain(value: dict[str, Any]) -> Any:
    """A value as the protocol writes it, as one of Python's."""
    kind = value["type"]
    if kind in ("undefined", "null"):
        return None
    if kind == "array":
        return [_plain(each) for each in value.get("value", ())]
    if kind == "object":
        return {name: _plain(each) for name, each in value.get("value", ())}
    return value.get("value")
