"""What the client of buckets says when something goes wrong, mapped into the library's errors; and the address of a
place in a bucket.

The client's own words are never passed on: they may hold an address with a password in it, or part of a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import NamedTuple

from forensics.errors import ForensicsError, InputError, IntegrityError, StoreError, ToolError
from forensics.model.text import visible

ATTEMPTS = 5
"""How often a question is asked before the network is called gone: the client waits up to a second, two, four, eight in
between, which bridges a router that starts anew, and no person waits longer without a word."""

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9/_.-]{0,512}))?\Z")
"""Bucket names as Amazon S3 has them ("General purpose bucket naming rules"); a prefix of what needs no escaping."""

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_NO_BUCKET = frozenset({"NoSuchBucket"})
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})
_DENIED = frozenset(
    {
        *("AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        *("ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"),
    }
)
_OTHER_BYTES = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "500", "502", "503", "504"})
_TAKEN = frozenset({"PreconditionFailed", "412"})
_AT_ONCE = frozenset({"ConditionalRequestConflict", "OperationAborted"})


class Place(NamedTuple):
    """A bucket and the beginning that all keys in it have, without a slash at its end."""

    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """As a person writes it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        """The key of what has this name below the prefix."""
        return f"{self.prefix}/{name}" if self.prefix else name


class Taken(Exception):
    """Something lies under the key already (412). Never leaves this module's callers."""


class Missing(Exception):
    """Nothing of that key or version (404). Never leaves this module's callers."""


def parse_place(text: str) -> Place:
    """The place that ``s3://bucket/prefix`` names. Raises InputError."""
    found = _PLACE.match(text)
    prefix = (found[2] or "").strip("/") if found else ""
    if found is None or ".." in found[1] or any(part in {"", ".", ".."} for part in prefix.split("/") if prefix):
        raise InputError(
            f"{visible(text)[:200]} is no place in a bucket",
            hint="s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits and / _ . -",
        )
    return Place(found[1], prefix)


def require_client() -> None:
    """Raises ToolError when the extra with the client of buckets is not installed."""
    if find_spec("boto3") is None:
        raise ToolError(
            "buckets need boto3, which is not installed",
            code="tool.no_extra",
            hint="install the extra: pip install 'footage-forensics[s3]'",
        )


def require_tls(address: str, *, insecure: bool) -> None:
    """Raises StoreError (``store.in_clear``) for an address in the clear, but for one of this machine."""
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    if scheme == "https" or insecure or re.fullmatch(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?", host):
        return
    raise StoreError(
        f"{visible(host)[:200]} would be reached without TLS: anybody between could read and change what is sent",
        code="store.in_clear",
        hint="Name its https:// address (AWS_ENDPOINT_URL), or --insecure where the network is closed to all others.",
    )


@contextmanager
def asking(server: str, place: Place) -> Iterator[None]:
    """Map what the client raises. Raises Missing, Taken, StoreError, IntegrityError (``integrity.copy``)."""
    # Only who asks a bucket pays for loading its client; `require_client` has found it.
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        raise _answered(str(error.response.get("Error", {}).get("Code", "")), server, place) from error
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.ProfileNotFound,
        exceptions.TokenRetrievalError,
    ) as error:
        raise no_credentials() from error
    except exceptions.SSLError as error:  # somebody answers, and cannot show to be that server
        raise _refused("its certificate does not hold", server, place) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError) as error:
        raise unreachable(server) from error
    except (exceptions.BotoCoreError, KeyError, ValueError) as error:  # the latter two: not what S3 prescribes
        raise _refused(type(error).__name__, server, place) from error


def no_credentials() -> StoreError:
    """There is nothing to prove to the server who asks."""
    return StoreError(
        "there are no credentials for the bucket's server",
        code="store.credentials",
        hint="Set them as its usual clients have them: AWS_PROFILE, AWS_ACCESS_KEY_ID and the like, or ~/.aws.",
    )


def unreachable(server: str) -> StoreError:
    """The network, or the server, is gone."""
    return StoreError(
        f"{server} does not answer, after {ATTEMPTS} attempts",
        code="store.unreachable",
        hint="What was copied is logged. When the network is there, the same command goes on.",
    )


def not_lockable(place: Place) -> StoreError:
    """The bucket cannot hold a version fast."""
    return StoreError(
        f"the bucket of {place.url} has no Object Lock: whoever may write there can delete what is copied",
        code="store.unlockable",
        hint="Make a bucket with Object Lock (a choice at its creation), or say --lock none; the log will say so.",
    )


def _answered(code: str, server: str, place: Place) -> ForensicsError | Missing | Taken:
    if code in _MISSING:
        return Missing()
    if code in _TAKEN:
        return Taken()
    if code in _NO_LOCK:
        return not_lockable(place)
    if code in _BUSY:
        return unreachable(server)
    if code in _OTHER_BYTES:
        return IntegrityError(
            f"{server} received other bytes than were sent: it refused them",
            code="integrity.copy",
            hint="Run verify first: is the file in the store whole? Then the same command again.",
        )
    if code in _NO_BUCKET:
        hint = "Check the name, the region and the server; nothing was made."
        return StoreError(f"there is no bucket {place.bucket} at {server}", code="store.bucket", hint=hint)
    if code in _DENIED:
        return StoreError(
            f"{server} denies this at {place.url} ({visible(code)})",
            code="store.denied",
            hint="Check the credentials, this machine's clock, and which acts they permit: docs/storage.md lists them.",
        )
    if code in _AT_ONCE:
        hint = "Somebody else writes there at this moment: the same command again."
        return StoreError(f"{server} has another request for the same key at {place.url}", code="store.busy", hint=hint)
    return _refused(code, server, place)


def _refused(code: str, server: str, place: Place) -> StoreError:
    return StoreError(
        f"{server} or its client refused this at {place.url} ({visible(code)[:100]})",
        code="store.refused",
        hint="Does the server have S3's Object Lock, versions and checksums? Its own log says more.",
    )
