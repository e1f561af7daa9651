"""The store in one SQLite file: connections, transactions and migrations.

Threads: connections are pooled; one serves one transaction at a time, and the writers of this process queue for a lock
before they ask SQLite for its own (many processes that write one file starve each other; many threads here do not).
What is read and written is in `phaseflow.stores.sqlite_tx`; the statements are in ``sql/sqlite/*.sql``.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

from phaseflow.stores import sql
from phaseflow.stores.base import (
    BUSY_TIMEOUT,
    Listening,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreMisuse,
)
from phaseflow.stores.bell import Bell
from phaseflow.stores.faults import nested, newer, over
from phaseflow.stores.sqlite_errors import worded
from phaseflow.stores.sqlite_tx import SqliteTx

APPLICATION_ID = 0x70686677
"""``phfw`` in the file's header: how a phaseflow file is told from any other SQLite file."""


ASK_AGAIN = (0.0002, 0.002)
"""Seconds, least and most, between two tries to become the one that writes: about as long as one command takes."""


class SqliteStore:
    """A `Store` in one SQLite file in WAL mode; `phaseflow.stores.open_store` says what the arguments mean.

    Safe to share between threads, and with other processes of the same machine; not across a fork, and not on a
    network file system, where WAL does not work.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Literal["full", "normal"] = "full",
        busy_timeout: timedelta = BUSY_TIMEOUT,
    ) -> None:
        self.path = Path(path)
        self._synchronous = {"full": "FULL", "normal": "NORMAL"}[durability]
        self._patience = busy_timeout.total_seconds()
        self._process = os.getpid()
        self._known = len(sql.migrations("sqlite"))
        self.bell = Bell()
        self._writing = threading.Lock()
        self._inside = threading.local()
        self._closed = False
        with worded(self.path):
            connection = self._connect()
            with _closing_on_failure(connection):
                _migrate(connection, self.path)
        self._idle = [connection]

    def transaction(self, *, write: bool = True, wait: bool = True) -> SqliteTransaction:
        """Begin with ``with``; see `phaseflow.stores.base.Store.transaction`. Writers take turns, in haste or not."""
        return SqliteTransaction(self, write=write)

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Have *woken* called after commits of this process; other processes give no hint."""
        return self.bell.listen(woken)

    def close(self) -> None:
        """Close the idle connections; one that is in use is closed when its transaction ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def begin(self, *, write: bool) -> sqlite3.Connection:
        """Take a connection and begin; for `SqliteTransaction` only."""
        if self._closed:
            raise StoreClosed("this store was closed")
        if os.getpid() != self._process:
            raise StoreMisuse(
                "this store was opened before the process forked",
                why="a SQLite connection that is carried across a fork can damage the file",
                fix="open the store in the child process",
            )
        if getattr(self._inside, "yes", False):
            raise nested()
        if write and not self._writing.acquire(timeout=self._patience):
            raise StoreBusy(f"{self.path} is held by another thread")
        try:
            with worded(self.path):
                connection = self._take()
                with _closing_on_failure(connection):
                    if write:
                        self._take_turn(connection)
                    else:
                        connection.execute("BEGIN")
                    self.check_version(connection)
        except BaseException:
            if write:
                self._writing.release()
            raise
        self._inside.yes = True
        return connection

    def check_version(self, connection: sqlite3.Connection) -> None:
        """Stop, inside a transaction, if a newer version has changed the schema since this file was opened.

        Raises:
            StoreVersion: It has.
        """
        _version(connection, self.path, self._known)

    def end(self, connection: sqlite3.Connection, *, write: bool, keep: bool, scrub: bool) -> None:
        """Commit or undo, and give the connection back; for `SqliteTransaction` only."""
        try:
            with worded(self.path), _closing_on_failure(connection):
                if keep:
                    connection.execute("COMMIT")
                    if scrub:
                        self._scrub(connection)
                elif connection.in_transaction:  # After a full disk SQLite has undone it by itself.
                    connection.execute("ROLLBACK")
            self._give_back(connection)
        finally:
            self._inside.yes = False
            if write:
                self._writing.release()

    def _take_turn(self, connection: sqlite3.Connection) -> None:
        """Begin to write, asking often for the lock that other processes have in turns.

        SQLite's own waiting sleeps longer from try to try, up to 100 ms, so that whoever comes back at once is always
        first: of eight processes one got 600 commands while another got one (benchmarks/bench_writers.py). Here all ask
        equally often, at instants left to chance, and everybody's turn comes.
        """
        deadline = time.monotonic() + self._patience
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as fault:
                    if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                        raise
                    time.sleep(random.uniform(*ASK_AGAIN))
                else:
                    return
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        with _closing_on_failure(connection):
            if _value(connection, "journal_mode") != "wal":
                _refuse_strangers(connection, self.path)
                self._enter_wal(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            # Erased people and rewritten ballot boxes leave no bytes behind in free pages (R14, R16).
            connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _enter_wal(self, connection: sqlite3.Connection) -> None:
        """Two that open a new file at once can refuse each other without waiting; so the waiting is done here."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                mode = _value(connection, "journal_mode = WAL")
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
                continue
            if mode != "wal":
                raise StoreError(
                    f"{self.path} cannot be kept in WAL mode (SQLite stays in {mode!r})",
                    why="readers and a writer work side by side only in WAL mode, which needs shared memory",
                    fix="put the file on a local disk",
                )
            return

    def _scrub(self, connection: sqlite3.Connection) -> None:
        """Empty the write-ahead log, which may still hold what was erased; a reader under way can put that off."""
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")


class SqliteTransaction:
    """One ``with`` block: begins on entry, commits on a good end, and undoes on any other."""

    __slots__ = ("_connection", "_store", "_tx", "_write")

    def __init__(self, store: SqliteStore, *, write: bool) -> None:
        self._store = store
        self._write = write

    def __enter__(self) -> SqliteTx:
        self._connection = self._store.begin(write=self._write)
        self._tx = SqliteTx(self._connection, self._store.path, write=self._write)
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._tx.state = self._tx.state, "over"
        good = kind is None and state == "open"
        self._store.end(self._connection, write=self._write, keep=good, scrub=self._tx.scrub)
        if good and self._tx.told:
            self._store.bell.ring()
        if kind is None and state == "spent":
            raise over("spent")


@contextlib.contextmanager
def _closing_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _value(connection: sqlite3.Connection, pragma: str) -> object:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


def _refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Leave a file alone that has tables and is not ours."""
    # Tables first: another process may be making the file, and its tables and its mark appear at one instant.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and _value(connection, "application_id") != APPLICATION_ID:
        raise StoreCorrupt(
            f"{path} is a SQLite file, but not one of phaseflow",
            why="it has tables and does not bear phaseflow's mark",
            fix="give a path of its own; phaseflow makes the file",
        )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to this version, one numbered file after the other, all in one transaction."""
    migrations = sql.migrations("sqlite")
    _refuse_strangers(connection, path)
    if _version(connection, path, len(migrations)) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    # Somebody else may have done it while this one waited for the lock.
    done = _version(connection, path, len(migrations))
    for text in migrations[done:]:
        for statement in _split(text):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(migrations)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    version = int(str(_value(connection, "user_version")))
    if version > known:
        raise newer(path, version, known)
    return version


def _split(text: str) -> Iterator[str]:
    """The statements of a migration (the driver's own executescript would commit before it begins)."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
