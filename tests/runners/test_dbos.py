"""The waker on DBOS, with its system database in a SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from phaseflow import Engine
from phaseflow.runners import Crank, Service, Waker
from phaseflow.runners.dbos import DbosWaker
from tests.runners.laws import DUE, WakerLaws, fell, runs_on, shifted, until


class TestOnDbos(WakerLaws):
    ahead = 3.0

    def url(self, place: Path, request: pytest.FixtureRequest) -> str:
        self.place = place
        return f"sqlite:///{place}/runs.db"

    def waker(self, engine: Engine) -> Waker:
        return DbosWaker(url=f"sqlite:///{self.place}/dbos.db", every=0.1)


@pytest.mark.failure(13, "DBOS")
def test_a_look_commits_with_the_transaction_it_is_put_in(tmp_path: Path) -> None:
    """A wake in a transaction of the host: rolled back there is none, committed it is done."""
    url = f"sqlite:///{tmp_path}/dbos.db"
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=shifted(60)) as engine:
        runs = runs_on(engine, 2)
        engine.clock = shifted(-3600)
        waker, looked = DbosWaker(url=url, every=0.1), Looked(engine=engine)
        waker.start(looked)
        try:
            assert until(lambda: waker._client is not None and len(looked.runs) == 2)
            database = sqlalchemy.create_engine(url)
            for name, kept in (("lost", False), ("kept", True)):
                with database.connect() as connection, connection.begin() as transaction:
                    waker.enqueue(name, DUE, engine.clock(), connection=connection)
                    if not kept:
                        transaction.rollback()
            database.dispose()
            assert until(lambda: "kept" in looked.runs)
            assert "lost" not in looked.runs
        finally:
            waker.stop()
        assert {run.id for run in runs} <= set(looked.runs)


class Looked(Crank):
    """A crank that notes whom it was asked to look at."""

    def __init__(self, *, engine: Engine) -> None:
        super().__init__(engine=engine)
        self.runs: list[str] = []

    def wake(self, run: str, waker: str) -> Any:
        self.runs.append(run)
        return super().wake(run, waker)


@pytest.mark.failure(5, "DBOS")
def test_without_its_database_the_sweeper_does_the_work(tmp_path: Path) -> None:
    """Failure mode 5: DBOS cannot start; deadlines are late by the grace and no more, and the end is clean."""
    with Engine(f"sqlite:///{tmp_path}/runs.db", clock=shifted(60)) as engine:
        runs = runs_on(engine, 3)
        engine.clock = shifted(0.5)
        waker = DbosWaker(url=f"sqlite:///{tmp_path}/no/such/folder/dbos.db", every=0.1)
        with Service(engine=engine, wakers=[waker], sweep=0.3, relay=0):
            assert until(lambda: all(fell(run) for run in runs))
        assert [fell(run) for run in runs] == [1] * 3
