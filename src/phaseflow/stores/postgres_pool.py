"""The connections of one process to one database: kept while idle, made when needed, never more than so many.

Each is made by the thread that needs it, which therefore learns at once why there is none, and tries again itself for
as long as it may wait: a server that comes back is found within a moment, and no thread runs in the background of a
host's process. (psycopg_pool was tried: its workers connect in the background, with pauses that double from a second
on, and the one who waits is told no reason.)
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from phaseflow.stores.base import StoreBusy, StoreClosed
from phaseflow.stores.postgres_errors import broken, in_words

Connection = psycopg.Connection[tuple[Any, ...]]

PAUSE = 0.05
"""Seconds between two tries to reach a server that does not answer."""


class Pool:
    """Connections that *connect* makes, *size* at most; *shown* names the database in errors."""

    def __init__(self, connect: Callable[[], Connection], *, size: int, shown: str) -> None:
        self._connect = connect
        self._size = size
        self._shown = shown
        self._idle: list[Connection] = []
        self._free = threading.BoundedSemaphore(size)
        self._closed = False

    def take(self, until: float) -> Connection:
        """A connection, waited for until this instant of the monotonic clock.

        Raises:
            StoreBusy: All are in use.
            StoreUnreachable: The server does not answer.
            StoreClosed: The pool was closed.
        """
        if self._closed:
            raise StoreClosed("this store was closed")
        if not self._free.acquire(timeout=max(0.0, until - time.monotonic())):
            raise StoreBusy(
                f"all {self._size} connections to {self._shown} are in use",
                why="each transaction holds one, and this one waited its full time for its turn",
                fix="raise the pool with ?pool=N in the URL",
            )
        try:
            return self._any(until)
        except BaseException:
            self._free.release()
            raise

    def _any(self, until: float) -> Connection:
        while True:
            with contextlib.suppress(IndexError):
                return self._idle.pop()
            try:
                return self._connect()
            except psycopg.Error as fault:
                if not broken(fault) or time.monotonic() + PAUSE > until:
                    raise in_words(fault, self._shown, begun=False) from fault
                time.sleep(PAUSE)

    def give_back(self, connection: Connection) -> None:
        """Keep it for the next one, unless it is closed or something is left open on it."""
        if connection.closed or connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)
            if self._closed:
                self._empty()
        self._free.release()

    def replace(self, dead: Connection, until: float) -> Connection:
        """Another one for a connection that turned out to be dead. Others that are idle are likely to be dead, too."""
        dead.close()
        self._empty()
        return self._any(until)

    def close(self) -> None:
        """Close the idle ones now, and those in use when they come back."""
        self._closed = True
        self._empty()

    def _empty(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()
