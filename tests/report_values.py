"""Makers of the values that a report shows, with fixed defaults: for its tests and for the case that is measured."""

from __future__ import annotations

import base64
import hashlib

from forensics.model.match import Assessment, Decision, Match, Method, Segment, SegmentEvidence
from forensics.model.provenance import Appearance, Post, SourceKind
from forensics.report import EvidenceView, MatchView, SideView

# A JPEG of one grey pixel, in fixed bytes: what an encoder writes depends on its version.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4z"
    "NDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
    "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip"
    "qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+iiigD//Z"
)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def make_evidence(label, *appearances, **changed):
    """One evidence, its digest that of its label."""
    digest = sha(label)
    base = {
        "sha256": digest,
        "label": label,
        "status": "whole",
        "names": tuple(seen.path.rpartition("/")[2] for seen in appearances) or ("clip.mp4",),
        "appearances": appearances,
        "size": 18_446_201,
        "duration_s": 30.0,
        "streams": ("0: video h264, 1280x720",),
        "keyframes": (),
        "telemetry": (),
        "custody": (),
        "notices": (),
        "original_path": f"store/{digest[:2]}/{digest}/v1/content/original",
        "manifest_path": f"store/{digest[:2]}/{digest}/v1/content/manifest.json",
        "manifest_sha256": sha(f"manifest of {label}"),
    }
    return EvidenceView(**(base | changed))


def make_post(channel, unixtime, path, **told):
    """Where a post holds a file; any field of the post may be told otherwise."""
    base = {
        "platform": "telegram",
        "channel": channel,
        "channel_id": f"id-{channel}",
        "message_id": "4211",
        "posted_unixtime": unixtime,
        "posted_local": None,
    }
    post = Post(**(base | told))
    return Appearance(kind=SourceKind.TELEGRAM_EXPORT, path=path, source="export/result.json", post=post)


def make_segment(query, reference, transform=None):
    """Start and end in the query, then in the reference."""
    ground = SegmentEvidence(
        frames=31,
        hamming_median=34.0,
        moments=9,
        inliers=143.0,
        cells=38.0,
        inlier_ratio=0.81,
        drift_px=0.9,
        motion=0.74,
        motion_z=11.3,
    )
    return Segment(
        query_start_s=query[0],
        query_end_s=query[1],
        reference_start_s=reference[0],
        reference_end_s=reference[1],
        speed=1.0,
        score=0.93,
        transform=transform,
        evidence=ground,
    )


def make_match(query, reference, *segments, assessment=Assessment.SAME_RECORDING, score=0.93):
    """Two evidence by their labels."""
    decided = {Assessment.IDENTICAL_FILE, Assessment.IDENTICAL_BITSTREAM, Assessment.SAME_RECORDING}
    return Match(
        query_id=sha(query),
        reference_id=sha(reference),
        score=score,
        decision=Decision.MATCH if assessment in decided else Decision.CANDIDATE,
        assessment=assessment,
        mirrored=False,
        segments=segments,
        method=Method(name="ladder", version="1", params_sha256=sha("params")),
    )


def make_view(match, *, durations=(30.0, 30.0), names=("query.mp4", "reference.mp4"), strip=(), finding=1):
    """A match with its finding, by number."""
    return MatchView(
        match=match,
        query=SideView(name=names[0], duration_s=durations[0]),
        reference=SideView(name=names[1], duration_s=durations[1]),
        strip=strip,
        finding_path=f"findings/{finding}.json",
        finding_sha256=sha("finding" if finding == 1 else f"finding {finding}"),
    )
