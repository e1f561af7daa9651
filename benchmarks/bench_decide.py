"""How long one common command takes in the pure core, whatever the size of the roster and the length of the history.

    python benchmarks/bench_decide.py

Prints microseconds per `decide` (record an amount, tick an entry) on runs with 10, 1,000 and 50,000 members, as the
median of several rounds; the ratio to the smallest roster shows that size does not count.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from phaseflow.core.decide import decide
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.core.state import MemoryRows
from phaseflow.messages import commands as c
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
      books: {checklist: Books, each: member, items: [one, two, three]}
outcomes: {completed: {by: lead}}
"""


def prepare(members: int) -> tuple[Plan, MemoryRows]:
    """A run with so many members."""
    plan = compile_policy(read_policy(POLICY).result())
    rows = MemoryRows()
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
    decision = decide(plan, rows, start)
    rows.write(decision.put, decision.drop)
    return plan, rows


def once(members: int, rounds: int = 7, commands: int = 400) -> float:
    """Microseconds per command, median of several rounds."""
    plan, rows = prepare(members)
    now = datetime(2009, 3, 10, tzinfo=UTC)
    found = []
    number = 0
    for _ in range(rounds):
        batch = []
        for _ in range(commands):
            number += 1
            moment = now + timedelta(seconds=number)
            batch.append(
                c.Record(
                    id=f"c{number}",
                    by=f"p{number % members}",
                    at=moment,
                    now=moment,
                    duty="notes",
                    amount=Fraction(1),
                    unit="characters",
                )
            )
        begun = time.perf_counter()
        for command in batch:
            decision = decide(plan, rows, command)
            rows.write(decision.put, decision.drop)
        found.append((time.perf_counter() - begun) / commands * 1e6)
        assert decision.accepted
    return statistics.median(found)


if __name__ == "__main__":
    smallest = 0.0
    for members in (10, 1_000, 50_000):
        microseconds = once(members)
        smallest = smallest or microseconds
        print(f"{members:>7} members: {microseconds:7.1f} us a command, x{microseconds / smallest:.2f}")
