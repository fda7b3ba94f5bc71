"""Every page that the program writes of a case, in real browsers: cases made by the real commands, one of sample media
and one in which every text is an attack.
"""

from __future__ import annotations

import html
import importlib.resources
import importlib.util
import json
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forensics.model.custody import EventType
from forensics.report import page as report_page
from forensics.report import visible
from pipelines import findings
from pipelines.case import Case, open_case
from pipelines.cli import run_command
from tests import browsers
from tests.browsers import AnyBrowser, acted, foreign, overhang
from tests.firefox import Firefox
from tests.integration import injected
from tests.integration.conftest import ROOT, environment, ffmpeg

pytestmark = pytest.mark.slow

EXPORT = ROOT / "sample_media/telegram/ChatExport_2025-06-03"
LOG = ROOT / "sample_media/drone/DJI_0042.SRT"

SAMPLED = ("IMG_2071.MP4", "video_14@21-05-2025_12-30-03.mp4", "video_2025-05-19_10-12-30.mp4")
"""Three posts of the sample export, two of which match: `make bench` opens the report of the whole sample case."""

WIDTHS = (1440, 360)

CHECKS = "{rules: {'color-contrast': {enabled: false}}}"
"""Contrast is held by a test of the colours themselves: axe takes minutes for it on a page of a case."""


class Listener:
    """A port of this machine that the lures name: what calls is counted."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.calls: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(2)
                try:
                    self.calls.append(caller.recv(200))
                except OSError:
                    self.calls.append(b"")


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    with closing(made.socket):
        yield made


@contextmanager
def in_this_process() -> Iterator[Callable[..., int]]:
    """Runs commands in this process: a start of Python less each time."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            if name.startswith("FORENSICS_"):
                patch.setenv(name, value)
        yield lambda *words: run_command([str(word) for word in words])


@pytest.fixture(scope="module")
def call() -> Iterator[Callable[..., int]]:
    with in_this_process() as called:
        yield called


def reports(call: Callable[..., int], case: Path, out: Path) -> None:
    """The case report in both forms."""
    assert call("report", "-c", case, "-o", out / "one.html", "-q") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_page, "MAX_ONE_FILE", 0)
        assert call("report", "-c", case, "-o", out / "folder form.html", "-q") == 0


@dataclass(frozen=True)
class Made:
    """A case, and the folder with its pages."""

    case: Case
    pages: Path

    def files(self) -> list[Path]:
        return sorted(self.pages.rglob("*.html"))


@pytest.fixture(scope="module")
def sample(call, tmp_path_factory) -> Made:
    """A part of the sample case."""
    folder = tmp_path_factory.mktemp("sample")
    export = folder / "in" / EXPORT.name
    (export / "video_files").mkdir(parents=True)
    shutil.copyfile(EXPORT / "result.json", export / "result.json")
    for name in SAMPLED:
        shutil.copyfile(EXPORT / "video_files" / name, export / "video_files" / name)
    shutil.copyfile(LOG, export / "video_files" / "IMG_2071.SRT")
    assert call("init", folder / "case", "--case-id", "DEMO-1", "--operator", "demo operator") == 0
    call("ingest", export, "-c", folder / "case", "-q")
    call("match", "-c", folder / "case", "-q")
    reports(call, folder / "case", folder / "pages")
    return Made(open_case(folder / "case"), folder / "pages")


@pytest.fixture(scope="module")
def texts(shared, listener) -> list[str]:
    return [text[: injected.CAPTION] for text in injected.injected(shared / "hostile")[1]] + injected.lures(
        listener.port
    )


