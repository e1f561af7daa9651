"""Several commands in one transaction, and what is due in many runs: R26, and failure mode 7 of a poison run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from phaseflow import Engine, Refused
from phaseflow.engine import CommandIdReused
from phaseflow.engine.answers import Answer
from phaseflow.engine.batches import TickFailed
from phaseflow.engine.desk import Desk
from phaseflow.messages import commands as c
from phaseflow.stores.base import StoreError, Tx
from tests.engine.test_engine import Clock, engine, start, url

__all__ = ["engine", "url"]

MARCH = datetime(2009, 3, 2, 1, 0, tzinfo=UTC)


def record(id: str, amount: int = 1, by: str = "li", unit: str = "pages", at: datetime = MARCH) -> c.Command:
    return c.Record(id=id, by=by, at=at, now=at, duty="notes", amount=Fraction(amount), unit=unit)


def commits(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A list that grows with each transaction that is begun for writing."""
    begun: list[bool] = []
    real = engine.store.transaction

    def transaction(*, write: bool = True, **more: Any) -> Any:
        if write:
            begun.append(True)
        return real(write=write, **more)

    monkeypatch.setattr(engine.store, "transaction", transaction)
    return begun


def test_r26_commands_for_one_run_are_decided_in_turn_in_one_transaction(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees what the one before did, has its own events and its own answer; the trail is as from single ones."""
    run = start(engine)
    begun = commits(engine, monkeypatch)
    answers = engine.execute_many(((run.id, record(f"r{n}", 30)) for n in range(5)), at_once=3)
    assert len(begun) == 2
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [type(event).__name__ for event in answers[3].events] == ["AmountRecorded", "DutyDone"]
    assert [entry.command for answer in answers for entry in answer.entries] == [
        "r0", "r1", "r2", "r3", "r3", "r4",
    ]  # fmt: skip
    with Engine(clock=Clock()) as other:
        single = start(other)
        for n in range(5):
            other.execute(single.id, record(f"r{n}", 30))
        assert _said(single.history()) == _said(run.history())
    assert not run.verify()


def _said(trail: Any) -> list[Any]:
    """A trail without what differs by chance: salts of names, and the id of the start."""
    return [(entry.seq, entry.at, entry.event) for entry in trail if "roster" not in repr(entry) and entry.seq > 3]


def test_one_that_is_refused_does_not_touch_the_others(engine: Engine) -> None:
    """A refusal, an id that was used, an unknown run and a malformed command are answers of their own."""
    run = start(engine)
    orders = [
        (run.id, record("a")),
        (run.id, record("b", by="wang")),
        (run.id, record("a", 2)),
        ("nothing", record("d")),
        (run.id, record("e", unit="")),
        (run.id, record("f")),
        (run.id, record("a")),
    ]
    found = engine.execute_many(orders)
    kinds = [type(one).__name__ for one in found]
    assert kinds == ["Answer", "Refused", "CommandIdReused", "UnknownRun", "Refused", "Answer", "Answer"]
    assert isinstance(found[2], CommandIdReused)
    assert found[6].again
    amounts = [entry for entry in run.history() if type(entry.event).__name__ == "AmountRecorded"]
    assert [entry.command for entry in amounts] == ["a", "f"]


def test_a_refused_one_leaves_what_was_due_settled(engine: Engine) -> None:
    """R1 in a group: what was due before the refused command is kept, and the next command stands on it."""
    run = start(engine)
    later = MARCH + timedelta(days=20)
    engine.clock.now = later  # type: ignore[attr-defined]
    late = [record("a", by="wang", at=later), record("b", at=later)]
    refused, answer = engine.execute_many([(run.id, command) for command in late])
    assert isinstance(refused, Refused)
    assert [type(event).__name__ for event in answer.events] == ["AmountRecorded"]
    assert any(type(entry.event).__name__ == "DutyFellDue" for entry in run.history())


def test_groups_of_many_threads_lose_nothing(engine: Engine) -> None:
    """Four threads with groups for the same two runs: every command once, the chain whole."""
    runs = [start(engine, run=name) for name in ("a", "b")]

    def work(thread: int) -> list[Any]:
        orders = [(runs[n % 2].id, record(f"{thread}-{n}")) for n in range(20)]
        return engine.execute_many(orders, at_once=7)

    with ThreadPoolExecutor(4) as pool:
        found = [one for answers in pool.map(work, range(4)) for one in answers]
    assert [type(one).__name__ for one in found] == ["Answer"] * 80
    assert not any(run.verify() for run in runs)
    assert sum(type(e.event).__name__ == "AmountRecorded" for run in runs for e in run.history()) == 80


def test_a_store_that_fails_is_not_blamed_on_a_command(engine: Engine) -> None:
    """A closed store ends the call; it is no answer to any command."""
    run = start(engine)
    engine.close()
    with pytest.raises(StoreError):
        engine.execute_many([(run.id, record("a")), (run.id, record("b"))])


# --- what is due ----------------------------------------------------------------------------------------------------


def many(engine: Engine, count: int) -> None:
    for number in range(count):
        start(engine, run=f"run{number:02d}")
    engine.clock.to("2009-03-20")  # type: ignore[attr-defined]


def poisoned(monkeypatch: pytest.MonkeyPatch, *runs: str) -> None:
    """Have these runs raise whatever is asked of them, as a fact of the host might."""
    real = Desk.execute

    def execute(self: Desk, tx: Tx, run: str, *more: Any) -> Any:
        if run in runs:
            raise ZeroDivisionError("a fact of the host")
        return real(self, tx, run, *more)

    monkeypatch.setattr(Desk, "execute", execute)


def test_many_runs_are_settled_in_few_transactions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty runs in one transaction, and the limit is kept."""
    many(engine, 12)
    begun = commits(engine, monkeypatch)
    assert engine.tick(at_once=5, limit=7) == 7
    assert len(begun) == 2
    assert engine.tick(at_once=5) == 5
    assert engine.tick() == 0


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.failure(7, "memory", "SQLite", "PostgreSQL")
def test_a_poison_run_does_not_stop_the_others(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Failure mode 7: eleven of twelve are settled, wherever in a batch the bad one stands; it is named."""
    many(engine, 12)
    poisoned(monkeypatch, "run00", "run05")
    before = engine.entries("run05")
    with pytest.raises(TickFailed, match=r"2 of 12 runs could not be settled; 'run0[05]': ZeroDivisionError") as caught:
        engine.tick(at_once=4, workers=workers)
    assert sorted(run for run, _ in caught.value.sweep.failed) == ["run00", "run05"]
    assert caught.value.sweep.runs == 10
    assert engine.entries("run05") == before
    monkeypatch.undo()
    assert engine.tick() == 2


def test_a_run_may_be_left_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who knows a run to be bad leaves it out, and the batches of the others stay whole."""
    many(engine, 6)
    poisoned(monkeypatch, "run01")
    begun = commits(engine, monkeypatch)
    done = engine.sweep(at_once=3, leave=lambda run: run == "run01")
    assert (done.runs, done.failed) == (5, ())
    assert len(begun) == 3


def test_two_sweeps_at_once_settle_each_run_once(engine: Engine) -> None:
    """Threads share what is due; every deadline fires once."""
    many(engine, 20)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: engine.sweep(at_once=4), range(3)))
    assert sum(one.runs for one in done) >= 20
    for run in engine.runs():
        fell = [entry for entry in run.history() if type(entry.event).__name__ == "DutyFellDue"]
        assert len(fell) == 1
        assert not run.verify()


# --- waking ---------------------------------------------------------------------------------------------------------


@pytest.mark.failure(4, "memory", "SQLite", "PostgreSQL")
def test_a_wake_is_safe_early_late_twice_and_for_nobody(engine: Engine) -> None:
    """A waker may say anything: only what is due happens, once, and the next instant is told."""
    run = start(engine)
    early = engine.wake(run.id)
    assert early == datetime(2009, 3, 13, 16, tzinfo=UTC)
    before = len(run.history())
    assert engine.wake(run.id) == early
    assert len(run.history()) == before
    engine.clock.to("2009-03-14")  # type: ignore[attr-defined]
    following = engine.wake(run.id)
    assert following is not None
    assert following > early
    after = len(run.history())
    assert after > before
    assert engine.wake(run.id) == following
    assert len(run.history()) == after
    assert engine.wake("nobody") is None

