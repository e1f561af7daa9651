"""What a shared commit saves: commands one by one and in groups, due runs one by one and in batches.

Usage: python benchmarks/bench_batches.py [URL]. Prints per second; the store is a SQLite file with full durability
unless another is named. One run with 100 members takes the commands; the due runs have one deadline each.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from fractions import Fraction

from phaseflow import Engine, compile_policy
from phaseflow.messages import commands as c
from phaseflow.spec.reader import read_policy

POLICY = """
phaseflow: 1
campaign: safety
zone: Asia/Shanghai
roles: {lead: The lead, member: A member}
defaults: {phase: {opens: on date, closes: by lead, clock: calendar}, duty: {due: window end}}
phases:
  study:
    window: 03-01 .. 03-31
    duties:
      kickoff: {meeting: Kick-off, by: lead, due: 03-13}
      notes: {quota: 100 pages, each: member}
outcomes: {completed: {by: lead}}
"""
PEOPLE = [{"id": "wang", "roles": ["lead"]}, *({"id": f"m{n}", "roles": ["member"]} for n in range(100))]
COMMANDS, RUNS = 500, 300


def main(url: str) -> None:
    reading = read_policy(POLICY, file="safety.yaml")
    plan = compile_policy(reading.result(), reading.sources)
    now = [datetime(2009, 3, 2, tzinfo=UTC)]
    with Engine(url, clock=lambda: now[0]) as engine:
        run = engine.start(plan, start="2009-03-01", roster=PEOPLE, run="many")
        for at_once in (1, 10, 50):
            orders = [
                (
                    run.id,
                    c.Record(id=f"{at_once}-{n}", by=f"m{n % 100}", at=now[0], now=now[0], duty="notes",
                             amount=Fraction(1), unit="pages"),
                )
                for n in range(COMMANDS)
            ]  # fmt: skip
            began = time.perf_counter()
            engine.execute_many(orders, at_once=at_once)
            print(f"commands, {at_once:2} in a transaction: {COMMANDS / (time.perf_counter() - began):7.0f}/s")
        for at_once in (1, 5, 20):
            now[0] = datetime(2009, 3, 2, tzinfo=UTC)
            for number in range(RUNS):
                engine.start(plan, start="2009-03-01", roster=PEOPLE[:3], run=f"{at_once}-{number}")
            now[0] = datetime(2009, 3, 14, tzinfo=UTC)
            began = time.perf_counter()
            done = engine.tick(at_once=at_once)
            print(f"due runs, {at_once:2} in a transaction: {done / (time.perf_counter() - began):7.0f}/s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/bench.db")
