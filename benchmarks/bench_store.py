"""What the SQLite store costs over the bare driver: the same statements, the same sync setting, one after the other.

One command is what the engine does: read the head and two rows, then write 2 entries, 3 rows, 1 notice, 1 answer and
the head, in one transaction. Each round runs both, alternately; the ratio is of the medians. Budget: at least 50 %.

    python benchmarks/bench_store.py [rounds]
"""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import attrs

from phaseflow.stores import codec, sql
from phaseflow.stores.base import Answer, Batch, Head, HeadQuery, StoredNotice
from phaseflow.stores.codec import instant_key
from phaseflow.stores.sqlite import SqliteStore

NOW = datetime(2009, 3, 1, tzinfo=UTC)
BODY = codec.dumps({"note": "x" * 250, "at": NOW})
COMMANDS = 300
Durability = Literal["full", "normal"]


def through_the_store(store: SqliteStore, seq: int) -> None:
    with store.transaction() as tx:
        tx.answer("r", f"k{seq}")
        head = tx.head("r")
        tx.rows("r", ["head", "visit/study/1"])
        chain, before = (head.chain, head.seq) if head else (codec.genesis("r"), 0)
        entries = codec.link("r", chain, before, (BODY, BODY))
        moved = Head(run="r", campaign="c", plan="p", seq=before + 2, chain=entries[-1].hash, status="open", due_at=NOW)
        rows = {"head": BODY, "visit/study/1": BODY, f"duty/{seq}": BODY}
        notice = StoredNotice(id=f"r:{before}:1", run="r", seq=before + 1, body=BODY, available_at=NOW)
        answer = Answer(command_id=f"k{seq}", digest="d", seq_first=before + 1, seq_last=before + 2, body="{}")
        tx.commit(Batch(head=moved, expected_seq=before, entries=entries, put=rows, notices=(notice,), answer=answer))


def bare(db: sqlite3.Connection, seq: int) -> None:
    q, due = sql.statements("sqlite"), instant_key(NOW)
    db.execute("BEGIN IMMEDIATE")
    db.execute(q["answer"], ("r", f"k{seq}")).fetchone()
    head = db.execute(q["head"], ("r",)).fetchone()
    db.execute(q["row"], ("r", "head")).fetchone()
    db.execute(q["row"], ("r", "visit/study/1")).fetchone()
    before = head[6] if head else 0
    if head:
        db.execute(q["head_update"], ("p", before + 2, "h", "open", due, "r", before, "c", "unit", "", None))
    else:
        db.execute(q["head_insert"], ("r", "c", "unit", "", None, "p", 2, "h", "open", due))
    db.execute(q["answer_insert"], ("r", f"k{seq}", "d", before + 1, before + 2, "{}"))
    db.executemany(q["entry_insert"], [("r", before + 1, BODY, "h" * 64), ("r", before + 2, BODY, "h" * 64)])
    db.executemany(q["row_put"], [("r", "head", BODY), ("r", "visit/study/1", BODY), ("r", f"duty/{seq}", BODY)])
    db.execute(q["notice_insert"], (f"r:{before}:1", "r", before + 1, BODY, due, None, None))
    db.execute("COMMIT")


@contextlib.contextmanager
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.db"


def rate(command: Callable[[int], None], start: int) -> float:
    begin = time.perf_counter()
    for seq in range(start, start + COMMANDS):
        command(seq)
    return COMMANDS / (time.perf_counter() - begin)


def commands(durability: Durability, rounds: int) -> None:
    with place() as ours, place() as theirs:
        SqliteStore(theirs, durability=durability).close()  # The same schema.
        db = sqlite3.connect(theirs, isolation_level=None, cached_statements=256)
        db.execute(f"PRAGMA synchronous = {durability}")
        db.execute("PRAGMA secure_delete = ON")
        store = SqliteStore(ours, durability=durability)
        pairs = [
            (rate(lambda k: through_the_store(store, k), n * COMMANDS), rate(lambda k: bare(db, k), n * COMMANDS))
            for n in range(rounds)
        ]
        store.close()
        db.close()
    mine, base = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"command, {durability:6}: {mine:8.0f}/s  bare driver {base:8.0f}/s  ratio {mine / base:5.0%}")


def due_sweep(runs: int, due: int) -> None:
    """The time of a sweep over *runs* runs of which *due* are due: it must follow the second number, not the first."""
    with place() as path:
        store = SqliteStore(path, durability="normal")
        with store.transaction() as tx:
            for n in range(runs):
                run = f"run{n}"
                entries = codec.link(run, "", 0, ("{}",))
                head = Head(run=run, campaign="c", plan="p", seq=1, chain=entries[0].hash, status="open")
                at = NOW if n < due else NOW + timedelta(days=1 + n % 300)
                tx.commit(Batch(head=attrs.evolve(head, due_at=at), expected_seq=0, entries=entries))
        with store.transaction(write=False) as tx:
            begin = time.perf_counter()
            found = tx.heads(HeadQuery(due_by=NOW, order="due"))
            spent = time.perf_counter() - begin
        assert len(found) == due
        store.close()
    print(f"due sweep: {due:6} of {runs:7} runs in {spent * 1000:7.2f} ms")


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    commands("full", rounds)
    commands("normal", rounds)
    for runs, due in ((2_000, 100), (50_000, 100), (50_000, 5_000)):
        due_sweep(runs, due)
