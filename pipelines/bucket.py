"""The client of buckets: with `pipelines.timestamps` the only place that reaches a network.

Of what S3 has, this uses conditional writes, SHA-256 checksums, versions and Object Lock (Amazon S3 API Reference:
PutObject, UploadPart, HeadObject, GetObject, ListObjectVersions, PutObjectRetention). Server and credentials come from
the client's own configuration; neither is read or printed here. Only a place that the user names is asked, never one
that a case names.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from forensics import acquire
from forensics.errors import IntegrityError, StoreError
from forensics.model.copy import Lying, Retention, Told
from forensics.model.text import visible
from pipelines.bucket_answers import (
    ATTEMPTS,
    Missing,
    Place,
    Taken,
    asking,
    not_lockable,
    require_client,
    require_tls,
    unreachable,
)
from pipelines.bucket_parts import Measured
from pipelines.bucket_told import Listed, listed_of, lock_fields, moment, told_of, version_fields, version_name

CONNECT_S, ANSWER_S = 10, 60
"""Seconds to reach a server, and to wait for more of an answer that has begun: a slow line gives something in them."""

_CHUNK = 2**20

_READ_ONLY = 0o444

MAX_VERSIONS = 1000
"""Entries under one key that are looked at: one answer of a server. Ours has one; more are somebody's doing."""


