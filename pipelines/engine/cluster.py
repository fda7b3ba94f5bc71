"""A cluster as engine: the workers of a Dask scheduler that somebody else started.

Workers never write into the case: they stage and derive, this process commits. Dask runs a task again when the worker
that did it is lost, so a job must bear being run twice.

Source: Dask distributed, "Scheduler", "TLS/SSL" and "Worker plugins" (BSD-3).
"""

from __future__ import annotations

import ipaddress
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.errors import InputError, ToolError
from pipelines.engine.base import Done, Failed, Item, Job, Result, failed

if TYPE_CHECKING:
    from distributed import Client, Security

Versions = Callable[[], Mapping[str, str]]
"""A module-level function: what a result may depend on, by name, on the machine that calls it."""

_ADDRESS = re.compile(
    r"dask\+(?P<scheme>tls|tcp)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>\d{1,5})\Z"
)

WINDOW_PER_WORKER = 4
"""Items in flight a worker: a client that submits 100,000 at once stalls for a minute (dask/distributed 2181)."""

CONNECT_S = 10
NO_WORKER_S = 120.0
"""A cluster that lost all its workers may get new ones within this time."""

LOOK_S = 5
"""How often is looked whether there is still a worker."""

NANNY_LOOKS, NANNY_LOOK_S, NANNY_LINES = 10, 0.2, 200
"""How often, at what interval and how far back a nanny's log is read for the end of its worker: the scheduler may know
of it a moment before."""

_SIGNALS = frozenset(int(each) for each in signal.Signals)

CA_FILE, NODE_FILE, NODE_KEY_FILE = "ca.pem", "node.pem", "node-key.pem"
"""The files in the folder of certificates."""

EXTRA = "pip install 'footage-forensics[cluster]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where a scheduler listens and how this machine proves itself to it.

    ``address`` is ``dask+tls://HOST:PORT``, or ``dask+tcp://`` on this machine alone: whoever can speak to a scheduler
    over plain TCP can run anything on its workers, so elsewhere that takes ``insecure``. ``certificates`` is the folder
    that `forensics cluster certs` made.

    Raises:
        InputError: no such address, or a plain one of another machine.
    """

    address: str
    certificates: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        found = _ADDRESS.match(self.address)
        if found is None:
            raise InputError(
                f"engine = {self.address!r:.80} is not known",
                hint="local, dask+tls://HOST:PORT of a scheduler, or module:function",
            )
        if found["scheme"] == "tls" and self.certificates is None:
            raise InputError(
                "an encrypted cluster needs certificates",
                hint="name their folder with --certs; forensics cluster certs FOLDER makes them",
            )
        if found["scheme"] == "tcp" and not (self.insecure or _is_loopback(found["host"])):
            raise InputError(
                f"{self.address}: whoever reaches this port can run programs on every worker",
                hint="use dask+tls:// with --certs, or --insecure where the network is closed to all others",
            )

    @property
    def contact(self) -> str:
        """The address as Dask writes it."""
        return self.address.removeprefix("dask+")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class OnCluster:
    """Runs jobs on the workers of ``cluster``, all of which must be as this machine is in what ``versions`` tells."""

    def __init__(self, cluster: Cluster, versions: Versions) -> None:
        self._cluster = cluster
        self._versions = versions

    def run(self, job: Job[Item, Result], items: Iterable[Item]) -> Iterator[Done[Item, Result] | Failed[Item]]:
        """Yield outcomes as they come. An item whose worker dies is tried on others; after that it is
        ``worker.killed``.

        Raises:
            ToolError: Dask is not installed, the scheduler does not answer or goes away, there is no worker, or one
                differs from this machine.
        """
        source = iter(items)
        with _connected(self._cluster) as client, _brought(client, job, self._versions) as name:
            executor = client.get_executor(pure=False)
            room = WINDOW_PER_WORKER * len(client.ncores())
            flying: dict[Future[Result], Item] = {}
            while True:
                for item in islice(source, room - len(flying)):
                    flying[executor.submit(_work, name, item)] = item
                if not flying:
                    return
                # A result that is still referenced is computed again when its worker dies: none is kept.
                outcomes = [_outcome(client, flying.pop(future), future) for future in _ended(client, flying)]
                yield from outcomes


@contextmanager
def _connected(cluster: Cluster) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as error:
        raise ToolError("Dask is not installed", code="tool.no_extra", hint=EXTRA) from error
    try:
        client = Client(cluster.contact, security=_security(cluster), timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ToolError(
            f"no scheduler answers at {cluster.contact}: {type(error).__name__}",
            code="tool.cluster",
            hint="start one (docs/cluster.md), or work on this machine with --engine local",
        ) from error
    try:
        yield client
    finally:
        client.close()


def _security(cluster: Cluster) -> Security:
    from distributed import Security

    if cluster.certificates is None:
        return Security(require_encryption=False)
    folder = cluster.certificates
    missing = [name for name in (CA_FILE, NODE_FILE, NODE_KEY_FILE) if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder} has no {missing[0]}", hint="forensics cluster certs FOLDER makes the three files of a cluster"
        )
    return Security(
        require_encryption=True,
        tls_ca_file=str(folder / CA_FILE),
        tls_client_cert=str(folder / NODE_FILE),
        tls_client_key=str(folder / NODE_KEY_FILE),
    )


@contextmanager
def _brought(client: Client, job: Job[Any, Any], versions: Versions) -> Iterator[str]:
    """The job on every worker, those that join later too, under a name."""
    threads = client.nthreads()
    if not threads:
        raise ToolError(
            "the scheduler has no worker", code="tool.cluster", hint="start workers first, see docs/cluster.md"
        )
    crowded = sorted(address for address, number in threads.items() if number != 1)
    if crowded:
        raise ToolError(
            f"worker {crowded[0]} has {threads[crowded[0]]} threads",
            code="tool.cluster",
            hint="start it with --nthreads 1",
        )
    name = f"forensics-{client.id}"
    client.register_plugin(_brought_job(job, versions, dict(versions())), name=name)
    try:
        for address, differs in sorted(client.run(_differences, name).items()):
            if differs:
                raise ToolError(
                    f"worker {address} is not as this machine: {differs[0]}",
                    code="tool.cluster",
                    hint="the same program, packages, ffmpeg and paths are needed on all, see docs/cluster.md",
                )
        yield name
    finally:
        client.unregister_worker_plugin(name)


def _brought_job(job: Job[Any, Any], versions: Versions, expected: Mapping[str, str]) -> Any:
    """A worker's plugin that holds the job, so that what it caches lives as long as the worker."""
    from distributed import WorkerPlugin

    class Brought(WorkerPlugin):  # type: ignore[misc]  # the base class has no types
        differs: tuple[str, ...] = ()

        def setup(self, worker: object) -> None:
            here = versions()
            names = sorted(expected.keys() | here.keys())
            self.job = job
            self.differs = tuple(
                f"{name} is {here.get(name, 'none')!s:.80}, here {expected.get(name, 'none')!s:.80}"
                for name in names
                if here.get(name) != expected.get(name)
            )

    return Brought()


