"""case.json: what a case is. The names of its operator and custodian stand in it as digests (RFC 9901).

Cases made before names were concealed have them in clear; both forms are read, and both are of schema 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from forensics.custody import canonical
from forensics.custody.disclosure import ALGORITHM, ALGORITHM_NAME, DIGESTS, Disclosure, conceal, digests_in, reveal
from forensics.errors import ManifestError
from forensics.model.custody import CaseInfo
from forensics.model.manifest import Json
from forensics.model.provenance import SHOWN

_NAMES = ("operator", "custodian")
"""What is concealed. The log's first line holds this file's digest: with a name in clear, a guess at it could be
tried against that digest, and the name could never be erased."""


def encode_case(
    info: CaseInfo, salt: Callable[[], bytes], known: Iterable[Disclosure] = ()
) -> tuple[bytes, tuple[Disclosure, ...]]:
    """The stored bytes of case.json, and the new disclosures; ``known`` are used again, as by `conceal`."""
    plain: dict[str, Json] = msgspec.to_builtins(info)
    left, made = conceal(plain, _NAMES, salt, known)
    return canonical.encode_stored({**left, ALGORITHM_NAME: ALGORITHM} if DIGESTS in left else left), made


def decode_case(data: bytes, disclosures: Iterable[Disclosure] = ()) -> CaseInfo:
    """What case.json says, with the names that the disclosures prove; others are `SHOWN`.

    Raises ManifestError for bytes that are not canonical, or for fields of another type.
    """
    value = canonical.decode_stored(data)
    try:
        return case_info(value, {each.digest: each for each in disclosures})
    except msgspec.ValidationError as error:
        raise ManifestError(f"the case file has a field that its schema does not allow: {error}") from error


def case_info(value: Json, disclosures: Mapping[str, Disclosure] | None = None) -> CaseInfo:
    """The same from the parsed value. Raises ManifestError, ValueError (msgspec's)."""
    shown = reveal(value, disclosures or {})
    if isinstance(shown, dict) and digests_in(value):
        shown = {**{name: SHOWN for name in _NAMES if name not in shown}, **shown}
    return msgspec.convert(shown, CaseInfo, strict=True)


def case_value(info: CaseInfo, value: Json) -> Json:
    """What a file says that says ``info`` and conceals as much as ``value``: a sound one equals it."""
    plain: dict[str, Json] = msgspec.to_builtins(info)
    digests = digests_in(value)
    if not digests or not isinstance(value, dict):
        return plain
    clear = {name: each for name, each in plain.items() if name not in _NAMES or name in value}
    return {**clear, DIGESTS: [*sorted(digests)], ALGORITHM_NAME: ALGORITHM}
