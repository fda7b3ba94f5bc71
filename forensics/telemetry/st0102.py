"""MISB ST 0102: markings of secrecy, as a local set or inside a universal one."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.telemetry.klv_items import Content, local_items, tell, text_of, universal, universal_items

SECURITY = "st0102"
_CLASSIFICATION = {1: "UNCLASSIFIED", 2: "RESTRICTED", 3: "CONFIDENTIAL", 4: "SECRET", 5: "TOP SECRET"}
_SECURITY_TEXTS = {
    3: "classifying_country",
    4: "compartment",
    5: "caveats",
    6: "releasing_instructions",
    7: "classified_by",
    8: "derived_from",
    9: "classification_reason",
    10: "declassification_date",
    11: "marking_system",
    14: "classification_comments",
}


def read_security(content: Content, value: bytes) -> None:
    """ST 0102 as a local set."""
    for tag, item, _ in local_items(value, content):
        if tag == 1:
            number = int.from_bytes(item[:1])
            tell(content, SECURITY, "classification", _CLASSIFICATION.get(number, f"unknown ({number})"))
        elif tag == 13:
            coding = "utf-16-be" if b"\0" in item else "utf-8"
            tell(content, SECURITY, "object_country_codes", text_of(item, coding))
        elif tag in _SECURITY_TEXTS:
            tell(content, SECURITY, _SECURITY_TEXTS[tag], text_of(item))


_UNIVERSAL_SECURITY: Mapping[bytes, str] = {
    universal("0208020100000000"): "classification",
    universal("0701200102070000"): "classifying_country",
    universal("0701200102080000"): "object_country_codes",
    universal("0208020600000000"): "releasing_instructions",
}


def read_universal_security(content: Content, value: bytes) -> None:
    """ST 0102 as a universal set."""
    for key, text in universal_items(value, content):
        if key in _UNIVERSAL_SECURITY:
            tell(content, SECURITY, _UNIVERSAL_SECURITY[key], text_of(text))
