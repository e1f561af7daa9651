"""What wakers may get wrong, and what happens to a run beside them: failure modes 4 to 7, 9, 11, 13 and 14 on each."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from phaseflow.engine import Run
from phaseflow.messages import events as e
from phaseflow.stores.postgres_url import read_url
from tests.engine.test_engine import PEOPLE, POLICY, plan
from tests.failures.crew import Crew, Orders, again, faults, fired, forked, noted, opened, settled, told
from tests.runners.laws import DUE, fell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.pairs(("poller", "sqlite"), ("serve", "postgres"), ("dbos", "postgres"), ("temporal", "postgres")),
]

HOUR = timedelta(hours=1)
LATER = datetime(2009, 3, 28, 16, tzinfo=UTC)
"""When the kick-off falls due where an amendment has moved it to the 28th."""

MOVED = POLICY.replace("due: 03-13", "due: 03-28") + "amends: {binds: at_once, notice: 10 days}\n"


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.mark.failure(4, "poller", "serve", "DBOS", "Temporal")
@pytest.mark.failure(11, "poller", "serve", "DBOS", "Temporal")
def test_a_clock_that_steps_back_before_the_wake(crew: Crew) -> None:
    """Announced for now, and the clock steps back an hour: wakes come early and fire nothing; an hour later, once.

    Two more steps back and forth over the deadline change nothing. Seen to fail where a wake is believed.
    """
    by_engine = crew.orders.waker in ("dbos", "temporal")
    runs = crew.runs(1, "first")
    worker = crew.begin(sweep=3600)
    crew.wait(lambda: noted(crew.place, "announced") == {run.id for run in runs} or not by_engine)
    crew.clock.to(DUE - after(5))
    runs += crew.runs(4)
    crew.wait(lambda: len(noted(crew.place, "announced")) == 5 or not by_engine)
    assert crew.clock() < DUE
    crew.clock.step(-HOUR)
    crew.wait(lambda: noted(crew.place, "woken") >= {run.id for run in runs[1:]} or not by_engine)
    time.sleep(0.5)
    assert fired(runs) == [0] * 5
    crew.end(worker)
    worker = crew.begin()
    crew.clock.to(DUE + after(0.1))
    crew.wait(lambda: settled(crew, runs))
    crew.clock.step(-after(30))
    assert runs[0].record("notes", by="li", amount="1 page").passed
    crew.clock.step(HOUR)
    time.sleep(0.5)
    crew.end(worker)
    assert faults(crew, runs) == []


@pytest.mark.failure(11, "poller", "serve", "DBOS", "Temporal")
@pytest.mark.failure(2, "poller", "serve", "DBOS", "Temporal")
def test_workers_whose_clocks_differ(crew: Crew) -> None:
    """Five seconds apart, both at work: whoever is ahead fires at its own time, and the other finds nothing."""
    runs = crew.runs(12)
    crew.clock.to(DUE - after(2))
    ahead, behind = crew.begin(skew=2.5), crew.begin(skew=-2.5)
    crew.wait(lambda: settled(crew, runs))
    crew.clock.step(after(10))
    time.sleep(0.5)
    crew.end(ahead)
    crew.end(behind)
    assert faults(crew, runs) == []
    assert again(crew) == 0


@pytest.mark.failure(4, "poller", "serve", "DBOS", "Temporal")
@pytest.mark.failure(14, "poller", "serve", "DBOS", "Temporal")
def test_wakes_for_what_was_withdrawn_and_what_was_moved(crew: Crew) -> None:
    """Announced, then done, or moved by an amendment: neither fires; the moved fire when the rehearsal said they would.

    The rehearsal and the real amendment list the same new terms, under a running worker.
    """
    done, moved, left = crew.runs(2, "done"), crew.runs(2, "moved"), crew.runs(2, "left")
    worker = crew.begin()
    time.sleep(0.5)
    for run in done:
        run.hold("kickoff", by="wang")
    terms = [amended(run) for run in moved]
    assert terms[0] == terms[1]
    assert terms[0]["duty/study/1/kickoff"].due == LATER
    crew.clock.to(DUE + after(0.1))
    crew.wait(lambda: settled(crew, left))
    assert fired([*done, *moved]) == [0] * 4
    crew.clock.to(LATER + after(0.1))
    crew.wait(lambda: settled(crew, moved))
    crew.end(worker)
    assert fired(done) == [0, 0]
    assert faults(crew, left) == []
    assert faults(crew, moved, LATER) == []


def amended(run: Run) -> Any:
    """The terms that an amendment moved, which are those that its rehearsal listed."""
    rehearsed, real = (
        next(event for event in by.amend(plan(MOVED)).events if isinstance(event, e.PlanAmended))
        for by in (run.rehearsal(), run)
    )
    assert rehearsed.moved == real.moved
    return real.moved


@pytest.mark.failure(5, "poller", "serve", "DBOS", "Temporal")
def test_two_weeks_without_anybody(crew: Crew) -> None:
    """Killed before the first of three reminders, back after the deadline: it fires once, and nobody gets a burst.

    Of each kind a run tells one thing: what is overdue, and not three times what would have been due soon.
    """
    policy = POLICY.replace("due: 03-13,", "due: 03-13, remind: [7 days, 3 days, 1 day],")
    runs = [
        crew.engine.start(plan(policy), start="2009-03-01", roster=PEOPLE, run=f"run{n}", at=DUE - timedelta(days=11))
        for n in range(6)
    ]
    crew.clock.to(DUE - timedelta(days=10))
    first = crew.begin()
    time.sleep(0.5)
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    crew.clock.to(DUE + HOUR)
    second = crew.begin()
    crew.wait(lambda: settled(crew, runs))
    crew.end(second)
    assert faults(crew, runs) == []
    kinds = Counter((run, kind) for _, kind, run in told(crew.place))
    assert {kind for _, kind in kinds} >= {"overdue"}
    assert set(kinds.values()) == {1}


@pytest.mark.failure(6, "poller", "serve", "DBOS", "Temporal")
def test_a_rolling_deploy(crew: Crew) -> None:
    """The old version cannot read the plan of three runs: it leaves them alone and does the others.

    The new one comes beside it and does those three at once; the old one is killed, and nothing happens twice.
    Seen to fail, as the next one was, where the first bad run of a sweep ends it.
    """
    new = plan(POLICY.replace("Kick-off", "A word that the old version does not know"))
    known = crew.runs(3, "old")
    unknown = [
        crew.engine.start(new, start="2009-03-01", roster=PEOPLE, run=f"new{n}", at=crew.clock()) for n in range(3)
    ]
    crew.engine.relay()
    crew.clock.to(DUE - after(0.5))
    old = crew.begin(unknown=new.digest)
    crew.wait(lambda: settled(crew, known))
    assert old.is_alive()
    assert fired(unknown) == [0] * 3
    crew.begin()
    crew.wait(lambda: settled(crew, [*known, *unknown]))
    os.kill(old.pid, signal.SIGKILL)
    assert faults(crew, [*known, *unknown]) == []


@pytest.mark.failure(7, "poller", "serve", "DBOS", "Temporal")
def test_one_poison_run_and_one_poison_hook_among_many(crew: Crew) -> None:
    """Settling one run raises, and one of two hooks always does: all the others are fired and told by the sound hook.

    A hundred runs on SQLite. With the cause gone the last is fired as well; the poisoned hook's tellings still wait.
    """
    runs = crew.runs(100 if crew.orders.store.startswith("sqlite") else 40)
    others = len(runs) - 1
    crew.clock.to(DUE - after(0.5))
    worker = crew.begin(poison=runs[3].id, poison_hook=True)
    sound = [run for run in runs if run is not runs[3]]
    crew.wait(lambda: len({run for _, kind, run in told(crew.place) if kind == "overdue"}) == others)
    assert fired(sound) == [1] * others
    assert fell(runs[3]) == 0
    crew.end(worker)
    cured = crew.begin()
    crew.wait(lambda: bool(fell(runs[3])))
    crew.end(cured)
    with crew.engine.store.transaction(write=False) as tx:
        waiting = tx.deliveries(hook="poison")
    assert len(waiting) >= others
    assert {one.status for one in waiting} <= {"waiting", "leased"}
    assert any("a plugin of the host" in one.error for one in waiting)
    assert [run.verify() for run in runs] == [()] * len(runs)


PROGRAMME = """
phaseflow: 1
campaign: tidy
zone: Asia/Shanghai
roles: {office: {of: programme}, lead: {of: unit}}
defaults: {phase: {opens: with campaign, closes: by lead}, duty: {due: window end}}
phases:
  study: {window: 03-01 .. 03-13, closes: on date}
