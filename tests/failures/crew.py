"""Worker processes that can be killed: any waker on any store, with a clock that a test moves and a fate it decides.

What a worker does is what it does in production: `phaseflow serve` by its command line, the other wakers in a
`Service`. Beside that stand these files in a folder that test and workers share:

- ``clock``: by how many seconds the clock of all workers is off the machine's, so that a test can let it step;
- ``told``: a line for each telling of the hook, appended whole, which no kill takes back;
- ``announced`` and ``woken``: runs that an engine was told of, and those that it asked to look at;
- ``fate``: what is to happen to whoever comes to that point first, by which signal.

Workers are forked from a clean process that has everything imported, so that a new life costs no second.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

import phaseflow.engine.engine
from phaseflow import Engine
from phaseflow.cli import main
from phaseflow.core.notices import Notice
from phaseflow.engine import Run
from phaseflow.engine.desk import Desk
from phaseflow.engine.plans import PlanShelf
from phaseflow.errors import PhaseflowError
from phaseflow.hooks import Telling, hookimpl
from phaseflow.runners import Crank, Poller, Service, Waker
from phaseflow.runners.dbos import DbosWaker
from phaseflow.runners.feed import Feed
from phaseflow.runners.temporal import TemporalWaker
from phaseflow.stores import open_store
from phaseflow.stores.base import Store, Tx
from tests.engine.test_engine import PEOPLE, plan
from tests.runners.laws import DUE, fell, until
from tests.soak.saboteurs import SABOTEURS, Passing

SWEEP = 1.0
"""Seconds after which a sweeper does what a waker left lying."""


@attrs.frozen(kw_only=True)
class Orders:
    """What a worker is told: which *waker*, on which *store*, in which folder, with which engine behind it."""

    waker: str
    store: str
    place: Path
    engine: str = ""
    sweep: float = SWEEP
    every: float = 0.1
    skew: float = 0.0
    """By how many seconds this worker's clock is off that of the others."""
    unknown: str = ""
    """The digest of a plan that this worker's version cannot read."""
    poison: str = ""
    """A run that this worker cannot settle."""
    poison_hook: bool = False
    """Whether it has a hook that always fails."""
    saboteur: str = ""
    """Which rule its store breaks (tests/soak/saboteurs.py), so that a test can show that it is caught."""


# --- what a test and its workers share --------------------------------------------------------------------------------


@attrs.frozen
class Clock:
    """The clock of all workers, and of the test's own engine: the machine's, and so many seconds beside it."""

    place: Path
    skew: float = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float((self.place / "clock").read_text()) + self.skew)

    def to(self, instant: datetime) -> None:
        """Let it be this instant now, for everybody."""
        self._set((instant - datetime.now(UTC)).total_seconds())

    def step(self, length: timedelta) -> None:
        """Let it step, forward or back."""
        self._set(float((self.place / "clock").read_text()) + length.total_seconds())

    def _set(self, seconds: float) -> None:
        new = self.place / f"clock.{os.getpid()}.{threading.get_ident()}"
        new.write_text(repr(seconds))
        new.rename(self.place / "clock")


class Diary:
    """A hook that writes down each telling, outside and at once."""

    name = "diary"

    def __init__(self, place: Path | None = None) -> None:
        self._place = place or Path.cwd()

    @hookimpl
    def notice(self, notice: Notice, delivery: Telling) -> None:
        """Write it down, and meet one's fate, before or after."""
        met(self._place, "telling")
        line = json.dumps([delivery.id, notice.kind, notice.run]) + "\n"
        file = os.open(self._place / "told", os.O_APPEND | os.O_WRONLY | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)
        met(self._place, "told")


class Poison:
    """A hook that always fails."""

    name = "poison"

    @hookimpl
    def notice(self, notice: Notice) -> None:
        """Fail."""
        raise ZeroDivisionError("a plugin of the host")


def told(place: Path) -> list[tuple[str, str, str]]:
    """All tellings so far: delivery, kind, run."""
    file = place / "told"
    return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def noted(place: Path, kind: str) -> set[str]:
    """The runs that were ``announced`` to an engine, or that it had ``woken``; a poller looks by itself."""
    file = place / kind
    return set(file.read_text().split()) if file.exists() else set()


_passed: Counter[str] = Counter()


def met(place: Path, point: str) -> None:
    """Have happen to this process what was decided for this point, once, and to one process only."""
    _passed[point] += 1
    with contextlib.suppress(FileNotFoundError):
        fate = json.loads((place / "fate").read_text())
        if fate["point"] == point and _passed[point] >= fate["count"]:
            if (fate["signal"], point) == ("SIGSTOP", "told"):
                time.sleep(0.3)  # For the other threads to be at rest: one that is frozen with SQLite's lock keeps it.
            (place / "fate").rename(place / "fate.done")
            os.kill(os.getpid(), getattr(signal, fate["signal"]))
            time.sleep(0.3)  # A process of several threads may stop a little late.


