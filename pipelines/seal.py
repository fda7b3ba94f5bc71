"""Seal a case: sign the head of its log, so that nobody can rewrite what it says without that key.

1  what a seal that was cut off has left goes into quarantine, and the log tells
2  keys/ says what the log says
3  the log's head is signed, after it was found to go on from the last seal
4  each time-stamp authority of the user's configuration is asked for a token over the signature
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics import acquire, custody
from forensics.errors import CaseError, ForensicsError, StampError
from forensics.model.custody import EventType
from forensics.model.notice import Notice
from pipelines import timestamps
from pipelines.case import Case, Run, entry
from pipelines.config import Authority
from pipelines.second_reader import SecondReader


def seal_case(case: Case, run: Run) -> custody.Seal:
    """Seal all of the log; when it is sealed already, give that seal.

    Raises:
        CaseError: the case has no key, or the run has none that signs.
        IntegrityError: the log or an earlier seal does not agree; nothing is signed.
        InputError: the key cannot be used.
        StoreError: the seal cannot be written.
    """
    if run.signer is None:
        raise CaseError("nothing is sealed: there is no key that signs", hint="make one with: forensics key init")
    # One seal at a time: the files of another that is under way look like those of one cut off.
    with case.writing():
        _put_away(case, run)
        _renew_key_files(case)
        return custody.seal(case.log, run.signer)


def enter(case: Case, run: Run) -> None:
    """Make sure that what this run writes can be signed: the case's first key is the run's, or that is in force.

    Raises:
        CaseError: the run has no key, or one that the case does not know.
    """
    if run.signer is None:
        raise CaseError("there is no operator's key", hint="make one with: forensics key init")
    if case.adopt_key(run):
        return
    if not case.key_ring().in_force(run.signer.key, case.log.head().lines):
        raise CaseError(
            f"the key {run.signer.key.fingerprint} is not one of this case",
            code="case.key",
            hint="somebody whose key is in force lets it in with: forensics key admit FILE.pub",
        )


def seal_at_end(case: Case, run: Run, before: int, authorities: Sequence[Authority] = ()) -> Iterator[Notice]:
    """Seal what a run appended to a log of ``before`` lines, and have it stamped; what hinders that is a notice."""
    try:
        if case.log.head().lines == before and run.signer is None:
            return
        seal_case(case, run)
    except ForensicsError as error:
        yield Notice(code=error.code, message=f"the log is not sealed: {error.message} - {error.hint}")
        return
    yield from stamp_last(case, run, authorities)


def stamp_last(case: Case, run: Run, authorities: Sequence[Authority]) -> Iterator[Notice]:
    """Ask each authority that has not given one for a time-stamp over the last seal; what hinders that is a notice.

    A token over the last seal is over all before it too: earlier ones that are pending need none.
    """
    last = custody.last_seal(case.log.path)
    for authority in authorities if last is not None else ():
        assert last is not None
        kept = custody.checkpoint_folder(case.log.path) / f"{last.checkpoint.name}.sig.{authority.name}.tsr"
        if kept.exists():
            continue
        try:
            yield from _stamp(case, run, last, authority)
        except ForensicsError as error:
            message = f"the time-stamp of {authority.name} is pending: {error.message}"
            yield Notice(code=error.code, message=f"{message} - {error.hint}" if error.hint else message)


def _stamp(case: Case, run: Run, last: custody.Seal, authority: Authority) -> Iterator[Notice]:
    """Ask for a token and keep it when it holds; one that no reader here can judge is kept too, with a notice."""
    try:
        root = Path(authority.root).expanduser().read_bytes()
    except OSError as error:
        raise StampError(
            f"the root certificate {authority.root} cannot be read: {error.strerror}", code="stamp.root"
        ) from error
    request = custody.encode_request(last.signature, run.surroundings.entropy(custody.NONCE_BYTES))
    answer = timestamps.ask(authority, request)
    doubt = None
    try:
        second = SecondReader(run.surroundings.search_path())
        custody.check_answer(last.signature, request, answer, root, second)
    except StampError as error:
        if error.code != custody.UNJUDGED or not _is_der(answer):
            raise
        message = f"the answer of {authority.name} is kept, and whether it holds is not known: {error.message}"
        doubt = Notice(code=error.code, message=f"{message} - {error.hint}")
    parts = {"tsq": request, "tsr": answer, "pem": root}
    with case.writing():
        custody.keep_stamp(case.log, last.checkpoint, authority.name, parts)
    if doubt is not None:
        yield doubt


def _is_der(answer: bytes) -> bool:
    """Whether this is one SEQUENCE and nothing more (X.690, 8.1.3), as every answer is; a web page is none."""
    if len(answer) < 2 or answer[0] != 0x30:
        return False
    count = answer[1] & 0x7F if answer[1] & 0x80 else 0
    length = int.from_bytes(answer[2 : 2 + count], "big") if count else answer[1]
    return count <= 3 and len(answer) == 2 + count + length


def unsealed(case: Case) -> int:
    """How many lines of the log no checkpoint on disk covers (whether they hold is for verify to say)."""
    last = custody.last_seal(case.log.path)
    return case.log.head().lines - (0 if last is None else last.checkpoint.size)


def _put_away(case: Case, run: Run) -> None:
    folder = custody.checkpoint_folder(case.log.path)
    entries = []
    for name in custody.leftovers(folder):
        number = 1
        while (kept := case.quarantine / f"{name}-{number}").exists():
            number += 1
        with acquire.writing(kept):
            case.quarantine.mkdir(exist_ok=True)
            (folder / name).rename(kept)
        found = f"a seal that was cut off is now in quarantine/{kept.name}"
        entries.append(entry(run, EventType.RECOVERY, None, {"found": found}))
    case.log.append_many(entries)


def _renew_key_files(case: Case) -> None:
    """Finish what a crash cut off after a change of keys; what the log never said is left for verify to name."""
    events = tuple(custody.key_events(case.log.path))
    said = custody.key_file_history(events, case.info.id)
    for name, data in said[-1].items():
        path = case.keys / name
        found = path.read_bytes() if path.exists() else b""
        if found != data and any(found == former.get(name) for former in said[:-1]):
            case.write_key_files()
            return
