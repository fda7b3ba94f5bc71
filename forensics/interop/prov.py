"""W3C PROV: files as entities, acts of the log as activities, programs and operators as agents, in PROV-JSON.

Files are named ``sha256:`` and their digest, which expands to ``urn:sha256:``: the same bytes have the same name in
every document. Two files with the same bytes are one entity.

https://www.w3.org/submissions/2013/SUBM-prov-json-20130424/ and https://www.w3.org/TR/prov-dm/
"""

from __future__ import annotations

from forensics.interop.account import ADMITTING, Account
from forensics.model.custody import CustodyEvent, EventType
from forensics.model.manifest import Json

PREFIXES: dict[str, Json] = {
    "ff": "urn:footage-forensics:",
    "sha256": "urn:sha256:",
    "thing": "urn:uuid:",
}
"""Prefixes of qualified names; ``prov`` and ``xsd`` are known to every reader of PROV-JSON."""

DERIVED = "derived/"
"""Names of files that were made from the original begin so."""


def prov_document(account: Account) -> dict[str, Json]:
    """The provenance of one evidence, in PROV-JSON."""
    document: dict[str, Json] = {
        "prefix": PREFIXES,
        "entity": _entities(account),
        "agent": _agents(account),
        "activity": {_activity(account, event): _act(event) for event in account.events},
        "wasDerivedFrom": _relation(
            "derivation",
            [{"prov:generatedEntity": each, "prov:usedEntity": _original(account)} for each in _derived(account)],
        ),
        "wasAssociatedWith": _relation("association", _associations(account)),
        "used": _relation("usage", _usages(account)),
        "wasGeneratedBy": _relation("generation", _generations(account)),
    }
    # An empty relation is left out, as other writers of PROV-JSON do.
    return {name: told for name, told in document.items() if told}


def _relation(name: str, each: list[dict[str, Json]]) -> dict[str, Json]:
    return {f"_:{name}-{number}": told for number, told in enumerate(each, 1)}


def _entities(account: Account) -> dict[str, Json]:
    told: dict[str, Json] = {}
    names: dict[str, list[str]] = {}
    for subject in account.manifest.subjects:
        names.setdefault(subject.sha256, []).append(subject.name)
        told[f"sha256:{subject.sha256}"] = {
            "prov:label": ", ".join(names[subject.sha256]),
            "ff:size": {"$": str(subject.size), "type": "xsd:integer"},
            "ff:sha512": subject.sha512,
        }
    told[_manifest(account)] = {"prov:label": "manifest.json", "ff:version": _number(account.manifest.version)}
    if account.manifest.supersedes is not None:
        told[f"sha256:{account.manifest.supersedes}"] = {
            "prov:label": "manifest.json",
            "ff:version": _number(account.manifest.version - 1),
        }
    return told


def _agents(account: Account) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for program in account.programs():
        about: dict[str, Json] = {
            "prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"},
            "prov:label": program.name,
            "ff:programVersion": program.version,
        }
        told[_agent(account, f"tool/{program.name}")] = about | (
            {} if program.sha256 is None else {"ff:programSha256": program.sha256}
        )
    for pseudonym in sorted(set(account.pseudonyms().values())):
        told[_agent(account, f"operator/{pseudonym}")] = {
            "prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"},
            "prov:label": pseudonym,
        }
    return told


def _act(event: CustodyEvent) -> dict[str, Json]:
    return {
        "prov:startTime": event.time,
        "prov:endTime": event.time,
        "prov:label": str(event.event),
        "ff:logLine": _number(event.seq),
    }


def _associations(account: Account) -> list[dict[str, Json]]:
    agents = [f"tool/{program.name}" for program in account.programs()]
    return [
        {"prov:activity": _activity(account, event), "prov:agent": _agent(account, name)}
        for event in account.events
        for name in (f"operator/{account.pseudonyms()[event.operator]}", *agents)
    ]


def _usages(account: Account) -> list[dict[str, Json]]:
    return [{"prov:activity": _activity(account, event), "prov:entity": _original(account)} for event in account.events]


def _generations(account: Account) -> list[dict[str, Json]]:
    """Derived files by the first ingestion; each manifest that is told of by the act that the log names it in."""
    told: list[dict[str, Json]] = []
    for event in account.events:
        made = [*_derived(account)] if event.event is EventType.INGESTION else []
        if event.event in ADMITTING and f"sha256:{event.detail.get('manifest')}" in _manifests(account):
            made.append(f"sha256:{event.detail['manifest']}")
        told += [
            {"prov:entity": each, "prov:activity": _activity(account, event), "prov:time": event.time} for each in made
        ]
    return told


def _derived(account: Account) -> list[str]:
    made = {f"sha256:{each.sha256}" for each in account.manifest.subjects if each.name.startswith(DERIVED)}
    return sorted(made - {_original(account)})


def _manifest(account: Account) -> str:
    return f"sha256:{account.manifest_sha256}"


def _manifests(account: Account) -> set[str]:
    return {_manifest(account), f"sha256:{account.manifest.supersedes}"}


def _original(account: Account) -> str:
    return f"sha256:{account.manifest.item.rpartition(':')[2]}"


def _activity(account: Account, event: CustodyEvent) -> str:
    return f"thing:{account.uuid_of(f'event/{event.seq}')}"


def _agent(account: Account, name: str) -> str:
    return f"thing:{account.uuid_of(name)}"


def _number(value: int) -> Json:
    return {"$": str(value), "type": "xsd:integer"}
