"""The poller on every store: one, and several side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseflow import Engine
from phaseflow.runners import Poller, Service, Waker
from tests.runners.laws import WakerLaws, fell, runs_on, shifted, until


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
