"""ssh-agent as a signer: the private half of the operator's key stays in the agent or on a hardware token.

The agent is reached through the local socket that SSH_AUTH_SOCK names; nothing here reaches a network.

https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent (the messages), PROTOCOL.agent of OpenSSH
"""

from __future__ import annotations

import socket
import struct

from forensics import custody
from forensics.errors import InputError

SOCKET_VARIABLE = "SSH_AUTH_SOCK"

PATIENCE_S = 60
"""Seconds that an agent may take: a hardware token waits for a touch."""

MAX_ANSWER = 256 * 1024
"""Bytes of an answer: OpenSSH's own limit of an agent message."""

_SIGN_REQUEST = 13
_SIGN_RESPONSE = 14
_LIST_REQUEST = 11
_LIST_RESPONSE = 12


class AgentSigner:
    """A key whose private half the agent at ``path`` holds."""

    protection = "agent"

    def __init__(self, path: str, key: custody.PublicKey) -> None:
        self._path = path
        self.key = key

    def sign_bytes(self, data: bytes) -> bytes:
        """The key's signature. Raises InputError (``input.agent``) when the agent refuses or is not there."""
        body = bytes([_SIGN_REQUEST]) + _string(self.key.blob) + _string(data) + struct.pack(">I", 0)
        answer = _ask(self._path, body)
        if answer[:1] != bytes([_SIGN_RESPONSE]):
            raise _refused("it does not sign with this key")
        return _first_string(answer[1:])


def holds(path: str, key: custody.PublicKey) -> bool:
    """Whether the agent at ``path`` has this key. Raises InputError (``input.agent``)."""
    answer = _ask(path, bytes([_LIST_REQUEST]))
    if answer[:1] != bytes([_LIST_RESPONSE]):
        raise _refused("it does not list its keys")
    return _string(key.blob) in answer


def _ask(path: str, body: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.settimeout(PATIENCE_S)
            agent.connect(path)
            agent.sendall(_string(body))
            (length,) = struct.unpack(">I", _read(agent, 4))
            if length > MAX_ANSWER:
                raise _refused(f"its answer has {length} bytes")
            return _read(agent, length)
    except OSError as error:
        raise _refused(error.strerror or str(error)) from error


def _read(agent: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = agent.recv(count - len(data))
        if not part:
            raise _refused("it hung up")
        data += part
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _first_string(data: bytes) -> bytes:
    if len(data) < 4 or len(data) < 4 + struct.unpack(">I", data[:4])[0]:
        raise _refused("its answer is cut off")
    return data[4 : 4 + struct.unpack(">I", data[:4])[0]]


def _refused(reason: str) -> InputError:
    return InputError(
        f"ssh-agent cannot be used: {reason}", code="input.agent", hint="Is the key loaded? ssh-add -l lists them."
    )
