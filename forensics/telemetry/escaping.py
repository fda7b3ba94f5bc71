"""Text of a file inside XML: escaped, and without what XML cannot hold."""

from __future__ import annotations

import html
import re

from forensics.model.text import visible

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text for an element or a quoted attribute, controls made visible; a character that XML 1.0 does not allow
    becomes U+FFFD.
    """
    safe = visible(text, keep_newlines=True)
    return html.escape(_NOT_XML.sub("\ufffd", safe), quote=False).replace('"', "&quot;")
