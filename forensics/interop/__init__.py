"""Documents for other people's programs, made from one manifest and the log events of its evidence.

Each is a view: the manifest and the log say more, and decide. None names a person, a local path or an account, so
that the same files may lie in a public exhibit and in a sealed one. All are pure functions of their arguments.

To add one: a module with a function from `Account` to a value of the canonical profile, and a line in `VIEWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from forensics.interop.account import DESCRIBED, Account
from forensics.interop.case_uco import case_graph
from forensics.interop.dsse import PAYLOAD_TYPE, envelope, to_sign
from forensics.interop.prov import prov_document
from forensics.model.manifest import Json

VIEWS: Mapping[str, Callable[[Account], dict[str, Json]]] = MappingProxyType(
    {"case.jsonld": case_graph, "prov.json": prov_document}
)
"""File name and maker of each view. The envelope of `dsse` needs a key, and stands apart."""

__all__ = ["DESCRIBED", "PAYLOAD_TYPE", "VIEWS", "Account", "case_graph", "envelope", "prov_document", "to_sign"]
