"""The failure modes that are a store's own, on each of the three: many units, late commits, size, clocks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import zoneinfo
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from phaseflow import Engine
from phaseflow.messages import events as e
from phaseflow.stores import codec, open_store
from phaseflow.stores.base import Batch, Store
from phaseflow.stores.sqlite import SqliteStore
from phaseflow.testing.store_laws import batch_on, notice
from tests.engine.test_engine import Clock, engine, plan, start, url
from tests.failures.test_wakes import PROGRAMME, amended
from tests.runners.laws import DUE, fell
from tests.soak.saboteurs import Passing

__all__ = ["engine", "url"]

CHILDREN = int(os.environ.get("PHASEFLOW_CHILDREN", "200"))
"""Units that end in the same second; `docs/failures.md` says how it went with 10,000."""


@pytest.mark.slow
@pytest.mark.failure(9, "memory", "SQLite", "PostgreSQL")
@pytest.mark.timeout(1800)
def test_units_that_end_in_the_same_second_are_counted_once_each(url: str) -> None:
    """They fall due at one instant and are settled by four threads at once; nobody writes the programme's row for it.

    The parent counts every unit once, by a census of what is committed, and its own trail is as long as without them.
    """
    text = PROGRAMME.replace("closes: when gate", "closes: by office").replace("with campaign", "on date")
    with Engine(open_store(url, durability="normal"), clock=Clock()) as engine:
        top = engine.start(plan(text), start="2009-03-01", roster=[{"id": "qian", "roles": ["office"]}])
        lead = [{"id": "li", "roles": ["lead"]}]
        for n in range(CHILDREN):
            engine.start(plan(text), unit=f"u{n:05d}", start="2009-03-01", programme=top, roster=lead)
        before = len(top.history())
        assert top.request("study.close", by="qian").held
        engine.clock.now = DUE  # type: ignore[attr-defined]
        began = time.monotonic()
        done = engine.sweep(workers=1 if url.startswith("sqlite") else 4, programmes=False)
        took = time.monotonic() - began
        assert (done.runs, done.failed) == (CHILDREN + 1, ()), "the units, and the programme whose window ended"
        assert len(top.history()) == before + 2, "its held gate and its own window; no entry for any unit"
        passed = top.request("study.close", by="qian")
        assert passed.passed
        assert passed.verdict is not None
        assert passed.verdict.readings[-1].measured == "100%"
        assert passed.verdict.census.startswith(f"{CHILDREN}:")
        for unit in engine.runs(programme=top)[:: max(1, CHILDREN // 100)]:
            assert sum(isinstance(entry.event, e.PhaseClosed) for entry in unit.history()) == 1
            assert unit.verify() == ()
        print(f"{CHILDREN} units closed in {took:.1f} s")  # noqa: T201 - shown with -rP, for the page


@pytest.mark.failure(10, "memory", "SQLite", "PostgreSQL")
def test_a_reader_that_goes_on_behind_what_it_saw_misses_nothing(url: str) -> None:
    """Six threads commit notices at once while one reads on and on behind the last it saw: it gets each once.

    Seen to fail on PostgreSQL without ``gapless``: a transaction that drew a lower number commits later.
    """
    store = open_store(url, durability="normal")
    ending = threading.Event()

    def write(run: str) -> None:
        for seq in range(1, 13):
            with store.transaction() as tx:
                tx.commit(batch_on(tx, run, notices=(notice(run, seq),)))
                time.sleep(0.001 * (hash((run, seq)) % 4))

    def read() -> list[str]:
        seen: list[str] = []
        end = float("inf")
        while time.monotonic() < end:
            if ending.is_set():
                end = min(end, time.monotonic() + 20)
            with store.transaction(write=False) as tx:
                page = [one.id for one in tx.notices(after=seen[-1] if seen else "", gapless=True)]
            seen += page
            if len(seen) >= 72 and ending.is_set():
                break
        return seen

    with ThreadPoolExecutor(7) as pool:
        reader = pool.submit(read)
        list(pool.map(write, "abcdef"))
        ending.set()
        seen = reader.result(60)
    store.close()
    assert sorted(seen) == sorted(f"{run}:{seq}:1" for run in "abcdef" for seq in range(1, 13))
    assert [one for one in seen if one.startswith("a:")] == [f"a:{seq}:1" for seq in range(1, 13)]


class Counting(Passing):
    """Counts what a transaction is asked, and the rows that it is given."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.read = self.asked = 0

    def transaction(self, **how: Any) -> Any:
        counting = self

        class Counted(Passing):
            def __getattr__(self, name: str) -> Any:
                real = getattr(self._inner, name)
                if not callable(real):
                    return real

                def call(*given: Any, **more: Any) -> Any:
                    found = real(*given, **more)
                    counting.asked += 1
                    counting.read += len(found) if isinstance(found, dict | list) else 1
                    return found

                return call

        class Block:
            def __enter__(self) -> Any:
                self.inner = counting._inner.transaction(**how)
                return Counted(self.inner.__enter__())

            def __exit__(self, *fault: Any) -> Any:
                return self.inner.__exit__(*fault)

        return Block()


