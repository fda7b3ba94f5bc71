"""Disclosures: the RFC's own examples, what is refused, and the check with openssl alone."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest

from forensics.custody import Disclosure, make_disclosure, read_disclosure
from forensics.custody.disclosure import check, conceal, digests_in, reveal
from forensics.errors import ManifestError

MOEBIUS = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
"""RFC 9901, section 4.2.1, and its digest, section 4.2.3."""

VECTORS = {
    MOEBIUS: ("X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0", "family_name", "Möbius"),
    "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd": (
        "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
        "given_name",
        "John",
    ),
    "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd": (
        "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
        "family_name",
        "Doe",
    ),
    "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5jb20iXQ": (
        "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
        "email",
        "johndoe@example.com",
    ),
}
"""Disclosures of the RFC with their digests (sections 4.2 and 5.1)."""

SALT = bytes(range(16))
DOE = make_disclosure("name", "Doe", SALT)


def letters(data: str) -> str:
    return base64.urlsafe_b64encode(data.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("text", VECTORS)
def test_the_examples_of_the_rfc_have_the_digests_of_the_rfc(text: str) -> None:
    read = read_disclosure(text)
    assert (read.digest, read.name, read.value) == VECTORS[text]


def test_the_names_of_the_rfc_are_revealed_where_their_digests_stand() -> None:
    given = {each.digest: each for each in map(read_disclosure, list(VECTORS)[1:])}
    document = {"_sd": sorted(given), "sub": "user_42"}
    shown = {"sub": "user_42", "given_name": "John", "family_name": "Doe", "email": "johndoe@example.com"}
    assert reveal(document, given) == shown
    assert check(given.values(), document).hidden == ()


def test_a_salt_below_128_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        make_disclosure("name", "Doe", bytes(15))


REFUSED = {
    "padding": DOE.text + "=",
    "other letters": DOE.text[:-1] + "+",
    "a newline": DOE.text + "\n",
    "bits that say nothing": MOEBIUS[:-1] + chr(ord(MOEBIUS[-1]) + 1),
    "no JSON": letters("[,]"),
    "no array": letters('{"a":1}'),
    "an array's element": letters('["salt","value"]'),
    "four parts": letters('["salt","name",1,2]'),
    "a name that is no text": letters('["salt",1,2]'),
    "a reserved name": letters('["salt","_sd",["x"]]'),
    "an ellipsis for a name": letters('["salt","...","x"]'),
    "a disclosure within": letters('["salt","a",{"_sd":[]}]'),
    "a key named twice": letters('["salt","a",{"b":1,"b":2}]'),
    "a fraction": letters('["salt","a",1.5]'),
    "no number": letters('["salt","a",NaN]'),
    "no UTF-8": base64.urlsafe_b64encode(b'["\xff","a",1]').rstrip(b"=").decode(),
    "half a pair": letters('["salt","a","\\ud800"]'),
    "too many digits": letters('["salt","a",' + "9" * 5000 + "]"),
    "too deep": letters("[" * 9000),
    "nothing": "",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_readers_could_disagree_on_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        read_disclosure(text)


def test_a_disclosure_is_disclosed_hidden_or_of_nothing() -> None:
    roe, poe = make_disclosure("other", "Roe", SALT), make_disclosure("third", "Poe", SALT)
    document = {"_sd": sorted((DOE.digest, roe.digest))}
    told = check((DOE, poe), document)
    assert (told.disclosed, told.hidden, told.foreign) == ((DOE.digest,), (roe.digest,), (poe.digest,))


CONTRADICTIONS: dict[str, tuple[tuple[Disclosure, ...], dict]] = {
    "the same disclosure twice": ((DOE, DOE), {"_sd": [DOE.digest]}),
    "a digest in two objects": ((DOE,), {"_sd": [DOE.digest], "a": {"_sd": [DOE.digest]}}),
    "a digest twice": ((DOE,), {"_sd": [DOE.digest, DOE.digest]}),
    "a name in clear too": ((DOE,), {"_sd": [DOE.digest], "name": "Roe"}),
    "two values for a name": (
        (DOE, make_disclosure("name", "Roe", SALT)),
        {"_sd": sorted((DOE.digest, make_disclosure("name", "Roe", SALT).digest))},
    ),
    "no digest": ((), {"_sd": ["x"]}),
    "no list": ((), {"_sd": DOE.digest}),
    "an empty list": ((), {"_sd": []}),
    "not sorted": ((), {"_sd": ["b" * 43, "a" * 43]}),
    "an element of an array": ((), {"a": [{"...": DOE.digest}]}),
}


@pytest.mark.parametrize(("given", "document"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_are_refused(given: tuple[Disclosure, ...], document: dict) -> None:
    with pytest.raises(ManifestError, match="not sound"):
        check(given, document)


def test_what_is_concealed_already_stays_and_what_has_no_value_stays_in_clear() -> None:
    first, made = conceal({"name": "Doe", "none": None, "kept": 1}, ("name", "none"), lambda: SALT)
    assert made == (DOE,)
    assert first == {"none": None, "kept": 1, "_sd": [DOE.digest]}
    second, more = conceal({**first, "age": 7}, ("name", "age"), lambda: SALT)
    assert [each.name for each in more] == ["age"]
    assert set(digests_in(second)) == {DOE.digest, more[0].digest}


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("base64")), reason="openssl or coreutils are absent")
@pytest.mark.parametrize("text", [*VECTORS, DOE.text])
def test_openssl_base64_and_tr_give_the_same_digest(text: str) -> None:
    line = "printf %s \"$0\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=\\n'"
    done = subprocess.run(["sh", "-c", line, text], capture_output=True, check=True)
    assert done.stdout.decode() == read_disclosure(text).digest


def test_a_disclosure_is_json_that_anybody_can_read() -> None:
    padded = DOE.text + "=" * (-len(DOE.text) % 4)
    assert json.loads(base64.urlsafe_b64decode(padded)) == ["AAECAwQFBgcICQoLDA0ODw", "name", "Doe"]
