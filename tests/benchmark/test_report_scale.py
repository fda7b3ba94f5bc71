"""The report of a large case: how large, how long it takes to write, to open in each browser, to search."""

import time
from pathlib import Path

import pytest

from forensics.report import is_large, render_folder
from tests import browsers
from tests.benchmark.large_case import large_case

EVIDENCE, MATCHES = 5_000, 50_000

MOST_MS = 20.0
"""CPU milliseconds that an evidence may cost."""

MOST_OPENING_S = 2.0

MOST_SEARCH_S = 1.0


@pytest.mark.benchmark
def test_five_thousand_evidence_are_written_and_opened_in_time(tmp_path: Path) -> None:
    case = large_case(EVIDENCE, MATCHES)
    assert is_large(case)
    (tmp_path / "pages").mkdir()
    sizes: dict[str, int] = {}
    start = time.process_time()
    for name, page in render_folder(case, "report.html", "pages"):
        (tmp_path / name).write_bytes(page)
        sizes[name] = len(page)
    cost = 1000 * (time.process_time() - start) / EVIDENCE
    print(f"\n{EVIDENCE} evidence, {len(case.matches)} matches: {len(sizes)} files, {sum(sizes.values()) / 1e6:.0f} MB")
    print(f"first page {sizes['report.html'] / 1e3:.0f} kB; {cost:.1f} ms an evidence")
    assert cost < MOST_MS
    there = [name for name in browsers.NAMES if browsers.absent(name) is None]
    if not there:
        pytest.skip("no browser on this machine: opening was not measured")
    largest = {}
    for name in sorted(name for name in sizes if name.endswith(".html")):
        kind = name.split("-")[0]
        largest[kind] = max(largest.get(kind, name), name, key=sizes.__getitem__)
    for program in there:
        with browsers.browser(program) as browser:
            browser.open(tmp_path / "report.html")  # the browser's own start
            for name in largest.values():
                for width in (1440, 360):
                    took = opened(browser, tmp_path / name, width)
                    print(f"{program}, {name} at {width}: {sizes[name] / 1e3:.0f} kB, {took:.2f} s")
                    assert took < MOST_OPENING_S
                    assert browsers.overhang(browser) == 0
            took = searched(browser, tmp_path / "pages/find-0001.html", f"E-{EVIDENCE:04d}")
            print(f"{program}, one of {EVIDENCE} found in {took:.2f} s")
            assert took < MOST_SEARCH_S


def opened(browser: browsers.AnyBrowser, page: Path, width: int) -> float:
    """Seconds that a page takes: the least of three tries where one was too slow, since other work only ever adds."""
    took = browser.open(page, width=width)
    for _ in range(2):
        if took >= MOST_OPENING_S:
            print(f"{page.name} at {width}: {took:.2f} s, once more")
            took = min(took, browser.open(page, width=width))
    return took


def searched(browser: browsers.AnyBrowser, page: Path, text: str) -> float:
    """Seconds from a text in the search to the list that shows what has it."""
    browser.open(page)
    browser.value(f"document.getElementById('words').value = {text!r}")
    told = "document.getElementById('words').dispatchEvent(new Event('input')); document.body.offsetHeight;"
    took = browser.value(f"(() => {{ const start = performance.now(); {told} return performance.now() - start; }})()")
    assert browser.value("document.getElementById('told').textContent") == "1 found"
    return float(took) / 1000
