"""Paths as text: a path is kept exactly as given, because it is a locator in a record (pathlib would tidy it)."""

from __future__ import annotations


def join(folder: str, name: str) -> str:
    """The path of a name in a folder; an empty folder is the current one and adds nothing."""
    return folder + name if not folder or folder.endswith("/") else f"{folder}/{name}"


def parent(path: str) -> str:
    """The folder that a path names its file in; empty for a bare name."""
    head, slash, _ = path.rpartition("/")
    return head or slash


def base(path: str) -> str:
    """The last name of a path."""
    return path.rpartition("/")[2]


def below(path: str, root: str) -> str:
    """What a path that `join` made adds to ``root``; empty for the root itself."""
    return path[len(root) :].lstrip("/")
