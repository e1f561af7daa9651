"""The store in one schema of a PostgreSQL database: connections, transactions, reconnecting and migrations.

Connections come from a pool of the process; one serves one transaction at a time. A connection that died while it was
idle is replaced unnoticed; one that dies inside a transaction ends it with `StoreLost`, and the next transaction gets
another. What is read and written is in `phaseflow.stores.postgres_tx`; the statements are in ``sql/postgres/*.sql``.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal

import psycopg

from phaseflow.stores import sql
from phaseflow.stores.base import (
    BUSY_TIMEOUT,
    Listening,
    StoreCorrupt,
    StoreError,
    StoreMisuse,
)
from phaseflow.stores.faults import nested, newer, over
from phaseflow.stores.postgres_bell import PostgresBell
from phaseflow.stores.postgres_errors import in_words, worded
from phaseflow.stores.postgres_pool import Connection, Pool
from phaseflow.stores.postgres_rows import adapt
from phaseflow.stores.postgres_session import Cursor, Mode
from phaseflow.stores.postgres_tx import PostgresTx
from phaseflow.stores.postgres_url import Place, read_url

CROWDED = 2.0
"""Seconds for which a run is held from the beginning after somebody else was quicker; then haste is tried again."""

CROWDS = 1000
"""Runs of which that is noted at most, a count."""


class PostgresStore:
    """A `Store` in one schema of a PostgreSQL database; `phaseflow.stores.open_store` says what the arguments mean.

    Safe to share between threads, and with other processes on any machine; not across a fork.
    """

    def __init__(
        self, url: str, *, durability: Literal["full", "normal"] = "full", busy_timeout: timedelta = BUSY_TIMEOUT
    ) -> None:
        self.place: Place = read_url(url)
        self.patience = busy_timeout.total_seconds()
        self._synchronous = {"full": "on", "normal": "off"}[durability]
        self._process = os.getpid()
        self._inside = threading.local()
        with worded(self.place.shown, begun=False), self._connect() as connection:
            _migrate(connection, self.place)
            _renumber(connection, self.place)
        self._crowds: dict[str, float] = {}
        self.bell = PostgresBell(self._connect, self.place.schema)
        self.pool = Pool(self._connect, size=self.place.pool, shown=self.place.shown)

    def transaction(self, *, write: bool = True, wait: bool = True) -> PostgresTransaction:
        """Begin with ``with``; see `phaseflow.stores.base.Store.transaction`."""
        return PostgresTransaction(self, "reading" if not write else "holding" if wait else "hasty")

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Start a thread that listens on a connection of its own; see `phaseflow.stores.base.Store.listen`."""
        return self.bell.listen(woken)

    def close(self) -> None:
        """Close the idle connections; one that is in use is closed when its transaction ends."""
        self.pool.close()

    def enter(self, until: float) -> Connection:
        """Take a connection; for `PostgresTransaction` only."""
        if os.getpid() != self._process:
            raise StoreMisuse(
                "this store was opened before the process forked",
                why="two processes on one connection would read each other's answers",
                fix="open the store in the child process",
            )
        if getattr(self._inside, "yes", False):
            raise nested()
        connection = self.pool.take(until)
        self._inside.yes = True
        return connection

    def leave(self, connection: Connection) -> None:
        """Give a connection back; for `PostgresTransaction` only."""
        self._inside.yes = False
        self.pool.give_back(connection)

    def crowded(self, run: str) -> bool:
        """Whether somebody else was quicker on this run a moment ago."""
        return self._crowds.get(run, 0.0) > time.monotonic()

    def crowd(self, run: str) -> None:
        """Note that somebody else was quicker on this run."""
        if len(self._crowds) > CROWDS:
            self._crowds = {}
        self._crowds[run] = time.monotonic() + CROWDED

    def scrub(self, connection: Connection) -> None:
        """Have the server forget rows that were erased or rewritten; it may put that off while others look at them."""
        with worded(self.place.shown):
            connection.execute(sql.statements("postgres", self.place.schema)["scrub"])

    def _connect(self) -> Connection:
        seconds = max(2, int(self.patience))  # libpq knows no shorter wait
        connection = psycopg.connect(self.place.conninfo, autocommit=True, connect_timeout=seconds)
        adapt(connection.adapters)
        milliseconds = max(1, int(self.patience * 1000))
        connection.execute(
            f"SET lock_timeout = {milliseconds}; SET synchronous_commit = {self._synchronous}; "
            # Or whoever is frozen in a transaction would keep its runs from everybody for ever.
            f"SET idle_in_transaction_session_timeout = '{self.place.hold}s'"
        )
        return connection


