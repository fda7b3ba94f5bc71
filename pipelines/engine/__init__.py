"""How jobs run: one after another, in worker processes, or on a cluster. All give the same outcomes."""

from __future__ import annotations

from pipelines.engine.base import Done, Engine, Failed, Job
from pipelines.engine.cluster import Cluster, OnCluster, Versions
from pipelines.engine.executors import OnExecutor, find_factory, is_factory
from pipelines.engine.processes import Processes
from pipelines.engine.serial import Serial
from pipelines.engine.turns import in_turn

__all__ = [
    "Cluster",
    "Done",
    "Engine",
    "Failed",
    "Job",
    "OnCluster",
    "OnExecutor",
    "Processes",
    "Serial",
    "Versions",
    "find_factory",
    "in_turn",
    "is_factory",
    "open_engine",
]


def open_engine(jobs: int) -> Engine:
    """The engine of this machine for that many workers: one worker runs in this process."""
    return Serial() if jobs == 1 else Processes(jobs)
