"""Which values of the record are concealed, and why: one table, printed in docs/manifest.md.

What tells on the people who did the work, on their computers, or on a private account is concealed. What a filing
needs stays in clear: digests, times, the public channel and the number of a post, the programs, the name of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial

from forensics.custody.disclosure import DIGESTS, Disclosure, conceal, digests_in, reveal
from forensics.model.manifest import Json, Record
from forensics.model.provenance import SHOWN

_BYTES = "_b64"
"""Ending of the second field of a path that is not UTF-8; others have none."""

PUBLIC_CHATS = frozenset({"public_channel", "public_supergroup"})
"""Kinds of chat, in the words of Telegram Desktop's export, that anybody can look up."""

CHANNEL = "channel"
"""How Telegram Desktop begins the number of a channel (a person's begins with ``user``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concealment:
    """A row of the table: ``names`` of the objects at ``place`` below the record (``[]``: each element of a list).

    ``always`` tells that each such object has these names, so that a missing one is a concealed one. With ``unless``,
    objects of which it is true keep the values in clear, in the words of ``exception``.
    """

    place: str
    names: tuple[str, ...]
    what: str
    reason: str
    always: bool = True
    unless: Callable[[Mapping[str, Json]], bool] | None = None
    exception: str = ""


def _in_public(post: Mapping[str, Json]) -> bool:
    return post.get("channel_type") in PUBLIC_CHATS or post.get("public_page") is not None


def _from_channel(post: Mapping[str, Json]) -> bool:
    linked = post.get("forwarded_from_username") is not None and post.get("forwarded_message_id") is not None
    return str(post.get("forwarded_from_id")).startswith(CHANNEL) or linked


CONCEALED: tuple[Concealment, ...] = (
    Concealment(
        place="appearances[]",
        names=("path", "path_b64"),
        what="where the file lay",
        reason="folders name people, clients, sources and disks",
    ),
    Concealment(
        place="appearances[]",
        names=("source", "source_b64"),
        what="where the export lay that speaks of it",
        reason="as above; its digest, `source_sha256`, stays",
        always=False,
    ),
    Concealment(
        place="appearances[].archive",
        names=("member", "member_b64"),
        what="the name of the file in its archive",
        reason="it has folders, as above; the archive's digest and the place in it stay",
    ),
    Concealment(
        place="appearances[].bucket",
        names=("server",),
        what="the server of the bucket it lay in",
        reason="as above; the version, the server's time and its checksum stay",
    ),
    Concealment(
        place="appearances[].post",
        names=("author",),
        what="signature or sender of the post",
        reason="a person's account",
    ),
    Concealment(
        place="appearances[].post",
        names=("channel", "channel_id"),
        what="a chat that is not public",
        reason="a private chat is a source, or a person",
        unless=_in_public,
        exception="`channel_type` is `public_channel` or `public_supergroup`, or there is a `public_page`",
    ),
    Concealment(
        place="appearances[].post",
        names=("forwarded_from", "forwarded_from_id"),
        what="whom the post was forwarded from",
        reason="a person's account, or a name only, which may be one",
        unless=_from_channel,
        exception="`forwarded_from_id` names a channel, or a public page links the very post that was forwarded",
    ),
    Concealment(
        place="appearances[].post",
        names=("forwarded_from_username",),
        what="the public name of whom the post was forwarded from",
        reason="as above: at t.me, persons have addresses, too",
        always=False,
        unless=_from_channel,
        exception="as above",
    ),
    Concealment(
        place="environment",
        names=("argv",),
        what="the command line",
        reason="it holds paths, and names after --operator",
    ),
    Concealment(
        place="environment.settings",
        names=("operator", "custodian"),
        what="who acted, and who holds the evidence",
        reason="people's names; the log has a pseudonym for each operator",
    ),
    Concealment(
        place="environment.settings",
        names=("model", "model_licence"),
        what="where a model and its licence lay",
        reason="local paths; findings name the model by its SHA-256",
        always=False,
    ),
    Concealment(
        place="environment.programs[]",
        names=("path",),
        what="where ffmpeg and ffprobe lay",
        reason="it may lie in a person's folder; version and SHA-256 stay",
    ),
)
"""Every place of the record that is concealed when a manifest is written."""


def conceal_record(
    record: Record, salt: Callable[[], bytes], known: Iterable[Disclosure] = ()
) -> tuple[Record, tuple[Disclosure, ...]]:
    """The record as it is written and signed, and the new disclosures; what is concealed already stays as it is."""
    plain, made, again = record_value(record), list[Disclosure](), tuple(known)

    def hide(row: Concealment, found: dict[str, Json]) -> dict[str, Json]:
        if row.unless is not None and row.unless(found):
            return found
        left, new = conceal(found, row.names, salt, again)
        made.extend(new)
        return left

    for row in CONCEALED:
        plain = _changed(plain, row.place, partial(hide, row))
    return _record(plain), tuple(made)


def reveal_record(record: Record, disclosures: Iterable[Disclosure]) -> Record:
    """The record with each value whose disclosure is at hand; a missing one that must be there is `SHOWN`.

    Raises ManifestError when a disclosed name stands in its object already.
    """
    given = {each.digest: each for each in disclosures}
    plain = record_value(record)
    for row in CONCEALED:
        if row.always:
            plain = _changed(plain, row.place, partial(_marked, row.names, given))
    shown = reveal(plain, given)
    assert isinstance(shown, dict)
    return _record(shown)


def record_digests(record: Record) -> tuple[str, ...]:
    """Every digest of a concealed value of a record. Raises ManifestError when one is malformed or occurs twice."""
    return digests_in(record_value(record))


def record_value(record: Record) -> dict[str, Json]:
    """The record as one JSON object, by the names of its parts."""
    plain: dict[str, Json] = {field.name: getattr(record, field.name) for field in fields(record)}
    return {**plain, "appearances": [*record.appearances]}


def _marked(names: Iterable[str], given: Mapping[str, Disclosure], found: dict[str, Json]) -> dict[str, Json]:
    """The object with `SHOWN` for each name that is neither in clear nor among what is disclosed of it."""
    digests = found.get(DIGESTS)
    standing = [str(digest) for digest in digests] if isinstance(digests, list) else []
    told = {given[digest].name for digest in standing if digest in given}
    if all(digest in given for digest in standing):
        return found
    missing = [name for name in names if name not in found and name not in told and not name.endswith(_BYTES)]
    return {**found, **dict.fromkeys(missing, SHOWN)}


def _changed(
    value: dict[str, Json], place: str, change: Callable[[dict[str, Json]], dict[str, Json]]
) -> dict[str, Json]:
    """The object with every object at ``place`` below it changed; a place that it does not have is left alone."""
    step, _, rest = place.partition(".")
    name, listed = step.removesuffix("[]"), step.endswith("[]")

    def descend(inner: Json) -> Json:
        if not isinstance(inner, dict):
            return inner
        return _changed(inner, rest, change) if rest else change(inner)

    inner = value.get(name)
    if isinstance(inner, list) and listed:
        return {**value, name: [descend(element) for element in inner]}
    return {**value, name: descend(inner)} if isinstance(inner, dict) and not listed else value


def _record(plain: dict[str, Json]) -> Record:
    parts = {name: value for name, value in plain.items() if isinstance(value, dict)}
    appearances = plain["appearances"]
    assert isinstance(appearances, list)
    return Record(appearances=tuple(seen for seen in appearances if isinstance(seen, dict)), **parts)
