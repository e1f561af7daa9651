"""Where the facts are kept. `open_store` finds the adapter for a URL; the protocol is in `phaseflow.stores.base`.

An installed package adds a scheme with an entry point in the group ``phaseflow.stores``: its name is the scheme, and
what it names is called with the URL and gives a store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from phaseflow.errors import did_you_mean
from phaseflow.stores.base import BUSY_TIMEOUT, Store, StoreMisuse

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["PLUGGED", "open_store"]

PLUGGED = "phaseflow.stores"
"""The group of entry points in which packages offer stores."""


def open_store(
    url: str, *, durability: Literal["full", "normal"] = "full", busy_timeout: timedelta = BUSY_TIMEOUT
) -> Store:
    """Open the store that *url* names; a SQLite file that is not there is made.

    Args:
        url: ``memory:``, ``sqlite:///relative/path.db`` or ``sqlite:////absolute/path.db``,
            ``postgresql://user@host/database`` with ``?schema=NAME``, ``?pool=N`` and ``?hold=N`` where wanted, or
            a URL whose scheme an installed package offers.
        durability: ``full``: what was committed survives a power cut. ``normal``: several times the speed; a power
            cut may lose the last commits, never the order or the soundness of the database.
        busy_timeout: How long a writer waits for its turn, and for a server that does not answer.

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
    if kind in ("postgresql", "postgres") and rest.startswith("//"):
        return _postgres(url, durability, busy_timeout)
    plugged = _plugged(kind) if kind not in _OURS else None
    if plugged is not None:
        return plugged(url)
    raise StoreMisuse(f"{url!r} names no store", why=_WHY.get(kind, _WHY[""]), fix=_fix(kind))


def _postgres(url: str, durability: Literal["full", "normal"], busy_timeout: timedelta) -> Store:
    try:
        from phaseflow.stores.postgres import PostgresStore
    except ImportError as fault:
        raise StoreMisuse(
            f"the PostgreSQL driver is not here: {fault}",
            why="phaseflow itself needs no server, so the driver is an extra",
            fix="pip install 'phaseflow[postgres]'",
        ) from fault
    return PostgresStore(url, durability=durability, busy_timeout=busy_timeout)


def _plugged(scheme: str) -> Callable[[str], Store] | None:
    """What an installed package offers for *scheme*; None if no package does."""
    found = [entry for entry in _offers() if entry.name == scheme]
    if len(found) > 1:
        values = ", ".join(entry.value for entry in found)
        raise StoreMisuse(
            f"{len(found)} installed packages offer a store for {scheme!r}: {values}",
            why="a URL names one store",
            fix="uninstall all but one of them",
        )
    opener: Callable[[str], Store] | None = found[0].load() if found else None
    return opener


def _offers() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # Slow to import, and hardly ever needed.

    return entry_points(group=PLUGGED)


_OURS = ("", "memory", "sqlite", "postgresql", "postgres")

_WHY = {
    "": "a store is named by a URL: memory:, sqlite:///path/to/file.db or postgresql://user@host/database",
    "sqlite": "a SQLite URL has three slashes and a path; the fourth begins an absolute one",
    "postgresql": "a PostgreSQL URL has two slashes before the server",
}


def _fix(kind: str) -> str:
    if kind in ("postgresql", "postgres"):
        return "write postgresql://user@host/database, or postgresql:///database?host=/run/postgresql for a socket"
    if kind == "sqlite":
        return "write sqlite:///campaigns.db, sqlite:////var/lib/campaigns.db, or memory: for a store without a file"
    offered = {entry.name for entry in _offers()}
    return (
        did_you_mean(kind, {"memory", "sqlite", "postgresql", *offered}) or "write memory: or sqlite:///path/to/file.db"
    )
