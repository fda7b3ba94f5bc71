"""The browsers of this machine in which tests and measurements open pages, by name: all are asked and answer alike."""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from typing import TypeAlias

from tests.browser import Browser, browser_program
from tests.firefox import Firefox, firefox_program

AnyBrowser: TypeAlias = Browser | Firefox

NAMES = ("Chromium", "Firefox")


def absent(name: str) -> str | None:
    """Why a browser cannot be driven here; None when it can."""
    if name == "Chromium":
        return None if browser_program() else "no Chromium on this machine"
    if firefox_program() is None:
        return "no Firefox on this machine"
    if importlib.util.find_spec("websocket") is None:
        return "websocket-client is not installed: Firefox cannot be spoken to"
    return None


def browser(name: str, *, scripts: bool = True) -> AbstractContextManager[AnyBrowser]:
    """A browser that is not started yet. One without scripts opens pages with ``scripts=False`` alone."""
    return Browser() if name == "Chromium" else Firefox(scripts=scripts)


def foreign(opened: AnyBrowser) -> list[str]:
    """What the page asked for beside itself and what it holds."""
    return [url for url in opened.requests if not url.startswith(("file:", "data:"))]


def acted(opened: AnyBrowser) -> list[str]:
    """Dialogs, errors of scripts, and everything that the page's policy had to stop."""
    return opened.dialogs + opened.errors


def overhang(opened: AnyBrowser) -> int:
    """CSS pixels by which the page is wider than its window."""
    return opened.value("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
