"""The timeline of a case as JSON: groups of copies of the same footage, first known appearance first.

What joins copies is shown apart by kind (the same bytes, the same server file, the same encoded pictures, pictures that
agree), and apart from what a post says of a forward: never as one chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from forensics import captures, report
from forensics.model.match import Assessment
from forensics.model.provenance import Appearance
from pipelines.absences import absent
from pipelines.footage import Footage, Member, PostLead, Timeline
from pipelines.origins import Forward
from pipelines.standing import StoredFinding

NOT_PROVED = (
    "“First” means first among the files of this case. Posting times are those that the exports state. "
    "A match has no direction: which copy is nearest to the source is an inference. "
    "Posts whose file is not in the case are not covered, by name of the server file neither."
)
"""What no timeline says."""


def group_fields(footage: Footage, timeline: Timeline) -> dict[str, object]:
    """The JSON line of one group (docs/json-lines.md)."""
    exhibits = {member.sha256: member.exhibit for member in footage.members}
    group, place = footage.group, partial(_sighting_fields, exhibits=exhibits, timeline=timeline)
    first = group.first
    return {
        "type": "group",
        "id": footage.name.id,
        "merged": list(footage.name.merged),
        "first_known": None if first is None else place(first),
        "perhaps_first": [] if first is not None else [place(seen) for seen in group.perhaps_first],
        "evidence": [_member_fields(member, footage) for member in footage.members],
        "appearances": [{**place(seen), "standing": report.standing(group, seen)} for seen in group.sightings],
        "bytes_edges": [
            {"evidence": item, "appearances": places, "basis": "the same SHA-256"} for item, places in same_bytes(group)
        ],
        "server_edges": [_server_fields(edge, footage) for edge in footage.server_edges],
        "essence_edges": [_finding_fields(each) for each in footage.findings if is_essence(each)],
        "perceptual_edges": [_finding_fields(each) for each in footage.findings if not is_essence(each)],
        "forward_edges": [
            {**_forward_fields(each), "earlier_here": [place(seen) for seen in each.earlier]}
            for each in footage.forwards
        ],
        "nearest": {
            "inference": True,
            "evidence": list(footage.nearest.ids),
            "statement": footage.nearest.statement,
            "reasons": [
                {"criterion": str(reason.criterion), "excludes": list(reason.excludes), "text": reason.text}
                for reason in footage.nearest.reasons
            ],
            "doubts": list(footage.nearest.doubts),
        },
    }


def lead_fields(found: PostLead) -> dict[str, object]:
    """The JSON line of a lead."""
    post = found.appearance.post
    assert post is not None
    return {
        "type": "lead",
        "lead": str(found.lead.kind),
        "evidence": found.item,
        "exhibit": found.exhibit,
        "channel": post.channel,
        "channel_id": post.channel_id,
        "message_id": post.message_id,
        "posted_unixtime": post.posted_unixtime,
        "server_date_unixtime": post.server_date_unixtime,
        "edited_unixtime": post.edited_unixtime,
        "text": found.lead.text,
    }


def summary_fields(timeline: Timeline) -> dict[str, object]:
    """The last JSON line."""
    return {
        "type": "summary",
        "groups": len(timeline.footage),
        "recordings": timeline.recordings,
        "rejected": timeline.rejected,
        "leads": len(timeline.leads),
        "evidence": len(timeline.members),
        "appearances": timeline.appearances,
        "notices": len(timeline.notices),
        "limits": NOT_PROVED,
    }


def _member_fields(member: Member, footage: Footage) -> dict[str, object]:
    return {
        "id": member.sha256,
        "exhibit": member.exhibit,
        "stretches_s": [[start, end] for start, end in stretches_of(member, footage)],
    }


def stretches_of(member: Member, footage: Footage) -> Sequence[tuple[float, float | None]]:
    """Start and end of each stretch of a file; None for its end, when the whole file counts."""
    return [
        (round(start, 3), None if end == float("inf") else round(end, 3))
        for item, start, end in footage.group.stretches
        if item == member.sha256
    ]


def same_bytes(group: report.RepostGroup) -> Iterator[tuple[str, list[int]]]:
    """Yield each file that was seen in several places, with the numbers of those sightings."""
    for item in group.items:
        places = [number for number, seen in enumerate(group.sightings) if seen.item == item]
        if len(places) > 1:
            yield item, places


def is_essence(stored: StoredFinding) -> bool:
    """Whether a finding rests on equal encoded pictures, not on what they look like."""
    return stored.finding.match.assessment is Assessment.IDENTICAL_BITSTREAM


def _finding_fields(stored: StoredFinding) -> dict[str, object]:
    match = stored.finding.match
    return {
        "query": match.query_id,
        "reference": match.reference_id,
        "assessment": str(match.assessment),
        "score": round(match.score, 6),
        "finding": stored.sha256,
        "status": str(stored.finding.status),
    }


def _server_fields(edge: captures.ServerEdge, footage: Footage) -> dict[str, object]:
    """``joins``: files of this group are together by this name alone."""
    return {
        "server_file": edge.name,
        "name": edge.kind,
        "within": str(edge.reach),
        "strength": edge.strength,
        "basis": edge.basis,
        "captures": list(edge.captures),
        "evidence": list(edge.items),
        "joins": any(link.name == edge.name for link in footage.links),
        "posts": [
            {
                "evidence": place.item,
                "channel": post.channel,
                "channel_id": post.channel_id,
                "message_id": post.message_id,
                "posted_unixtime": post.posted_unixtime,
            }
            for place in edge.places
            if (post := place.appearance.post) is not None
        ],
    }


def _sighting_fields(seen: report.Sighting, exhibits: Mapping[str, str], timeline: Timeline) -> dict[str, object]:
    post = seen.appearance.post
    return {
        "evidence": seen.item,
        "exhibit": exhibits[seen.item],
        "posted_utc": None if seen.posted is None else rfc3339(seen.posted),
        "posted_between": None if seen.between is None else [rfc3339(each) for each in seen.between],
        "time_basis": seen.basis,
        "kind": str(seen.appearance.kind),
        "path": seen.appearance.path,
        "channel": post.channel if post else None,
        "channel_id": post.channel_id if post else None,
        "message_id": post.message_id if post else None,
        "edited_unixtime": post.edited_unixtime if post else None,
        "forwarded_from": post.forwarded_from if post else None,
        "forwarded_from_id": post.forwarded_from_id if post else None,
        "server_file": post.server_file if post else None,
        "absent_later": [
            {"event": each.seq, "compared": each.time, "old": each.old, "new": each.new}
            for each in absent(post, timeline.absences)
        ],
    }


def _forward_fields(forward: Forward) -> dict[str, object]:
    return {
        "evidence": forward.seen.item,
        "channel": forward.post.channel,
        "message_id": forward.post.message_id,
        "named": forward.named,
        "named_id": forward.named_id,
        "named_post": forward.named_post,
        "strength": forward.strength,
        "basis": forward.basis,
        "drawn": forward.drawn,
    }


def place_of(appearance: Appearance) -> str:
    """Where a file was seen, in words."""
    post = appearance.post
    return appearance.path if post is None else f"{post.channel or post.channel_id} message {post.message_id}"


def origin_of(forward: Forward) -> str:
    """What a forward names, in words."""
    post = forward.named_post and f"message {forward.named_post}"
    return " ".join(part for part in (forward.named, forward.named_id and f"({forward.named_id})", post) if part)


def rfc3339(seconds: int) -> str:
    """Seconds UTC as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
