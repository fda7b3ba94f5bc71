"""Values that a signed document holds only as salted digests, and the disclosures that prove them: RFC 9901.

A disclosure (section 4.2) is ``base64url([salt, name, value])`` without padding; the digest that stands for it in its
object's ``_sd`` is ``base64url(SHA-256(disclosure))``, over the disclosure's own ASCII letters (4.2.3). So

    printf %s DISCLOSURE | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d =

is the digest, and the document's signature holds with or without the value. Kept here: disclosures of properties of
objects, one level deep. Array elements and disclosures within disclosures (4.2.2, 4.2.6) are not used and are refused.

https://www.rfc-editor.org/rfc/rfc9901
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from forensics.custody import canonical
from forensics.errors import ManifestError
from forensics.model.manifest import Json

DIGESTS = "_sd"
"""Property that holds the digests of an object's concealed properties, sorted, so that their order tells nothing."""

ALGORITHM_NAME = "_sd_alg"
ALGORITHM: Final = "sha-256"
"""Which digest, once a document, in the words of the IANA registry (4.1.1)."""

SALT_BYTES = 16
"""128 random bits, as 9.3 asks: a name or a path could be guessed, its digest with such a salt cannot."""

MAX_DISCLOSURE = 2**20
"""Letters of one disclosure. The longest is a command line, which the system itself bounds below this."""

PSEUDONYM_LETTERS = 26
"""130 bits. Two names for one pseudonym (a collision) would take 2^65 trials; at 16 letters 2^40, an afternoon."""

_RESERVED = frozenset({DIGESTS, "..."})
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_TEXT = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One concealed property: its name, its value, and the disclosure's own letters, over which the digest is."""

    text: str
    name: str
    value: Json

    @property
    def digest(self) -> str:
        """What stands for it in ``_sd``: 43 letters of base64url."""
        return _base64url(hashlib.sha256(self.text.encode("ascii")).digest())

    @property
    def pseudonym(self) -> str:
        """What stands for an operator in the log: ``op-`` and the first letters of the same SHA-256 in base32."""
        digest = hashlib.sha256(self.text.encode("ascii")).digest()
        return "op-" + base64.b32encode(digest).decode("ascii").lower()[:PSEUDONYM_LETTERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """What disclosures do for a document, by digest: ``disclosed`` and ``hidden`` stand in it, ``foreign`` do not."""

    disclosed: tuple[str, ...]
    hidden: tuple[str, ...]
    foreign: tuple[str, ...]


def make_disclosure(name: str, value: Json, salt: bytes) -> Disclosure:
    """Conceal one property. Raises ManifestError for a reserved name or a value outside the canonical profile."""
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has at least {SALT_BYTES} bytes")
    _check_property(name, value)
    text = _base64url(canonical.encode([_base64url(salt), name, value]))
    if len(text) > MAX_DISCLOSURE:
        raise _unsound(f"the value of {name!r:.60} is longer than a disclosure may be")
    return Disclosure(text=text, name=name, value=value)


def read_disclosure(text: str) -> Disclosure:
    """The disclosure that these letters are, whoever wrote it.

    Raises ManifestError for other letters than base64url's own, padding, no JSON array of salt, name and value, a key
    named twice, a number with a fraction, a reserved name.
    """
    if len(text) > MAX_DISCLOSURE or not _TEXT.match(text):
        raise _unsound("it is not base64url without padding")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unambiguous,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _unsound(f"it is not base64url of JSON ({type(error).__name__})") from error
    except ValueError as error:  # a whole number of too many digits
        raise _unsound("it holds a number that no reader keeps exact") from error
    if _base64url(data) != text:
        raise _unsound("its last letter has bits that say nothing")
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(part, str) for part in value[:2]):
        raise _unsound("it is not an array of salt, name and value")
    _check_property(value[1], value[2])
    return Disclosure(text=text, name=value[1], value=value[2])


