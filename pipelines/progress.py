"""How a run is shown while it goes on: a bar with rate and remaining time, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from forensics.model.text import visible

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

MOST_NAME = 24
"""Cells of what is being worked on: what a bar on 80 cells with counts of five digits leaves."""


class Progress(Protocol):
    """What a job tells while it works."""

    def advance(self, count: int = 1) -> None:
        """So many items more are done."""
        ...

    def grow(self, total: int) -> None:
        """So many items are known of by now."""
        ...

    def working_on(self, what: str) -> None:
        """What is done now, or was done last: a stage in our words, or a file's name."""
        ...


class Silent:
    """Shows nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""

    def grow(self, total: int) -> None:
        """Nothing."""

    def working_on(self, what: str) -> None:
        """Nothing."""


@contextmanager
def shown(title: str, *, quiet: bool) -> Iterator[Progress]:
    """A bar on stderr when that is a terminal and nobody asked for quiet; else nothing is drawn."""
    if quiet or not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    with RichProgress(*columns(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, what="")

        class Bar:
            def advance(self, count: int = 1) -> None:
                bar.advance(task, count)

            def grow(self, total: int) -> None:
                bar.update(task, total=total)

            def working_on(self, what: str) -> None:
                bar.update(task, what=what)

        yield Bar()


def columns() -> tuple[ProgressColumn, ...]:
    """The columns of the bar: name, bar, count, rate, remaining time, what is being worked on."""
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second over the last seconds."""

        def render(self, task: object) -> Text:
            speed = getattr(task, "speed", None)
            return Text(f"{speed:.1f}/s" if speed else "-/s")

    class What(ProgressColumn):
        """What is being worked on: text from outside, so never markup, and cut rather than folded."""

        def render(self, task: object) -> Text:
            text = Text(visible(str(getattr(task, "fields", {}).get("what", ""))), no_wrap=True)
            text.truncate(MOST_NAME, overflow="ellipsis")
            return text

    left = TimeRemainingColumn(compact=True)
    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        Rate(),
        left,
        What(),
    )