def _plugin(name: str) -> Any:
    from distributed import get_worker

    return get_worker().plugins[name]


def _differences(name: str, dask_worker: Any) -> tuple[str, ...]:
    return tuple(dask_worker.plugins[name].differs)


def _work(name: str, item: Any) -> Any:
    plugin = _plugin(name)
    if plugin.differs:
        raise ToolError(f"a worker that joined later is not as this machine: {plugin.differs[0]}", code="tool.cluster")
    return plugin.job(item)


def _ended(client: Client, flying: Mapping[Future[Any], Any]) -> frozenset[Future[Any]]:
    """Wait for the first of these to end. Raises ToolError when there has been no worker for long."""
    alone_since: float | None = None
    while True:
        done = wait(flying, timeout=LOOK_S, return_when=FIRST_COMPLETED).done
        if done:
            return frozenset(done)
        if client.status != "running":
            raise _gone("the scheduler went away")
        if client.ncores():
            alone_since = None
            continue
        alone_since = alone_since or time.monotonic()
        if time.monotonic() - alone_since > NO_WORKER_S:
            raise _gone("all workers went away")


def _gone(what: str) -> ToolError:
    return ToolError(
        f"{what}; what was done is in the case", code="tool.cluster", hint="the same command goes on from here"
    )


def _outcome(client: Client, item: Item, future: Future[Result]) -> Done[Item, Result] | Failed[Item]:
    from distributed import KilledWorker

    try:
        error = future.exception()
    except CancelledError as gone:
        raise _gone("the scheduler went away") from gone
    if error is None:
        return Done(item=item, result=future.result())
    if isinstance(error, KilledWorker):
        last = error.last_worker
        tried = f"every worker that tried it died, the last one {last.address}{_ending(client, last.pid)}"
        return Failed(item=item, code="worker.killed", message=tried)
    return failed(item, error)


def _ending(client: Client, process: int) -> str:
    """By which signal a worker process died, as its nanny has logged it; nothing where there is none that tells."""
    wanted = re.compile(rf"Worker process {process} was killed by signal (\d{{1,3}})\Z")
    for _ in range(NANNY_LOOKS):
        try:
            logs = client.get_worker_logs(n=NANNY_LINES, nanny=True)
        except (OSError, ValueError, TimeoutError):
            return ""
        for line in (line for lines in logs.values() for _, line in lines):
            if found := wanted.search(str(line)):
                number = int(found[1])
                return f" (signal {number}, {signal.Signals(number).name})" if number in _SIGNALS else ""
        time.sleep(NANNY_LOOK_S)
    return ""
