"""Documents for other people's programs about one evidence, for the folder data/interop/ of an exhibit.

1  the newest manifest as it is stored: what is concealed there stays so
2  the log's events of this evidence
3  CASE/UCO and PROV are made from both
4  the manifest's stored bytes are signed once more, in a DSSE envelope
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from forensics import custody, interop
from forensics.errors import CaseError
from forensics.model.custody import CustodyEvent
from pipelines.case import Case, Run

ENVELOPE = "dsse.json"

NO_ENVELOPE = "dsse-not-made.txt"
"""Says why there is no envelope, where there is none."""

_WHY_NONE = (
    "There is no dsse.json: the operator's key is on a hardware token, which signs no plain bytes.\n"
    "The manifest is signed all the same: manifest.json.sig, for ssh-keygen.\n"
)


def files(
    case: Case, evidence: str, run: Run, events: Iterable[CustodyEvent] | None = None
) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of each document, by name: equal for an equal manifest, log and key.

    ``events`` are those of the log that may be told (those that an exhibit shows); without them, all of them.

    Raises:
        CaseError: the run has no key.
        InputError: the key cannot be used.
        IntegrityError: the log is not sound.
        ManifestError: the manifest is not sound.
    """
    if run.signer is None:
        raise CaseError("there is no operator's key", hint="make one with: forensics key init")
    stored = case.manifest_bytes(evidence)
    account = interop.Account.of(
        custody.decode_manifest(stored),
        hashlib.sha256(stored).hexdigest(),
        (line.event for line in case.log.events()) if events is None else events,
    )
    made = {name: custody.canonical.encode_stored(view(account)) for name, view in interop.VIEWS.items()}
    return tuple(sorted((made | _envelope(stored, run.signer)).items()))


def _envelope(stored: bytes, signer: custody.Signer) -> dict[str, bytes]:
    signature = custody.sign_plain(signer, interop.to_sign(stored))
    if signature is None:
        return {NO_ENVELOPE: _WHY_NONE.encode()}
    return {ENVELOPE: custody.canonical.encode_stored(interop.envelope(stored, signature, signer.key.fingerprint))}
