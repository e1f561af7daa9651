"""The ways in which a durable engine fails, the backends each is tried on, and why some cells of that table are empty.

A test says which cells it fills with ``@pytest.mark.failure(NUMBER, BACKEND, …)``; `docs/failures.py` writes the table
from these marks, and `test_table` sees to it that each cell has a test or a reason.
"""

from __future__ import annotations

from collections.abc import Mapping

MODES: Mapping[int, str] = {
    1: "killed before the commit, after it, or between a telling and its mark",
    2: "the holder of a claim is killed, or stopped past every lease and continued",
    3: "the server stops at once, a connection is cut, a pool is full of dead connections",
    4: "wakes early, late, twice, for what was withdrawn or moved; a lost hint",
    5: "the engine is away, or the sweeper is; both are back",
    6: "two versions at once; a run that no living worker knows",
    7: "one poison run or hook among many",
    8: "many writers, a long reader, a full disk, a lock that others hold",
    9: "thousands of units end in the same second",
    10: "what is committed late has the lower number",
    11: "clocks step, differ, change their zone's rules",
    12: "a run with ten thousand events",
    13: "the host takes its own transaction back",
    14: "a rehearsed amendment beside the real one",
}
"""The failure modes, in the order of the research behind them."""

STORES = ("memory", "SQLite", "PostgreSQL")
DURABLE = ("SQLite", "PostgreSQL")
WAKERS = ("poller", "serve", "DBOS", "Temporal")
BACKENDS = (*STORES, *WAKERS)
"""The columns of the table: where the truth is kept, and who wakes it."""

_GONE = "a store in memory ends with its process: nothing is left that could be wrong"
_NO_SERVER = "there is no server and no connection"
_STORES_OWN = "it happens in the store, in the transaction of whoever writes; no waker has a part in it"

EMPTY: Mapping[tuple[int, str], str] = {
    (1, "memory"): _GONE,
    (3, "memory"): _NO_SERVER,
    (3, "SQLite"): f"{_NO_SERVER}; a file that fails is mode 8",
    (6, "memory"): "a store in memory has one process, and so one version at a time",
    (13, "memory"): "a host has no transaction that a store in memory could be part of",
    **{(10, waker): f"{_STORES_OWN}: the relay that reads behind it is the same for all" for waker in WAKERS},
    **{(12, waker): _STORES_OWN for waker in WAKERS},
}
"""Cells without a test, each with its reason."""
