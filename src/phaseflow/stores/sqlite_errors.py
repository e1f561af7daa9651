"""The faults of the SQLite driver, put into phaseflow's words: what, why, fix. Nothing else."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from phaseflow.stores.base import (
    Conflict,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
)
from phaseflow.stores.faults import unstorable

DRIVER_FAULTS = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeEncodeError)
"""What the driver raises, text that is no UTF-8 and integers beyond 64 bits included."""


def in_words(fault: BaseException, path: Path) -> StoreError:
    """The store's own error for a fault of the driver."""
    code = getattr(fault, "sqlite_errorcode", None)
    if code is None:
        return _without_code(fault)
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(f"{path} is held by another writer")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreReadOnly(f"{path} cannot be written: {fault}")
        case sqlite3.SQLITE_FULL:
            return StoreFull(f"there is no room for {path}: {fault}")
        case sqlite3.SQLITE_TOOBIG:
            return StoreFull(f"a text is too long for {path}: {fault}", fix="keep large files outside, store a digest")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt(f"{path} is no sound database: {fault}")
        case sqlite3.SQLITE_CONSTRAINT:
            return Conflict(f"something in the batch is stored already: {fault}")
        case sqlite3.SQLITE_CANTOPEN:
            return StoreError(
                f"{path} cannot be opened",
                why="its directory is missing, or this user has no right to it",
                fix=f"make the directory {path.parent} and give this user the right to write there",
            )
        case _:
            return StoreError(
                f"{path}: {fault}",
                why="the database engine or the disk gave up; the transaction was undone",
                fix="look at the disk and at the system's log, then send the command again",
            )


def _without_code(fault: BaseException) -> StoreError:
    if "closed" in str(fault):
        return StoreClosed("the connection is closed")
    return unstorable(fault)


@contextlib.contextmanager
def worded(path: Path) -> Iterator[None]:
    """Let no fault of the driver out of the block."""
    try:
        yield
    except DRIVER_FAULTS as fault:
        raise in_words(fault, path) from fault
