"""The manifest's stored form: what it looks like, and everything that is refused."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from forensics.custody import canonical, decode_manifest, encode_manifest, facts_digests, item_of
from forensics.errors import ManifestError
from forensics.model.manifest import Facts, Manifest, Record, Subject
from forensics.model.notice import Notice

A, B = "a" * 64, "b" * 64
LONG = "c" * 128


def subject(name: str, sha256: str = A, size: int = 3) -> Subject:
    return Subject(name=name, sha256=sha256, sha512=LONG, size=size)


MANIFEST = Manifest(
    id="urn:uuid:0193c2a4",
    item=item_of(A),
    version=1,
    supersedes=None,
    subjects=(subject("original"), subject("source/post.json", B)),
    facts=Facts(exact={"size": 3, "video": {"width": 64}}, recipe={"keyframes": [{"pts": 0}]}),
    record=Record(
        case={"id": "CASE"},
        appearances=({"path": "DCIM/Відео.mp4"},),
        acquisition={"method": "copy"},
        environment={"python": "3.11"},
        processing={"errors": []},
        log={"prior_event": B},
    ),
    notices=(Notice(code="media.truncated", message="Cut after 3 s."),),
    limits=("No statement on who filmed.",),
)


def changed(change: Callable[[dict], object]) -> bytes:
    value = json.loads(encode_manifest(MANIFEST))
    change(value)
    return canonical.encode_stored(value)


def test_the_stored_form_is_an_in_toto_statement_in_one_line() -> None:
    data = encode_manifest(MANIFEST)
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    value = json.loads(data)
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "urn:footage-forensics:manifest:v1"
    assert value["subject"][1] == {
        "name": "source/post.json",
        "digest": {"sha256": B, "sha512": LONG},
        "annotations": {"size": 3},
    }
    predicate = value["predicate"]
    assert set(predicate) == {"id", "item", "version", "supersedes", "facts", "record", "notices", "limits"}
    assert set(predicate["record"]) == {"case", "appearances", "acquisition", "environment", "processing", "log"}
    assert (predicate["item"], predicate["version"], predicate["supersedes"]) == (f"urn:sha256:{A}", 1, None)
    assert decode_manifest(data) == MANIFEST


def test_these_bytes_are_pinned() -> None:
    """A change of the stored form is a change of the schema: it takes another predicate type."""
    found = hashlib.sha256(encode_manifest(MANIFEST)).hexdigest()
    assert found == "15b46ac1a02e03ed115c1490d379b903fe5b67f368a621fc0c670838cd1f3f03"


def test_the_record_is_in_no_facts_digest() -> None:
    other = replace(MANIFEST, record=replace(MANIFEST.record, environment={"python": "3.13"}))
    assert facts_digests(other.facts) == facts_digests(MANIFEST.facts)
    exact, recipe = facts_digests(Facts(exact={"size": 4}, recipe=MANIFEST.facts.recipe))
    assert exact != facts_digests(MANIFEST.facts)[0]
    assert recipe == facts_digests(MANIFEST.facts)[1]


REFUSED: dict[str, Callable[[dict], object]] = {
    "unknown field on top": lambda v: v.update(more=1),
    "unknown field in the predicate": lambda v: v["predicate"].update(more=1),
    "unknown field in the facts": lambda v: v["predicate"]["facts"].update(more=1),
    "unknown field in the record": lambda v: v["predicate"]["record"].update(more={}),
    "unknown field in a notice": lambda v: v["predicate"]["notices"][0].update(more=1),
    "unknown field in a subject": lambda v: v["subject"][0].update(uri="x"),
    "unknown digest": lambda v: v["subject"][0]["digest"].update(md5="x"),
    "unknown annotation": lambda v: v["subject"][0]["annotations"].update(more=1),
    "missing predicate field": lambda v: v["predicate"].pop("limits"),
    "missing record field": lambda v: v["predicate"]["record"].pop("log"),
    "missing sha512": lambda v: v["subject"][0]["digest"].pop("sha512"),
    "missing size": lambda v: v["subject"][0].pop("annotations"),
    "no subjects": lambda v: v.update(subject=[]),
    "no original": lambda v: v["subject"].pop(0),
    "another original": lambda v: v["subject"][0]["digest"].update(sha256=B),
    "another item": lambda v: v["predicate"].update(item=item_of(B)),
    "item without its prefix": lambda v: v["predicate"].update(item=A),
    "digest in capitals": lambda v: v["subject"][1]["digest"].update(sha256="B" * 64),
    "digest with a newline": lambda v: v["subject"][1]["digest"].update(sha256=B + "\n"),
    "digest too short": lambda v: v["subject"][1]["digest"].update(sha512="c"),
    "subject twice": lambda v: v["subject"].append(v["subject"][1]),
    "the manifest as its own subject": lambda v: v["subject"][1].update(name="manifest.json"),
    "name that climbs": lambda v: v["subject"][1].update(name="../post.json"),
    "absolute name": lambda v: v["subject"][1].update(name="/post.json"),
    "hidden name": lambda v: v["subject"][1].update(name=".post.json"),
    "name that is not ASCII": lambda v: v["subject"][1].update(name="відео"),
    "long name": lambda v: v["subject"][1].update(name="x" * 256),
    "negative size": lambda v: v["subject"][1]["annotations"].update(size=-1),
    "version 0": lambda v: v["predicate"].update(version=0),
    "version as text": lambda v: v["predicate"].update(version="1"),
    "version as a truth value": lambda v: v["predicate"].update(version=True),
    "version 2 that supersedes nothing": lambda v: v["predicate"].update(version=2),
    "version 1 that supersedes": lambda v: v["predicate"].update(supersedes=B),
    "supersedes no digest": lambda v: v["predicate"].update(version=2, supersedes="former"),
    "changed exact facts": lambda v: v["predicate"]["facts"]["exact"].update(size=4),
    "changed recipe facts": lambda v: v["predicate"]["facts"].update(recipe={}),
    "swapped facts digests": lambda v: v["predicate"]["facts"].update(exact_sha256=B),
    "notices as text": lambda v: v["predicate"].update(notices="none"),
    "limits of numbers": lambda v: v["predicate"].update(limits=[1]),
    "appearance as text": lambda v: v["predicate"]["record"].update(appearances=["x"]),
    "another statement type": lambda v: v.update(_type="https://in-toto.io/Statement/v2"),
    "another predicate type": lambda v: v.update(predicateType="urn:footage-forensics:manifest:v2"),
    "a finding's type": lambda v: v.update(predicateType="urn:footage-forensics:finding:v1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_of_the_schema_is_refused_although_it_is_canonical(name: str) -> None:
    data = changed(REFUSED[name])
    with pytest.raises(ManifestError):
        decode_manifest(data)


def test_the_harness_of_changes_can_pass() -> None:
    assert decode_manifest(changed(lambda v: v["predicate"].update(limits=["other"]))).limits == ("other",)


@pytest.mark.parametrize("data", [b"", b"\n", b"[]\n", b"1\n", b"null\n", b'"x"\n', b"{}\n", b"{}"])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        decode_manifest(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"item": item_of(B)},
        {"version": 0},
        {"version": 2},
        {"supersedes": B},
        {"subjects": ()},
        {"subjects": (subject("original"), subject("original"))},
        {"subjects": (subject("original"), subject("manifest.json"))},
        {"subjects": (subject("original"), subject("a/../b"))},
        {"facts": Facts(exact={"rate": 29.97}, recipe={})},
        {"facts": Facts(exact={"size": 2**53}, recipe={})},
        {"limits": ("\udcff",)},
    ],
    ids=str,
)
def test_what_could_not_be_read_back_is_not_written(wrong: dict) -> None:
    with pytest.raises(ManifestError):
        encode_manifest(replace(MANIFEST, **wrong))


def test_a_manifest_of_another_schema_says_so() -> None:
    with pytest.raises(ManifestError) as caught:
        decode_manifest(changed(REFUSED["another predicate type"]))
    assert caught.value.code == "manifest.schema"
    assert caught.value.hint


@pytest.mark.parametrize("where", ["key", "name", "value"])
def test_what_a_hostile_document_says_is_shown_without_its_controls(where: str) -> None:
    bad = "\x1b[2J\u202e"
    change = {
        "key": lambda v: v.update({"\x1b[2J": 1}),
        "name": lambda v: v["subject"][1].update(name=bad),
        "value": lambda v: v["predicate"].update(version=bad),
    }[where]
    with pytest.raises(ManifestError) as caught:
        decode_manifest(changed(change))
    assert caught.value.message.isprintable()