programme:
  phases:
    study: {closes: when gate, gate: {units: 100%, closed: study}}
  outcomes: {over: {by: office}}
outcomes: {completed: {by: lead}}
"""


@pytest.mark.failure(9, "poller", "serve", "DBOS", "Temporal")
def test_units_that_close_in_the_same_second(crew: Crew) -> None:
    """Forty units close at one instant; the programme follows by itself, once, having counted each unit once."""
    top = crew.engine.start(plan(PROGRAMME), start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
    lead = [{"id": "li", "roles": ["lead"]}]
    units = [
        crew.engine.start(plan(PROGRAMME), unit=f"u{n:02d}", start="2009-03-01", programme=top, roster=lead)
        for n in range(40)
    ]
    crew.clock.to(DUE - after(1))
    worker = crew.begin()

    def closed(run: Run) -> int:
        return sum(isinstance(entry.event, e.PhaseClosed) for entry in run.history())

    crew.wait(lambda: closed(top) > 0)
    crew.end(worker)
    assert [closed(unit) for unit in units] == [1] * 40
    assert closed(top) == 1
    verdicts = [entry.event for entry in top.history() if isinstance(entry.event, e.GateJudged)]
    assert verdicts[-1].census.startswith("40:")
    assert [run.verify() for run in (top, *units)] == [()] * 41


@pytest.mark.failure(13, "SQLite", "PostgreSQL", "poller", "serve", "DBOS", "Temporal")
def test_a_host_that_dies_in_its_own_transaction(crew: Crew) -> None:
    """The host did the duty, and began a run, inside its transaction, and is killed before it commits.

    It never was: the deadline fires, and there is no run, no wake and no telling of the other.
    """
    runs = crew.runs(2)
    worker = crew.begin()
    host = forked(be_a_host, crew.orders)
    host.join(30)
    assert host.exitcode == -signal.SIGKILL
    crew.clock.to(DUE + after(0.1))
    crew.wait(lambda: settled(crew, runs))
    crew.end(worker)
    assert faults(crew, runs) == []
    assert [run.id for run in crew.engine.runs()] == [run.id for run in runs]


def be_a_host(orders: Orders) -> None:
    """Write inside a transaction of one's own, and die."""
    from phaseflow import Engine
    from tests.failures.crew import Clock

    engine = Engine(opened(orders.store), clock=Clock(orders.place))
    url = orders.store
    connection: Any = (
        sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        if url.startswith("sqlite")
        else psycopg.connect(read_url(url).conninfo)
    )
    connection.execute("BEGIN IMMEDIATE" if url.startswith("sqlite") else "SELECT 1")
    bound = engine.within(connection)
    bound.run("run000").hold("kickoff", by="wang")
    bound.start(plan(), start="2009-03-01", roster=PEOPLE, run="never")
    assert bound.run("never").history()
    os.kill(os.getpid(), signal.SIGKILL)
