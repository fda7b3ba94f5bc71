"""CASE/UCO 1.5: the ontology in which tools of digital forensics exchange what was found and what was done.

Files with their digests, the acts of the log, the programs, and a provenance record with the exhibit number. CASE has
no integrity of its own: the graph names the manifest by digest, and the manifest is what is signed.

https://caseontology.org/ontology/start.html and https://unifiedcyberontology.org/
"""

from __future__ import annotations

from forensics.interop.account import ADMITTING, Account, Program
from forensics.model.custody import CustodyEvent
from forensics.model.manifest import Json, Subject

_UCO = "https://ontology.unifiedcyberontology.org/uco/"

CONTEXT: dict[str, Json] = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:uuid:",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "uco-action": f"{_UCO}action/",
    "uco-core": f"{_UCO}core/",
    "uco-identity": f"{_UCO}identity/",
    "uco-observable": f"{_UCO}observable/",
    "uco-tool": f"{_UCO}tool/",
    "uco-types": f"{_UCO}types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes. Things are named by UUIDs, as UCO suggests; they are made from the manifest's digest, not at random."""

MANIFEST = "manifest.json"


def case_graph(account: Account) -> dict[str, Json]:
    """The graph of one evidence, in JSON-LD."""
    subjects = [_file(account, subject) for subject in account.manifest.subjects]
    things = [
        *subjects,
        _manifest_file(account),
        *(_tool(account, program) for program in account.programs()),
        *(_operator(account, name) for name in sorted(set(account.pseudonyms().values()))),
        _provenance(account),
        *(_act(account, event) for event in account.events),
    ]
    things.append(_investigation(account))
    return {"@context": CONTEXT, "@graph": list[Json](things)}


def _named(account: Account, name: str, kind: str) -> dict[str, Json]:
    return {"@id": _id(account, name), "@type": kind}


def _id(account: Account, name: str) -> str:
    return f"kb:{account.uuid_of(name)}"


def _link(account: Account, name: str) -> dict[str, Json]:
    return {"@id": _id(account, name)}


def _file(account: Account, subject: Subject) -> dict[str, Json]:
    return _content(account, subject.name, {"SHA256": subject.sha256, "SHA512": subject.sha512}, subject.size)


def _manifest_file(account: Account) -> dict[str, Json]:
    return _content(account, MANIFEST, {"SHA256": account.manifest_sha256}, None)


def _content(account: Account, name: str, digests: dict[str, str], size: int | None) -> dict[str, Json]:
    """A file by its name in the store, never by the one that it was found under."""
    path = f"file/{name}"
    facet = _named(account, f"{path}#name", "uco-observable:FileFacet")
    facet["uco-observable:fileName"] = name.rpartition("/")[2]
    facet["uco-observable:filePath"] = name
    data = _named(account, f"{path}#content", "uco-observable:ContentDataFacet")
    data["uco-observable:hash"] = [_hash(account, path, method, value) for method, value in digests.items()]
    if size is not None:
        told: Json = {"@type": "xsd:integer", "@value": str(size)}
        data["uco-observable:sizeInBytes"] = told
        facet["uco-observable:sizeInBytes"] = told
    return {**_named(account, path, "uco-observable:File"), "uco-core:hasFacet": [facet, data]}


def _hash(account: Account, path: str, method: str, value: str) -> dict[str, Json]:
    return {
        **_named(account, f"{path}#{method}", "uco-types:Hash"),
        "uco-types:hashMethod": method,
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
    }


def _tool(account: Account, program: Program) -> dict[str, Json]:
    told = _named(account, f"tool/{program.name}", "uco-tool:Tool")
    told["uco-core:name"] = program.name
    told["uco-tool:version"] = program.version
    if program.sha256 is not None:
        told["uco-core:description"] = f"SHA-256 of the program file: {program.sha256}"
    return told


def _operator(account: Account, pseudonym: str) -> dict[str, Json]:
    return {**_named(account, f"operator/{pseudonym}", "uco-identity:Identity"), "uco-core:name": pseudonym}


def _provenance(account: Account) -> dict[str, Json]:
    told = _named(account, "provenance", "case-investigation:ProvenanceRecord")
    told["uco-core:description"] = f"{account.manifest.item}, manifest version {account.manifest.version}"
    told["uco-core:object"] = [
        *(_link(account, f"file/{subject.name}") for subject in account.manifest.subjects),
        _link(account, f"file/{MANIFEST}"),
    ]
    if (exhibit := account.exhibit()) is not None:
        told["case-investigation:exhibitNumber"] = exhibit
    return told


def _act(account: Account, event: CustodyEvent) -> dict[str, Json]:
    """An act of the log; its time is the operator's clock's."""
    told = _named(account, f"event/{event.seq}", "case-investigation:InvestigativeAction")
    time: Json = {"@type": "xsd:dateTime", "@value": event.time}
    told["uco-core:name"] = str(event.event)
    told["uco-core:description"] = f"event {event.seq} of the custody log"
    told["uco-action:startTime"] = time
    told["uco-action:endTime"] = time
    told["uco-action:performer"] = _link(account, f"operator/{account.pseudonyms()[event.operator]}")
    told["uco-action:object"] = [_link(account, "file/original")]
    told["uco-action:instrument"] = [_link(account, f"tool/{program.name}") for program in account.programs()]
    if event.event in ADMITTING:
        told["uco-action:result"] = [_link(account, "provenance")]
    return told


def _investigation(account: Account) -> dict[str, Json]:
    """What holds the rest together; the case's identifier is all that it says of the case."""
    told = _named(account, "investigation", "case-investigation:Investigation")
    if (case := account.case()) is not None:
        told["uco-core:name"] = case
    acts = [f"event/{event.seq}" for event in account.events]
    told["uco-core:object"] = [_link(account, name) for name in ("provenance", *acts)]
    return told
