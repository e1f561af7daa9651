"""What the PostgreSQL store costs over the bare driver doing the same reads and writes, on one connection and eight.

    python benchmarks/bench_postgres.py [seconds]

One command is one read (head, answer, two rows) and one data-modifying CTE (2 entries, 3 rows, 1 notice, 1 answer, the
head under its version check): once through the store, once with psycopg and the same statements. A sweep fires due
runs: the store claims twenty and commits an event and the new due instant for each; the bare loop does the same with
`FOR UPDATE SKIP LOCKED` and a statement each. Both are run alternately; the ratio is of medians. Budgets: 50 % on one
connection, 40 % on eight, 40 % for the sweep. fsync is on.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' PostgreSQL

import attrs
import psycopg
from tests import postgres as servers

from phaseflow.stores import codec, sql
from phaseflow.stores.base import Answer, Batch, Head, StoredNotice
from phaseflow.stores.postgres import PostgresStore
from phaseflow.stores.postgres_rows import commit_parts, commit_values
from phaseflow.stores.postgres_url import read_url

NOW = datetime(2009, 3, 1, tzinfo=UTC)
BODY = codec.dumps({"note": "x" * 250, "at": NOW})
KEYS = ["head", "visit/study/1"]
SWEEP = 20


def batch(run: str, chain: str, before: int, seq: int) -> Batch:
    """What one command writes."""
    entries = codec.link(run, chain, before, (BODY, BODY))
    moved = Head(run=run, campaign="c", plan="p", seq=before + 2, chain=entries[-1].hash, status="open", due_at=NOW)
    rows = {"head": BODY, "visit/study/1": BODY, f"duty/{seq}": BODY}
    notice = StoredNotice(id=f"{run}:{before}:1", run=run, seq=before + 1, body=BODY, available_at=NOW)
    answer = Answer(command_id=f"k{seq}", digest="d", seq_first=before + 1, seq_last=before + 2, body="{}")
    return Batch(head=moved, expected_seq=before, entries=entries, put=rows, notices=(notice,), answer=answer)


def through_the_store(url: str, run: str) -> Callable[[int], None]:
    """One command through the store."""
    store = PostgresStore(url)

    def command(seq: int) -> None:
        with store.transaction(wait=False) as tx:
            looked = tx.look(run, command_id=f"k{seq}", keys=KEYS)
            chain, before = (looked.head.chain, looked.head.seq) if looked else (codec.genesis(run), 0)
            tx.commit(batch(run, chain, before, seq))

    return command


def bare(url: str, run: str) -> Callable[[int], None]:
    """The same statements with the driver alone; the parameters of the write are made once and changed in place."""
    place = read_url(url)
    found = sql.statements("postgres", place.schema)
    connection = psycopg.connect(place.conninfo, autocommit=True)
    cursor = connection.cursor(binary=True)
    first = batch(run, codec.genesis(run), 0, 0)
    later = batch(run, first.head.chain, 2, 1)
    texts = {b.expected_seq > 0: "\n".join(found[part] for part in commit_parts(b)) for b in (first, later)}
    values = dict(commit_values(later, None))
    look: dict[str, Any] = {"run": run, "keys": KEYS, "lows": [], "highs": [], "limit": 8}

    def command(seq: int) -> None:
        row = cursor.execute(found["look"], {**look, "command": f"k{seq}"}).fetchone()
        before = row[6] if row else 0
        values.update(
            seq=before + 2, expected=before, rev=row[10] if row else None, a_id=f"k{seq}", a_first=before + 1,
            a_last=before + 2, e_seqs=[before + 1, before + 2], r_keys=["head", "visit/study/1", f"duty/{seq}"],
            n_ids=[f"{run}:{before}:1"], n_seqs=[before + 1],
        )  # fmt: skip
        assert cursor.execute(texts[before > 0], values).fetchone() is not None

    return command


def sweep_store(url: str, run: str) -> Callable[[int], None]:
    """Claim due runs and fire them, through the store; *run* is of no matter."""
    store = PostgresStore(url)

    def command(_seq: int) -> None:
        with store.transaction() as tx:
            batches = []
            for head in tx.claim_due(by=NOW, limit=SWEEP):
                entries = codec.link(head.run, head.chain, head.seq, (BODY,))
                moved = attrs.evolve(head, seq=head.seq + 1, chain=entries[-1].hash)
                batches.append(Batch(head=moved, expected_seq=head.seq, entries=entries))
            tx.commit(*batches)

    return command


def sweep_bare(url: str, run: str) -> Callable[[int], None]:
    """The same with the driver alone."""
    place = read_url(url)
    found = sql.statements("postgres", place.schema)
    connection = psycopg.connect(place.conninfo, autocommit=True)
    cursor = connection.cursor(binary=True)

    def command(_seq: int) -> None:
        with connection.transaction():
            rows = cursor.execute(found["claim_due"], (NOW, SWEEP)).fetchall()
            for row in rows:
                cursor.execute(
                    f"UPDATE {place.schema}.heads SET seq = seq + 1, rev = rev + 1, chain = %s WHERE run = %s",
                    ("h" * 64, row[0]),
                )
                cursor.execute(
                    f"INSERT INTO {place.schema}.entries (run, seq, body, hash) VALUES (%s, %s, %s, %s)",
                    (row[0], row[6] + 1, BODY, "h" * 64),
                )

    return command


WAYS = {"store": through_the_store, "bare": bare, "sweep_store": sweep_store, "sweep_bare": sweep_bare}


def worker(way: str, url: str, run: str, seconds: float) -> None:
    """Print how many commands were carried out."""
    command, seq = WAYS[way](url, run), 0
    for seq in range(30):  # Statements are prepared, caches warm.
        command(seq)
    print("ready", flush=True)
    sys.stdin.readline()
    begun = seq
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        seq += 1
        command(seq)
    print(seq - begun)


def rate(way: str, url: str, seconds: float, processes: int) -> float:
    """Commands a second of so many processes, each on a run and a connection of its own."""
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "worker", way, url, f"{way}{time.time()}{n}", str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(processes)
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return sum(int(child.communicate()[0]) for child in children) / seconds


def make_due(url: str, runs: int) -> None:
    """Runs that are due, and stay due, so that a sweep never ends."""
    store = PostgresStore(url)
    for start in range(0, runs, 100):
        with store.transaction() as tx:
            for number in range(start, start + 100):
                run = f"due{number}"
                entries = codec.link(run, codec.genesis(run), 0, ("{}",))
                chain = entries[0].hash
                head = Head(run=run, campaign="c", plan="p", seq=1, chain=chain, status="open", due_at=NOW)
                tx.commit(Batch(head=head, expected_seq=0, entries=entries))
    store.close()


def main(seconds: float, rounds: int = 3) -> None:
    """Command on one and eight connections, and the sweep."""
    print("| | store | bare driver | ratio |\n|---|---|---|---|")
    with servers.Server() as server:
        url = server.url(schema="bench")
        make_due(url, 2000)
        for what, ours, theirs, processes, factor in (
            ("command, 1 connection", "store", "bare", 1, 1),
            ("command, 8 connections", "store", "bare", 8, 1),
            ("due runs swept, 1 connection", "sweep_store", "sweep_bare", 1, SWEEP),
        ):
            pairs = [[rate(way, url, seconds, processes) * factor for way in (ours, theirs)] for _ in range(rounds)]
            mine, base = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"| {what} | {mine:.0f}/s | {base:.0f}/s | {mine / base:.0%} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 3)
