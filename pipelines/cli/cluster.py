"""forensics cluster: what a cluster of several machines needs."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say


@click.group()
def cluster() -> None:
    """Let several machines work for one case."""


@cluster.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long they are valid.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on stdout.")
def certs(folder: Path, days: int, as_json: bool) -> int:
    """Make the certificates of one cluster in the new FOLDER.

    Scheduler, workers and the machine that gives the orders each need a copy of its three files, and whoever has them
    can run programs on every worker. The key that made the certificate is not kept: for a new one make all anew.
    """
    from pipelines.cluster_certificates import make_certificates
    from pipelines.surroundings import Surroundings

    made = make_certificates(folder, Surroundings().now(), days)
    for path in made:
        if as_json:
            emit({"type": "output", "name": path.name, **path_fields(str(path))})
        else:
            say(str(path))
    if not as_json:
        ca, node, key = made
        tls = f"--tls-ca-file {ca.name} --tls-cert {node.name} --tls-key {key.name}"
        say("In that folder, on one machine and then on each that works:")
        say(f"  dask scheduler --protocol tls --port 8786 {tls}")
        say(f"  OMP_NUM_THREADS=1 dask worker tls://SCHEDULER:8786 --nthreads 1 --nworkers -1 --no-dashboard {tls}")
        say("Then: forensics ingest ... --engine dask+tls://SCHEDULER:8786 --certs FOLDER")
    return ExitCode.OK