@pytest.fixture(scope="module")
def hostile(call, shared, texts, clips, tmp_path_factory) -> Made:
    """A case of attacks, with every page that commands write of it."""
    folder, out = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("hostile") / "pages"
    files, _ = injected.injected(shared / "hostile")
    short = [folder / "one.mp4", folder / "two.mp4"]
    for made, clip in zip(short, ("first.mp4", "copy.mp4"), strict=True):
        ffmpeg("-i", clips / clip, "-t", "3", "-c", "copy", made)
    export = injected.write(folder / "in", files, texts, (short[0], short[1]))
    case = folder / "case"
    assert call("init", case, "--case-id", texts[2], "--title", texts[2], "--operator", texts[2]) == 0
    call("ingest", export, folder / "in" / "plain", "-c", case, "-q")
    call("match", "-c", case, "-q")
    reports(call, case, out)
    opened = open_case(case)
    pair = next(findings.load(opened)).finding.match
    call("compare", pair.query_id, pair.reference_id, "-c", case, "--seconds", "1", "-o", out / "compared", "-q")
    call("export", pair.query_id, "-c", case, "-o", out / "exhibits", "-q")
    later = json.loads((export / "result.json").read_text("utf-8"))
    for chat in later["chats"]["list"]:
        chat["messages"][0]["text"] += " <b>"
        chat["messages"][0]["text_entities"][0]["text"] += " <b>"
    (folder / "later.json").write_text(json.dumps(later), "utf-8")
    compared = ("telegram", "diff", export / "result.json", folder / "later.json", "--no-files", "--html")
    call(*compared, out / "differences.html", "-c", case, "-q")
    return Made(opened, out)


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page."""

    asked: list[str]
    acted: list[str]
    canary: Any
    titled: str
    address: str
    scripts: int
    overhangs: tuple[int, ...]
    faults: list[list[str]]


def checker() -> str | None:
    """The script of axe-core, which judges a page for people who cannot see or use a mouse."""
    if importlib.util.find_spec("axe_core_python") is None:
        return None
    return importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + ";0"


def look(browser: AnyBrowser, path: Path, axe: str | None) -> Seen:
    """Open a page at both widths and put every question to it."""
    browser.open(path)
    overhangs = []
    for width in WIDTHS:
        browser.size(width, 900)
        overhangs.append(overhang(browser))
    seen = Seen(
        asked=foreign(browser),
        acted=acted(browser),
        canary=browser.value(f"window.{injected.CANARY} === undefined ? null : 'set'"),
        titled=browser.value("document.title"),
        address=browser.value("location.href"),
        scripts=browser.value("document.scripts.length"),
        overhangs=tuple(overhangs),
        faults=[],
    )
    if axe is not None:
        browser.value(axe)
        told = (
            f"axe.run({CHECKS}).then(told => told.violations.map(each => [each.impact, each.id, each.nodes[0].html]))"
        )
        seen.faults.extend(each for each in browser.value(told) if each[0] in ("serious", "critical"))
    return seen


@pytest.fixture(scope="module", params=browsers.NAMES)
def browser(request) -> Iterator[AnyBrowser]:
    if reason := browsers.absent(request.param):
        pytest.skip(reason)
    with browsers.browser(request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def seen(browser: AnyBrowser, sample: Made, hostile: Made) -> dict[Path, Seen]:
    """Every page of both cases, as this browser has it; the largest of each kind is judged by axe, too."""
    axe = checker()
    of_a_kind: dict[str, Path] = {}
    for path in (*sample.files(), *hostile.files()):
        kind = re.sub("-[0-9]{4}", "", path.name)
        of_a_kind[kind] = max(of_a_kind.get(kind, path), path, key=lambda each: each.stat().st_size)
    judged = set(of_a_kind.values())
    if isinstance(browser, Firefox):  # the same rules over the same markup: there the pages that stand by themselves
        judged -= {path for path in judged if path.parent.name.endswith("-pages")}
    paths = [path for made in (sample, hostile) for path in made.files()]
    return {path: look(browser, path, axe if path in judged else None) for path in paths}


def titles(path: Path) -> str:
    """The title that the page has as it is written, as browsers show it."""
    found = re.search("<title>(.*?)</title>", path.read_text("utf-8"), re.DOTALL)
    assert found
    return " ".join(html.unescape(found[1]).split())


def test_every_kind_of_page_is_looked_at(sample: Made, hostile: Made) -> None:
    names = {re.sub("-[0-9]{4}", "", path.name) for path in hostile.files()}
    assert {"one.html", "folder form.html", "matches.html", "groups.html", "evidence.html", "custody.html"} <= names
    assert {"differences.html", "READ-ME-FIRST.html"} <= names
    assert any(name.startswith("compare-") for name in names)
    assert {"tracks-0001.html", "groups-0001.html", "matches-0001.html"} <= {path.name for path in sample.files()}


def test_no_page_asks_for_anything(seen: dict[Path, Seen], listener: Listener) -> None:
    assert {path.name: each.asked for path, each in seen.items() if each.asked} == {}
    assert listener.calls == []


def test_nothing_of_the_input_runs_and_no_dialog_opens(seen: dict[Path, Seen]) -> None:
    told = {path.name: (each.acted, each.canary) for path, each in seen.items()}
    assert {name: each for name, each in told.items() if each != ([], None)} == {}
    assert {path.name: each.titled for path, each in seen.items() if each.titled != titles(path)} == {}
    assert {path.name for path, each in seen.items() if each.address != path.absolute().as_uri()} == set()


def test_no_page_has_a_script_but_the_search(seen: dict[Path, Seen]) -> None:
    assert {path.name.startswith("find-"): each.scripts for path, each in seen.items()} == {False: 0, True: 1}


def test_the_canary_would_sing(browser: AnyBrowser, listener: Listener, tmp_path: Path) -> None:
    page = tmp_path / "unescaped.html"
    page.write_text("<p>" + "<p>".join(injected.lures(listener.port)[:2]), "utf-8")
    browser.open(page)
    assert browser.value(f"window.{injected.CANARY}") == 1
    assert foreign(browser)
    assert browser.value("document.title") == injected.CANARY
    listener.calls.clear()


def test_no_page_is_wider_than_its_window(seen: dict[Path, Seen]) -> None:
    assert {path.name: each.overhangs for path, each in seen.items() if any(each.overhangs)} == {}


def test_nothing_serious_is_found_against_people_who_cannot_see_or_use_a_mouse(seen: dict[Path, Seen]) -> None:
    if checker() is None:
        pytest.skip("axe-core-python is not installed")
    assert {path.name: each.faults for path, each in seen.items() if each.faults} == {}


POST = ("channel", "author", "caption", "forwarded_from")
"""What a post tells in words of its own."""


def facts_of(case: Case) -> set[str]:
    """Every identifier, digest, name and time of a case that its report must tell, as the page writes them."""
    told = {case.info.id, case.info.operator}
    for evidence in case.store.ids():
        manifest = case.manifest(evidence)
        told |= {evidence, str(manifest.record.case["exhibit"])}
        for place in manifest.record.appearances:
            told.add(Path(str(place["path"])).name)
            post = place.get("post")
            if isinstance(post, dict):
                told |= {
                    str(post[name]) for name in ("channel", "author", "caption", "forwarded_from") if post.get(name)
                }
    for stored in findings.load(case):
        told |= {stored.sha256, stored.finding.match.query_id, stored.finding.match.method.params_sha256}
    for line in case.log.events():
        # What was given out is logged after the report was made.
        if line.event.item is not None and line.event.event is not EventType.DISSEMINATION:
            told.add(line.event.time)
    return told


@pytest.mark.parametrize("name", browsers.NAMES)
@pytest.mark.parametrize("form", ["one", "folder form"])
def test_with_scripts_off_every_fact_is_there(name: str, form: str, sample: Made, hostile: Made) -> None:
    if reason := browsers.absent(name):
        pytest.skip(reason)
    with browsers.browser(name, scripts=False) as browser:
        for made in (sample, hostile):
            words = ""
            for path in made.files():
                if form in path.as_posix().rpartition("/pages/")[2].replace("-pages", ""):
                    browser.open(path, scripts=False)
                    words += browser.value("document.body.textContent")
            shown = {visible(text.strip()) for text in facts_of(made.case)}
            flat = re.sub(r"\s+", " ", words)
            assert {text[:80] for text in shown if re.sub(r"\s+", " ", text) not in flat} == set()
