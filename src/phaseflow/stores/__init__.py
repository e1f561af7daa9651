"""Where the facts are kept. `open_store` finds the adapter for a URL; the protocol is in `phaseflow.stores.base`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from phaseflow.errors import did_you_mean
from phaseflow.stores.base import BUSY_TIMEOUT, Store, StoreMisuse

__all__ = ["open_store"]


def open_store(
    url: str, *, durability: Literal["full", "normal"] = "full", busy_timeout: timedelta = BUSY_TIMEOUT
) -> Store:
    """Open the store that *url* names; a SQLite file that is not there is made.

    Args:
        url: ``memory:``, ``sqlite:///relative/path.db`` or ``sqlite:////absolute/path.db``.
        durability: SQLite only. ``full``: what was committed survives a power cut. ``normal``: about four times the
            speed; a power cut may lose the last commits, never the order or the soundness of the file.
        busy_timeout: SQLite only. How long a writer waits for its turn.

    Raises:
        StoreMisuse: The URL names no store that is here.
        StoreError: The file cannot be opened, is no phaseflow database, or was written by a newer phaseflow.

    >>> store = open_store("memory:")
    >>> store.close()
    """
    kind, _, rest = url.partition(":")
    if url in ("memory:", "memory://"):
        from phaseflow.stores.memory import MemoryStore

        return MemoryStore()
    if kind == "sqlite" and rest.startswith("///") and rest[3:] not in ("", "/", ":memory:"):
        from phaseflow.stores.sqlite import SqliteStore

        return SqliteStore(rest[3:], durability=durability, busy_timeout=busy_timeout)
    raise StoreMisuse(f"{url!r} names no store", why=_WHY.get(kind, _WHY[""]), fix=_fix(kind))


_WHY = {
    "": "a store is named by a URL: memory: or sqlite:///path/to/file.db",
    "sqlite": "a SQLite URL has three slashes and a path; the fourth begins an absolute one",
    "postgresql": "the PostgreSQL store is planned and not in this version",
}


def _fix(kind: str) -> str:
    if kind in ("postgresql", "postgres"):
        return "use sqlite:///path/to/file.db"
    if kind == "sqlite":
        return "write sqlite:///campaigns.db, sqlite:////var/lib/campaigns.db, or memory: for a store without a file"
    return did_you_mean(kind, ("memory", "sqlite")) or "write memory: or sqlite:///path/to/file.db"
