"""A connection of psycopg that the host began a transaction on; see `phaseflow.stores.joined`."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import Format, TransactionStatus
from psycopg.rows import tuple_row

from phaseflow.stores import sql
from phaseflow.stores.base import StoreLost, StoreMisuse
from phaseflow.stores.postgres import PostgresStore
from phaseflow.stores.postgres_errors import worded
from phaseflow.stores.postgres_rows import adapt
from phaseflow.stores.postgres_session import Cursor
from phaseflow.stores.postgres_tx import PostgresTx

SAVEPOINT = "phaseflow_command"


class PostgresPart:
    """The host's connection, as a line that transactions are told on."""

    def __init__(self, store: PostgresStore, connection: psycopg.Connection[Any]) -> None:
        self.shown, self.schema, self.own = store.place.shown, store.place.schema, False
        self._connection = connection
        status = connection.info.transaction_status
        if connection.autocommit and status is TransactionStatus.IDLE:
            raise StoreMisuse(
                "the connection is in no transaction",
                why="without one every statement would be committed by itself, and nothing could be rolled back",
                fix="use it with connection.transaction(), or without autocommit",
            )
        with worded(self.shown):
            ours = self.cursor().execute(sql.statements("postgres", self.schema)["schema_state"]).fetchone()
        if ours is None or not ours[0]:
            raise StoreMisuse(
                f"the connection leads to a database without phaseflow's schema {self.schema!r}",
                why=f"the store is in {self.shown}, and one transaction is of one database",
                fix="keep phaseflow's schema in the host's database: open the engine on that database",
            )

    def cursor(self) -> Cursor:
        """A cursor of phaseflow's own kind, whatever the host makes of rows and instants."""
        cursor = psycopg.Cursor(self._connection, row_factory=tuple_row)
        cursor.format = Format.BINARY
        adapt(cursor.adapters)
        return cursor

    def crowded(self, run: str) -> bool:
        """Never in haste here: each run is held in any case."""
        return True

    def crowd(self, run: str) -> None:
        """Nothing to note."""

    def renew(self, fault: Exception) -> Cursor:
        """Never: what the host did on its connection is lost with it."""
        raise StoreLost(f"the host's connection to {self.shown} was lost: {fault}") from fault

    def begin(self, *, write: bool) -> PostgresTx:
        """Set a savepoint."""
        with worded(self.shown):
            self.cursor().execute(f"SAVEPOINT {SAVEPOINT}")
        return PostgresTx(self, "holding" if write else "reading", begun=True)

    def end(self, *, keep: bool) -> None:
        """Leave the savepoint, with what was done or without."""
        with worded(self.shown):
            if not keep:
                self.cursor().execute(f"ROLLBACK TO {SAVEPOINT}")
            self.cursor().execute(f"RELEASE {SAVEPOINT}")
