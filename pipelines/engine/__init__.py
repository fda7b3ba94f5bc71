"""How jobs run: one after another, or in worker processes. Both give the same outcomes."""

from __future__ import annotations

from pipelines.engine.base import Done, Engine, Failed, Job
from pipelines.engine.processes import Processes
from pipelines.engine.serial import Serial

__all__ = ["Done", "Engine", "Failed", "Job", "Processes", "Serial", "open_engine"]


def open_engine(jobs: int) -> Engine:
    """The engine for that many workers: one worker runs in this process."""
    return Serial() if jobs == 1 else Processes(jobs)
