"""Hints between processes: NOTIFY, sent after a commit and not in it, and a thread that listens.

PostgreSQL lets one transaction that notifies commit at a time, so a NOTIFY in every command would queue them all. Sent
by itself, and at most every `PAUSE` seconds by a process, it costs nobody anything; a listener waits as long before it
calls, so that what came within the pause is there, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg

from phaseflow.stores.postgres_pool import Connection

PAUSE = 0.1
"""Seconds between two hints of one process, and between a hint and the call."""

LOOK_UP = 0.5
"""Seconds after which a listener looks whether it is to stop, and between two tries to reach the server."""


class PostgresBell:
    """Hints for one schema of one database; *channel* is the schema's name."""

    def __init__(self, connect: Callable[[], Connection], channel: str) -> None:
        self._connect = connect
        self._channel = channel
        self._last = float("-inf")

    def ring(self, connection: Connection) -> None:
        """Send a hint, unless one was sent just now. What goes wrong with a hint is of no matter."""
        now = time.monotonic()
        if now - self._last < PAUSE:
            return
        self._last = now
        try:
            connection.execute("SELECT pg_notify(%s, '')", (self._channel,))
        except psycopg.Error:
            connection.close()

    def listen(self, woken: Callable[[], None]) -> Listener:
        """Start a thread, on a connection of its own, that calls *woken* when a hint came."""
        return Listener(self._connect, self._channel, woken)


class Listener:
    """The thread; it connects again by itself, and then calls, since hints may have been missed."""

    def __init__(self, connect: Callable[[], Connection], channel: str, woken: Callable[[], None]) -> None:
        self._connect, self._channel, self._woken = connect, channel, woken
        self._stop = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._go, name="phaseflow-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and see it end."""
        self._stop.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel)))
                    self.listening.set()
                    self._woken()
                    self._hear(connection)
            except psycopg.Error:
                self.listening.clear()
                self._stop.wait(LOOK_UP)

    def _hear(self, connection: Connection) -> None:
        while not self._stop.is_set():
            if list(connection.notifies(timeout=LOOK_UP, stop_after=1)):
                self._stop.wait(PAUSE)
                list(connection.notifies(timeout=0))  # All that came meanwhile is answered by one call.
                self._woken()