class PostgresTransaction:
    """One ``with`` block: begins on entry, commits on a good end, and undoes on any other."""

    def __init__(self, store: PostgresStore, mode: Mode) -> None:
        self._store = store
        self._mode = mode
        self.shown = store.place.shown
        self.schema = store.place.schema
        self.own = True
        self.crowded = store.crowded
        self.crowd = store.crowd
        self._connection: Connection

    def cursor(self) -> Cursor:
        """A cursor on the connection of this transaction."""
        return self._connection.cursor(binary=True)

    def renew(self, fault: Exception) -> Cursor:
        """A cursor on another connection, since the first one was dead before anything was done on it."""
        if time.monotonic() > self._until:
            raise in_words(fault, self.shown, begun=False) from fault
        self._connection = self._store.pool.replace(self._connection, self._until)
        return self.cursor()

    def __enter__(self) -> PostgresTx:
        self._until = time.monotonic() + self._store.patience
        self._connection = self._store.enter(self._until)
        self._tx = PostgresTx(self, self._mode)
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._tx.state = self._tx.state, "over"
        good = kind is None and state == "open"
        try:
            self._end(good)
            if good and self._tx.scrub:
                self._store.scrub(self._connection)
            if good and self._tx.told:
                self._store.bell.ring(self._connection)
        finally:
            self._store.leave(self._connection)
        if kind is None and state == "spent":
            raise over("spent")

    def _end(self, good: bool) -> None:
        if good:
            try:
                with worded(self.shown):
                    self._tx.finish()
            except BaseException:
                self._undo()
                raise
        else:
            self._undo()

    def _undo(self) -> None:
        """Roll back; where the connection is gone the server does it, and the fault that is told is the first one."""
        try:
            self._tx.undo()
        except psycopg.Error:
            self._connection.close()


def _migrate(connection: Connection, place: Place) -> None:
    """Bring the schema up to this version, one numbered file after the other, all in one transaction."""
    texts = sql.migrations("postgres", place.schema)
    found = sql.statements("postgres", place.schema)
    ours, tables, encoding, _ = _row(connection, found["schema_state"])
    if encoding != "UTF8":
        raise StoreError(
            f"{place.shown} is a database in {encoding}",
            why="names and texts are kept in every script, and keys are ordered by code point: both need UTF8",
            fix="make the database with ENCODING 'UTF8' TEMPLATE template0",
        )
    if ours and _version(connection, place, len(texts)) == len(texts):
        return
    with connection.transaction():
        connection.execute(found["schema_lock"])
        # Somebody else may have done it while this one waited for the lock.
        ours, tables, _, there = _row(connection, found["schema_state"])
        if tables and not ours:
            raise StoreCorrupt(
                f"{place.shown} holds tables that are not phaseflow's",
                why="it has tables and no list of phaseflow's migrations",
                fix="name another schema with ?schema=NAME; phaseflow makes it",
            )
        if not there:
            connection.execute(found["schema_make"])
        if not ours:
            connection.execute(found["versions_make"])
        done = _version(connection, place, len(texts))
        for number, text in enumerate(texts[done:], start=done + 1):
            connection.execute(text)
            connection.execute(found["version_put"], (number,))


def _renumber(connection: Connection, place: Place) -> None:
    """After a dump was restored on another server: put the outbox in order by numbers that this one has reached.

    Notices are ordered by the numbers of the transactions that wrote them. Those of another server may lie far ahead:
    whoever reads without gaps would wait for years, and new notices would come before old ones.
    """
    found = sql.statements("postgres", place.schema)
    if not _row(connection, found["restored"])[0]:
        return
    with connection.transaction():
        connection.execute(found["schema_lock"])
        if not _row(connection, found["restored"])[0]:
            return  # Another process was quicker.
        needed = int(_row(connection, found["restored_groups"])[0])
    while int(_row(connection, found["reached"])[0]) <= needed + 1:  # A new server; each question uses up a number.
        pass
    with connection.transaction():
        connection.execute(found["schema_lock"])
        if _row(connection, found["restored"])[0]:
            connection.execute(found["renumber"])


def _row(connection: Connection, text: str) -> tuple[Any, ...]:
    row = connection.execute(text).fetchone()
    assert row is not None
    return row


def _version(connection: Connection, place: Place, known: int) -> int:
    version = int(_row(connection, sql.statements("postgres", place.schema)["version"])[0])
    if version > known:
        raise newer(place.shown, version, known)
    return version