class Bucket:
    """A place in a bucket, and the client that asks its server."""

    def __init__(self, place: Place, client: Any) -> None:
        self.place = place
        self._client = client
        self.server = _without_secrets(str(client.meta.endpoint_url))

    @classmethod
    def open(cls, place: Place, *, insecure: bool = False) -> Bucket:
        """The client for this place; nothing is asked yet.

        Raises ToolError, StoreError (``store.in_clear`` for a server on another machine that is reached without TLS,
        unless ``insecure``).
        """
        require_client()
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # What is sent has a SHA-256 of ours, and what comes is digested here: no second checksum beside them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with asking("the bucket's server", place):
            try:
                client = boto3.session.Session().client("s3", config=config)
            except ValueError as error:  # an address that is none; the client's words would repeat it
                raise StoreError(
                    "the address of the bucket's server is none", code="store.refused", hint="Check AWS_ENDPOINT_URL."
                ) from error
        require_tls(str(client.meta.endpoint_url), insecure=insecure)
        return cls(place, client)

    def require_lock(self) -> None:
        """Raises StoreError (``store.unlockable``) for a bucket that cannot hold versions fast, and as `tell`."""
        with asking(self.server, self.place):
            answer = self._client.get_object_lock_configuration(Bucket=self.place.bucket)
        if answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise not_lockable(self.place)

    def put(self, key: str, fd: int, measured: Measured, retention: Retention) -> bool:
        """Put the bytes of a descriptor under a key that must be free; False when something lies there.

        Raises IntegrityError when the server received other bytes, StoreError when it does not take them.
        """
        fixed: dict[str, Any] = {"Bucket": self.place.bucket, "Key": key}
        wanted = {"ChecksumAlgorithm": "SHA256", **lock_fields(retention)}
        try:
            with asking(self.server, self.place):
                if measured.part_size is None:
                    with os.fdopen(os.dup(fd), "rb") as body:
                        body.seek(0)
                        free = {"ChecksumSHA256": measured.checksum, "IfNoneMatch": "*"}
                        self._client.put_object(**fixed, **wanted, **free, Body=body, ContentLength=measured.size)
                else:
                    self._put_parts(fixed, wanted, fd, measured, measured.part_size)
        except Taken:
            return False
        except Missing:
            raise self._vanished(key) from None
        return True

    def _put_parts(
        self, fixed: dict[str, Any], wanted: dict[str, Any], fd: int, measured: Measured, part_size: int
    ) -> None:
        upload = {**fixed, "UploadId": self._client.create_multipart_upload(**fixed, **wanted)["UploadId"]}
        whole = False
        try:
            parts = []
            for number, digest in enumerate(measured.parts, start=1):
                data = os.pread(fd, part_size, (number - 1) * part_size)
                checksum = base64.b64encode(digest).decode()
                said = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": checksum}
                sent = self._client.upload_part(**upload, PartNumber=number, Body=data, **said)
                parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum})
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
            whole = True
        finally:
            if not whole:
                self._give_up(upload)

    def _give_up(self, upload: dict[str, Any]) -> None:
        """Take back the parts that were sent. What hinders that is what hindered the upload, which is told."""
        try:
            with asking(self.server, self.place):
                self._client.abort_multipart_upload(**upload)
        except (StoreError, Missing):
            return

    def tell(self, key: str, version_id: str | None = None) -> Told | None:
        """What the server says of a version, or of the one that a plain request gives; None when there is none.

        Raises StoreError: no credentials, no bucket, denied, unreachable, refused.
        """
        which = {} if version_id is None else version_fields(version_id)
        try:
            with asking(self.server, self.place):
                answer = self._client.head_object(Bucket=self.place.bucket, Key=key, ChecksumMode="ENABLED", **which)
                return told_of(answer)
        except Missing:
            return None

    def retain(self, key: str, version_id: str, retention: Retention) -> None:
        """Lock a version, or extend its lock. Raises StoreError."""
        fields = lock_fields(retention)
        asked = {"Mode": fields["ObjectLockMode"], "RetainUntilDate": fields["ObjectLockRetainUntilDate"]}
        try:
            with asking(self.server, self.place):
                self._client.put_object_retention(
                    Bucket=self.place.bucket, Key=key, VersionId=version_id, Retention=asked, ChecksumAlgorithm="SHA256"
                )
        except Missing:
            raise self._vanished(key) from None

    def lying(self, key: str) -> tuple[Lying, ...]:
        """Every version and every marker under exactly this key, newest first. Raises as `tell`."""
        with asking(self.server, self.place):
            answer = self._client.list_object_versions(Bucket=self.place.bucket, Prefix=key, MaxKeys=MAX_VERSIONS)
            found = [
                (not entry.get("IsLatest", False), entry["LastModified"], deleted, version_name(entry["VersionId"]))
                for kind, deleted in (("Versions", False), ("DeleteMarkers", True))
                for entry in answer.get(kind, [])
                if entry["Key"] == key
            ]
        # Ordered by its own words on which is the latest, then by its times, which have whole seconds only.
        found.sort(key=lambda each: (each[0], -each[1].timestamp()))
        return tuple(Lying(version_id=name, deleted=deleted, time=moment(time)) for _, time, deleted, name in found)

    def listed(self, beginning: str) -> Iterator[Listed]:
        """Every version and every marker under the keys that begin so, hidden ones too. Raises as `tell`."""
        with asking(self.server, self.place):
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=beginning):
                yield from (listed_of(each, deleted=False) for each in page.get("Versions", []))
                yield from (listed_of(each, deleted=True) for each in page.get("DeleteMarkers", []))

    def stage(self, key: str, version_id: str, target: Path, *, size: int, sha256: str | None = None) -> str:
        """Bring a version to the new file ``target``, hashed while it is written; its SHA-256. The one way in which
        bytes come to be used.

        Raises IntegrityError (``integrity.copy``) when they have not this size and, where it is known, this SHA-256, or
        are gone; StoreError. No file stays behind then.
        """
        whole = False
        with acquire.writing(target):
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(os.dup(fd), "wb", buffering=0) as file:
                found = self._digest(key, version_id, size, sha256, lambda chunk: _write(file, chunk, target))
            with acquire.writing(target):
                os.fchmod(fd, _READ_ONLY)
                os.fsync(fd)
            whole = True
        finally:
            os.close(fd)
            if not whole:
                target.unlink(missing_ok=True)
        return found

    def compare(self, key: str, version_id: str, *, sha256: str, size: int) -> None:
        """Read a version to its end, and keep nothing. Raises as `stage`."""
        self._digest(key, version_id, size, sha256, lambda _: None)

    def small(self, key: str, version_id: str, limit: int) -> bytes:
        """The bytes of a version of at most ``limit``. Raises IntegrityError (``integrity.copy``), StoreError."""
        data = b"".join(self._bytes(key, version_id, limit))
        if len(data) > limit:
            raise self._other_bytes(key, f"more than {limit} bytes")
        return data

    def _digest(self, key: str, version_id: str, size: int, sha256: str | None, take: Callable[[bytes], None]) -> str:
        digest, total = hashlib.sha256(), 0
        for chunk in self._bytes(key, version_id, size):
            digest.update(chunk)
            total += len(chunk)
            take(chunk)
        if total != size or sha256 not in (None, digest.hexdigest()):
            more = " or more" if total > size else ""
            raise self._other_bytes(key, f"{total} bytes{more} with SHA-256 {digest.hexdigest()}")
        return digest.hexdigest()

    def _bytes(self, key: str, version_id: str, size: int) -> Iterator[bytes]:
        """The bytes of a version, at most a chunk more than ``size``; a line that breaks is taken up where it broke."""
        total, failed = 0, 0
        while True:
            before = total
            try:
                with asking(self.server, self.place):
                    which = {**version_fields(version_id), **({"Range": f"bytes={total}-"} if total else {})}
                    answer = self._client.get_object(Bucket=self.place.bucket, Key=key, **which)
                    while total <= size and (chunk := answer["Body"].read(_CHUNK)):
                        total += len(chunk)
                        yield chunk
            except Missing:
                raise self._other_bytes(key, "nothing") from None
            except StoreError as error:
                failed = 1 if total - before >= _CHUNK else failed + 1
                if error.code != unreachable(self.server).code or failed >= ATTEMPTS or total >= size:
                    raise
            else:
                return

    def _other_bytes(self, key: str, found: str) -> IntegrityError:
        return IntegrityError(
            f"{self.place.bucket}/{key} gives {found}, not what it should",
            code="integrity.copy",
            hint="Of a copy: run vault check; the files in the store are not touched.",
        )

    def _vanished(self, key: str) -> StoreError:
        return StoreError(
            f"{self.place.bucket}/{key} is gone while it is written",
            code="store.refused",
            hint="Who else writes there? Then the same command again.",
        )


def _write(file: io.FileIO, data: bytes, target: Path) -> None:
    """All of it. Raises StoreError."""
    rest = memoryview(data)
    with acquire.writing(target):
        while rest:
            rest = rest[file.write(rest) :]


def _without_secrets(address: str) -> str:
    """A server's address without the name and password that it may hold."""
    scheme, _, rest = address.partition("://")
    return visible(f"{scheme}://{rest.rpartition('@')[2]}")[:200]
