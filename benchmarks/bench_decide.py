"""What the pure core costs, as ratios to plain Python that is measured in the same rounds.

    python benchmarks/bench_decide.py [rounds]

- A common command (record an amount, report a task) on runs with 10, 1,000 and 50,000 members, young and old, beside
  a bare fold: the same rows read from a dict, the same event, entry and rows built, the same rows put back.
- A guarded move on the compiled table beside the trigger of `transitions` with the same guard.
- What a run in memory takes beyond its rows.

Times are processor time, the least of all rounds, so that a busy machine disturbs them little.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import attrs
from transitions import Machine

from phaseflow.core.conditions import reads
from phaseflow.core.conditions.evaluate import compile_condition
from phaseflow.core.decide import decide
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.duties import NOTHING
from phaseflow.core.state.rows import Clock, Counted
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: bench
zone: Asia/Shanghai
roles: {lead: One, member: Many}
defaults: {phase: {opens: with campaign, closes: by lead}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 04-30
    gate: duties
    duties:
      notes: {quota: 100000 characters, each: member}
      visit: {task: Visit, each: member}
outcomes: {completed: {by: lead}}
"""

BATCH = 300
"""Commands of one round."""

Command = Callable[[int, datetime], c.Command]


def prepare(members: int, history: int = 0) -> tuple[Plan, MemoryRows]:
    """A run with so many members, and so many records of its first ten."""
    plan, rows = compile_policy(read_policy(POLICY).result()), MemoryRows()
    begin = datetime(2009, 3, 1, tzinfo=UTC)
    people = tuple(c.Person(id=f"p{n}", roles=("member",)) for n in range(members))
    start = c.StartRun(
        id="s",
        by="system",
        at=begin,
        now=begin,
        run="r",
        campaign="bench",
        plan=plan.digest,
        level="unit",
        unit="",
        start=date(2009, 3, 1),
        persons=people,
    )
    carry_out(plan, rows, [start])
    carry_out(plan, rows, [record(n % 10, begin + timedelta(seconds=n)) for n in range(history)])
    return plan, rows


def record(number: int, now: datetime) -> c.Record:
    """Somebody records an amount: one event."""
    return c.Record(
        id=f"c{number}", by=f"p{number}", at=now, now=now, duty="notes", amount=Fraction(1), unit="characters"
    )


def complete(number: int, now: datetime) -> c.Complete:
    """Somebody reports a task, which is done with that: two events."""
    return c.Complete(id=f"c{number}", by=f"p{number}", at=now, now=now, duty="visit")


def carry_out(plan: Plan, rows: MemoryRows, commands: list[c.Command]) -> None:
    for command in commands:
        decision = decide(plan, rows, command)
        assert decision.accepted, decision.refusal
        rows.write(decision.put, decision.drop)


def fold(rows: dict[str, Any], commands: list[c.Command]) -> None:
    """What `record` cannot do without: the rows it reads, one event in its entry, and the rows it changes."""
    for command in commands:
        assert isinstance(command, c.Record)
        head, clock, key = rows["head"], rows["clock"], rows[f"latest/{command.duty}"]
        duty, visit, person = rows[f"duty/{key}"], rows["visit/study/1"], rows[f"person/{command.by}"]
        part = rows.get(f"part/{key}/{command.by}") or NOTHING
        assert (head.status, visit.closed) == ("running", None)
        assert "member" in person.roles
        event = e.AmountRecorded(key=duty.key, subject=command.by, amount=command.amount, evidence=command.evidence)
        entry = e.Entry(
            seq=clock.seq + 1,
            at=command.at,
            recorded_at=command.now,
            actor=command.by,
            authority="member",
            command=command.id,
            event=event,
        )
        amount = part.amount + event.amount
        rows[f"part/{key}/{command.by}"] = attrs.evolve(part, amount=amount)
        counted = Counted(seq=entry.seq, at=entry.at, by=(entry.actor,), amount=event.amount)
        rows[f"record/{key}/{command.by}/{entry.seq:08d}"] = counted
        rows["clock"] = Clock(entry.seq, command.now)


def timed(act: Callable[[], object]) -> float:
    """Seconds of processor time."""
    begun = time.process_time()
    act()
    return time.process_time() - begun


def commands(rounds: int) -> None:
    """Print what common commands take on runs of several sizes and ages, and what the bare fold takes."""
    print(f"{'command':10} {'members':>8} {'records':>8} {'us':>7} {'x fold':>7} {'x first':>8} {'events/s':>9}")
    for name, make, events in (("record", record, 1), ("complete", complete, 2)):
        first = 0.0
        for members, history in ((10, 0), (1_000, 0), (1_000, 10_000), (50_000, 0)):
            if name == "complete" and members < BATCH:
                continue
            mine, bare = measure(members, history, make, rounds)
            first = first or mine
            print(
                f"{name:10} {members:8,} {history:8,} {mine * 1e6:7.1f} {mine / bare:7.1f} {mine / first:8.2f} "
                f"{events / mine:9,.0f}"
            )


def measure(members: int, history: int, make: Command, rounds: int) -> tuple[float, float]:
    """(seconds of a command, seconds of a fold), the least of all rounds."""
    plan, rows = prepare(members, history)
    _plan, other = prepare(members)
    kept, now, number = dict(other.rows), datetime(2009, 3, 10, tzinfo=UTC), 0
    mine, bare = [], []
    gc.collect()
    for _ in range(rounds):
        if make is complete:  # a task is done once in a visit: begin again
            plan, rows = prepare(members, history)
        batch: list[c.Command] = []
        plain: list[c.Command] = []
        for _ in range(BATCH):
            number += 1
            moment = now + timedelta(seconds=number)
            batch.append(make(number % members, moment))
            plain.append(record(number % members, moment))
        bare.append(timed(partial(fold, kept, plain)))
        mine.append(timed(partial(carry_out, plan, rows, batch)))
    return min(mine) / BATCH, min(bare) / BATCH


def moves(rounds: int, times: int = 20_000) -> None:
    """Print what a guarded move takes: finding its row and asking its guard, here and in `transitions`."""
    plan, _rows = prepare(10)
    level = plan.unit
    gate = level.moves["study.close"].gate
    assert gate is not None
    guard, facts = compile_condition(gate), dict.fromkeys(reads(gate), 0)
    table = level.table

    def ours() -> None:
        for _ in range(times):
            _row = table["study", "study.close"][0]
            assert guard(facts.get)

    class Model:
        def holds(self, _event: object) -> bool:
            return guard(facts.get) is True

    model = Model()
    machine = Machine(model, states=["study"], initial="study", auto_transitions=False, send_event=True)
    machine.add_transition("close", "study", "study", conditions=["holds"])

    def theirs() -> None:
        for _ in range(times // 10):
            assert model.close()  # type: ignore[attr-defined]

    mine = min(timed(ours) for _ in range(rounds)) / times
    base = min(timed(theirs) for _ in range(rounds)) / (times // 10)
    print(f"guarded move: {mine * 1e6:.2f} us; trigger of transitions: {base * 1e6:.1f} us, {base / mine:.0f} times")


def memory() -> None:
    """Print what a run in memory takes beyond its keys and rows."""
    _plan, rows = prepare(10)
    keys = rows._keys
    beyond = [rows, rows.get, rows.rows, keys, keys._blocks, *keys._blocks]
    print(f"a run of {len(rows.rows)} rows in memory: {sum(map(sys.getsizeof, beyond)):,} bytes beside them")


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    commands(many)
    moves(many)
    memory()
