"""From kept bytes to facts: the same function at ingest, at replay and for a query from outside the case.

1  tell a still from a video; a still has one picture, a fingerprint of it and its metadata
2  video: probe the container
3  video: decode once; every frame goes to the fingerprint and the shot detector, a few to keyframes, the sound beside
4  video: keep the sound; listen to it alone where the decode pass could not vouch for it
   (a triage decodes sync frames only, and tells no shots)
5  write keyframes, contact sheet, fingerprint and sound as files, each with its digests
6  read the telemetry beside it and inside it, and hold all of it against the clip
7  put the facts together: what depends on the bytes alone apart from what a named recipe made of them
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np

from forensics import fingerprint, keyframes, media
from forensics.errors import MediaError, ParserStopped
from forensics.model.content import Looks, archive_form, looks
from forensics.model.evidence import Digests
from forensics.model.fingerprint import Fingerprint
from forensics.model.manifest import Facts, Json, Subject
from forensics.model.media import FrameBatch, Keyframe, MediaKind, Picture, Probe, Tag, Window
from forensics.model.notice import Notice
from pipelines.embedded import Embedded, leads, read_embedded
from pipelines.keyframe_files import KeyframeFiles, png_fact, write_file
from pipelines.kit import Kit
from pipelines.plain_facts import package_versions, plain
from pipelines.readers import STILL, TAGS, stopped
from pipelines.sidecars import Beside, Sidecar, read_tracks
from pipelines.sound_file import listen

FINGERPRINT_FILE = "derived/fingerprint.bin"
MAX_STILL_BYTES = 256 * 2**20
"""A still above this is not read whole: the largest camera raw files stay below 200 MB."""

HEAD_BYTES = 4096
"""First bytes that tell what a file is."""

TRIAGED = Notice(
    code="media.sync_frames_only",
    message=(
        "this is a triage: only the sync frames were decoded; exact cuts, the frames between them and faults in those"
        " are not known, and pairs with it stay candidates - type: forensics deepen"
    ),
)
"""What a reader of a triaged evidence must know."""

_TRIAGE_RECIPE: dict[str, Json] = {
    "triage": {
        "recipe": "sync-frames",
        "version": "1",
        "not_known": ["cuts", "frames between sync frames", "faults in those frames", "hashes between sync frames"],
    }
}

UNCOUNTED = (
    "This file's container ({}) states neither where it ends nor how many pictures it holds: a copy that was cut"
    " between two of its packets cannot be told from a whole one."
)
"""What a manifest says of a file whose end nothing in it vouches for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What one evidence gave: its facts, the files written for it, what a reader must know."""

    kind: MediaKind
    facts: Facts
    files: tuple[Subject, ...]
    notices: tuple[Notice, ...]
    commands: tuple[tuple[str, ...], ...]
    limits: tuple[str, ...] = ()
    """What the bytes cannot tell, in words."""
    opening: Window | None = None
    """The excerpt that was asked for, where the decode pass gave it."""


def derive(
    handle: int,
    digests: Digests,
    sidecars: tuple[Sidecar, ...],
    into: Path,
    kit: Kit,
    *,
    query: media.Excerpt | None = None,
    triage: bool = False,
) -> Derived:
    """Derive all facts of the bytes behind ``handle``; files go below the content folder ``into``.

    A ``query`` needs no keyframes of a video, but an excerpt for comparing, which is taken from the same decode pass.
    A ``triage`` decodes only the sync frames of a video: its facts say so, and what is not known for it.

    Never raises for bad media: what could not be done is a notice, and the kind is UNDECODABLE. An archive, by its
    first bytes, is that without a notice: what became of its members is no fact of the bytes.
    """
    exact: dict[str, Json] = {"identification": plain(msgspec.to_builtins(digests))}
    beside = read_tracks(sidecars, kit.limits)
    if beside.facts:
        exact["telemetry"] = list(beside.facts)
    try:
        head = os.pread(handle, HEAD_BYTES, 0)
        if archive_form(head) is not None:
            # A stream of packets inside an archive would pass for a video with the archive's digest.
            derived = _undecodable()
        elif _is_still(head):
            derived = _derive_still(handle, digests.size, into, kit)
        else:
            derived = _derive_video(handle, digests, into, kit, beside, query, triage=triage)
    except MediaError as error:
        derived = _undecodable(Notice(code=error.code, message=error.message))
    exact["kind"] = str(derived.kind)
    exact.update(derived.facts.exact)
    facts = Facts(exact=exact, recipe=derived.facts.recipe)
    return replace(derived, facts=facts, notices=derived.notices + beside.notices)


def _is_still(head: bytes) -> bool:
    """A picture that does not move; a GIF may, so it is decoded like a video."""
    return looks("", head) is Looks.STILL and not head.startswith(b"GIF8")


def _undecodable(*notices: Notice) -> Derived:
    return Derived(kind=MediaKind.UNDECODABLE, facts=Facts(exact={}, recipe={}), files=(), notices=notices, commands=())


def _derive_video(
    handle: int,
    digests: Digests,
    into: Path,
    kit: Kit,
    beside: Beside,
    query: media.Excerpt | None,
    *,
    triage: bool,
) -> Derived:
    probed = media.probe(kit.tools, handle, kit.limits)
    too_dear = probed.openable(kit.limits)
    if too_dear is not None:
        return _without_video(probed, _NOTHING_INSIDE, too_dear)
    inside = _look_inside(handle, probed, kit, beside) if query is None else _NOTHING_INSIDE
    if probed.probe.video is None or probed.probe.origin is None:
        return _without_video(
            probed, inside, Notice(code="media.no_video", message="there is no video stream in it, only sound or data")
        )
    print_maker = fingerprint.Fingerprinter(probed.probe.origin.base)
    chosen = _Keyframes(probed.probe, digests.sha256, into, kit.png, triage=triage) if query is None else None
    timestamps = hashlib.sha256()
    voice = media.voice_of(probed)
    try:
        excerpt = None if query is None else media.opening(kit.tools, handle, probed.probe, query, kit.limits)
        branch = None if excerpt is None else excerpt.branch
        with media.decode(
            kit.tools,
            handle,
            probed.probe,
            limits=kit.limits,
            beside=branch,
            voice=voice,
            sync_only=triage,
            presented=probed.presented,
        ) as decoding:
            for item in decoding:
                if isinstance(item, FrameBatch):
                    timestamps.update(item.pts.astype("<i8").tobytes())
                    print_maker.add(item)
                else:
                    print_maker.add_picture(item)
                if chosen is not None:
                    chosen.add(item)
    except MediaError as error:
        return _without_video(probed, inside, Notice(code=error.code, message=error.message))
    outcome = decoding.outcome
    heard = listen(kit.tools, handle, probed, kit.limits, into, decoding.sound)
    notices = (TRIAGED,) * triage + probed.notices + outcome.notices + heard.notices + inside.notices
    commands = tuple(dict.fromkeys((probed.command, outcome.command, *heard.commands, *inside.commands)))
    video = print_maker.finish(probed.probe.origin)
    shown, files = chosen.finish(exact=outcome.exact) if chosen is not None else ({}, ())
    track = write_file(into, FINGERPRINT_FILE, fingerprint.encode(video))
    exact: dict[str, Json] = {
        "container": _container(probed.probe),
        "essence": plain(msgspec.to_builtins(outcome.essence)),
        "frames": {
            "decoded": outcome.frames,
            "last_pts": str(video.end_pts),
            "time_base": str(video.origin.base),
            "pts_sha256": timestamps.hexdigest(),
            "complete": outcome.complete,
            **({"sampled": "sync frames only"} if triage else {}),
        },
    }
    recipe: dict[str, Json] = {
        "tools": _recipe_tools(kit.tools),
        "frames": outcome.recipe,
        **(_TRIAGE_RECIPE if triage else {}),
        **shown,
        "fingerprint": _fingerprint_facts(video, track),
        "sound": heard.facts,
        **_embedded_fact(inside),
    }
    return Derived(
        kind=MediaKind.VIDEO,
        facts=Facts(exact=exact, recipe=recipe),
        files=(*files, track, *heard.files),
        notices=notices,
        commands=commands,
        limits=_limits(probed),
        opening=None if excerpt is None or decoding.beside is None else excerpt.window(*decoding.beside),
    )


_NOTHING_INSIDE = Embedded(carried=())


def _look_inside(handle: int, probed: media.Probed, kit: Kit, beside: Beside) -> Embedded:
    """What the clip carries, and notices of telemetry inside and beside it that does not agree with it."""
    inside = read_embedded(kit.tools, handle, probed.probe, kit.limits)
    return replace(inside, notices=inside.notices + leads(inside, probed.probe, beside.tracks))


def _embedded_fact(inside: Embedded) -> dict[str, Json]:
    facts = inside.facts()
    return {} if facts is None else {"embedded": plain(facts)}


def _without_video(probed: media.Probed, inside: Embedded, notice: Notice) -> Derived:
    """A file that is a container, but of no video that can be decoded."""
    fact = _embedded_fact(inside)
    return Derived(
        kind=MediaKind.UNDECODABLE,
        facts=Facts(exact={"container": _container(probed.probe)}, recipe=fact),
        files=(),
        notices=(*probed.notices, notice, *inside.notices),
        commands=(probed.command, *inside.commands),
        limits=_limits(probed),
    )


def _limits(probed: media.Probed) -> tuple[str, ...]:
    return () if probed.counted else (UNCOUNTED.format(probed.probe.container),)


class _Keyframes:
    """Chooses keyframes while a video is decoded and writes them."""

    def __init__(self, probe: Probe, sha256: str, into: Path, png: keyframes.PngRecipe, *, triage: bool) -> None:
        assert probe.origin is not None
        self._triage, self._png = triage, png
        cuts = keyframes.Uncut() if triage else keyframes.CutFinder()
        self._selector = keyframes.KeyframeSelector(probe.origin.base, cuts)
        self._files = KeyframeFiles(probe, sha256, into, png)

    def add(self, item: FrameBatch | Picture) -> None:
        """Take what the decoder gave, in its order."""
        if isinstance(item, FrameBatch):
            self._selector.add(item)
        else:
            self._selector.add_picture(item)
        self._files.add(self._selector.take())

    def finish(self, *, exact: bool) -> tuple[dict[str, Json], tuple[Subject, ...]]:
        """The facts of shots (not of a triage) and keyframes, and the files written."""
        selection = self._selector.finish()
        self._files.add(selection.chosen)
        kept, files = self._files.finish(exact=exact)
        facts: dict[str, Json] = {"keyframes": plain(msgspec.to_builtins(kept)), **png_fact(self._png)}
        if not self._triage:
            facts["shots"] = plain(msgspec.to_builtins(selection.shots))
        return facts, files


def _derive_still(handle: int, size: int, into: Path, kit: Kit) -> Derived:
    if size > MAX_STILL_BYTES:
        raise MediaError(f"a still of {size} bytes is above the limit of {MAX_STILL_BYTES}", code="media.limit")
    tags, notices = _tags(handle, kit)
    recipe: dict[str, Json] = {"tools": package_versions(), "metadata": plain(msgspec.to_builtins(tags))}
    try:
        still = media.read(STILL, handle=handle, limits=kit.limits)
    except MediaError as error:
        notice = Notice(code=error.code, message=error.message)
        return replace(_undecodable(*notices, notice), facts=Facts(exact={}, recipe=recipe))
    notices += still.notices
    png = keyframes.encode_png(still.bgr, kit.png)
    phash, dhash = keyframes.imagehash_hex(still.bgr)
    picture = write_file(into, "derived/keyframes/000001.png", png)
    kept = Keyframe(
        shot=0,
        pts=0,
        width=still.width,
        height=still.height,
        pixel_format="bgr24",
        exact=False,
        planes_sha256=hashlib.sha256(np.ascontiguousarray(still.bgr).tobytes()).hexdigest(),
        png_sha256=picture.sha256,
        phash=phash,
        dhash=dhash,
        sharpness="0",
    )
    recipe.update({"keyframes": [plain(msgspec.to_builtins(kept))], **png_fact(kit.png)})
    print_ = fingerprint.fingerprint_still(still.luma)
    track = write_file(into, FINGERPRINT_FILE, fingerprint.encode(print_))
    recipe["fingerprint"] = _fingerprint_facts(print_, track)
    return Derived(
        kind=MediaKind.STILL,
        facts=Facts(exact={}, recipe=recipe),
        files=(picture, track),
        notices=notices,
        commands=(),
    )


def _tags(handle: int, kit: Kit) -> tuple[tuple[Tag, ...], tuple[Notice, ...]]:
    try:
        return media.read(TAGS, handle=handle, limits=kit.limits)
    except ParserStopped as error:
        return (), (stopped(error, "EXIF"),)


def _fingerprint_facts(video: Fingerprint, file: Subject) -> Json:
    spec = plain(msgspec.to_builtins(video.spec))
    return {
        "spec": spec,
        "kept": len(video.pts),
        "anchors": len(video.anchors.pts),
        "bordered": len(video.box_codes) > 0,
        "sha256": file.sha256,
    }


def _container(probe: Probe) -> Json:
    return plain(msgspec.to_builtins(probe))


def _recipe_tools(tools: media.Tools) -> Json:
    return {"ffmpeg": tools.ffmpeg.version, **package_versions()}


def single_threaded() -> None:
    """Keep OpenCV to the one core that this worker has, and its results free of thread order."""
    cv2.setNumThreads(1)
