"""Three small stores, two of them wrong in the usual ways: the fault tests must find that, or they prove nothing.

    python toy_store.py MODE STORE FILE...      prints each file's digest once it is kept

in-place    the list is one file, rewritten in place after every item; nothing is synced
not-synced  each file is written beside its place and renamed; nothing is synced
sound       each is synced before it is renamed, then its folder; an item is listed last
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path


def ingest(mode: str, store: Path, files: list[Path]) -> None:
    store.mkdir(exist_ok=True)
    if mode == "sound":
        sync(store.parent)
    listed = listing(store)
    for file in files:
        data = file.read_bytes()
        name = hashlib.sha256(data).hexdigest()
        if name not in listed:
            listed.append(name)
            put(mode, store / name, data)
            put(mode, store / "list.json", json.dumps(listed).encode())
        print(name, flush=True)


def put(mode: str, path: Path, data: bytes) -> None:
    place = path if mode == "in-place" else path.with_name(f".{path.name}.new")
    with place.open("wb") as handle:
        handle.write(data[: len(data) // 2])
        handle.flush()
        handle.write(data[len(data) // 2 :])
        handle.flush()
        if mode == "sound":
            os.fsync(handle.fileno())
    if place != path:
        place.replace(path)
    if mode == "sound":
        sync(path.parent)


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def listing(store: Path) -> list[str]:
    path = store / "list.json"
    found: list[str] = json.loads(path.read_bytes()) if path.exists() else []
    return found


def problems(store: Path, said: str) -> list[str]:
    """What is wrong with a store that had said this much."""
    try:
        listed = listing(store)
    except ValueError:
        return ["corrupt: the list"]
    wrong = [name for name in listed if not whole(store / name)]
    lost = {line for line in said.splitlines() if len(line) == 64} - set(listed)
    return ["corrupt: an item"] * bool(wrong) + ["an acknowledged item lost"] * bool(lost)


def whole(path: Path) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == path.name


if __name__ == "__main__":
    ingest(sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