@pytest.mark.slow
@pytest.mark.failure(12, "memory", "SQLite", "PostgreSQL")
def test_a_long_history_costs_a_command_nothing(url: str) -> None:
    """With ten thousand events more in its trail, a command and a status ask and read as much as before.

    Seen to fail where the state is folded from the trail.
    """
    store = Counting(open_store(url, durability="normal"))
    with Engine(store, clock=Clock()) as engine:  # type: ignore[arg-type]
        run = start(engine)

        def cost() -> tuple[int, int]:
            run.record("notes", by="li", amount="1 page")
            store.asked = store.read = 0
            run.record("notes", by="li", amount="1 page")
            run.status()
            run.todo("li")
            return store.asked, store.read

        few = cost()
        lengthen(store._inner, run.id, 10_000)
        assert len(run.history()) > 10_000
        assert cost() == few
        assert codec.verify_chain(*trail(store._inner, run.id)) == []


def lengthen(store: Store, run: str, count: int) -> None:
    """Put so many events more on a trail; they change no row."""
    with store.transaction() as tx:
        head = tx.head(run)
        assert head is not None
        body = tx.entries(run)[-1].body
        old = f'"seq":{head.seq}'
        assert old in body
        bodies = [body.replace(old, f'"seq":{head.seq + n}') for n in range(1, count + 1)]
        entries = codec.link(run, head.chain, head.seq, bodies)
        longer = attrs.evolve(head, seq=head.seq + count, chain=entries[-1].hash)
        tx.commit(Batch(head=longer, expected_seq=head.seq, entries=entries))


def trail(store: Store, run: str) -> tuple[Any, str, Any]:
    with store.transaction(write=False) as tx:
        return tx.entries(run), run, tx.head(run)


@pytest.mark.failure(14, "memory", "SQLite", "PostgreSQL")
@pytest.mark.failure(4, "memory", "SQLite", "PostgreSQL")
def test_an_amendment_moves_what_its_rehearsal_listed(engine: Engine) -> None:
    """The same new terms, and a look at the old instant fires nothing; at the new one it fires, once."""
    run = start(engine)
    term = amended(run)["duty/study/1/kickoff"]
    engine.clock.now = DUE + timedelta(minutes=1)  # type: ignore[attr-defined]
    engine.wake(run.id)
    assert fell(run) == 0
    engine.clock.now = term.due  # type: ignore[attr-defined]
    engine.wake(run.id)
    engine.wake(run.id)
    assert fell(run) == 1
    assert run.verify() == ()


@pytest.mark.failure(5, "memory", "SQLite", "PostgreSQL")
def test_a_month_away_is_made_up_at_the_instants_it_missed(engine: Engine) -> None:
    """Nobody looked for a month: each deadline fires once, for its own instant, and a second look finds nothing."""
    run = start(engine)
    engine.clock.now = DUE + timedelta(days=30)  # type: ignore[attr-defined]
    assert engine.tick() == 1
    assert engine.tick() == 0
    (entry,) = [one for one in run.history() if isinstance(one.event, e.DutyFellDue) and "kickoff" in one.event.key]
    assert entry.at == DUE
    assert run.verify() == ()


