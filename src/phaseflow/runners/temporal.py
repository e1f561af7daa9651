"""A waker on Temporal (extra ``temporal``): one clock workflow for each run that is due soon.

The workflow waits, has an activity look at the run, and waits again for as long as the activity says; there is no rule
in it, so an edited policy never breaks its replay. Waits are lengths, not instants: the clock that decides what is due
is the engine's. A workflow ends when its run waits for nothing, and is begun anew when there is something.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy, WorkflowIDConflictPolicy
from temporalio.worker import Worker

from phaseflow.runners.crank import Crank
from phaseflow.runners.feed import Feed

log = logging.getLogger("phaseflow.runners")

LOOK = "phaseflow_look"
"""The name of the activity."""

AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name="phaseflow_clock", sandboxed=False)
class RunClock:
    """The clock of one run."""

    def __init__(self) -> None:
        self._wait: float | None = None
        self._news = False

    @workflow.signal
    def due_in(self, seconds: float) -> None:
        """The run is due after so many seconds: what was waited for before does not count any more."""
        self._wait, self._news = seconds, True

    @workflow.run
    async def run(self, run: str, seconds: float) -> None:
        """Wait and look until nothing is waited for."""
        if self._wait is None:
            self._wait = seconds
        while self._wait is not None:
            self._news = False
            try:
                await workflow.wait_condition(lambda: self._news, timeout=timedelta(seconds=self._wait))
                continue
            except TimeoutError:
                pass
            left: float | None = await workflow.execute_activity(
                LOOK, run, start_to_close_timeout=timedelta(minutes=1), retry_policy=AGAIN
            )
            if not self._news:  # A signal that came meanwhile knows better.
                self._wait = left
            if workflow.info().is_continue_as_new_suggested() and self._wait is not None:
                workflow.continue_as_new(args=[run, self._wait])


@attrs.define(kw_only=True, eq=False)
class TemporalWaker:
    """Begins clocks for what is due within an hour, and does their looks.

    Args:
        target: Host and port of Temporal's front end.
        namespace: Where the workflows live.
        queue: The task queue; all services of one store share it.
        every: How often the due index is read, seconds.
        cached: Workflows kept in memory between their tasks. 0 hands the work of a dead process on at once.
    """

    target: str
    namespace: str = "default"
    queue: str = "phaseflow"
    every: float = 1.0
    cached: int = 0
    name: str = "temporal"
    _feed: Feed | None = attrs.field(init=False, default=None)
    _thread: threading.Thread | None = attrs.field(init=False, default=None)

    def start(self, crank: Crank) -> None:
        """Begin; while Temporal cannot be reached it is tried again, and the sweeper does the work."""
        self._feed = feed = Feed(crank=crank)
        self._thread = threading.Thread(target=self._keep_on, args=(feed,), name="phaseflow-temporal", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the looks under way."""
        if self._feed is not None:
            self._feed.close()
        if self._thread is not None:
            self._thread.join()

    def _keep_on(self, feed: Feed) -> None:
        while feed.open:
            try:
                asyncio.run(self._serve(feed))
            except Exception as fault:  # Temporal is away, or answers what nobody foresaw: the sweeper goes on
                log.error("temporal failed: %s: %s", type(fault).__name__, fault)
                feed.rest(self.every)

    async def _serve(self, feed: Feed) -> None:
        crank = feed.crank

        @activity.defn(name=LOOK)
        def look(run: str) -> float | None:
            due = crank.wake(run, self.name)
            return None if due is None else max((due - crank.engine.clock()).total_seconds(), 0.0)

        client = await Client.connect(self.target, namespace=self.namespace)
        feed.anew()
        with ThreadPoolExecutor(4, thread_name_prefix="phaseflow-temporal") as pool:
            worker = Worker(
                client,
                task_queue=self.queue,
                workflows=[RunClock],
                activities=[look],
                activity_executor=pool,
                max_cached_workflows=self.cached,
            )
            async with worker:
                while feed.open:
                    for run, due in await asyncio.to_thread(feed.news):
                        await self._announce(client, feed, run, (due - crank.engine.clock()).total_seconds())
                    await asyncio.to_thread(feed.rest, self.every)

    async def _announce(self, client: Client, feed: Feed, run: str, left: float) -> None:
        seconds = max(left, 0.0)
        try:
            started: Any = client.start_workflow(
                RunClock.run,
                args=[run, seconds],
                id=f"{self.queue}/{run}",
                task_queue=self.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="due_in",
                start_signal_args=[seconds],
            )
            await started
        except Exception:
            feed.forget(run)
            raise
