"""How one appearance stands in a manifest: where the file lay, what the export says, names that are no UTF-8."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import msgspec

from forensics.model.manifest import Json
from forensics.model.provenance import Appearance, Member
from forensics.model.text import visible

_FOLDERS = re.compile(r"""(?:'[^'\n]*|[^\s'"]*)/(?:.*/)?""")
"""From where a path begins to its last slash, and to that of the last path in the line."""


def appearance_record(appearance: Appearance) -> dict[str, Json]:
    """What the manifest says of an appearance, before anything is concealed (docs/manifest.md)."""
    # What lies in a bucket has an address, which is no path of this machine.
    there = appearance.bucket is not None
    place = appearance.path if there else os.path.abspath(appearance.path)
    named = {**path_field("name", Path(place).name), **path_field("path", place)}
    seen: dict[str, Json] = {"kind": str(appearance.kind), **named}
    if appearance.source is not None:
        seen.update(path_field("source", appearance.source if there else os.path.abspath(appearance.source)))
        seen["source_sha256"] = appearance.source_sha256
    if appearance.member is not None:
        seen["archive"] = _member_record(appearance.member)
    if appearance.bucket is not None:
        seen["bucket"] = msgspec.to_builtins(appearance.bucket)
    if appearance.post is not None:
        post = msgspec.to_builtins(appearance.post)
        seen["post"] = {name: _safe(value) if isinstance(value, str) else value for name, value in post.items()}
    return seen


def _member_record(member: Member) -> dict[str, Json]:
    """Where in an archive it was; the offset is text, for it may be beyond what a canonical number holds."""
    return {
        "sha256": member.archive_sha256,
        **path_field("member", member.path),
        "offset": str(member.offset),
        "modified": member.modified,
    }


def locator(appearance: dict[str, Json]) -> tuple[Json, ...]:
    """What makes two sightings the same appearance: the place, not the time."""
    post = appearance.get("post")
    place = (post.get("channel_id"), post.get("message_id")) if isinstance(post, dict) else (None, None)
    archive = appearance.get("archive")
    within = archive.get("sha256") if isinstance(archive, dict) else None
    bucket = appearance.get("bucket")
    version = bucket.get("version_id") if isinstance(bucket, dict) else None
    return (appearance.get("kind"), appearance.get("path"), appearance.get("path_b64"), within, version, *place)


def path_field(name: str, path: str) -> dict[str, Json]:
    """The path as text under ``name``, and its bytes in base64 under ``name_b64`` when they are no UTF-8."""
    safe = _safe(path)
    return {name: safe} if safe == path else {name: safe, f"{name}_b64": base64.b64encode(os.fsencode(path)).decode()}


def _safe(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def without_folders(message: str, path: str) -> str:
    """A message on the file at ``path`` as log and manifest may hold it: no folder of it, nor of another path.

    The screen has the whole. What lies between two paths goes with them: too little is said rather than too much.
    """
    named = message.replace(visible(path), visible(Path(path).name))
    return _FOLDERS.sub("…/", named)
