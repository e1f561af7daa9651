"""A store inside a transaction of the host: phaseflow's rows are committed, or rolled back, with the host's own.

The host hands in what it has: a connection of ``sqlite3`` or ``psycopg``, a connection or session of SQLAlchemy, or a
connection of Django. Neither of the last two is imported here; what they wrap is asked of them. Each transaction of
this store is a savepoint in the host's, so that a command that fails leaves the host's work as it was. Beginning,
committing and rolling back stay with the host.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from phaseflow.stores.base import Listening, Store, StoreMisuse, Tx
from phaseflow.stores.bell import Bell
from phaseflow.stores.faults import nested, over
from phaseflow.stores.sqlite import SqliteStore
from phaseflow.stores.sqlite_errors import worded
from phaseflow.stores.sqlite_tx import SqliteTx

if TYPE_CHECKING:  # The driver is an extra.
    from phaseflow.stores.postgres_joined import PostgresPart

SAVEPOINT = "phaseflow_command"

_BEGIN = "begin a transaction first, then hand the connection in: what is done here ends with it"


def join(store: Store, connection: Any) -> JoinedStore:
    """The store, inside the transaction that is under way on *connection*.

    Raises:
        StoreMisuse: The connection is of no kind known here, is not in a transaction, or leads to another database.
    """
    raw = _unwrapped(connection)
    if isinstance(store, SqliteStore) and isinstance(raw, sqlite3.Connection):
        return JoinedStore(SqlitePart(store, raw))
    if type(raw).__module__.split(".")[0] == "psycopg":
        from phaseflow.stores.postgres import PostgresStore
        from phaseflow.stores.postgres_joined import PostgresPart

        if isinstance(store, PostgresStore):
            return JoinedStore(PostgresPart(store, raw))
    raise StoreMisuse(
        f"a {type(store).__name__} cannot work inside a connection of {type(raw).__module__}",
        why="phaseflow's rows can end with the host's only if both are written on one connection to one database",
        fix="hand in a connection of sqlite3 or psycopg 3, of SQLAlchemy or of Django, to the store's own database",
    )


def _unwrapped(connection: Any) -> Any:
    """The driver's connection behind what the host has."""
    family = type(connection).__module__.split(".")[0]
    if family == "sqlalchemy":
        if not hasattr(
            connection, "exec_driver_sql"
        ):  # A session; asking it for its connection begins its transaction.
            connection = connection.connection()
        if not connection.in_transaction():
            raise _idle("engine.begin() or connection.begin()")
        return connection.connection.driver_connection
    if family == "django":
        if not connection.in_atomic_block:
            raise _idle("transaction.atomic()")
        connection.ensure_connection()
        return connection.connection
    return connection


def _idle(how: str) -> StoreMisuse:
    return StoreMisuse(
        "the connection is in no transaction",
        why="without one every statement would be committed by itself, and nothing could be rolled back",
        fix=f"{_BEGIN}; here with {how}",
    )


class SqlitePart:
    """A connection of sqlite3 that the host began a transaction on."""

    def __init__(self, store: SqliteStore, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._path = store.path
        with worded(store.path):
            self._same_file(store)
            store.check_version(connection)
            if not connection.in_transaction:
                # The driver begins by itself before the host's first write, unless it was told not to.
                if connection.isolation_level is None:
                    raise _idle('connection.execute("BEGIN IMMEDIATE")')
                connection.execute("BEGIN IMMEDIATE")

    def _same_file(self, store: SqliteStore) -> None:
        files = [row[2] for row in self.execute("PRAGMA database_list") if row[1] == "main"]
        if not files or not files[0] or not store.path.exists() or not store.path.samefile(files[0]):
            raise StoreMisuse(
                f"the connection leads to {files[0] or 'a database in memory' if files else 'nothing'}",
                why=f"the store is in {store.path}, and one transaction is of one database",
                fix="keep phaseflow's tables in the host's database: open the engine on that file",
            )

    def execute(self, text: str, values: Any = (), /) -> sqlite3.Cursor:
        """As on the connection, whatever the host makes of rows."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(text, values)

    def executemany(self, text: str, values: Any, /) -> sqlite3.Cursor:
        """As on the connection."""
        return self._connection.executemany(text, values)

    def begin(self, *, write: bool) -> SqliteTx:
        """Set a savepoint; erased values leave no bytes in the file here, either."""
        with worded(self._path):
            self.execute("PRAGMA secure_delete = ON")
            self.execute(f"SAVEPOINT {SAVEPOINT}")
        return SqliteTx(self, self._path, write=write)

    def end(self, *, keep: bool) -> None:
        """Leave the savepoint, with what was done or without."""
        with worded(self._path):
            if not keep:
                self.execute(f"ROLLBACK TO {SAVEPOINT}")
            self.execute(f"RELEASE {SAVEPOINT}")


class JoinedStore:
    """A `Store` in the host's transaction; it lives as long as that, and serves the thread that has it."""

    def __init__(self, part: SqlitePart | PostgresPart) -> None:
        self.part = part
        self.inside = False

    def transaction(self, *, write: bool = True, wait: bool = True) -> AbstractContextManager[Tx]:
        """Begin with ``with``. What ends well is kept if the host commits."""
        return JoinedTransaction(self, write=write)

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Nobody is woken from in here: what was done is not there before the host commits."""
        return Bell().listen(woken)

    def close(self) -> None:
        """Nothing: the connection is the host's."""


class JoinedTransaction:
    """One ``with`` block: a savepoint."""

    def __init__(self, store: JoinedStore, *, write: bool) -> None:
        self._store = store
        self._write = write

    def __enter__(self) -> Tx:
        if self._store.inside:
            raise nested()
        self._tx = self._store.part.begin(write=self._write)
        self._store.inside = True
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._tx.state = self._tx.state, "over"
        self._store.inside = False
        self._store.part.end(keep=kind is None and state == "open")
        if kind is None and state == "spent":
            raise over("spent")
