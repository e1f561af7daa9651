"""What holds of every waker: subclass `WakerLaws`, say which waker it is and on what store, and run pytest.

The clock of these tests is the machine's, moved so that what is to fall due does so in a moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine
from phaseflow.engine import Run
from phaseflow.engine.desk import Desk
from phaseflow.runners import Crank, Service, Waker
from phaseflow.stores.base import StoreBusy, Tx
from tests.engine.test_engine import PEOPLE, plan

DUE = datetime(2009, 3, 13, 16, tzinfo=UTC)
"""When the kick-off of the policy of the engine's tests falls due."""

PATIENCE = 25.0
"""Seconds after which a law gives up waiting."""


def shifted(before: float) -> Callable[[], datetime]:
    """The machine's clock, moved so that it is so many seconds before `DUE`."""
    shift = DUE - timedelta(seconds=before) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + shift


def runs_on(engine: Engine, count: int) -> list[Run]:
    """Runs whose kick-off is due at `DUE`."""
    return [engine.start(plan(), start="2009-03-01", roster=PEOPLE, run=f"run{n:02d}") for n in range(count)]


def fell(run: Run) -> int:
    """How often the kick-off of a run fell due."""
    kicks = [entry.event for entry in run.history() if type(entry.event).__name__ == "DutyFellDue"]
    return sum(event.key.endswith("/kickoff") for event in kicks)  # type: ignore[attr-defined]


def until(met: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.05)
    return False


class Absent:
    """A waker that never wakes anybody."""

    name = "absent"

    def start(self, crank: Crank) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class WakerLaws:
    """The laws. *sweep* is how long the sweeper waits in those that are about it."""

    ahead = 1.5
    """So many seconds the deadline lies ahead when the service starts."""

    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        """The store that the engine opens."""
        raise NotImplementedError

    def waker(self, engine: Engine) -> Waker:
        """The waker under test."""
        raise NotImplementedError

    @pytest.fixture
    def engine(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
        with Engine(self.url(tmp_path, request), clock=shifted(60)) as engine:
            yield engine

    def service(self, engine: Engine, *wakers: Waker, sweep: float = 3600) -> Service:
        return Service(engine=engine, wakers=wakers or (self.waker(engine),), sweep=sweep, relay=0)

    @pytest.mark.failure(4, "memory", "SQLite", "PostgreSQL", "poller", "DBOS", "Temporal")
    @pytest.mark.failure(5, "memory", "SQLite", "PostgreSQL", "poller", "DBOS", "Temporal")
    def test_every_deadline_fires_once_and_none_that_was_met(self, engine: Engine) -> None:
        """Of twelve, four are done in time: eight fall due, each once, none before its instant, and the chain holds."""
        runs = runs_on(engine, 12)
        for run in runs[:4]:
            run.hold("kickoff", by="wang")
        engine.clock = shifted(self.ahead)
        service = self.service(engine)
        with service:
            assert until(lambda: all(fell(run) for run in runs[4:]))
        name, count = service.wakers[0].name, service.crank.metrics.value
        assert count("phaseflow_wakes", waker=name) + count("phaseflow_runs_settled", waker=name) >= 8
        assert [fell(run) for run in runs] == [0] * 4 + [1] * 8
        for run in runs[4:]:
            (entry,) = [e for e in run.history() if type(e.event).__name__ == "DutyFellDue"]
            assert entry.at == DUE
            assert entry.recorded_at >= DUE
            assert not run.verify()

    @pytest.mark.failure(7, "memory", "SQLite", "PostgreSQL", "poller", "DBOS", "Temporal")
    def test_a_poison_run_stops_no_other(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """Failure mode 7: what fails for ever is noted and left alone for a while; the others are done."""
        runs = runs_on(engine, 6)
        engine.clock = shifted(self.ahead)
        real = Desk.execute

        def execute(desk: Desk, tx: Tx, run: str, *more: Any) -> Any:
            if run == "run02":
                raise ZeroDivisionError("a fact of the host")
            return real(desk, tx, run, *more)

        monkeypatch.setattr(Desk, "execute", execute)
        service = self.service(engine)
        with service:
            assert until(lambda: sum(fell(run) for run in runs) == 5)
            assert until(lambda: service.crank.metrics.value("phaseflow_runs_failed") >= 1)
        assert fell(runs[2]) == 0

    def test_a_stopped_waker_is_still_and_can_start_again(self, engine: Engine) -> None:
        """After `stop` nothing happens any more, whatever falls due; after the next `start` it is made up for."""
        runs = runs_on(engine, 2)
        service = self.service(engine)
        service.start()
        service.stop()
        engine.clock = shifted(-1)
        time.sleep(0.3)
        assert [fell(run) for run in runs] == [0, 0]
        with service:
            assert until(lambda: all(fell(run) for run in runs))

    @pytest.mark.failure(5, "memory", "SQLite", "PostgreSQL", "poller", "DBOS", "Temporal")
    def test_the_sweeper_alone_is_enough(self, engine: Engine) -> None:
        """The waker is away: what has been due for the grace is done by the sweeper."""
        runs = runs_on(engine, 3)
        engine.clock = shifted(0.2)
        with self.service(engine, Absent(), sweep=0.3):
            assert until(lambda: all(fell(run) for run in runs))
        assert [fell(run) for run in runs] == [1] * 3

    @pytest.mark.failure(8, "memory", "SQLite", "PostgreSQL", "poller", "DBOS", "Temporal")
    def test_a_store_that_was_away_is_no_end(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """While the store fails nothing is done and the failures are counted; when it is back, all is."""
        runs = runs_on(engine, 2)
        monkeypatch.setattr("phaseflow.runners.service.SLOW", 0.1)
        engine.clock = shifted(-1)
        real, away = engine.store.transaction, [True]

        def transaction(**more: Any) -> Any:
            if away[0]:
                raise StoreBusy("the database is away")
            return real(**more)

        monkeypatch.setattr(engine.store, "transaction", transaction)
        service = self.service(engine, sweep=0.2)
        with service:
            assert until(lambda: service.crank.metrics.value("phaseflow_store_errors") > 1)
            assert not service.health()["ok"]
            away[0] = False
            assert until(lambda: all(fell(run) for run in runs))
            assert until(lambda: bool(service.health()["ok"]))
