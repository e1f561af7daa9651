"""Eight processes write at once: throughput, and how long the unluckiest commands took, on SQLite and PostgreSQL.

    python benchmarks/bench_writers.py [seconds] [processes]

One command is what the engine does (see `bench_store`): a look, then 2 entries, 3 rows, 1 notice, 1 answer and the
head in one transaction; with full durability. Each process notes how long each command took; conflicts are tried again
and counted within. "same" has all write one run, "own" each a run of its own. In the end every acknowledged command
is looked for: none may be lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' PostgreSQL

from tests import postgres as servers

from phaseflow.stores import codec, open_store
from phaseflow.stores.base import Conflict, Store
from phaseflow.testing.store_laws import batch_on, notice

BODY = codec.dumps({"note": "x" * 250})


def command(store: Store, run: str, number: int, who: str) -> None:
    """One command, tried until it is through."""
    wait = False
    while True:
        try:
            with store.transaction(wait=wait) as tx:
                looked = tx.look(run, command_id=f"{who}{number}", keys=["head", "visit/study/1"])
                count = int(looked.rows["head"]) if looked is not None else 0
                seq = 1 if looked is None else looked.head.seq + 1
                put = {"head": str(count + 1), "visit/study/1": BODY, f"duty/{number}": BODY}
                tx.commit(batch_on(tx, run, BODY, BODY, put=put, notices=(notice(run, seq),)))
                return
        except Conflict:
            wait = True


def worker(url: str, run: str, seconds: float, who: str) -> None:
    """Write for so long, and print how long each command took, in seconds."""
    store = open_store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    took, number, until = [], 0, time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        command(store, run, number, who)
        number += 1
        took.append(time.perf_counter() - begun)
    store.close()
    print(json.dumps(took))


def together(url: str, seconds: float, processes: int, *, same: bool) -> str:
    """Let them write side by side; the figures as a row of a table."""
    runs = ["r" if same else f"r{n}" for n in range(processes)]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "worker", url, run, str(seconds), f"w{n}-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n, run in enumerate(runs)
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [json.loads(child.communicate()[0]) for child in children]
    store = open_store(url)
    with store.transaction(write=False) as tx:
        kept = sum(int(tx.rows(run, ["head"])["head"]) for run in set(runs))
    store.close()
    took = sorted(one for some in told for one in some)
    assert kept == len(took), f"{len(took)} acknowledged, {kept} kept"
    least, most = min(map(len, told)), max(map(len, told))
    marks = " / ".join(f"{1000 * took[int(share * (len(took) - 1))]:.1f}" for share in (0.5, 0.99, 1))
    return f"{len(took) / seconds:7.0f} | {marks} | {least} .. {most}"


def main(seconds: float, processes: int) -> None:
    """Both stores, the same run and runs of their own."""
    print("| store | runs | commands/s | p50 / p99 / worst, ms | by process |\n|---|---|---|---|---|")
    with servers.Server() as server, tempfile.TemporaryDirectory() as place:
        for same in (False, True):
            kind = "same" if same else "own"
            print(f"| SQLite | {kind} | {together(f'sqlite:///{place}/{kind}.db', seconds, processes, same=same)} |")
            print(f"| PostgreSQL | {kind} | {together(server.url(schema=kind), seconds, processes, same=same)} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 5, int(sys.argv[2]) if len(sys.argv) > 2 else 8)
