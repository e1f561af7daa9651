"""What a command takes through the whole engine, and what an old run costs to read.

    python benchmarks/bench_engine.py [commands]

Each line is one store: a person records an amount, in a run of 1,000 members. Beside it stands the same batch carried
out on rows in memory, which is what `decide` alone takes; the rest is reading, writing, hashing and the outbox.
The second table reads runs with 100 and with 10,000 entries: status and todo load rows, never the history.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from bench_decide import POLICY, carry_out, prepare, record

from phaseflow import Engine, Run
from phaseflow.core.plan import Plan, compile_policy
from phaseflow.spec.reader import read_policy
from phaseflow.stores import open_store


class Clock:
    """A clock that moves on by a second whenever it is asked."""

    now = datetime(2009, 3, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def begin(url: str, members: int, durability: Literal["full", "normal"] = "normal") -> tuple[Engine, Run]:
    reading = read_policy(POLICY)
    plan: Plan = compile_policy(reading.result(), reading.sources)
    engine = Engine(open_store(url, durability=durability), clock=Clock())
    roster = [{"id": f"p{n}", "roles": ["member"]} for n in range(members)]
    return engine, engine.start(plan, start="2009-03-01", roster=roster)


def per_act(act: Callable[[int], object], times: int) -> tuple[float, float]:
    """(seconds, seconds of processor time) of one act."""
    wall, busy = time.perf_counter(), time.process_time()
    for number in range(times):
        act(number)
    return (time.perf_counter() - wall) / times, (time.process_time() - busy) / times


def commands(times: int) -> None:
    plan, rows = prepare(1_000)
    now = datetime(2009, 3, 10, tzinfo=UTC)
    batch = [record(n % 1_000, now + timedelta(seconds=n)) for n in range(times)]
    begun = time.process_time()
    carry_out(plan, rows, list(batch))
    alone = (time.process_time() - begun) / times
    print(f"{'one command':24} {'us':>8} {'us of processor':>16} {'x decide':>9}")
    print(f"{'decide, rows in memory':24} {alone * 1e6:8.0f} {alone * 1e6:16.0f} {1:9.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for name, url, durability in (
            ("memory:", "memory:", "normal"),
            ("sqlite:, normal", f"sqlite:///{folder}/normal.db", "normal"),
            ("sqlite:, full", f"sqlite:///{folder}/full.db", "full"),
        ):
            engine, run = begin(url, 1_000, durability)  # type: ignore[arg-type]
            wall, busy = per_act(
                lambda n, run=run: run.record("notes", by=f"p{n % 1_000}", amount="1 characters"),  # type: ignore[misc]
                times,
            )
            print(f"{name:24} {wall * 1e6:8.0f} {busy * 1e6:16.0f} {busy / alone:9.1f}")
            engine.close()


def reading(times: int = 200) -> None:
    print(f"{'reading a run':24} {'status us':>10} {'todo us':>10}")
    for entries in (100, 10_000):
        engine, run = begin("memory:", 10)
        for number in range(entries):
            run.record("notes", by=f"p{number % 10}", amount="1 characters")
        _wall, status = per_act(lambda _n, run=run: run.status(), times)  # type: ignore[misc]
        _wall, todo = per_act(lambda n, run=run: run.todo(f"p{n % 10}"), times)  # type: ignore[misc]
        print(f"{f'{entries:,} entries':24} {status * 1e6:10.0f} {todo * 1e6:10.0f}")
        engine.close()


if __name__ == "__main__":
    commands(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
    reading()
