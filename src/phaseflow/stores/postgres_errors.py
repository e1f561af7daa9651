"""The faults of the PostgreSQL driver, put into phaseflow's words: what, why, fix. Nothing else.

The driver's own text is cut to its first line, and never holds the URL: passwords stay out of errors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
from psycopg import errors as pg

from phaseflow.stores.base import (
    Conflict,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLost,
    StoreReadOnly,
    StoreUnreachable,
)
from phaseflow.stores.faults import unstorable

DRIVER_FAULTS = (psycopg.Error, OverflowError, UnicodeEncodeError)
"""What the driver raises, text that is no UTF-8 and integers beyond 64 bits included."""

_GONE = ("57P01", "57P02", "57P03", "57P05", "25P03")
"""The server shut down, crashed, is starting, or ended a session that was idle for too long."""


def broken(fault: BaseException) -> bool:
    """Whether the connection itself is gone, so that another one may do better."""
    if not isinstance(fault, psycopg.Error):
        return False
    if fault.sqlstate is None:
        return isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError)
    return fault.sqlstate in _GONE or fault.sqlstate.startswith("08")


def in_words(fault: BaseException, place: str, *, begun: bool = True) -> StoreError:
    """The store's own error for a fault of the driver.

    Args:
        fault: What the driver raised.
        place: The database, as it may be shown.
        begun: Whether a transaction was under way.
    """
    said = str(fault).strip().partition("\n")[0]
    if broken(fault):
        if begun:
            return StoreLost(f"the connection to {place} was lost: {said}")
        return StoreUnreachable(f"{place} does not answer: {said}")
    match fault:
        case pg.LockNotAvailable() | pg.QueryCanceled():
            return StoreBusy(f"{place} is held by another writer: {said}")
        case pg.TooManyConnections():
            return StoreBusy(
                f"{place} takes no more connections: {said}",
                why="the server limits how many may be open at once",
                fix="raise max_connections, or lower the pool of each process with ?pool=N in the URL",
            )
        case pg.DeadlockDetected() | pg.SerializationFailure():
            return Conflict(f"two writers stood in each other's way: {said}")
        case pg.UniqueViolation():
            return Conflict(f"something in the batch is stored already: {said}")
        case pg.DiskFull() | pg.ProgramLimitExceeded() | pg.OutOfMemory():
            return StoreFull(f"there is no room in {place}: {said}")
        case pg.ReadOnlySqlTransaction() | pg.InsufficientPrivilege():
            return StoreReadOnly(
                f"{place} cannot be written: {said}",
                why="the server is a standby, or this user has no right to the schema",
                fix="connect to the primary, and grant this user the schema and its tables",
            )
        case pg.DataCorrupted() | pg.IndexCorrupted() | pg.UndefinedTable() | pg.UndefinedColumn():
            return StoreCorrupt(f"{place} is no sound database of phaseflow: {said}")
        case pg.InFailedSqlTransaction():
            return StoreClosed(
                f"the transaction in {place} has failed before: {said}",
                why="after a fault PostgreSQL takes no statement until the transaction is rolled back",
                fix="roll it back and begin again",
            )
        case psycopg.DataError() | OverflowError() | UnicodeEncodeError() | pg.UntranslatableCharacter():
            return unstorable(fault)
        case psycopg.InterfaceError() | psycopg.ProgrammingError() if "closed" in said:
            return StoreClosed("the connection is closed")
        case _:
            return StoreError(
                f"{place}: {said}",
                why="the database server refused; the transaction was undone",
                fix="look at the server's log and at the rights of this user, then send the command again",
            )


@contextlib.contextmanager
def worded(place: str, *, begun: bool = True) -> Iterator[None]:
    """Let no fault of the driver out of the block."""
    try:
        yield
    except DRIVER_FAULTS as fault:
        raise in_words(fault, place, begun=begun) from fault
