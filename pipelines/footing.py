"""What a case stands on and cannot check itself: this machine's clock, and the file system below the case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from forensics import custody
from forensics.model.notice import Notice
from pipelines.case import Case, Run

CLOCK_BACK = "clock.back"
NETWORK = "store.network"

_SHARED = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs",
     "smb3", "smbfs", "vboxsf", "virtiofs"}
)  # fmt: skip
"""Linux's names of file systems that other machines, or a host, write to as well."""

_SHARED_FUSE = frozenset({"davfs", "glusterfs", "rclone", "s3fs", "sshfs", "vmhgfs-fuse"})
"""What follows ``fuse.`` in the name of such a one."""


def notices(case: Case, run: Run) -> Iterator[Notice]:
    """What a person should know before more is written. Raises IntegrityError, ManifestError and StoreError of a log
    that cannot be read.
    """
    last = case.log.last_time()
    back = timedelta() if last is None else last - run.surroundings.now()
    if back > custody.CLOCK_STEP:
        message = (
            f"this machine's clock is {back.total_seconds():.0f} s behind the last line of the custody log: "
            "one of them is wrong, and verify tells where the times of the log go back"
        )
        yield Notice(code=CLOCK_BACK, message=message)
    kind = file_system(case.root, run.surroundings.mounts())
    if kind is not None and is_shared(kind):
        message = (
            f"the case lies on {kind}, a network or shared file system: locks and fsync may mean less there, "
            "so write to it from one machine only, or keep it on a local disk"
        )
        yield Notice(code=NETWORK, message=message)


def is_shared(kind: str) -> bool:
    """Whether other machines may write to a file system of this kind."""
    return kind in _SHARED or kind.removeprefix("fuse.") in _SHARED_FUSE


def file_system(path: Path, mounts: str) -> str | None:
    """The kind of file system that holds a folder, by its device in the table of mounts (proc(5), mountinfo).

    None where the table does not tell: not Linux, or a file system with several devices, which is a local one.
    """
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        mount, _, rest = line.partition(" - ")
        if rest and mount.split(" ")[2:3] == [wanted]:
            return rest.split(" ")[0]
    return None
