"""A waker on DBOS (extra ``dbos``): one delayed item of a queue for each instant at which a run is due.

An item is named by run and instant, so that a moved deadline is a new item and the old one finds nothing to do. DBOS
recovers only work of its own version and of executors that come back, which is why the sweeper stands behind it: alone
it lost two of eighty deadlines in two of eight runs with kills.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

import attrs
from dbos import DBOS, DBOSClient

from phaseflow.runners.crank import Crank
from phaseflow.runners.feed import Feed

log = logging.getLogger("phaseflow.runners")

LOOK = "phaseflow_look"
"""The name of the workflow: one look at one run."""

VERSION = "phaseflow"
"""A constant, or DBOS would strand what waits whenever the program is edited."""


@attrs.define(kw_only=True, eq=False)
class DbosWaker:
    """Puts looks on a queue of DBOS, and does those that are due.

    DBOS is one per process: a host that uses it already starts it itself and says ``own=False``.

    Args:
        url: DBOS's system database: PostgreSQL, or SQLite for trying it out.
        queue: The queue; all services of one store share it.
        every: How often the due index and the queue are read, seconds.
        own: Whether this waker starts and ends DBOS.
        executor: A name of this process for DBOS.
    """

    url: str
    queue: str = "phaseflow"
    every: float = 1.0
    own: bool = True
    executor: str = "phaseflow"
    name: str = "dbos"
    _feed: Feed | None = attrs.field(init=False, default=None)
    _thread: threading.Thread | None = attrs.field(init=False, default=None)
    _client: DBOSClient | None = attrs.field(init=False, default=None)

    def start(self, crank: Crank) -> None:
        """Begin; while DBOS's database is away it is tried again, and the sweeper does the work."""
        self._feed = feed = Feed(crank=crank)
        self._thread = threading.Thread(target=self._keep_on, args=(feed,), name="phaseflow-dbos", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the looks under way."""
        if self._feed is not None:
            self._feed.close()
        if self._thread is not None:
            self._thread.join()

    def enqueue(self, run: str, due: datetime, now: datetime, *, connection: Any = None) -> None:
        """Put a look on the queue; the same look again changes nothing.

        Args:
            run: The run.
            due: The instant at which it is due, aware.
            now: The present instant of the engine's clock.
            connection: A connection of SQLAlchemy to DBOS's database, inside a transaction: the item then commits
                with the host's transaction, and with phaseflow's where that was joined to it.
        """
        assert self._client is not None, "start the waker first"
        options: Any = {
            "workflow_name": LOOK,
            "queue_name": self.queue,
            "workflow_id": f"{self.queue}/{run}/{due.isoformat()}",
            "app_version": VERSION,
            "delay_seconds": max((due - now).total_seconds(), 0.0),
        }
        if connection is None:
            self._client.enqueue(options, run)
        else:
            self._client.enqueue_in_transaction(connection, options, run)

    def _keep_on(self, feed: Feed) -> None:
        while feed.open:
            try:
                self._serve(feed)
            except Exception as fault:  # DBOS or its database is away: the sweeper goes on
                log.error("dbos failed: %s: %s", type(fault).__name__, fault)
                feed.rest(self.every)

    def _serve(self, feed: Feed) -> None:
        if self.own:
            DBOS(
                config={
                    "name": "phaseflow",
                    "system_database_url": self.url,
                    "application_version": VERSION,
                    "executor_id": self.executor,
                    "log_level": "ERROR",
                }
            )
        waker, crank = self.name, feed.crank

        @DBOS.workflow(name=LOOK)
        def look(run: str) -> None:
            crank.wake(run, waker)

        try:
            if self.own:
                DBOS.launch()
            DBOS.register_queue(self.queue, polling_interval_sec=self.every, worker_concurrency=4)
            self._client = DBOSClient(system_database_url=self.url)
            feed.anew()
            while feed.open:
                for run, due in feed.news():
                    self.enqueue(run, due, crank.engine.clock())
                feed.rest(self.every)
        finally:
            client, self._client = self._client, None
            if client is not None:
                client.destroy()
            if self.own:
                DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=10)
