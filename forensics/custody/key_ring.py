"""Which keys may sign for a case, and when: told by the log alone, event by event.

The first key signs the event that names it; each later one is let in, put away or revoked by an event that carries the
signature of a key in force at that line. A key that was put away never comes back. The files ``keys/allowed_signers``
and ``keys/revoked_keys`` say the same for ``ssh-keygen`` and are made from the log; they decide nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from forensics.custody import canonical
from forensics.custody.event import moment
from forensics.custody.sshsig import PublicKey, Signer, read_public, sign, verify
from forensics.errors import ForensicsError, IntegrityError
from forensics.model.custody import CustodyEvent, EventType, KeyAct, Namespace

PRINCIPAL = "operator"
"""The identity that ``ssh-keygen -Y verify -I`` is told. Who it is, is known by the fingerprint."""

ALLOWED_SIGNERS = "allowed_signers"
REVOKED_KEYS = "revoked_keys"

FIRST_NAMESPACES = 5
"""How many types of documents the first version that signed knew."""

_STAMP = "%Y%m%d%H%M%SZ"
"""How allowed_signers writes a moment (UTC; OpenSSH 9.1 and later read the Z)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A key of a case. ``since`` and ``until`` are line numbers (``seq``) of the log: it is in force between them."""

    key: PublicKey
    since: int
    until: int | None
    revoked: bool
    valid_after: str
    valid_before: str | None


class KeyRing:
    """The keys of one case, as its log tells them. ``problems`` are (seq, what is wrong) of events that do not hold."""

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.keys: dict[str, KnownKey] = {}
        self.problems: list[tuple[int, str]] = []

    def take(self, event: CustodyEvent) -> None:
        """Go on by one event of the log; those that change no key are of no matter."""
        if event.event is not EventType.KEY_CHANGE:
            return
        try:
            self.require(event.detail, lines=event.seq, time=event.time)
        except ForensicsError as error:
            self.problems.append((event.seq, error.message))

    def require(self, detail: Mapping[str, str | int], *, lines: int, time: str) -> None:
        """Go on by one change of keys, told after so many lines.

        Raises IntegrityError (``integrity.key``, ``integrity.signature``) for one that does not hold.
        """
        if detail.get("what") not in set(KeyAct):
            raise IntegrityError(f"no such change of keys: {detail.get('what')!r:.40}", code="integrity.key")
        act, key = KeyAct(str(detail["what"])), read_public(str(detail.get("public_key")))
        _require(detail.get("key") == key.fingerprint, "the fingerprint beside a key is that of another one")
        signature = str(detail.get("signature")).encode()
        signer = verify(signature, Namespace.KEY, statement(self.case_id, act, key))
        if act is KeyAct.FIRST:
            _require(not self.keys and signer == key, "a case has one first key, which signs for itself")
        else:
            in_force = self.in_force(signer, lines)
            _require(in_force, f"the change of keys is signed by {signer.fingerprint}, which is not in force")
        if act in {KeyAct.FIRST, KeyAct.ADMITTED}:
            self._let_in(key, lines, time)
        else:
            self._put_away(key, lines, time, revoke=act is KeyAct.REVOKED)

    def in_force(self, key: PublicKey, lines: int) -> bool:
        """Whether this key may sign when the log has so many lines: what line number ``lines`` (from 0) will name, or
        the checkpoint over the lines before it.
        """
        known = self.keys.get(key.fingerprint)
        return known is not None and known.since < lines and (known.until is None or lines <= known.until)

    def current(self) -> tuple[KnownKey, ...]:
        """The keys in force at the end of the log."""
        return tuple(known for known in self.keys.values() if known.until is None)

    def first(self) -> int | None:
        """The line from which the case has a key; None when it has none."""
        return min((known.since for known in self.keys.values()), default=None)

    def _let_in(self, key: PublicKey, lines: int, time: str) -> None:
        _require(key.fingerprint not in self.keys, "a key that the case knew already cannot come in")
        self.keys[key.fingerprint] = KnownKey(
            key=key, since=lines, until=None, revoked=False, valid_after=time, valid_before=None
        )

    def _put_away(self, key: PublicKey, lines: int, time: str, *, revoke: bool) -> None:
        known = self.keys.get(key.fingerprint)
        known = known if known is not None and (revoke or known.until is None) else None
        if known is None or known.revoked:
            raise IntegrityError("a key that is not in force cannot be put away", code="integrity.key")
        self.keys[key.fingerprint] = replace(
            known,
            until=lines if known.until is None else known.until,
            revoked=revoke,
            valid_before=known.valid_before or time,
        )


PUT_AWAY = "signer_put_away"
"""Detail of a line that logs a recovered document whose key was put away before: the number, from 1, of the line that
did so.
"""


def put_away(ring: KeyRing, namespace: Namespace, data: bytes, signature: bytes, lines: int) -> dict[str, str | int]:
    """What a line after ``lines`` others that logs a recovered document adds when its key is one of the case that is in
    force no longer. Nothing for a signature that does not hold or a strange key: verify names those.
    """
    try:
        known = ring.keys.get(verify(signature, namespace, data).fingerprint)
    except IntegrityError:
        return {}
    if known is None or known.until is None or lines <= known.until:
        return {}
    return {PUT_AWAY: known.until + 1}


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise IntegrityError(otherwise, code="integrity.key")


def ring_of(events: Iterable[CustodyEvent], case_id: str) -> KeyRing:
    """The keys after all of these events."""
    ring = KeyRing(case_id)
    for event in events:
        ring.take(event)
    return ring


def statement(case_id: str, act: KeyAct, key: PublicKey) -> bytes:
    """What the signature in a key change is over: canonical JSON without a newline."""
    return canonical.encode({"case": case_id, "public_key": key.line, "what": str(act)})


def key_change(case_id: str, act: KeyAct, key: PublicKey, signer: Signer) -> dict[str, str | int]:
    """The detail of a key change. Raises what the signer raises."""
    return {
        "what": str(act),
        "key": key.fingerprint,
        "public_key": key.line,
        "signature": sign(signer, Namespace.KEY, statement(case_id, act, key)).decode(),
    }


def allowed_signers(ring: KeyRing, namespaces: int = len(Namespace)) -> bytes:
    """The file for ``ssh-keygen -Y verify -f``: one line a key with its namespaces and its time (whole seconds)."""
    named = ",".join(tuple(Namespace)[:namespaces])
    return b"".join(_allowed(known, named) for known in ring.keys.values())


def revoked_keys(ring: KeyRing) -> bytes:
    """The file for ``ssh-keygen -Y verify -r``: one line a revoked key."""
    return "".join(f"{known.key.line}\n" for known in ring.keys.values() if known.revoked).encode()


def key_files(ring: KeyRing, namespaces: int = len(Namespace)) -> dict[str, bytes]:
    """The files of keys/ by name; ``namespaces`` is how many a version of the program knew."""
    return {ALLOWED_SIGNERS: allowed_signers(ring, namespaces), REVOKED_KEYS: revoked_keys(ring)}


def key_file_history(events: Iterable[CustodyEvent], case_id: str) -> list[dict[str, bytes]]:
    """What the files of keys/ have said since the first key, as this version and earlier ones wrote them; the last is
    what they should say now.
    """
    return [
        key_files(ring, namespaces)
        for ring in histories(events, case_id)
        for namespaces in range(FIRST_NAMESPACES, len(Namespace) + 1)
    ]


def histories(events: Iterable[CustodyEvent], case_id: str) -> Iterator[KeyRing]:
    """The ring after each key change: what the two files may say when a crash cut a change off."""
    ring = KeyRing(case_id)
    yield ring
    for event in events:
        if event.event is EventType.KEY_CHANGE:
            ring.take(event)
            yield ring


def _allowed(known: KnownKey, namespaces: str) -> bytes:
    window = f'valid-after="{moment(known.valid_after).strftime(_STAMP)}"'
    if known.valid_before is not None:
        # A signature made in the last second of the key is still inside.
        end = moment(known.valid_before) + timedelta(seconds=1)
        window += f',valid-before="{end.strftime(_STAMP)}"'
    return f'{PRINCIPAL} namespaces="{namespaces}",{window} {known.key.line}\n'.encode()
