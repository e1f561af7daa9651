"""A programme of ten thousand units: what its gate costs, and all units finishing in the same second.

    python benchmarks/bench_programme.py [units] [writers ...]

Every unit is a run of its own, on PostgreSQL and on SQLite, with full durability. Writers are processes, each with its
share of the units; the clock says the same second to all of them. In the end the programme has to have counted each
unit once, and PostgreSQL must know of no deadlock.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' PostgreSQL

from tests import postgres as servers

from phaseflow import Engine, compile_policy
from phaseflow.core.plan import Plan
from phaseflow.messages import commands as c
from phaseflow.spec.reader import read_policy
from phaseflow.stores import open_store

POLICY = """
phaseflow: 1
campaign: wide
zone: UTC
roles: {office: {of: programme}, lead: {of: unit}}
defaults: {phase: {opens: with campaign, closes: by lead}, duty: {due: window end}}
phases:
  study: {window: 03-01 .. 03-31, duties: {report: {task: Report, by: lead}}}
programme:
  phases: {study: {closes: by office, gate: {units: 100%, concluded: any}}}
  outcomes: {over: {when: {units: 100%, concluded: any}}}
outcomes: {completed: {by: lead}}
"""
NOW = datetime(2009, 3, 2, 8, tzinfo=UTC)
ALONE, GROUP = 1, 50


def plan() -> Plan:
    """The policy, compiled."""
    reading = read_policy(POLICY, file="wide.yaml")
    return compile_policy(reading.result(), reading.sources)


def engine_on(url: str) -> Engine:
    """An engine for which it is always the same second."""
    return Engine(url, clock=lambda: NOW)


def name_of(number: int) -> str:
    """The name of a unit."""
    return f"u{number:05}"


def start(url: str, units: int) -> None:
    """Start the programme and its units."""
    with Engine(open_store(url, durability="normal"), clock=lambda: NOW) as engine:
        policy = plan()
        top = engine.start(policy, start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        for number in range(units):
            lead = [{"id": "wang", "roles": ["lead"]}]
            engine.start(policy, unit=name_of(number), start="2009-03-01", roster=lead, programme=top)


def finish(url: str, first: int, last: int, at_once: int) -> None:
    """One writer: let the units of a share finish, so many in one transaction."""
    with engine_on(url) as engine:
        engine.run("wide").status()
        print("ready", flush=True)
        sys.stdin.readline()
        orders = [
            (f"wide/{name_of(n)}", c.Ask(id=f"f{n}", by="wang", at=NOW, now=NOW, move="completed"))
            for n in range(first, last)
        ]
        for answer in engine.execute_many(orders, at_once=at_once):
            if isinstance(answer, Exception):
                raise answer


def finished(url: str, low: int, high: int, writers: int, at_once: int) -> float:
    """Seconds until the units from *low* to *high* have finished, by so many processes at once."""
    edges = [low + (high - low) * n // writers for n in range(writers + 1)]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "finish", url, str(first), str(last), str(at_once)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for first, last in itertools.pairwise(edges)
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.close()
    assert [child.wait() for child in children] == [0] * writers
    took = time.perf_counter() - began
    for child in children:
        assert child.stdout is not None
        child.stdout.close()
    return took


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.3f} s", flush=True)


def measure(store: str, url: str, units: int, writers: list[int]) -> None:
    """One store: starting, the gate, finishing by shares, and the programme's own move."""
    with timed(f"{store}: {units} units start, one after the other"):
        start(url, units)
    with engine_on(url) as engine:
        top = engine.run("wide")
        engine.tick()
        with timed(f"{store}: the programme's gate is asked"):
            assert top.request("study.close", by="qian").held
        with timed(f"{store}: why would it be held"):
            assert top.why("study.close")
        with timed(f"{store}: a tick in which no unit has moved"):
            engine.tick()
        shares = [(number, at_once) for number in writers for at_once in (ALONE, GROUP)]
        for place, (number, at_once) in enumerate(shares):
            low, high = units * place // len(shares), units * (place + 1) // len(shares)
            took = finished(url, low, high, number, at_once)
            print(
                f"{store}: {high - low} units finish, {number} writers, {at_once} in a transaction: {took:.2f} s, "
                f"{(high - low) / took:.0f}/s; ten thousand in {10000 * took / (high - low):.0f} s",
                flush=True,
            )
        with timed(f"{store}: the tick in which the programme sees them and ends"):
            engine.tick()
        verdict = next(entry.event for entry in top.history() if type(entry.event).__name__ == "RunConcluded")
        assert verdict is not None
        assert top.status().status == "concluded"


def main(units: int, writers: list[int]) -> None:
    """Both stores."""
    with servers.Server() as server, tempfile.TemporaryDirectory() as place:
        url = server.url(schema="wide")
        measure("PostgreSQL", url, units, writers)
        import psycopg

        with psycopg.connect(f"postgresql://postgres@/postgres?host={server.base}") as connection:
            row = connection.execute("SELECT sum(deadlocks) FROM pg_stat_database").fetchone()
            print(f"PostgreSQL: {row[0] if row else '?'} deadlocks")
        measure("SQLite", f"sqlite:///{place}/wide.db", units, writers)


if __name__ == "__main__":
    if sys.argv[1:2] == ["finish"]:
        finish(sys.argv[2], *map(int, sys.argv[3:6]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, [int(n) for n in sys.argv[2:]] or [1, 2, 8])
