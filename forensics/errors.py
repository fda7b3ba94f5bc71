"""Every error that the library raises, in one tree.

    ForensicsError
    ├── InputError            what the user gave cannot be used
    │   ├── NotRegularFile    a directory, device, pipe, socket or link where a file was asked for
    │   ├── Unreadable        no permission, vanished, input/output error
    │   ├── ChangedWhileRead  the file was written to while we copied it
    │   ├── ExportInvalid     a Telegram export, a sidecar or an archive that cannot be parsed
    │   └── ModelInvalid      a model of learned descriptors that cannot be used
    ├── MediaError            the bytes are kept, but they are not video that we can decode
    │   └── ParserStopped     what read them in the jail was stopped, or told nonsense
    ├── ToolError             ffmpeg, ffprobe or an extra is missing, too old or cannot be started
    ├── CaseError             no case here, or a case of another schema
    ├── StoreError            disk full, no permission to write, lock held
    ├── StampError            a time-stamp authority gave no token, or one that does not hold
    ├── ManifestError         unknown schema, not canonical, a field of the wrong type
    └── IntegrityError        a digest, a chain or a stored byte does not agree

Each class has a stable dotted ``code``; each error says what happened, and its ``hint`` says what to do.
The library knows no exit codes: `pipelines.cli` alone turns an error into one.
"""

from __future__ import annotations


class ForensicsError(Exception):
    """Base of the tree: a message, a stable ``code`` and a ``hint``."""

    code = "forensics"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class InputError(ForensicsError):
    """What the user gave cannot be used."""

    code = "input"


class NotRegularFile(InputError):
    """A directory, device, pipe, socket or link where a regular file was asked for."""

    code = "input.not_regular"


class Unreadable(InputError):
    """No permission, vanished, or an input/output error while reading."""

    code = "input.unreadable"


class ChangedWhileRead(InputError):
    """The file was written to while it was being copied."""

    code = "input.changed_while_reading"


class ExportInvalid(InputError):
    """A Telegram export, a sidecar or an archive that cannot be parsed."""

    code = "input.export_invalid"


class ModelInvalid(InputError):
    """A model of learned descriptors that cannot be used.

    The instance's ``code`` carries the reason: ``model.unreadable``, ``model.too_large``, ``model.damaged``,
    ``model.external_data``, ``model.operator``, ``model.shape``, ``model.output``, ``model.changed``.
    """

    code = "model"


class MediaError(ForensicsError):
    """The bytes are kept, but they are not video that can be decoded.

    The instance's ``code`` carries the reason: ``media.empty``, ``media.not_media``, ``media.no_video``,
    ``media.truncated``, ``media.moov_missing``, ``media.damaged``, ``media.unsupported``, ``media.limit``.
    """

    code = "media"


class ParserStopped(MediaError):
    """What read the bytes in the jail was stopped, or what it told is no answer. The bytes are kept.

    The instance's ``code`` carries the reason: ``parser.cpu``, ``parser.memory``, ``parser.silent``, ``parser.output``,
    ``parser.killed``, ``parser.failed`` (an error of our own code), ``parser.nonsense``.
    """

    code = "parser.killed"


class ToolError(ForensicsError):
    """ffmpeg, ffprobe or an extra of this program is missing, too old or cannot be started."""

    code = "tool"


class CaseError(ForensicsError):
    """There is no case here, or it is of another schema."""

    code = "case"


class StoreError(ForensicsError):
    """The disk is full, may not be written, or is locked."""

    code = "store"


class StampError(ForensicsError):
    """A time-stamp authority gave no token, or one that does not hold. What was sealed stays sealed without it."""

    code = "stamp"


class ManifestError(ForensicsError):
    """A manifest of an unknown schema, not in canonical form, or with a field of the wrong type."""

    code = "manifest"


class IntegrityError(ForensicsError):
    """A digest, a chain or a stored byte does not agree with the record."""

    code = "integrity"
