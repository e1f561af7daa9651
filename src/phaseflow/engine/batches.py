"""Several commands in one transaction, and what is due in many runs (R26): groups that fall back to single ones.

A commit costs more than a decision, so commands are decided in turn in one transaction, each with its own events and
its own answer. One that cannot be carried out at all spoils the transaction of its group; then each is carried out
alone, so that none pays for another. What one command means is in `phaseflow.engine.desk`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import attrs

from phaseflow.engine.answers import Answer, Kept
from phaseflow.errors import PhaseflowError, Problem, show
from phaseflow.messages import commands as c
from phaseflow.stores.base import Conflict, Head, StoreError, Tx

if TYPE_CHECKING:
    from phaseflow.engine.engine import Engine

log = logging.getLogger("phaseflow.engine")

GROUP = 50
"""Commands in one transaction: beyond that the commit is a small part of the cost (docs/running.md has the figures)."""

SWEEP = 20
"""Runs settled in one transaction; few, because a writer on SQLite makes all others wait for it."""

Result: TypeAlias = Answer | Exception
"""What came of a command: its answer, or what `Engine.execute` would have raised."""


# --- commands -------------------------------------------------------------------------------------------------------


def in_groups(engine: Engine, orders: Iterable[tuple[str, c.Command]], at_once: int) -> list[Result]:
    """Carry out commands in their order, *at_once* in one transaction."""
    found: list[Result] = []
    left = iter(orders)
    while group := list(islice(left, max(1, at_once))):
        found += _group(engine, group)
    return found


def _group(engine: Engine, group: Sequence[tuple[str, c.Command]]) -> list[Result]:
    if len(group) > 1:
        try:
            with engine.store.transaction() as tx:
                return [_kept(engine, tx, run, command) for run, command in group]
        except StoreError as fault:
            if not isinstance(fault, Conflict):
                raise
        except Exception as fault:  # each is carried out alone now, and says itself what is wrong with it
            log.debug("a group of %d commands is carried out singly: %s", len(group), fault)
    return [_alone(engine, run, command) for run, command in group]


def _kept(engine: Engine, tx: Tx, run: str, command: c.Command) -> Result:
    """In a group, a refusal after which the run stands settled; any other leaves the group in pieces and is raised."""
    try:
        return engine.desk.execute(tx, run, command, None, ())
    except Kept as kept:
        return kept.refused


def _alone(engine: Engine, run: str, command: c.Command) -> Result:
    try:
        return engine.execute(run, command)
    except Conflict as busy:
        return busy
    except StoreError:
        raise
    except Exception as fault:  # a fact of the host may raise anything; the other commands are none the worse
        return fault


# --- what is due ----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Sweep:
    """What was due: *runs* were settled; *failed* are runs that could not be, with what was raised."""

    runs: int = 0
    failed: tuple[tuple[str, Exception], ...] = ()


class TickFailed(PhaseflowError):
    """Some runs could not be settled; all others were. *sweep* has the numbers, and every failure with its run."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        run, fault = sweep.failed[0]
        self.problems = (
            Problem(
                code="PF733",
                what=f"{len(sweep.failed)} of {sweep.runs + len(sweep.failed)} runs could not be settled; "
                f"'{run}': {type(fault).__name__}: {fault}",
                why="what is due in a run is decided with its plan and the facts of the host, and one of these failed",
                fix="mend what failed and tick again; nothing of these runs was changed, and the others are settled",
            ),
        )
        super().__init__("\n".join(show(problem) for problem in self.problems))


def sweep(
    engine: Engine,
    until: datetime,
    *,
    limit: int | None,
    at_once: int,
    workers: int,
    leave: Callable[[str], bool] = lambda run: False,
) -> Sweep:
    """Settle every run that is due by *until*.

    Args:
        engine: Whose runs.
        until: An instant that is not in the future.
        limit: At most so many runs.
        at_once: Runs in one transaction.
        workers: Threads, each with its own transactions; for stores that let several write at once.
        leave: Says of a run whether to leave it alone this time.
    """
    work = _Work(engine=engine, until=until, at_once=at_once, leave=leave, left=limit)
    if workers <= 1:
        work.go()
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="phaseflow-tick") as pool:
            for done in [pool.submit(work.go) for _ in range(workers)]:
                done.result()
    return Sweep(runs=work.runs, failed=tuple(sorted(work.failed.items(), key=lambda pair: pair[0])))


@attrs.define(kw_only=True)
class _Work:
    """One sweep, by however many threads."""

    engine: Engine
    until: datetime
    at_once: int
    leave: Callable[[str], bool]
    left: int | None
    runs: int = 0
    failed: dict[str, Exception] = attrs.field(factory=dict)
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    def go(self) -> None:
        """Take what is due, longest due first, until nothing is; never back to what could not be settled."""
        after: Head | None = None
        while (room := self._room()) > 0:
            due: list[Head] = []
            try:
                with self.engine.store.transaction() as tx:
                    due = tx.claim_due(by=self.until, limit=room, after=after)
                    wanted = [head.run for head in due if not self._left_alone(head.run)]
                    for run in wanted:
                        _kept(self.engine, tx, run, self._tick())
                self._note(len(wanted), room)
            except StoreError as fault:
                if not isinstance(fault, Conflict):
                    raise
                self._singly(due, room)
            except Exception:  # one of them is bad; alone it is found out
                self._singly(due, room)
            if not due:
                return
            after = due[-1]

    def _tick(self) -> c.Tick:
        return c.Tick(id=self.engine.ids(), by=c.SYSTEM, at=self.until, now=self.until)

    def _room(self) -> int:
        """How many runs this thread may take now; they are booked at once, so that a limit is kept."""
        with self.lock:
            room = self.at_once if self.left is None else min(self.at_once, self.left)
            if self.left is not None:
                self.left -= room
            return room

    def _note(self, settled: int, room: int) -> None:
        with self.lock:
            self.runs += settled
            if self.left is not None:
                self.left += room - settled

    def _singly(self, due: Iterable[Head], room: int) -> None:
        settled = 0
        for head in due:
            if self._left_alone(head.run):
                continue
            try:
                settled += self._one(head)
            except StoreError as fault:
                if not isinstance(fault, Conflict):
                    raise
            except Exception as fault:  # the poison itself
                with self.lock:
                    self.failed[head.run] = fault
        self._note(settled, room)

    def _one(self, head: Head) -> bool:
        """Settle one run, unless another poller did so while this one had to begin anew."""
        with self.engine.store.transaction() as tx:
            now = tx.head(head.run)
            if now is None or now.seq != head.seq:
                return False
            _kept(self.engine, tx, head.run, self._tick())
        return True

    def _left_alone(self, run: str) -> bool:
        return run in self.failed or self.leave(run)
