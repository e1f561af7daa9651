"""Workers killed at a chosen instant, and workers stopped past every lease: failure modes 1 and 2 on every waker.

Many runs fall due in the same second, one worker meets its fate in the middle of that burst, and a second one, which
knows nothing of the first, takes over. On DBOS and Temporal each look is a commit of its own; the others settle twenty
runs in one.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import attrs
import pytest
import sqlalchemy

from tests.failures.conftest import PAIRS
from tests.failures.crew import SWEEP, Crew, again, faults, fired, settled, told
from tests.runners.laws import DUE

pytestmark = pytest.mark.slow

LEASE = timedelta(minutes=11)
"""Longer than a relay keeps what it has claimed."""

BURST = 30


def middle(crew: Crew, point: str) -> int:
    """The number of the commit, or telling, at which about half of the burst is over."""
    return 10 if point in ("telling", "told") or crew.orders.waker in ("dbos", "temporal") else 2


def killed(crew: Crew, point: str, **changes: Any) -> list[str]:
    """A worker is killed at this point in the middle of a burst, and another takes over; what is wrong in the end."""
    runs = crew.runs(BURST)
    crew.decide(point, middle(crew, point))
    crew.clock.to(DUE - timedelta(seconds=1))
    first = crew.begin(sweep=3600, **changes)  # It is the waker that is to do it.
    assert crew.killed(first), crew.log()
    assert sum(fired(runs)) < BURST or point != "before commit", "it was killed in the middle"
    crew.clock.step(LEASE)
    second = crew.begin()
    crew.wait(lambda: settled(crew, runs))
    crew.end(second)
    return faults(crew, runs)


@pytest.mark.failure(1, "SQLite", "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
@pytest.mark.failure(2, "SQLite", "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
@pytest.mark.pairs(*PAIRS, ("dbos", "sqlite"), ("temporal", "sqlite"))
@pytest.mark.parametrize("point", ["before commit", "after commit", "told"])
def test_a_worker_killed_in_the_middle_of_a_burst(crew: Crew, point: str) -> None:
    """SIGKILL while it holds a claim, before its commit, after it, or behind a telling that it did not mark.

    The next fires what is left: each deadline once, each notice under one delivery id, and only a telling that was
    under way comes a second time.
    """
    assert killed(crew, point) == []
    assert again(crew) in ((1,) if point == "told" else (0, 1))


@pytest.mark.pairs(("poller", "sqlite"), ("dbos", "postgres"))
@pytest.mark.parametrize(
    ("saboteur", "point", "said"),
    [
        ("outbox in a second transaction", "after commit", "an event without its notice"),
        ("mark before send", "telling", "delivered and not told"),
    ],
)
def test_a_burst_catches_a_saboteur(crew: Crew, saboteur: str, point: str, said: str) -> None:
    """The same burst with a worker that breaks a rule: it is found out, by what it broke."""
    assert any(said in fault for fault in killed(crew, point, saboteur=saboteur))


@pytest.mark.failure(2, "SQLite", "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
def test_a_worker_stopped_in_a_telling_past_its_lease(crew: Crew) -> None:
    """SIGSTOP behind a telling; another takes over and tells it again; SIGCONT: the first marks and tells nothing more.

    Seen to fail where a lease does not run out.
    """
    runs = crew.runs(4)
    crew.clock.to(DUE)
    crew.engine.tick()  # Nothing is left to be fired: nobody else of that process is at work when it is stopped.
    crew.decide("told", 3, "SIGSTOP")
    stopped = crew.begin(sweep=3600)
    crew.wait(crew.met)
    crew.clock.step(LEASE)
    other = crew.begin()
    crew.wait(lambda: settled(crew, runs))
    assert again(crew) == 1
    before = told(crew.place)
    os.kill(stopped.pid, signal.SIGCONT)
    crew.end(stopped)
    crew.end(other)
    assert told(crew.place) == before
    assert faults(crew, runs) == []


@pytest.mark.failure(2, "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
@pytest.mark.pairs(*(pair for pair in PAIRS if pair[1] == "postgres"))
def test_a_worker_stopped_while_it_holds_runs(crew: Crew) -> None:
    """SIGSTOP before a commit, with the claim in its hands: after ``hold`` seconds of silence the server takes it away.

    Another does the work. Continued, the first cannot commit what it had decided; it looks again and finds nothing due.
    Seen to fail without that time limit: the runs stay held as long as the process is frozen.
    """
    crew.orders = attrs.evolve(crew.orders, store=f"{crew.orders.store}&hold=2")
    runs = crew.runs(10)
    crew.decide("before commit", 1, "SIGSTOP")
    crew.clock.to(DUE - timedelta(seconds=0.5))
    stopped = crew.begin()
    crew.wait(crew.met)
    crew.clock.step(LEASE)
    other = crew.begin()
    crew.wait(lambda: all(fired(runs)))
    os.kill(stopped.pid, signal.SIGCONT)
    crew.wait(lambda: settled(crew, runs))
    crew.end(stopped)
    crew.end(other)
    assert faults(crew, runs) == []


@pytest.mark.failure(2, "SQLite")
@pytest.mark.failure(8, "SQLite", "poller", "serve", "DBOS", "Temporal")
@pytest.mark.pairs(("poller", "sqlite"), ("serve", "sqlite"), ("dbos", "sqlite"), ("temporal", "sqlite"))
def test_a_worker_stopped_while_it_holds_the_file(crew: Crew) -> None:
    """SIGSTOP inside SQLite's one write transaction: everybody else waits, whatever waker it is, and nothing is torn.

    Nobody can take a file's lock away; killed, the frozen one leaves it to the next at once.
    """
    runs = crew.runs(10)
    crew.decide("before commit", 1, "SIGSTOP")
    crew.clock.to(DUE - timedelta(seconds=0.5))
    stopped = crew.begin()
    crew.wait(crew.met)
    crew.clock.step(LEASE)
    other = crew.begin()
    os.kill(stopped.pid, signal.SIGKILL)
    crew.wait(lambda: settled(crew, runs))
    crew.end(other)
    assert faults(crew, runs) == []


@pytest.mark.failure(4, "DBOS", "Temporal")
@pytest.mark.failure(5, "DBOS", "Temporal")
@pytest.mark.pairs(("dbos", "postgres"), ("temporal", "postgres"))
def test_the_sweeper_catches_what_the_engine_lost(crew: Crew) -> None:
    """The engine takes every wake and forgets it: nothing is announced again, and the sweeper fires each, once.

    It comes after its grace and no sooner, which shows who did it.
    """
    runs = crew.runs(6)
    crew.clock.to(DUE - timedelta(seconds=60))
    worker = crew.begin()
    forget = {"dbos": forget_items, "temporal": forget_clocks}[crew.orders.waker]
    lost = 0

    def all_lost() -> bool:
        nonlocal lost
        lost += forget(crew.orders.engine)
        return lost >= len(runs)

    crew.wait(all_lost)
    crew.clock.to(DUE - timedelta(seconds=0.2))
    crew.wait(lambda: any(fired(runs)))
    assert crew.clock() >= DUE + timedelta(seconds=SWEEP)
    crew.wait(lambda: settled(crew, runs))
    crew.end(worker)
    assert faults(crew, runs) == []


def forget_items(url: str) -> int:
    """Delete what waits on DBOS's queue; how many there were."""
    database = sqlalchemy.create_engine(url)
    try:
        with database.begin() as connection:
            return connection.execute(sqlalchemy.text("DELETE FROM dbos.workflow_status")).rowcount
    except sqlalchemy.exc.DBAPIError:  # Its tables are not there yet.
        return 0
    finally:
        database.dispose()


def forget_clocks(engine: str) -> int:
    """Terminate Temporal's workflows; how many there were."""
    import asyncio

    from temporalio.client import Client
    from temporalio.service import RPCError

    async def terminate() -> int:
        target, _, queue = engine.partition("/")
        client: Any = await Client.connect(target)
        gone = 0
        for number in range(6):
            try:
                await client.get_workflow_handle(f"{queue}/run{number:03d}").terminate()
                gone += 1
            except RPCError:
                continue
        return gone

    return asyncio.run(terminate())