class Fateful(Passing):
    """A store at whose commits a worker may meet its fate."""

    def __init__(self, inner: Store, place: Path) -> None:
        super().__init__(inner)
        self._place = place

    def transaction(self, **how: Any) -> AbstractContextManager[Any]:
        return self._begin(**how)

    @contextmanager
    def _begin(self, **how: Any) -> Iterator[Any]:
        wrote: list[bool] = []

        class Noted(Passing):
            def commit(self, *batches: Any) -> None:
                self._inner.commit(*batches)
                wrote.append(True)

        with self._inner.transaction(**how) as tx:
            yield Noted(tx)
            if wrote:
                met(self._place, "before commit")
        if wrote:
            met(self._place, "after commit")


# --- a worker ---------------------------------------------------------------------------------------------------------


def work(orders: Orders) -> None:
    """Be a worker until SIGTERM, or until whoever began this is gone."""
    os.chdir(orders.place)
    _leave_with(os.getppid())
    sys.stderr = (orders.place / f"log.{os.getpid()}").open("w", buffering=1)
    faulthandler.register(signal.SIGUSR1, sys.stderr)
    _obey(orders)
    if orders.waker == "serve":
        _serve(orders)
    else:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        store: Any = Fateful(opened(orders.store), orders.place)
        if orders.saboteur:
            store = SABOTEURS[orders.saboteur].store(store)
        hooks = [Diary(), Poison()] if orders.poison_hook else [Diary()]
        with Engine(store, clock=Clock(orders.place, orders.skew), hooks=hooks) as engine:
            Service(engine=engine, wakers=[waker(orders)], sweep=orders.sweep, relay=0.1).run(stop)


def opened(url: str) -> Store:
    """The store as every process opens it: whoever waits for a server waits long enough."""
    return open_store(url, durability="normal", busy_timeout=timedelta(seconds=20))


def waker(orders: Orders) -> Waker:
    """The waker of the orders."""
    match orders.waker:
        case "poller":
            return Poller(threads=2, every=orders.every)
        case "dbos":
            return DbosWaker(url=orders.engine, every=orders.every)
        case "temporal":
            target, _, queue = orders.engine.partition("/")
            return TemporalWaker(target=target, queue=queue, every=orders.every)
    raise AssertionError(orders.waker)


def _serve(orders: Orders) -> None:
    """The command line, whole; only its clock is ours, and its store may end it."""
    clock = Clock(orders.place, orders.skew)
    engine: Any = phaseflow.engine.engine
    engine.utc_now = clock
    engine.open_store = lambda url: Fateful(opened(url), orders.place)
    hooks = [f"{__name__}:Diary", f"{__name__}:Poison"][: 1 + orders.poison_hook]
    (orders.place / "phaseflow.toml").write_text(f"[phaseflow]\nhooks = {json.dumps(hooks)}\n")
    main(["serve", "--db", orders.store, "--every", str(orders.every), "--pollers", "2"])