def conceal(
    properties: Mapping[str, Json],
    names: Iterable[str],
    salt: Callable[[], bytes],
    known: Iterable[Disclosure] = (),
) -> tuple[dict[str, Json], tuple[Disclosure, ...]]:
    """The object with those of its ``names`` that have a value as digests, and the new disclosures.

    ``known`` disclosures are used again for the same name and value. What is concealed already stays as it is; a
    property without a value (null) stays in clear, since there is nothing to tell.
    """
    again = {(each.name, each.value): each for each in known if isinstance(each.value, str)}
    left = dict(properties)
    made: list[Disclosure] = []
    former = left.pop(DIGESTS, [])
    digests = list(former) if isinstance(former, list) else []
    for name in names:
        value = left.get(name)
        if value is None:
            continue
        del left[name]
        each = again.get((name, value)) if isinstance(value, str) else None
        if each is None:
            each = make_disclosure(name, value, salt())
            made.append(each)
        digests.append(each.digest)
    if digests:
        left[DIGESTS] = [*sorted(str(digest) for digest in digests)]
    return left, tuple(made)


def digests_in(document: Json) -> tuple[str, ...]:
    """Every digest of a document, in no order that matters.

    Raises ManifestError for an ``_sd`` that is no sorted list of digests, a digest that occurs twice (7.1, step 4), or
    a digest of an array's element.
    """
    found = tuple(_digests(document))
    if len(set(found)) != len(found):
        raise _unsound("a digest occurs twice")
    return found


def check(disclosures: Iterable[Disclosure], document: Json) -> Disclosed:
    """Hold disclosures against a document (RFC 9901, 7.1).

    Raises ManifestError for what `digests_in` refuses, a disclosure given twice, or one whose name its object has.
    """
    standing = digests_in(document)
    given = {each.digest: each for each in _once(disclosures)}
    reveal(document, given)
    return Disclosed(
        disclosed=tuple(digest for digest in standing if digest in given),
        hidden=tuple(digest for digest in standing if digest not in given),
        foreign=tuple(digest for digest in given if digest not in standing),
    )


def reveal(document: Json, disclosures: Mapping[str, Disclosure]) -> Json:
    """The document with every value whose disclosure is at hand (by digest), and without any digest.

    Raises ManifestError where a name would stand twice in one object (7.1, step 3).
    """
    if isinstance(document, list):
        return [reveal(element, disclosures) for element in document]
    if not isinstance(document, dict):
        return document
    shown = {name: reveal(value, disclosures) for name, value in document.items() if name != DIGESTS}
    digests = document.get(DIGESTS, [])
    for digest in digests if isinstance(digests, list) else []:
        each = disclosures.get(str(digest))
        if each is None:
            continue
        if each.name in shown:
            raise _unsound(f"the name {each.name!r:.60} stands in its object already")
        shown[each.name] = each.value
    return shown


def _once(disclosures: Iterable[Disclosure]) -> Iterator[Disclosure]:
    seen: set[str] = set()
    for each in disclosures:
        if each.text in seen:
            raise _unsound("a disclosure is given twice")
        seen.add(each.text)
        yield each


def _digests(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _digests(element)
    elif isinstance(value, dict):
        if "..." in value:
            raise _unsound("an element of an array is concealed, which this schema does not know")
        for name, inner in value.items():
            if name == DIGESTS:
                yield from _digest_list(inner)
            else:
                yield from _digests(inner)


def _digest_list(value: Json) -> list[str]:
    listed = value if isinstance(value, list) else []
    digests = [each for each in listed if isinstance(each, str) and _DIGEST.match(each)]
    if not digests or digests != value or sorted(digests) != digests:
        raise _unsound(f"{DIGESTS} is not a sorted list of digests")
    return digests


def _check_property(name: str, value: Json) -> None:
    if name in _RESERVED:
        raise _unsound(f"the name {name} is reserved")
    canonical.encode(value)
    if any(True for _ in _reserved_within(value)):
        raise _unsound("a disclosure within a disclosure is not used here")


def _reserved_within(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _RESERVED & value.keys()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _reserved_within(inner)


def _unambiguous(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _unsound("it names a key twice: readers would not agree on its value")
    return dict(pairs)


def _no_fraction(text: str) -> NoReturn:
    raise _unsound(f"{text[:40]} is a number with a fraction")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _unsound(message: str) -> ManifestError:
    return ManifestError(
        f"a disclosure, or what stands for one, is not sound: {message}",
        code="manifest.disclosure",
        hint="Run verify: it names every file of private/disclosures/ that does not agree.",
    )
