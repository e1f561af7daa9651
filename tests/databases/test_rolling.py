"""Two versions at once on one database, as in a rolling deploy: the older one goes on where it understands, and stops
with a clear answer where it does not. It never writes over what it does not know.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phaseflow import Engine
from phaseflow.engine.batches import TickFailed
from phaseflow.messages import events as e
from phaseflow.stores import open_store
from phaseflow.stores.base import HeadQuery, StoreVersion
from phaseflow.stores.converter import CodecError
from tests.engine.test_engine import PEOPLE, Clock, plan

pytestmark = pytest.mark.slow
"""Each test starts a process or three; what they share with the fast ring is that a store refuses a newer schema."""

NOW = datetime(2009, 3, 20, tzinfo=UTC)
NEWER = Path(__file__).with_name("newer.py")


def newer(*words: str) -> None:
    """Let the newer version do something, in a process of its own."""
    done = subprocess.run([sys.executable, NEWER, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    found: str = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    return found


@pytest.fixture
def older(url: str) -> Iterator[Engine]:
    """This version, at work on two runs before the newer one comes."""
    with Engine(url, clock=Clock()) as engine:
        for name in ("a", "b"):
            engine.start(plan(), start="2009-03-01", roster=PEOPLE, run=name).record("notes", by="li", amount="5 pages")
        yield engine


def heads(engine: Engine) -> list[tuple[str, str]]:
    """What stands in the database."""
    with engine.store.transaction(write=False) as tx:
        return tx.chains(HeadQuery())


@pytest.mark.failure(6, "SQLite", "PostgreSQL")
def test_a_schema_that_changed_under_it_stops_the_older_version(url: str) -> None:
    """PF908 on the next command, tick and claim, and on opening; nothing is written, and the newer one goes on."""
    with Engine(url, clock=Clock()) as older:
        run = older.start(plan(), start="2009-03-01", roster=PEOPLE, run="a")
        newer("migrate", url)
        stood = None if url.startswith("sqlite") else heads(older)
        with pytest.raises(StoreVersion, match="knows schemas up to"):
            run.record("notes", by="li", amount="5 pages")
        with pytest.raises(StoreVersion):
            older.start(plan(), start="2009-03-01", roster=PEOPLE, run="c")
        older.clock.now = older.clock.now.replace(day=20)  # type: ignore[attr-defined]
        with pytest.raises(StoreVersion):
            older.tick()
        with pytest.raises(StoreVersion), older.store.transaction() as tx:
            tx.claim_deliveries(["mail"], now=NOW, limit=1, lease_until=NOW, worker="w")
        assert stood is None or heads(older) == stood
    with pytest.raises(StoreVersion):
        open_store(url)
    newer("migrate", url)


@pytest.mark.failure(6, "SQLite", "PostgreSQL")
def test_an_event_that_it_does_not_know_hides_no_work(older: Engine, url: str) -> None:
    """The older version records on, since it reads what it knows; what would show the unknown event says so (PF911)."""
    newer("star", url, "a")
    run = older.run("a")
    run.record("notes", by="li", amount="7 pages")
    for ask in (run.history, run.verify):
        with pytest.raises(CodecError, match="PF911"):
            ask()
    with pytest.raises(CodecError, match="PF911"):
        run.refold()
    newer("verify", url)


@pytest.mark.failure(6, "SQLite", "PostgreSQL")
def test_a_row_that_it_does_not_know_is_not_written_over(older: Engine, url: str) -> None:
    """A command that needs such a row is refused, others are not; a sweep settles all other runs and names this one."""
    newer("deepen", url, "b")
    before = heads(older)
    with pytest.raises(CodecError, match="PF910"):
        older.run("b").record("notes", by="li", amount="7 pages")
    assert heads(older) == before
    older.run("a").record("notes", by="li", amount="7 pages")
    older.run("b").hold("kickoff", by="wang")
    newer("verify", url)


@pytest.mark.failure(6, "SQLite", "PostgreSQL")
def test_a_sweep_goes_round_what_it_does_not_know(older: Engine, url: str) -> None:
    """What is due in other runs is settled by the older version, the rest by the newer one."""
    newer("deepen", url, "b")
    older.clock.now = older.clock.now.replace(month=4, day=2)  # type: ignore[attr-defined]
    with pytest.raises(TickFailed) as failed:
        older.tick()
    assert [run for run, _ in failed.value.sweep.failed] == ["b"]
    assert any(isinstance(entry.event, e.DutyFellDue) for entry in older.run("a").history())
