"""What every waker turns: look at one run, at all that is due, at the outbox; counted, and safe against whatever fails.

A waker may call these early, late, twice, at once or for nothing: the store decides what is due, and the commit checks
the version (DESIGN, "Truth, and who wakes it"). What goes wrong is noted and never raised, so that no thread of a
runner dies of one bad run or of a database that is away for an hour.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from phaseflow.engine import Engine
from phaseflow.relay import RetryPolicy
from phaseflow.runners.metrics import Metrics
from phaseflow.stores.base import Head, HeadQuery, Listening, StoreError
from phaseflow.stores.bell import Bell

log = logging.getLogger("phaseflow.runners")

PAGE = 500
"""Heads that are read at once."""

SHOWN = 1000
"""Gauges count up to this; they say that there is a backlog, not how big it is."""


HOUR = timedelta(hours=1)

HELD = 0.05
"""Seconds until what somebody else holds at this moment is looked at again."""


class Waker(Protocol):
    """Whatever turns the crank. It only says "look at this run now"; nothing breaks if it is wrong, slow or away."""

    name: str

    def start(self, crank: Crank) -> None:
        """Begin, and return at once."""

    def stop(self) -> None:
        """End; when this returns, nothing of it is under way."""


@attrs.define
class _Sick:
    failures: int
    until: datetime


@attrs.define(kw_only=True, eq=False)
class Crank:
    """The engine as a runner sees it.

    Args:
        engine: Whose runs.
        at_once: Runs settled in one transaction.
        patience: How long a run that could not be settled is left alone: longer after each failure.
    """

    engine: Engine
    at_once: int = 20
    patience: RetryPolicy = attrs.field(factory=lambda: RetryPolicy(first=timedelta(seconds=10), most=HOUR))
    metrics: Metrics = attrs.field(factory=Metrics)
    _sick: dict[str, _Sick] = attrs.field(init=False, factory=dict)
    _lock: threading.Lock = attrs.field(init=False, factory=threading.Lock)
    _bell: Bell = attrs.field(init=False, factory=Bell)
    _listening: Listening | None = attrs.field(init=False, default=None)

    def hear(self) -> None:
        """Pass the hints of the store on to all who listen, until `deafen`; one connection serves them all."""
        if self._listening is None:
            self._listening = self.engine.store.listen(self._bell.ring)

    def deafen(self) -> None:
        """Pass no hint on any more."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.stop()

    def listen(self, woken: Callable[[], None]) -> Listening:
        """Have *woken* called when it may be that something is due sooner than was known; `Store.listen` has the rules.

        What comes of a hint has to come without it, too: it may be lost, and is on SQLite when another process commits.
        """
        return self._bell.listen(woken)

    def sweep(self, waker: str, *, grace: timedelta = timedelta(0), programmes: bool = False) -> int:
        """Settle what has been due for at least *grace*, and *programmes* that wait for their units; how many runs.

        Returns -1 where the store failed, so that whoever asks can wait a little longer.
        """
        began, now = time.monotonic(), self.engine.clock()
        try:
            done = self.engine.sweep(
                now - grace, at_once=self.at_once, leave=lambda run: self._resting(run, now), programmes=programmes
            )
        except StoreError as fault:
            return self._store_failed(fault)
        self.metrics.add("phaseflow_sweeps", waker=waker)
        self.metrics.add("phaseflow_sweep_seconds", time.monotonic() - began, waker=waker)
        self.metrics.add("phaseflow_runs_settled", done.runs, waker=waker)
        for run, bad in done.failed:
            self._failed(run, bad, now)
        self._recovered(now)
        return done.runs

    def wake(self, run: str, waker: str) -> datetime | None:
        """Look at one run; the instant at which it is due next, or None where nothing is known to be waited for."""
        now = self.engine.clock()
        if self._resting(run, now):
            return None
        self.metrics.add("phaseflow_wakes", waker=waker)
        try:
            due = self.engine.wake(run)
        except StoreError as fault:
            self._store_failed(fault)
            return None
        except Exception as fault:  # a fact of the host may raise anything
            self._failed(run, fault, now)
            return None
        with self._lock:
            self._sick.pop(run, None)
        return due

    def tell(self, limit: int = 200) -> int:
        """Tell the hooks what is in the outbox; how many deliveries ended. -1 where the store failed."""
        try:
            report = self.engine.relay(limit=limit)
        except StoreError as fault:
            return self._store_failed(fault)
        endings = attrs.asdict(report)
        self.metrics.put("phaseflow_deliveries_waiting", endings.pop("waiting"))
        for ending, count in endings.items():
            self.metrics.add("phaseflow_deliveries", count, ending=ending)
        return sum(endings[ending] for ending in ("delivered", "skipped", "dead"))

    def upcoming(self, within: timedelta, page: int = PAGE) -> Iterator[Head]:
        """Every head that is due within this time, those due first first, so many read at once.

        Raises:
            StoreError: The store failed; it is counted.
        """
        by, last = self.engine.clock() + within, None
        try:
            while True:
                with self.engine.store.transaction(write=False) as tx:
                    found = tx.heads(HeadQuery(due_by=by, order="due", after=last, limit=page))
                yield from found
                if len(found) < page:
                    return
                last = found[-1]
        except StoreError as fault:
            self._store_failed(fault)
            raise

    def due_in(self, most: float) -> float:
        """Seconds until a run is due that does not rest after a failure; 0 where one is, *most* where none is by then.

        It only reads, so that whoever waits takes no turn from a writer.

        Raises:
            StoreError: The store failed; it is counted.
        """
        now = self.engine.clock()
        for head in self.upcoming(timedelta(seconds=most), page=10):
            if head.due_at is not None and not self._resting(head.run, now):
                return min(max((head.due_at - now).total_seconds(), 0.0), most)
        return most

    def measure(self) -> bool:
        """Bring the gauges up to date; False where the store failed."""
        now = self.engine.clock()
        try:
            with self.engine.store.transaction(write=False) as tx:
                first = tx.heads(HeadQuery(due_by=now, order="due", limit=1))
                due = len(tx.heads(HeadQuery(due_by=now, order="due", limit=SHOWN)))
                dead = len(tx.deliveries(status="dead", limit=SHOWN))
        except StoreError as fault:
            return self._store_failed(fault) == 0
        oldest = next((head.due_at for head in first if head.due_at is not None), now)
        self.metrics.put("phaseflow_lag_seconds", (now - oldest).total_seconds())
        self.metrics.put("phaseflow_runs_due", due)
        self.metrics.put("phaseflow_dead_letters", dead)
        with self._lock:
            self.metrics.put("phaseflow_runs_failing", len(self._sick))
        return True

    # --- what fails ---------------------------------------------------------------------------------------------------

    def _resting(self, run: str, now: datetime) -> bool:
        with self._lock:
            sick = self._sick.get(run)
        return sick is not None and now < sick.until

    def _recovered(self, now: datetime) -> None:
        """Forget those whose rest was over at *now* and that did not fail again."""
        with self._lock:
            self._sick = {run: sick for run, sick in self._sick.items() if now < sick.until}

    def _failed(self, run: str, fault: Exception, now: datetime) -> None:
        with self._lock:
            failures = self._sick[run].failures + 1 if run in self._sick else 1
            self._sick[run] = _Sick(failures, now + self.patience.wait(run, failures))
        self.metrics.add("phaseflow_runs_failed")
        log.error(
            "run %s could not be settled: %s: %s", run, type(fault).__name__, fault, extra={"run": run}, exc_info=fault
        )

    def _store_failed(self, fault: StoreError) -> int:
        self.metrics.add("phaseflow_store_errors")
        log.error("the store failed: %s", fault.what if hasattr(fault, "what") else fault)
        return -1
