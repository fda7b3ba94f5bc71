"""The catalog of a case: a cache of what is asked of every evidence, in SQLite or PostgreSQL (extra
``[postgresql]``).

No other room needs it, and only the process that drives a command opens it: workers never do.
"""

from __future__ import annotations

from forensics.catalog.catalog import SECRET_BYTES, Catalog, State
from forensics.catalog.database import Database, open_file, open_server

__all__ = ["SECRET_BYTES", "Catalog", "Database", "State", "open_file", "open_server"]
