"""Manifests, findings and log lines: what is written is read back, and no byte can change unseen."""

import hashlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.custody import (
    canonical,
    decode_event,
    decode_finding,
    decode_manifest,
    encode_event,
    encode_finding,
    encode_manifest,
    facts_digests,
)
from forensics.errors import ManifestError
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.evidence import Digests
from forensics.model.finding import ErrorRates, Finding, FindingStatus, Review
from forensics.model.manifest import Facts, Manifest, Record, Subject
from forensics.model.match import (
    Assessment,
    Decision,
    Match,
    Method,
    Moving,
    Segment,
    SegmentEvidence,
    SoundEvidence,
    Transform,
)
from forensics.model.notice import Notice

TOP = 2**53 - 1
patient = settings(deadline=None, max_examples=60)  # a busy machine is no failure
hex64 = st.binary(min_size=32, max_size=32).map(bytes.hex)
hex128 = st.binary(min_size=64, max_size=64).map(bytes.hex)
words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=10)
RESERVED = ("_sd", "...")  # names of disclosures (RFC 9901, 4.2.4): a record that uses them otherwise is refused
ascii_keys = st.text(alphabet=st.characters(max_codepoint=127), max_size=6).filter(lambda key: key not in RESERVED)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-TOP, TOP) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ascii_keys, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(ascii_keys, json_values, max_size=3)
names = st.from_regex(r"(source|derived)/[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    original = draw(hex64)
    files = [("original", original), *((name, draw(hex64)) for name in draw(st.sets(names, max_size=3)))]
    version = draw(st.integers(1, 9))
    return Manifest(
        id="urn:uuid:" + draw(words),
        item="urn:sha256:" + original,
        version=version,
        supersedes=None if version == 1 else draw(hex64),
        subjects=tuple(
            Subject(name=name, sha256=sha256, sha512=draw(hex128), size=draw(st.integers(0, TOP)))
            for name, sha256 in files
        ),
        facts=Facts(exact=draw(objects), recipe=draw(objects)),
        record=Record(
            case=draw(objects),
            appearances=tuple(draw(st.lists(objects, max_size=2))),
            acquisition=draw(objects),
            environment=draw(objects),
            processing=draw(objects),
            log=draw(objects),
        ),
        notices=tuple(draw(st.lists(st.builds(Notice, code=words, message=words), max_size=2))),
        limits=tuple(draw(st.lists(words, max_size=2))),
    )


evidences = st.builds(
    SegmentEvidence,
    frames=st.integers(0, TOP),
    hamming_median=st.none() | numbers,
    moments=st.integers(0, TOP),
    inliers=numbers,
    cells=numbers,
    inlier_ratio=numbers,
    drift_px=st.none() | numbers,
    motion=st.none() | numbers,
    motion_z=st.none() | numbers,
)
rectangles = st.tuples(numbers, numbers, numbers, numbers)
transforms = st.builds(
    Transform,
    mirrored=st.booleans(),
    inverted=st.booleans(),
    quarter_turns=st.integers(0, 3),
    scale=numbers,
    rotation_deg=numbers,
    dx=numbers,
    dy=numbers,
    crop=rectangles,
    box=rectangles,
)
segments = st.builds(
    Segment,
    query_start_s=numbers,
    query_end_s=numbers,
    reference_start_s=numbers,
    reference_end_s=numbers,
    speed=numbers,
    score=numbers,
    transform=st.none() | transforms,
    evidence=evidences,
    held_still=st.none() | st.sampled_from(Moving),
)


@st.composite
def methods(draw: st.DrawFn, params: dict | None) -> Method:
    digest = draw(hex64) if params is None else canonical.digest(params)
    return Method(name=draw(words), version=draw(words), params_sha256=digest)


@st.composite
def sounds(draw: st.DrawFn, params: dict | None) -> SoundEvidence:
    return SoundEvidence(
        offset_s=draw(numbers),
        query_start_s=draw(numbers),
        query_end_s=draw(numbers),
        seconds=draw(numbers),
        bits=draw(numbers),
        chance_bits=draw(numbers),
        agrees_with_pictures=draw(st.none() | st.booleans()),
        method=draw(methods(params)),
    )


counts = st.integers(0, TOP)
rates = st.builds(
    ErrorRates,
    record=hex64,
    made=words,
    of_this_case=st.booleans(),
    videos=counts,
    videos_sha256=hex64,
    attacked=counts,
    copies=counts,
    matched=counts,
    recall_low=numbers,
    recall_high=numbers,
    pairs=counts,
    false_pairs=counts,
    false_bound=numbers,
)
said = words.filter(str.strip)
reviews = st.builds(
    Review, examiner=said, made=words, reason=said, alternatives=st.lists(said, max_size=2).map(tuple), supersedes=hex64
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    params, sound_params = draw(st.none() | objects), draw(st.none() | objects)
    inside = draw(st.booleans())
    query = draw(hex64)
    assessment = draw(st.sampled_from(Assessment))
    by_sound = assessment is Assessment.AUDIO_ONLY
    sound = draw(sounds(sound_params) if by_sound or sound_params is not None else st.none() | sounds(sound_params))
    match = Match(
        query_id=query,
        reference_id=draw(hex64),
        score=draw(st.floats(0, 1)),
        decision=Decision.CANDIDATE if by_sound else draw(st.sampled_from(Decision)),
        assessment=assessment,
        mirrored=draw(st.booleans()),
        segments=tuple(draw(st.lists(segments, max_size=2))),
        method=draw(methods(params)),
        sound=sound,
    )
    status = draw(st.sampled_from(FindingStatus))
    return Finding(
        id=draw(words),
        match=match,
        reference_manifest=draw(hex64),
        query_manifest=draw(hex64) if inside else None,
        query_digests=None if inside else Digests(sha256=query, sha512=draw(hex128), size=draw(st.integers(0, TOP))),
        params=params,
        status=status,
        calibration=draw(st.none() | rates),
        review=None if status is FindingStatus.MACHINE_ONLY else draw(reviews),
        limits=tuple(draw(st.lists(words, max_size=2))),
        sound_params=sound_params,
    )


events = st.builds(
    CustodyEvent,
    case=words,
    seq=st.integers(0, TOP),
    prev=hex64,
    time=st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")),
    event=st.sampled_from(EventType),
    run=words,
    operator=words,
    item=st.none() | hex64,
    detail=st.dictionaries(ascii_keys, words | st.integers(-TOP, TOP), max_size=3),
)


@patient
@given(manifests(), st.sampled_from(RESERVED))
def test_a_record_that_uses_a_name_of_disclosures_is_not_written(manifest: Manifest, name: str) -> None:
    record = replace(manifest.record, log={"list": [{name: None}]})
    with pytest.raises(ManifestError):
        encode_manifest(replace(manifest, record=record))


@patient
@given(manifests())
def test_a_manifest_is_read_back_as_it_was_written(manifest: Manifest) -> None:
    assert decode_manifest(encode_manifest(manifest)) == manifest


@patient
@given(findings())
def test_a_finding_is_read_back_as_it_was_written(finding: Finding) -> None:
    data = encode_finding(finding)
    again = decode_finding(data)
    assert again == finding
    assert math.copysign(1, again.match.score) == math.copysign(1, finding.match.score)


@patient
@given(events)
def test_an_event_is_read_back_as_it_was_written(event: CustodyEvent) -> None:
    assert decode_event(encode_event(event)) == event


@patient
@given(st.data())
@pytest.mark.parametrize(
    ("documents", "encode", "decode"),
    [
        (manifests(), encode_manifest, decode_manifest),
        (findings(), encode_finding, decode_finding),
        (events, encode_event, decode_event),
    ],
    ids=["manifest", "finding", "event"],
)
def test_a_mutated_byte_is_refused_or_is_another_document(documents, encode, decode, data: st.DataObject) -> None:
    document = data.draw(documents)
    good = encode(document)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(bad))
    except ManifestError:
        return
    assert encode(other) == bytes(bad)
    assert other != document


@patient
@given(manifests())
def test_facts_digests_are_those_of_the_stored_facts(manifest: Manifest) -> None:
    facts = json.loads(encode_manifest(manifest))["predicate"]["facts"]
    for name, digest in zip(("exact", "recipe"), facts_digests(manifest.facts), strict=True):
        spelled = json.dumps(facts[name], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert facts[f"{name}_sha256"] == digest == hashlib.sha256(spelled).hexdigest()
