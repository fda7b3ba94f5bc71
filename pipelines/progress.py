"""How a run is shown while it goes on: a bar with rate and remaining time, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


class Progress(Protocol):
    """What a job tells while it works."""

    def advance(self, count: int = 1) -> None:
        """So many items more are done."""
        ...

    def grow(self, total: int) -> None:
        """So many items are known of by now."""
        ...


class Silent:
    """Shows nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""

    def grow(self, total: int) -> None:
        """Nothing."""


@contextmanager
def shown(title: str, *, quiet: bool) -> Iterator[Progress]:
    """A bar on stderr when that is a terminal and nobody asked for quiet; else nothing is drawn."""
    if quiet or not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    with RichProgress(*_columns(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        class Bar:
            def advance(self, count: int = 1) -> None:
                bar.advance(task, count)

            def grow(self, total: int) -> None:
                bar.update(task, total=total)

        yield Bar()


def _columns() -> tuple[ProgressColumn, ...]:
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second over the last seconds."""

        def render(self, task: object) -> Text:
            speed = getattr(task, "speed", None)
            return Text(f"{speed:.1f}/s" if speed else "-/s")

    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
