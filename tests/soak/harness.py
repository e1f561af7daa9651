"""A soak: processes that write, tick and tell on one store are killed at random, and the store is held to its word.

    python tests/soak/harness.py --seconds 120 --store sqlite --store postgres

Everything works as in production - the engine, its store, the relay - in processes of their own, with a clock in which
a day passes in a second or two. They are killed (SIGKILL) again and again and started anew, or frozen (SIGSTOP) past
their leases; on PostgreSQL connections are cut and the server is stopped at once, too. What a process was answered and
what a hook was told, it notes outside: in a notebook to which lines are appended whole, which a kill cannot take back.
In the end the claims are checked:

- every command that was acknowledged is in the trail, once, and its answer is on record;
- each trail is whole: no gap, the chain intact, every row as the trail says (no update was lost);
- each deadline that is past was fired exactly once;
- each event that is to be told has its notices, each notice its one delivery, and what is marked as delivered was told;
- what was told under a delivery id is what the notice says: no effect under two ids.

Kills prove that a crash of a process loses nothing. That a power cut loses nothing follows from the settings (SQLite
``synchronous=FULL``, PostgreSQL ``synchronous_commit=on``), not from this.

`saboteurs` has four stores and workers that break the rules; tests see each of them caught.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import attrs

sys.path.insert(0, str(Path(__file__).parents[2]))

from phaseflow import Engine, compile_policy
from phaseflow.core.notices import Notice
from phaseflow.core.plan import Plan
from phaseflow.hooks import Telling, hookimpl
from phaseflow.messages.events import AmountRecorded, DutyFellDue, DutyReminded
from phaseflow.relay import Relay
from phaseflow.spec.reader import read_policy
from phaseflow.stores import open_store
from phaseflow.stores.base import HeadQuery, Store, StoreError, StoreLost, StoreUnreachable
from tests import postgres as servers
from tests.soak.saboteurs import SABOTEURS, Saboteur

BEGIN = datetime(2009, 3, 1, tzinfo=UTC)
DAYS = 60
"""Days of the policy; all of them pass during a soak."""

DUE = {n: f"d{n}" for n in range(1, DAYS - 2, 2)}
"""Duties by the day after the beginning on which they are due."""

LEASE = 3
"""Real seconds that a claimed delivery belongs to one relay."""

WRITERS = 4
UNITS = 6
MEMBERS = 4


def plan() -> Plan:
    """A policy with something to record, and something due on each day."""
    duties = "\n".join(
        f"      {name}: {{meeting: {name}, by: lead, due: {BEGIN + timedelta(days=n):%m-%d}, overdue: {{lead: 1 day}}}}"
        for n, name in DUE.items()
    )
    text = f"""
