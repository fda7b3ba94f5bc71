"""Documents for other people's programs, each read by a program that is not ours."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from forensics import custody, interop
from forensics.custody import PublicKey, canonical, decode_manifest
from forensics.errors import CaseError, ManifestError
from forensics.model.custody import CustodyEvent, EventType
from pipelines.case import open_case
from pipelines.interop import ENVELOPE, NO_ENVELOPE, files
from tests.adversarial.sealed_case import OWN, STRANGER, SealedCase

VALIDATOR = os.environ.get("FORENSICS_CASE_VALIDATE") or shutil.which("case_validate")
SPKI_OF_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key in a PEM file (RFC 8410)."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SealedCase:
    made = SealedCase(tmp_path_factory.mktemp("interop") / "case")
    made.make()
    return made


@pytest.fixture(scope="module")
def evidence(made: SealedCase) -> str:
    """The evidence that was seen twice: its manifest has two versions."""
    store = open_case(made.root).store
    return next(each for each in store.ids() if len(store.states(each)) == 2)


@pytest.fixture(scope="module")
def documents(made: SealedCase, evidence: str) -> dict[str, bytes]:
    return dict(files(open_case(made.root), evidence, made.run))


@pytest.fixture(scope="module")
def account(made: SealedCase, evidence: str) -> interop.Account:
    """With programs, a second operator who has a pseudonym, and text that JSON must escape."""
    manifest = decode_manifest(open_case(made.root).manifest_bytes(evidence))
    programs = [
        {"name": "ffmpeg", "version": "5.1.9", "banner": 'a "banner"', "sha256": "ab" * 32},
        {"name": "ffprobe", "version": "5.1.9"},
        {"name": "of an unknown version"},
        "no program",
    ]
    environment = {"tool": {"name": "footage-forensics", "version": "0.1.0"}, "programs": programs}
    record = replace(
        manifest.record, environment=environment, case={"id": "CASE-\u202e\"<'&>", "exhibit": "E-0001\n\u0416"}
    )
    events = [event for event in made.log.events() if event.event.item == evidence]
    event = events[0].event
    more = (
        replace(event, seq=40, event=EventType.REPLAY, operator="op-abcdefgh23456777"),
        replace(event, seq=41, event=EventType.DISSEMINATION, operator="A. Nother"),
        replace(event, seq=42, event=EventType.FIXITY_CHECK, item="ef" * 32, operator="A. Nother"),
        replace(event, seq=43, event=EventType.FIXITY_CHECK, operator="A. Nother"),
    )
    told = (*(line.event for line in events), *more)
    return interop.Account.of(replace(manifest, record=record), "cd" * 32, told)


def pem_of(key: PublicKey) -> bytes:
    body = base64.b64encode(SPKI_OF_ED25519 + key.blob[-32:])
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"


def ids_in(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["@id"]] if "@id" in value else []
        return own + [each for inner in value.values() for each in ids_in(inner)]
    return [each for inner in value for each in ids_in(inner)] if isinstance(value, list) else []


def test_the_same_case_gives_the_same_bytes_and_each_is_canonical(
    made: SealedCase, evidence: str, documents: dict[str, bytes]
) -> None:
    assert list(documents) == ["case.jsonld", "dsse.json", "prov.json"]
    made.record(EventType.DISSEMINATION, evidence, tagmanifest="ab" * 32, bag="EXHIBIT-1", profile="public")
    assert dict(files(open_case(made.root), evidence, made.run)) == documents
    told = [line.event for line in made.log.events()]
    assert dict(files(open_case(made.root), evidence, made.run, told)) == documents
    for data in documents.values():
        canonical.decode_stored(data)


def test_another_version_of_the_manifest_has_other_names_of_things(account: interop.Account) -> None:
    other = replace(account, manifest_sha256="de" * 32)
    ours, theirs = (set(ids_in(interop.case_graph(each))) for each in (account, other))
    assert ours
    assert not ours & theirs


def test_no_document_holds_a_name_a_path_or_a_banner(account: interop.Account, documents: dict[str, bytes]) -> None:
    texts = [data.decode() for name, data in documents.items() if name != ENVELOPE]
    texts += [json.dumps(view(account)) for view in interop.VIEWS.values()]
    for text in texts:
        assert not any(word in text for word in ("op-07", "A. Nother", "DCIM", "banner", "CASE-2026-017/"))
    assert "operator-1" in texts[0]
    assert "op-abcdefgh23456777" in texts[-1]
    assert set(account.pseudonyms().values()) == {"operator-1", "op-abcdefgh23456777", "operator-3"}


def test_what_the_record_does_not_name_in_full_is_no_program(account: interop.Account) -> None:
    assert [each.name for each in account.programs()] == ["footage-forensics", "ffmpeg", "ffprobe"]
    bare = replace(account.manifest.record, environment={"tool": ["no tool"], "programs": "none"}, case={})
    nothing = replace(account, manifest=replace(account.manifest, record=bare), events=())
    assert nothing.programs() == ()
    for view in interop.VIEWS.values():
        canonical.encode(view(nothing))


def test_every_thing_that_the_case_graph_links_to_is_in_it(account: interop.Account) -> None:
    graph = interop.case_graph(account)["@graph"]
    things = [thing["@id"] for thing in graph]
    assert len(things) == len(set(things))
    links = {each for thing in graph for value in thing.values() for each in ids_in(value)}
    facets = {each["@id"] for thing in graph for each in thing.get("uco-core:hasFacet", ())}
    hashes = {each for thing in graph for facet in thing.get("uco-core:hasFacet", ()) for each in ids_in(facet)}
    assert links <= set(things) | facets | hashes


@pytest.mark.skipif(VALIDATOR is None, reason="case_validate is not on PATH nor in FORENSICS_CASE_VALIDATE")
def test_the_case_graph_conforms_to_case_1_5(tmp_path: Path, account: interop.Account, documents: dict) -> None:
    data = canonical.encode_stored(interop.case_graph(account))
    (tmp_path / "made.jsonld").write_bytes(data)
    (tmp_path / "stored.jsonld").write_bytes(documents["case.jsonld"])
    (tmp_path / "wrong.jsonld").write_bytes(data.replace(b'"@type":"xsd:dateTime"', b'"@type":"xsd:string"'))
    told = [_conforms(tmp_path / f"{name}.jsonld") for name in ("made", "stored", "wrong")]
    assert told == [True, True, False]


def _conforms(path: Path) -> bool:
    words = [str(VALIDATOR), "--built-version", "case-1.5.0", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert "Conforms: " in done.stdout, done.stderr
    return "Conforms: True" in done.stdout


def test_the_envelope_holds_the_stored_manifest_and_securesystemslib_verifies_it(
    made: SealedCase, evidence: str, documents: dict[str, bytes]
) -> None:
    told = json.loads(documents[ENVELOPE])
    envelope = Envelope.from_dict(json.loads(documents[ENVELOPE]))  # it changes what it is given
    assert envelope.payload == open_case(made.root).manifest_bytes(evidence)
    key = _foreign_key(OWN.key)
    assert envelope.verify([key], 1)
    with pytest.raises(VerificationError):
        envelope.verify([replace_id(_foreign_key(STRANGER.key), key.keyid)], 1)
    other = Envelope.from_dict({**told, "payload": base64.b64encode(envelope.payload + b" ").decode()})
    with pytest.raises(VerificationError):
        other.verify([key], 1)


def _foreign_key(key: PublicKey) -> SSlibKey:
    return SSlibKey(key.fingerprint, "ed25519", "ed25519", {"public": key.blob[-32:].hex()})


def replace_id(key: SSlibKey, name: str) -> SSlibKey:
    return SSlibKey(name, key.keytype, key.scheme, key.keyval)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the judge here")
def test_openssl_verifies_the_envelope_from_its_bytes_alone(tmp_path: Path, documents: dict[str, bytes]) -> None:
    told = json.loads(documents[ENVELOPE])
    payload = base64.b64decode(told["payload"])
    kind = told["payloadType"].encode()
    encoded = b"DSSEv1 " + b" ".join((str(len(kind)).encode(), kind, str(len(payload)).encode(), payload))
    (tmp_path / "signed").write_bytes(encoded)
    (tmp_path / "other").write_bytes(encoded + b"\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(told["signatures"][0]["sig"]))
    (tmp_path / "key.pem").write_bytes(pem_of(OWN.key))
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-sigfile", "signature", "-in"]
    codes = [
        subprocess.run([*words, name], cwd=tmp_path, capture_output=True, check=False).returncode == 0
        for name in ("signed", "other")
    ]
    assert codes == [True, False]


class TokenSigner:
    """A key on a hardware token, as far as signing plain bytes goes: it does not."""

    key = PublicKey(custody.sshsig.TOKEN_KEY, OWN.key.blob)
    protection = "agent"

    def sign_bytes(self, data: bytes) -> bytes:
        raise AssertionError("a token signs no plain bytes")


def test_a_token_makes_no_envelope_and_a_file_says_so(made: SealedCase, evidence: str) -> None:
    found = dict(files(open_case(made.root), evidence, replace(made.run, signer=TokenSigner())))
    assert set(found) == {"case.jsonld", "prov.json", NO_ENVELOPE}
    assert b"hardware token" in found[NO_ENVELOPE]


def test_without_a_key_nothing_is_made(made: SealedCase, evidence: str) -> None:
    with pytest.raises(CaseError):
        files(open_case(made.root), evidence, replace(made.run, signer=None))


def test_a_manifest_that_is_not_sound_is_not_told_on(made: SealedCase, evidence: str, tmp_path: Path) -> None:
    copy = shutil.copytree(made.root, tmp_path / "case")
    path = open_case(copy).store.path(evidence, "manifest.json")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b'"version":2', b'"version": 2'))
    with pytest.raises(ManifestError):
        files(open_case(copy), evidence, made.run)


RELATIONS = {
    "used": ("prov:activity", "prov:entity"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
}
"""Records of PROV-JSON (submission of 2013, section 3) that we write, and the two things that each must name."""

DECLARED = {"entity", "activity", "agent"}


def problems_of(document: dict) -> list[str]:
    """What breaks the rules of PROV-JSON or PROV-DM in a document of ours: names, references, values."""
    prefixes = set(document["prefix"]) | {"prov", "xsd"}
    names = {f"prov:{kind}": set(document.get(kind, ())) for kind in DECLARED}
    names |= {"prov:generatedEntity": names["prov:entity"], "prov:usedEntity": names["prov:entity"]}
    wrong = [kind for kind in document if kind not in {*DECLARED, *RELATIONS, "prefix"}]
    for kind, records in document.items():
        for name, record in records.items() if kind != "prefix" else ():
            known = name.startswith("_:") if kind in RELATIONS else name.split(":")[0] in prefixes
            wrong += [] if known else [name]
            wrong += [key for key in RELATIONS.get(kind, ()) if record.get(key) not in names[key]]
            wrong += [key for key in record if key.split(":")[0] not in prefixes]
            wrong += [key for key, value in record.items() if not is_value(value)]
    return wrong


def is_value(value: object) -> bool:
    """A plain text, or a typed literal."""
    typed = isinstance(value, dict) and set(value) == {"$", "type"} and all(isinstance(x, str) for x in value.values())
    return isinstance(value, str) or typed


def test_the_provenance_keeps_the_rules_of_prov_json(account: interop.Account, documents: dict[str, bytes]) -> None:
    for document in (json.loads(documents["prov.json"]), interop.prov_document(account)):
        assert problems_of(document) == []
        del document["activity"]
        assert problems_of(document) != []


def test_prov_reads_the_provenance_and_writes_it_back(account: interop.Account, documents: dict[str, bytes]) -> None:
    model = pytest.importorskip("prov.model", reason="the package prov is the judge here")
    for text in (documents["prov.json"].decode(), json.dumps(interop.prov_document(account))):
        read = model.ProvDocument.deserialize(content=text)
        assert len(list(read.get_records())) == sum(
            len(each) for kind, each in json.loads(text).items() if kind != "prefix"
        )
        assert model.ProvDocument.deserialize(content=read.serialize()) == read


def test_two_files_with_the_same_bytes_are_one_entity(account: interop.Account) -> None:
    original = next(each for each in account.manifest.subjects if each.name == "original")
    twin = replace(original, name="source/sidecar-1.srt")
    manifest = replace(account.manifest, subjects=(*account.manifest.subjects, twin))
    document = interop.prov_document(replace(account, manifest=manifest))
    assert document["entity"][f"sha256:{original.sha256}"]["prov:label"] == "original, source/sidecar-1.srt"
    assert problems_of(document) == []


def test_events_of_other_kinds_or_items_are_left_out(account: interop.Account) -> None:
    assert [event.seq for event in account.events][-2:] == [40, 43]
    assert all(isinstance(event, CustodyEvent) for event in account.events)
