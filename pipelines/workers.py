"""Who works for a run: this machine's cores, a cluster, or an executor of the user's own."""

from __future__ import annotations

from pathlib import Path

from pipelines.config import HERE, Settings
from pipelines.engine import Cluster, Engine, OnCluster, OnExecutor, find_factory, is_factory, open_engine
from pipelines.environment import versions_here
from pipelines.surroundings import cpu_count


def engine_for(settings: Settings, most: int | None = None) -> Engine:
    """The engine that the settings name; on this machine with no more workers than ``most`` items need.

    Raises:
        InputError: the address of the cluster is none, or would be reached in the clear; the function is none.
    """
    if settings.engine == HERE:
        jobs = settings.jobs or cpu_count()
        return open_engine(jobs if most is None else max(1, min(jobs, most)))
    if is_factory(settings.engine):
        return OnExecutor(find_factory(settings.engine), versions_here, settings.jobs or cpu_count())
    certificates = None if settings.certs is None else Path(settings.certs)
    return OnCluster(
        Cluster(address=settings.engine, certificates=certificates, insecure=settings.insecure), versions_here
    )