phaseflow: 1
campaign: soak
zone: UTC
roles: {{lead: Lead, member: Member}}
defaults: {{phase: {{opens: with campaign, closes: by lead}}, duty: {{due: window end}}}}
recording: {{late_by: unlimited, correct: lead}}
phases:
  study:
    window: 03-01 .. 04-29
    duties:
      notes: {{quota: 1000000 pages, each: member}}
{duties}
outcomes: {{completed: {{by: lead}}}}
"""
    reading = read_policy(text, file="soak.yaml")
    return compile_policy(reading.result(), reading.sources)


ROSTER = [{"id": "boss", "roles": ["lead"]}, *({"id": f"m{n}", "roles": ["member"]} for n in range(MEMBERS))]


@attrs.frozen(kw_only=True)
class Soak:
    """One soak: where the store is, where notes go, how long it takes, who breaks the rules."""

    url: str
    notes: Path
    seconds: float
    since: float
    seed: int
    saboteur: Saboteur | None = None

    def clock(self) -> datetime:
        """The instant that all processes agree on; a day passes in a part of the soak."""
        gone = min(max(time.time() - self.since, 0.0) / self.seconds, 1.0)
        return BEGIN + timedelta(seconds=int(gone * DAYS * 86400))

    def store(self) -> Store:
        """The store, broken if it is to be broken."""
        store = open_store(self.url, busy_timeout=timedelta(seconds=20))
        return store if self.saboteur is None else self.saboteur.store(store)

    def engine(self) -> Engine:
        """An engine on the store."""
        return Engine(self.store(), clock=self.clock)

    def note(self, kind: str, *what: object) -> None:
        """A line in the notebook, whole or not at all."""
        line = json.dumps([kind, *what]) + "\n"
        file = os.open(self.notes, os.O_APPEND | os.O_WRONLY | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    def noted(self) -> dict[str, list[list[Any]]]:
        """All notes, by kind."""
        found: dict[str, list[list[Any]]] = defaultdict(list)
        for line in self.notes.read_text().splitlines() if self.notes.exists() else ():
            kind, *what = json.loads(line)
            found[kind].append(what)
        return found


# --- the processes --------------------------------------------------------------------------------------------------


def arrive(soak: Soak) -> Engine:
    """An engine, as soon as the server answers."""
    while True:
        with contextlib.suppress(StoreUnreachable, StoreLost):
            return soak.engine()
        time.sleep(0.05)


def write(soak: Soak, number: int, life: int) -> None:
    """Record, command after command: half of them in a run that all writers share."""
    engine = arrive(soak)
    chance = random.Random(f"{soak.seed}/{number}/{life}")
    for step in range(1_000_000):
        run = "soak/u0" if chance.random() < 0.5 else f"soak/u{1 + number % (UNITS - 1)}"
        command = f"w{number}.{life}.{step}"
        early = soak.saboteur is not None and soak.saboteur.acknowledges_early
        if early:
            soak.note("ack", run, command)
        with contextlib.suppress(StoreError):  # Not acknowledged: nothing is claimed about it.
            engine.run(run).record("notes", by=f"m{number % MEMBERS}", amount="1 page", id=command)
            if not early:
                soak.note("ack", run, command)


class Told:
    """A hook that tells the notebook."""

    name = "told"

    def __init__(self, soak: Soak) -> None:
        self._soak = soak

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling) -> None:
        """Note it."""
        self._soak.note("told", delivery.id, notice.kind, notice.run)


def serve(soak: Soak, number: int, life: int) -> None:
    """Tick what is due and tell what is to be told."""
    engine = arrive(soak)
    relay = None
    while True:
        with contextlib.suppress(StoreError):
            relay = relay or _relay(soak, engine, f"s{number}.{life}")
            engine.tick()
            relay.run(limit=20)
        time.sleep(0.01)


def _relay(soak: Soak, engine: Engine, worker: str) -> Relay:
    """A relay whose leases last some real seconds."""
    length = timedelta(days=DAYS) * (LEASE / soak.seconds)
    return Relay(engine.store, [Told(soak)], clock=soak.clock, worker=worker, lease=length)


# --- the harness ----------------------------------------------------------------------------------------------------


class Crew:
    """The processes, each started anew when it was killed."""

    def __init__(self, soak: Soak) -> None:
        self._soak = soak
        self._context = multiprocessing.get_context("fork")  # A fresh interpreter would cost more than most lives last.
        self._lives: Counter[int] = Counter()
        self._frozen: list[tuple[float, int, Any]] = []
        self._members = {place: self._begin(place) for place in range(WRITERS + 2)}

    def _begin(self, place: int) -> Any:
        self._lives[place] += 1
        work = write if place < WRITERS else serve
        process = self._context.Process(target=work, args=(self._soak, place, self._lives[place]), daemon=True)
        process.start()
        return process

    def freeze(self, place: int, seconds: float) -> None:
        """Stop one (SIGSTOP), and let it go on when its leases are over, if it was not killed by then."""
        process = self._members[place]
        os.kill(process.pid, signal.SIGSTOP)
        self._frozen.append((time.time() + seconds, place, process))

    def thaw(self) -> None:
        """Let those go on whose time is over."""
        now, left = time.time(), []
        for until, place, process in self._frozen:
            if self._members[place] is process:
                if until > now:
                    left.append((until, place, process))
                else:
                    os.kill(process.pid, signal.SIGCONT)
        self._frozen = left

    def kill(self, place: int) -> None:
        """Kill one and start it anew."""
        self._end(self._members[place])
        self._members[place] = self._begin(place)

    def died(self) -> list[int]:
        """Those that ended of themselves, which none may."""
        return [place for place, process in self._members.items() if not process.is_alive()]

    def disband(self) -> None:
        """Kill all."""
        for process in self._members.values():
            self._end(process)

    def _end(self, process: Any) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        process.close()


@attrs.frozen(kw_only=True)
class Report:
    """What a soak did and what it found; no *faults* means that the store kept its word."""

    kills: int
    freezes: int
    cuts: int
    stops: int
    acknowledged: int
    fired: int
    told: int
    twice: int
    faults: tuple[str, ...]


def soak(
    kind: Literal["sqlite", "postgres"], seconds: float, *, seed: int = 0, saboteur: str = "", every: float = 0.05
) -> Report:
    """One soak on a store of its own.

    Args:
        kind: Which store.
        seconds: How long processes are killed; what is left over is done afterwards.
        seed: What is left to chance follows from it (but for the scheduler).
        saboteur: Who breaks the rules.
        every: Seconds between two kills, on average.
    """
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        server = stack.enter_context(servers.Server()) if kind == "postgres" else None
        url = server.url() if server is not None else f"sqlite:///{place}/soak.db"
        notes = Path(place) / "notes"
        begin = Soak(url=url, notes=notes, seconds=seconds, since=time.time() + 3600, seed=seed)
        with begin.engine() as engine:
            _relay(begin, engine, "begin")
            for unit in range(UNITS):
                engine.start(plan(), unit=f"u{unit}", start="2009-03-01", roster=ROSTER)
        this = attrs.evolve(begin, since=time.time(), saboteur=SABOTEURS.get(saboteur))
        count = _storm(this, server, every)
        honest = attrs.evolve(this, saboteur=None)
        _finish(honest)
        return _judged(honest, count)


def _storm(this: Soak, server: servers.Server | None, every: float) -> Counter[str]:
    """Kill for as long as the soak lasts; how often processes, connections and the server were hit."""
    chance, count = random.Random(this.seed), Counter[str]()
    crew = Crew(this)
    try:
        while time.time() < this.since + this.seconds:
            time.sleep(chance.uniform(0, 2 * every))
            crew.thaw()
            what = chance.random()
            if server is not None and what < 0.02:
                server.stop(signal.SIGQUIT)
                server.start()
                count["stops"] += 1
            elif what < 0.04:  # Only who tells has leases, and nobody who may hold SQLite's lock for long is frozen.
                crew.freeze(chance.randrange(WRITERS, WRITERS + 2), LEASE * 1.5)
                count["freezes"] += 1
            elif server is not None and what < 0.1:
                count["cuts"] += cut(server)
            else:
                crew.kill(chance.randrange(WRITERS + 2))
                count["kills"] += 1
            assert crew.died() == [], f"a process ended of itself: {crew.died()}"
    finally:
        crew.disband()
    return count


def cut(server: servers.Server) -> int:
    """Cut one connection of the store, whatever it is doing."""
    import psycopg

    victim = "SELECT pid FROM pg_stat_activity WHERE application_name = 'phaseflow' ORDER BY random() LIMIT 1"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        return len(connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({victim}) v").fetchall())


def _finish(this: Soak) -> None:
    """Let time run out, tick what is left, wait for the leases of the dead, tell what is left."""
    with this.engine() as engine:
        engine.tick()
        relay = _relay(this, engine, "end")
        for _ in range(1000):
            report = relay.run(BEGIN + timedelta(days=DAYS * 2), limit=1000)
            if not (report.delivered or report.skipped or report.retried or report.dead or report.waiting):
                return
        raise AssertionError("the relay does not come to an end")


# --- what is claimed ------------------------------------------------------------------------------------------------


def _judged(this: Soak, count: Counter[str]) -> Report:
    noted = this.noted()
    told = Counter(delivery for delivery, *_ in noted["told"])
    with this.engine() as engine:
        faults = [*_lost(engine, noted["ack"]), *_torn(engine), *_misfired(engine), *_untold(engine, told)]
        fired = sum(
            1 for run in engine.runs() for entry in run.history() if type(entry.event).__name__ == "DutyFellDue"
        )
    return Report(
        kills=count["kills"],
        freezes=count["freezes"],
        cuts=count["cuts"],
        stops=count["stops"],
        acknowledged=len(noted["ack"]),
        fired=fired,
        told=len(told),
        twice=sum(told.values()) - len(told),
        faults=tuple(faults),
    )


def _lost(engine: Engine, acknowledged: list[list[Any]]) -> Iterator[str]:
    """Acknowledged commands that are not on record, or in the trail more than once."""
    with engine.store.transaction(write=False) as tx:
        for run, command in acknowledged:
            if tx.answer(run, command) is None:
                yield f"acknowledged and lost: {command} of {run}"
    for run in engine.runs():
        done = Counter(entry.command for entry in run.history() if isinstance(entry.event, AmountRecorded))
        wanted = {command for at, command in acknowledged if at == run.id}
        yield from (f"acknowledged, and no event: {command} of {run.id}" for command in wanted - set(done))
        yield from (f"carried out {n} times: {command} of {run.id}" for command, n in done.items() if n > 1)


def _torn(engine: Engine) -> Iterator[str]:
    """Gaps, broken chains, rows that are not what the trail says, entries that were decided for another place."""
    for run in engine.runs():
        yield from (f"{run.id}: {fault}" for fault in run.verify())
        for place, entry in enumerate(run.history(), start=1):
            if entry.seq != place:
                yield f"{run.id}/{place}: was decided as entry {entry.seq}"


def _misfired(engine: Engine) -> Iterator[str]:
    """Deadlines that are past and were fired never or twice."""
    for run in engine.runs():
        events = [entry.event for entry in run.history()]
        fired = Counter(str(e.key).split("/")[-1] for e in events if isinstance(e, DutyFellDue))
        for name in DUE.values():
            if fired[name] != 1:
                yield f"{run.id}: {name} was fired {fired[name]} times"


def _untold(engine: Engine, told: Counter[str]) -> Iterator[str]:
    """Events without their notice, notices without their delivery, deliveries that are marked and were not told."""
    with engine.store.transaction(write=False) as tx:
        notices = tx.notices()
        deliveries = tx.deliveries()
        heads = tx.heads(HeadQuery())
    noticed = {(one.run, one.seq) for one in notices}
    for head in heads:
        for entry in engine.run(head.run).history():
            if isinstance(entry.event, DutyFellDue | DutyReminded) and (head.run, entry.seq) not in noticed:
                yield f"{head.run}/{entry.seq}: an event without its notice"
    made = Counter(delivery.notice.id for delivery in deliveries)
    yield from (f"{one.id}: has {made[one.id]} deliveries" for one in notices if made[one.id] != 1)
    for delivery in deliveries:
        if delivery.status not in ("delivered", "skipped"):
            yield f"{delivery.id}: is {delivery.status} in the end"
        if delivery.status == "delivered" and not told[delivery.id]:
            yield f"{delivery.id}: marked as delivered, and never told"
    yield from (f"{one}: told, and no such delivery" for one in set(told) - {d.id for d in deliveries})


def main() -> int:
    """Soak each store that is named, and say what was found."""
    options = argparse.ArgumentParser(description="kill processes at random and check that nothing is lost")
    options.add_argument("--seconds", type=float, default=float(os.environ.get("SOAK_SECONDS", "240")))
    options.add_argument("--seed", type=int, default=int(os.environ.get("SOAK_SEED", "0")))
    options.add_argument("--store", action="append", choices=["sqlite", "postgres"])
    chosen = options.parse_args()
    stores = chosen.store or ["sqlite", "postgres"]
    bad = 0
    for kind in stores:
        report = soak(kind, chosen.seconds / len(stores), seed=chosen.seed)
        print(
            f"{kind}: {report.kills} kills, {report.freezes} frozen past their lease, "
            f"{report.cuts} connections cut, {report.stops} server stops; "
            f"{report.acknowledged} commands acknowledged, {report.fired} deadlines fired, {report.told} notices told, "
            f"{report.twice} of them again after a kill; {len(report.faults)} faults"
        )
        for fault in report.faults[:20]:
            print("  ", fault)
        bad += len(report.faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