@pytest.mark.failure(11, "memory", "SQLite", "PostgreSQL")
def test_steps_of_the_clock_and_clocks_that_differ(engine: Engine) -> None:
    """Back an hour, forth, and a second engine five seconds ahead: it fires once, at its instant, in order."""
    clock: Any = engine.clock
    run = start(engine)
    ahead = Engine(engine.store, clock=lambda: clock.now + timedelta(seconds=5))
    clock.now = DUE - timedelta(seconds=3)
    assert engine.tick() == 0
    clock.now -= timedelta(hours=1)
    assert engine.tick() == 0
    clock.now += timedelta(hours=1)
    assert ahead.tick() == 1
    assert engine.tick() == 0
    assert run.record("notes", by="li", amount="1 page").passed
    clock.now += timedelta(hours=2)
    engine.tick()
    assert fell(run) == 1
    assert [entry.seq for entry in run.history()] == list(range(1, len(run.history()) + 1))
    assert run.verify() == ()


@pytest.mark.slow
@pytest.mark.failure(11, "SQLite", "PostgreSQL")
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_zone_that_changes_its_rules_redates_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Between start and deadline the machine gets a table in which Shanghai lies where Tokyo does: nothing moves.

    The other process sees the new table, fires what was due under the old one, not an hour earlier, and verifies.
    """
    url = f"sqlite:///{tmp_path}/runs.db" if kind == "sqlite" else request.getfixturevalue("postgres")
    with Engine(url, clock=Clock()) as engine:
        start(engine)
    zones = tmp_path / "zones"
    (zones / "Asia").mkdir(parents=True)
    shutil.copy(zone_file("Asia/Tokyo"), zones / "Asia" / "Shanghai")
    script = (
        "from datetime import datetime, timedelta, UTC\nfrom zoneinfo import ZoneInfo\nfrom phaseflow import Engine\n"
        "assert datetime(2009, 3, 1, tzinfo=ZoneInfo('Asia/Shanghai')).utcoffset() == timedelta(hours=9)\n"
        f"for minute, due in ((-30, 0), (0, 1)):\n"
        f"    now = datetime.fromisoformat({DUE.isoformat()!r}) + timedelta(minutes=minute)\n"
        f"    with Engine({url!r}, clock=lambda: now) as engine:\n"
        "        assert engine.tick() == due, (minute, due)\n"
        "        assert engine.run('safety').verify() == ()\n"
    )
    environment = {**os.environ, "PYTHONTZPATH": str(zones)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def zone_file(name: str) -> Path:
    """The file of a zone, of the system or of the package `tzdata`."""
    import tzdata

    places = [*map(Path, zoneinfo.TZPATH), Path(tzdata.__file__).parent / "zoneinfo"]
    return next(place / name for place in places if (place / name).exists())


@pytest.mark.failure(8, "SQLite")
def test_a_long_reader_stops_no_writer(tmp_path: Path) -> None:
    """While one reads for long, two hundred commits go by and the log grows; it sees its instant, and then all of it.

    When it has ended the log is used anew: it grows no further.
    """
    store = SqliteStore(tmp_path / "a.db", durability="normal")
    wal = tmp_path / "a.db-wal"

    def commits(first: int, count: int) -> None:
        for number in range(first, first + count):
            with store.transaction() as tx:
                tx.commit(batch_on(tx, "r", put={f"text{number}": "x" * 40_000}))

    commits(0, 1)
    with store.transaction(write=False) as tx:
        assert len(tx.entries("r")) == 1
        writer = threading.Thread(target=commits, args=(1, 200))
        writer.start()
        writer.join()
        assert len(tx.entries("r")) == 1
        grown = wal.stat().st_size
        assert grown > 200 * 40_000
    commits(201, 200)
    assert wal.stat().st_size < grown * 1.5
    with store.transaction(write=False) as tx:
        assert len(tx.entries("r")) == 401
    store.close()


@pytest.mark.failure(8, "memory", "SQLite", "PostgreSQL")
def test_a_lock_that_others_hold_is_waited_for(url: str) -> None:
    """Eight threads on one run: everybody is served, the engine tries again by itself, and no record is lost."""
    with Engine(open_store(url, durability="normal"), clock=Clock()) as engine:
        run = start(engine)

        def write(person: int) -> None:
            for _ in range(4):
                run.record("notes", by="li", amount="1 page")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert sum(isinstance(entry.event, e.AmountRecorded) for entry in run.history()) == 32
        assert run.verify() == ()
