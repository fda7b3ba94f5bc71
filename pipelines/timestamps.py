"""The client of time-stamp authorities: the one place that reaches a network.

What leaves this machine is a SHA-256 and a random number. Only authorities that the user's own configuration names are
asked, never one that a case names; redirections are not followed.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any

from forensics.errors import StampError
from pipelines.config import Authority

PATIENCE_S = 20
"""Seconds that an authority may take to answer."""

MAX_ANSWER = 2**18
"""Bytes of an answer: one with a long chain of certificates has about ten thousand."""


def ask(authority: Authority, request: bytes) -> bytes:
    """The authority's answer to a request (RFC 3161, 3.4: over HTTP).

    Raises StampError (``stamp.unreachable``) for no answer, another status than 200 or one that is too long.
    """
    asked = urllib.request.Request(  # noqa: S310  the scheme is checked by Authority
        authority.url, data=request, headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirect()).open(asked, timeout=PATIENCE_S) as answer:
            data: bytes = answer.read(MAX_ANSWER + 1)
    except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
        raise _unreachable(authority, str(error)) from error
    if len(data) > MAX_ANSWER:
        raise _unreachable(authority, f"its answer is longer than {MAX_ANSWER} bytes")
    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority that has moved is for the user to name anew."""

    def redirect_request(self, *_: Any) -> None:
        """No other address is asked."""


def _unreachable(authority: Authority, reason: str) -> StampError:
    return StampError(
        f"{authority.name} gave no time-stamp: {reason[:200]}",
        code="stamp.unreachable",
        hint="The time-stamp is pending: run forensics seal --pending when the network is there.",
    )
