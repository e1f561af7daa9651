"""The poller on every store: one, and several side by side."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from phaseflow import Engine
from phaseflow.runners import Crank, Poller, Service, Waker
from phaseflow.stores.bell import Bell
from phaseflow.stores.postgres_bell import PostgresBell
from tests.engine.test_batches import many, poisoned
from tests.engine.test_engine import Clock, url
from tests.runners.laws import WakerLaws, fell, runs_on, shifted, until

__all__ = ["url"]


class TestOnMemory(WakerLaws):
    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        return "memory:"

    def waker(self, engine: Engine) -> Waker:
        return Poller(every=0.1)


class TestOnSqlite(WakerLaws):
    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        return f"sqlite:///{place}/runs.db"

    def waker(self, engine: Engine) -> Waker:
        return Poller(threads=2, every=0.1)


class TestOnPostgres(WakerLaws):
    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        url: str = request.getfixturevalue("postgres")
        return url

    def waker(self, engine: Engine) -> Waker:
        return Poller(threads=3, every=0.1)


@pytest.mark.failure(2, "PostgreSQL", "poller")
def test_pollers_of_several_services_share_the_work(postgres: str) -> None:
    """Three services on one PostgreSQL: each run is settled once, by one of them (failure mode 2, without kills)."""
    with Engine(postgres, clock=shifted(60)) as engine:
        runs = runs_on(engine, 40)
        clock = shifted(1)
        services = []
        for _ in range(3):
            other = Engine(postgres, clock=clock)
            services.append(Service(engine=other, wakers=[Poller(threads=2, every=0.1)], relay=0, at_once=3))
        for service in services:
            service.start()
        try:
            assert until(lambda: all(fell(run) for run in runs))
        finally:
            for service in services:
                service.stop()
                service.engine.close()
        assert [fell(run) for run in runs] == [1] * 40
        assert sum(service.crank.metrics.value("phaseflow_runs_settled", waker="poller") for service in services) >= 40
        assert not any(run.verify() for run in runs)


# --- hints ----------------------------------------------------------------------------------------------------------


def looked(service: Service) -> bool:
    """Whether the poller has come round and waits; a listener on a server calls once of itself when it begins."""
    (beat,) = service.wakers[0].beats  # type: ignore[attr-defined]
    return bool(beat.rounds > hasattr(service.crank._listening, "listening") and not beat.poked.is_set())


def woken_by_a_command(url: str, *, every: float) -> tuple[float, list[int]]:
    """A poller that found nothing to do, and a command by somebody else that makes something due in half a second.

    Says how many seconds it took from the instant that it was due, and how often it fired.
    """
    with Engine(url, clock=shifted(60)) as here:
        there = here if url == "memory:" else Engine(here.store if url.startswith("sqlite") else url, clock=here.clock)
        with Service(engine=here, wakers=[Poller(every=every)], relay=0, sweep=3600) as service:
            assert until(lambda: looked(service))
            here.clock = there.clock = shifted(0.5)
            begun = time.monotonic()
            runs = runs_on(there, 2)
            assert until(lambda: all(fell(run) for run in runs))
            late = time.monotonic() - begun - 0.5
        fired = [fell(run) for run in runs]
        if there.store is not here.store:
            there.close()
        return late, fired


@pytest.mark.failure(4, "memory", "SQLite", "PostgreSQL", "poller")
def test_what_becomes_due_sooner_wakes_a_poller_at_once(url: str) -> None:
    """The poller would look again in an hour; the hint of the commit brings it round, on every store alike."""
    late, fired = woken_by_a_command(url, every=3600)
    assert fired == [1, 1]
    assert late < 20, "an hour was not waited for"


@pytest.mark.failure(4, "memory", "SQLite", "PostgreSQL", "poller")
def test_a_lost_hint_costs_the_interval(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failure mode 4: no hint is ever sent, and the poller finds by itself what is due, at its next look."""
    lost: list[object] = []
    monkeypatch.setattr(Bell, "ring", lambda bell: lost.append(bell))
    monkeypatch.setattr(PostgresBell, "ring", lambda bell, connection: lost.append(bell))
    _, fired = woken_by_a_command(url, every=0.4)
    assert fired == [1, 1]
    assert lost


def test_who_has_nothing_to_do_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hint that leads to nothing, and a run that rests after a failure, take no turn from a writer."""
    with Engine(clock=Clock()) as engine:
        many(engine, 2)
        crank, poller = Crank(engine=engine), Poller(every=5)
        poisoned(monkeypatch, "run00")
        assert poller._look(crank) == 0.0, "there may be more"
        begun: list[bool] = []
        real = engine.store.transaction

        def transaction(*, write: bool = True, **more: Any) -> Any:
            begun.append(write)
            return real(write=write, **more)

        monkeypatch.setattr(engine.store, "transaction", transaction)
        assert poller._look(crank) == 5
        assert begun == [False]