def _leave_with(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _obey(orders: Orders) -> None:
    """Note each announcement and each wake, do not know what is not to be known, and stumble over what is poison."""
    wake = Crank.wake

    news, told = Feed.news, list[str]()

    def note(kind: str, *runs: str) -> None:
        with (orders.place / kind).open("a") as file:
            file.writelines(f"{run}\n" for run in runs)

    def woken(crank: Crank, run: str, waker: str) -> datetime | None:
        note("woken", run)
        return wake(crank, run, waker)

    def announced(feed: Feed) -> list[tuple[str, datetime]]:
        note("announced", *told)  # Those of the round before: by now the engine has taken them.
        found = news(feed)
        told[:] = [run for run, _ in found]
        return found

    Crank.wake = woken  # type: ignore[method-assign]
    Feed.news = announced  # type: ignore[method-assign]
    if orders.unknown:
        load = PlanShelf.load

        def known(shelf: PlanShelf, tx: Tx, digest: str) -> Any:
            if digest == orders.unknown:
                raise PhaseflowError(f"the kept plan {digest} compiles to another: this phaseflow reads it differently")
            return load(shelf, tx, digest)

        PlanShelf.load = known  # type: ignore[method-assign]
    if orders.poison:
        real = Desk.execute

        def execute(desk: Desk, tx: Tx, run: str, *more: Any) -> Any:
            if run == orders.poison:
                raise ZeroDivisionError("a fact of the host")
            return real(desk, tx, run, *more)

        Desk.execute = execute  # type: ignore[method-assign]


# --- the crew ---------------------------------------------------------------------------------------------------------

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def forked(act: Callable[[Orders], None], orders: Orders) -> Any:
    """A process, begun, that carries out its orders."""
    process = _context.Process(target=act, args=(orders,), daemon=True)
    process.start()
    return process


class Crew:
    """The workers of a test, and its own engine on their store."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.place = orders.place
        self.clock = Clock(orders.place)
        self.clock.to(DUE - timedelta(seconds=60))
        self.engine = Engine(opened(orders.store), clock=self.clock, hooks=[Diary(orders.place)])
        self.workers: list[Any] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.is_alive():
                os.kill(worker.pid, signal.SIGKILL)
            worker.join()
            worker.close()
        self.engine.close()

    def runs(self, count: int, prefix: str = "run") -> list[Run]:
        """So many runs whose kick-off is due at `DUE`, and which have told all they have to tell until then."""
        runs = [
            self.engine.start(plan(), start="2009-03-01", roster=PEOPLE, run=f"{prefix}{n:03d}") for n in range(count)
        ]
        self.engine.relay()
        return runs

    def begin(self, **changes: Any) -> Any:
        """A worker more."""
        worker = forked(work, attrs.evolve(self.orders, **changes))
        self.workers.append(worker)
        return worker

    def end(self, worker: Any) -> None:
        """End a worker as an operator does, and see it end well."""
        os.kill(worker.pid, signal.SIGTERM)
        worker.join(30)
        if worker.exitcode is None:
            os.kill(worker.pid, signal.SIGUSR1)  # It writes down where it hangs.
            worker.join(1)
        assert worker.exitcode == 0, self.log()

    def decide(self, point: str, count: int = 1, number: str = "SIGKILL") -> None:
        """Decide what happens to the first worker that comes to this point for the *count*-th time."""
        (self.place / "fate.new").write_text(json.dumps({"point": point, "count": count, "signal": number}))
        (self.place / "fate.new").rename(self.place / "fate")

    def met(self) -> bool:
        """Whether somebody met that fate."""
        return (self.place / "fate.done").exists()

    def killed(self, worker: Any) -> bool:
        """Wait for a worker to be killed by its fate."""
        worker.join(40)
        return worker.exitcode == -signal.SIGKILL

    def log(self) -> str:
        """What the workers said, for a failing test."""
        return "\n".join(file.read_text()[-3000:] for file in sorted(self.place.glob("log.*")))

    def wait(self, met: Callable[[], bool], patience: float = 60) -> None:
        """Wait for the workers to bring something about."""
        assert until(met, patience), self.log()


def fired(runs: list[Run]) -> list[int]:
    """How often each kick-off fell due."""
    return [fell(run) for run in runs]


def settled(crew: Crew, runs: list[Run]) -> bool:
    """Whether every deadline was fired and everything about it was told."""
    if not all(fired(runs)):  # Before the outbox is looked at, or what is fired in between would be missed.
        return False
    with crew.engine.store.transaction(write=False) as tx:
        deliveries, notices = tx.deliveries(), tx.notices()
    waiting = [one for one in deliveries if one.status not in ("delivered", "skipped")]
    return not waiting and {one.id for one in notices} <= {one.notice.id for one in deliveries}


def faults(crew: Crew, runs: list[Run], at: datetime = DUE) -> list[str]:
    """What is wrong in the end: deadlines never or twice, early or out of order, chains, doubled or lost tellings."""
    found = []
    for run in runs:
        history = run.history()
        kicks = [e for e in history if type(e.event).__name__ == "DutyFellDue" and e.event.key.endswith("/kickoff")]  # type: ignore[attr-defined]
        if len(kicks) != 1:
            found.append(f"{run.id}: fired {len(kicks)} times")
        found += [f"{run.id}: fired for {e.at}, recorded {e.recorded_at}" for e in kicks if e.at != at]
        found += [f"{run.id}: recorded before it was due" for e in kicks if e.recorded_at < at]
        found += [f"{run.id}: {fault}" for fault in run.verify()]
        if [entry.seq for entry in history] != list(range(1, len(history) + 1)):
            found.append(f"{run.id}: entries are out of order")
    with crew.engine.store.transaction(write=False) as tx:
        notices, deliveries = tx.notices(), tx.deliveries()
    noticed = {(one.run, one.seq) for one in notices}
    for run in runs:
        found += [
            f"{run.id}/{entry.seq}: an event without its notice"
            for entry in run.history()
            if type(entry.event).__name__ == "DutyFellDue" and (run.id, entry.seq) not in noticed
        ]
    ids = {delivery for delivery, *_ in told(crew.place)}
    made = Counter(one.notice.id for one in deliveries)
    found += [f"{one.id}: {made[one.id]} deliveries" for one in notices if made[one.id] != 1]
    marked = {one.id for one in deliveries if one.status == "delivered"}
    found += [f"{one}: delivered and not told" for one in marked - ids]
    found += [f"{one}: told, and no such delivery" for one in ids - {one.id for one in deliveries}]
    return found


def again(crew: Crew) -> int:
    """How many tellings came a second time under their id."""
    ids = [delivery for delivery, *_ in told(crew.place)]
    return len(ids) - len(set(ids))
