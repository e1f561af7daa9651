"""The engine: the only place where rules meet facts. Load, decide, append; clock, ids and chance are passed in.

One command is one transaction: the run's rows are read, `decide` says what is true, and events, rows, wake-up instant,
outbox and recorded answer are written together or not at all (law 11). Settled timers are kept even where the command
is then refused.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar

import attrs

from phaseflow.core.calendars import build_calendar
from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.plan import Plan
from phaseflow.engine import batches, texts
from phaseflow.engine.answers import Answer, Kept, Refused, refuse_counts
from phaseflow.engine.desk import Desk, HostFact
from phaseflow.engine.inputs import day_of, instant
from phaseflow.engine.plans import PlanShelf
from phaseflow.engine.roster import Roster, read_roster
from phaseflow.engine.rows import StoreRows
from phaseflow.engine.run import Run
from phaseflow.errors import Problem
from phaseflow.messages import commands as c
from phaseflow.messages.discretion import shown_entry
from phaseflow.messages.events import Entry
from phaseflow.stores import open_store
from phaseflow.stores.base import (
    Conflict,
    Delivery,
    Extent,
    Head,
    HeadQuery,
    PersonalValue,
    Store,
    StoreError,
    StoreLost,
    Tx,
)

if TYPE_CHECKING:  # Imported on use: an engine without hooks does not load them.
    from phaseflow.hooks import Plugins
    from phaseflow.relay import Manner, Relay, RelayReport


T = TypeVar("T")

ATTEMPTS = 20
"""How often a command is tried where others write the same run; from the second time on it waits for its turn."""

UTC_DAYS = build_calendar("UTC")
"""Days of a tick that is given as text without a zone of its own."""


PROGRAMMES = HeadQuery(unit="", level="programme", status="running")
"""Programmes under way. Their runs stand for no unit, and by that they are found without looking at every run."""


def utc_now() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)


def new_id() -> str:
    """A command id that nobody else has."""
    return uuid.uuid4().hex


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal, so that the store takes everything back."""

    def __init__(self, found: Answer | Refused) -> None:
        self.found = found


class Engine:
    """Runs of campaigns on one store.

    Args:
        store: A URL (``memory:``, ``sqlite:///campaigns.db``, ``postgresql://user@host/database``) or a store.
        hooks: Plugins that are told what happened; see `phaseflow.hooks`.
        manners: How hooks are told (quiet hours, digests, what was missed), by their names; see `phaseflow.relay`.
        clock: Gives the present instant, aware; the machine's clock by default.
        ids: Gives fresh command ids.
        facts: Host facts by (name, version).
        recorder: The account behind the commands of this engine; it stands in the trail and gives no authority.

    Safe to share between threads.
    """

    def __init__(
        self,
        store: str | Store = "memory:",
        *,
        hooks: Iterable[object] = (),
        manners: Mapping[str, Manner] | None = None,
        clock: Callable[[], datetime] = utc_now,
        ids: Callable[[], str] = new_id,
        facts: Mapping[tuple[str, str], HostFact] | None = None,
        recorder: str = "",
    ) -> None:
        self.hooks = tuple(hooks)
        plugins = _plugins(self.hooks)  # Before the store is opened: a bad plugin leaves nothing to close.
        self.store: Store = open_store(store) if isinstance(store, str) else store
        self.clock = clock
        self.recorder = recorder
        self.ids = ids
        self.facts: dict[tuple[str, str], HostFact] = dict(facts or {})
        self.plans = PlanShelf()
        self.desk = Desk(self.plans, self.facts)
        self.manners = dict(manners or {})
        self._signs: dict[str, Extent] = {}
        self._relay = _relay(self, plugins) if self.hooks else None

    def within(self, connection: object) -> Engine:
        """This engine inside a transaction of the host, on the host's own connection.

        What is done through it is committed or rolled back by the host, together with the host's own rows: rolled
        back, there is no event, no delivery and no wake-up. Use it in the thread and for the time of the transaction.

        Args:
            connection: A connection of ``sqlite3`` or ``psycopg``, a connection or session of SQLAlchemy, or a
                connection of Django; in a transaction, to the database that the store is in.

        Raises:
            StoreMisuse: The connection is of no such kind, is in no transaction, or leads elsewhere.
        """
        from phaseflow.stores.joined import join

        bound = copy(self)
        bound.store = join(self.store, connection)
        bound._relay = None
        return bound

    def close(self) -> None:
        """Give up the store's connections."""
        self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- runs ---------------------------------------------------------------------------------------------------------

    def start(
        self,
        plan: Plan,
        *,
        unit: str = "",
        kind: str = "",
        start: str | date,
        roster: Roster = (),
        bodies: Mapping[str, Iterable[str]] | None = None,
        programme: Run | str | None = None,
        run: str = "",
        by: str = c.SYSTEM,
        at: str | datetime | None = None,
        batch: int | None = None,
        redeems: Run | str = "",
        at_phase: str = "",
        assume: Mapping[str, str] | None = None,
        id: str = "",
    ) -> Run:
        """Start a run.

        Args:
            plan: The plan to pin the run to; it is kept in the store for ever.
            unit: The unit's name; leave it out to start the programme's own run.
            kind: Which of the policy's kinds of units it is, where the policy tells kinds apart.
            start: First day of the campaign for this run; dates without a year are bound to it.
            roster: Persons as `read_roster` takes them.
            bodies: Names by kind of body.
            programme: The programme's run, for a unit of a programme.
            run: The run's id; ``campaign/unit`` by default.
            by: Who starts it.
            at: When; now by default.
            batch: Which batch this is; the policy's by default.
            redeems: The run whose redo this one is (R35).
            at_phase: Begin in this phase, with *assume* giving a basis for every phase taken for granted (R39).
            assume: Phase names to the basis on which they are taken for granted.
            id: The command's id; a fresh one by default.

        Returns:
            A handle of the run.

        Raises:
            Refused: with every reason.
        """
        level = "unit" if unit or plan.programme is None else "programme"
        parent = programme.id if isinstance(programme, Run) else programme or ""
        self._check_place(plan, level, parent, unit)
        now = self.clock()
        name = run or "/".join(part for part in (str(plan.policy.campaign), unit) if part)
        debtor = redeems.id if isinstance(redeems, Run) else redeems
        persons, personal = read_roster(roster, self._salt)
        command = c.StartRun(
            id=id or self.ids(),
            by=by,
            at=instant(at, plan.calendar, now),
            now=now,
            run=name,
            campaign=str(plan.policy.campaign),
            plan=plan.digest,
            level=level,
            unit=unit,
            kind=kind,
            start=day_of(start),
            parent=parent,
            recorded_by=self.recorder,
            batch=batch if batch is not None else plan.policy.batch,
            redeems=debtor,
            persons=persons,
            bodies={kind: tuple(names) for kind, names in (bodies or {}).items()},
            at_phase=at_phase,
            assumed=dict(assume or {}),
        )

        def begin(tx: Tx) -> None:
            self.plans.keep(tx, plan)
            if parent:
                self._check_programme(tx, plan, parent)
            self.desk.execute(tx, name, command, plan, personal)
            if parent:
                enrol = c.EnrolUnit(id=f"{command.id}:enrol", by=c.SYSTEM, at=now, now=now, unit=unit, run=name)
                self.desk.execute(tx, parent, enrol, None, ())
            if debtor:
                redeem = c.RedeemRedo(id=f"{command.id}:redeem", by=c.SYSTEM, at=now, now=now, run=name)
                self.desk.execute(tx, debtor, redeem, None, ())

        try:
            self._carried_out(name, begin)
        except Kept as kept:  # nothing is kept: the run, its place in the programme and its debt stand or fall together
            raise kept.refused from None
        return Run(self, name)

    def _check_place(self, plan: Plan, level: str, parent: str, unit: str) -> None:
        if level == "unit" and plan.programme is not None and not parent:
            self._refuse(
                plan,
                "PF380",
                "this policy runs as a programme, and the unit's programme is not named",
                why="roles, duties and meetings of the programme stand in the programme's own run",
                fix="start the programme first, then pass programme=…",
            )
        if parent and not unit:
            self._refuse(
                plan,
                "PF398",
                "a programme is named, and no unit",
                why="what stands under a programme is the run of a unit",
                fix="pass unit=NAME, or leave the programme out",
            )

    def _check_programme(self, tx: Tx, plan: Plan, parent: str) -> None:
        above = self.desk.head(tx, parent)
        if above.level != "programme" or above.campaign != plan.policy.campaign:
            self._refuse(
                plan,
                "PF399",
                f"'{parent}' is no programme of the campaign '{plan.policy.campaign}'",
                why="a unit runs under the programme of its own campaign",
                fix="name the run of that programme",
            )
        if self.plans.load(tx, above.plan).policy.programme != plan.policy.programme:
            self._refuse(
                plan,
                "PF548",
                f"this plan has another programme than '{parent}'",
                why="a unit may have windows and quotas of its own; what the programme counts is the same for all",
                fix="let the unit's plan extend the policy of the programme, and leave `programme` as it is there",
            )

    def _refuse(self, plan: Plan, code: str, what: str, *, why: str, fix: str) -> NoReturn:
        problem = Problem(code=code, what=what, span=plan.policy.span_of("programme"), why=why, fix=fix)
        raise Refused("malformed", (problem,), self.plans.lines(plan))

    def run(self, run: str) -> Run:
        """A handle of a run.

        Raises:
            UnknownRun: There is no run of this id.
        """
        with self.store.transaction(write=False) as tx:
            self.desk.head(tx, run)
        return Run(self, run)

    def runs(
        self,
        *,
        campaign: str | None = None,
        programme: Run | str | None = None,
        status: str | None = None,
        level: str | None = None,
    ) -> list[Run]:
        """Handles of all runs that fit, by id."""
        parent = programme.id if isinstance(programme, Run) else programme
        where = HeadQuery(campaign=campaign, parent=parent, status=status, level=level)
        with self.store.transaction(write=False) as tx:
            return [Run(self, head.run) for head in tx.heads(where)]

    def execute(self, run: str, command: c.Command, personal: tuple[PersonalValue, ...] = ()) -> Answer:
        """Carry out one command on one run.

        Raises:
            Refused: with every reason; nothing has changed but what was due anyway.
            CommandIdReused: the id belongs to another command.
            UnknownRun: There is no run of this id.
        """
        found = self._carried_out(run, lambda tx: self._attempt(tx, run, command, personal))
        if isinstance(found, Refused):
            raise found
        return found

    def _carried_out(self, run: str, act: Callable[[Tx], T]) -> T:
        """One transaction: in haste at first, and again, waiting for the turn, if somebody else was quicker.

        After a lost connection it is not known whether the commit happened; the command has an id, so a second try is
        answered from the record if it did (law 4).
        """
        fault: StoreError | None = None
        for attempt in range(ATTEMPTS):
            try:
                with self.store.transaction(wait=attempt > 0) as tx:
                    return act(tx)
            except (Conflict, StoreLost) as found:
                fault = found
        raise Conflict(f"the run {run!r} was changed by others {ATTEMPTS} times in a row") from fault

    def rehearse(self, run: str, command: c.Command, personal: tuple[PersonalValue, ...] = ()) -> Answer:
        """The answer that `execute` would give now, consequences for other runs included; nothing is kept of it.

        Raises:
            Refused: as `execute` does; and where it would count an anonymous poll, which is done once (PF485).
        """
        try:
            with self.store.transaction() as tx:
                raise _Rehearsed(self._attempt(tx, run, command, personal))
        except _Rehearsed as rehearsed:
            if isinstance(rehearsed.found, Refused):
                raise rehearsed.found from None
            refuse_counts(rehearsed.found.entries)
            return rehearsed.found

    def preview(self, run: str, command: c.Command) -> Decision:
        """What a command would do now; nothing is written. Rows and papers are left out of the answer.

        Raises:
            Refused: It would count an anonymous poll, which is done once (PF485).
        """
        with self.store.transaction(write=False) as tx:
            head = self.desk.head(tx, run)
            plan = self.plans.load(tx, head.plan)
            around = self.desk.around(tx, head, plan, command)
            found = decide(plan, StoreRows(tx, run), self.desk.observe(tx, run, command), around)
        refuse_counts(found.entries[found.settled :])
        return attrs.evolve(found, entries=tuple(map(shown_entry, found.entries)), put=c.EMPTY, ballots=())

    def keep(self, plan: Plan) -> None:
        """Put a plan into the store, by its digest and for ever; the same plan again changes nothing."""
        with self.store.transaction() as tx:
            self.plans.keep(tx, plan)

    def execute_many(
        self, orders: Iterable[tuple[str, c.Command]], *, at_once: int = batches.GROUP
    ) -> list[batches.Result]:
        """Carry out commands in turn, several in one transaction, each with its own events and answer (R26).

        For many commands to one run, or to several: a commit is shared, so it costs a fraction of as many `execute`.
        A command that cannot be carried out does not touch the others.

        Args:
            orders: Runs and commands, in the order in which they are to be decided.
            at_once: Commands in one transaction.

        Returns:
            For each command its answer, or the exception that `execute` would have raised.

        Raises:
            StoreError: The store failed. What came before the group that failed is committed; a retry of all of them
                is safe, because commands have ids.
        """
        return batches.in_groups(self, orders, at_once)

    def tick(
        self,
        now: datetime | str | None = None,
        *,
        limit: int | None = None,
        at_once: int = batches.SWEEP,
        workers: int = 1,
    ) -> int:
        """Process what is due in every run, and let programmes move that wait for their units.

        Args:
            now: The instant to settle to; the clock's by default.
            limit: At most so many runs.
            at_once: Runs in one transaction.
            workers: Threads; more than one helps where the store lets several write at once.

        Returns:
            How many runs had something due, or moved by themselves because their units did.

        Raises:
            TickFailed: Some runs could not be settled; all others were.
        """
        done = self.sweep(now, limit=limit, at_once=at_once, workers=workers)
        if done.failed:
            raise batches.TickFailed(done)
        return done.runs

    def sweep(
        self,
        now: datetime | str | None = None,
        *,
        limit: int | None = None,
        at_once: int = batches.SWEEP,
        workers: int = 1,
        leave: Callable[[str], bool] = lambda run: False,
        programmes: bool = True,
    ) -> batches.Sweep:
        """As `tick`, and say which runs failed instead of raising.

        *leave* names runs to be left alone this time; without *programmes* only clocks are looked at.
        """
        present = self.clock()
        until = instant(now, UTC_DAYS, present) if now is not None else present
        if until > present:
            raise Refused(
                "malformed",
                (
                    Problem(
                        code="PF374",
                        what=f"{until:%Y-%m-%d %H:%M} UTC lies in the future",
                        why="what is settled too early can never be taken back",
                        fix="move the clock that the engine was given, or leave the instant out",
                    ),
                ),
            )
        done = batches.sweep(self, until, limit=limit, at_once=at_once, workers=workers, leave=leave)
        if programmes and (limit is None or done.runs < limit):
            done = attrs.evolve(done, runs=done.runs + self._tick_watchers(until))
        return done

    def wake(self, run: str) -> datetime | None:
        """Settle one run now, and say when it is due next: what a waker calls, early, late, twice or in vain.

        Returns:
            The instant from which there is something to do again; None where nothing is waited for, or there is no
            such run.
        """
        now = self.clock()
        with self.store.transaction(write=False) as tx:
            head = tx.head(run)
        if head is not None and head.due_at is not None and head.due_at <= now:
            self.execute(run, c.Tick(id=self.ids(), by=c.SYSTEM, at=now, now=now))
            with self.store.transaction(write=False) as tx:
                head = tx.head(run)
        return head.due_at if head is not None else None

    def _tick_watchers(self, until: datetime) -> int:
        """Look again at running programmes that wait for shares of their units, if any unit has an entry more (R11).

        What was seen last is only a hint, kept by this engine: a look too many changes nothing.
        """
        with self.store.transaction(write=False) as tx:
            watching = [head.run for head in tx.heads(PROGRAMMES) if self._watches(tx, head)]
            seen = {run: tx.extent(HeadQuery(parent=run)) for run in watching}
        moved = 0
        for run, sign in seen.items():
            if self._signs.get(run) != sign:
                moved += bool(self.execute(run, c.Tick(id=self.ids(), by=c.SYSTEM, at=until, now=until)).entries)
                self._signs[run] = sign
        return moved

    def _watches(self, tx: Tx, head: Head) -> bool:
        return self.plans.load(tx, head.plan).levels[head.level].watches_units

    # --- one command --------------------------------------------------------------------------------------------------

    def _attempt(self, tx: Tx, run: str, command: c.Command, personal: tuple[PersonalValue, ...]) -> Answer | Refused:
        try:
            return self.desk.execute(tx, run, command, None, personal)
        except Kept as kept:
            return kept.refused

    @contextmanager
    def reading(self, run: str) -> Iterator[tuple[Tx, Head, Plan, StoreRows, Surroundings]]:
        """A read-only look at a run, for views."""
        with self.store.transaction(write=False) as tx:
            head = self.desk.head(tx, run)
            plan = self.plans.load(tx, head.plan)
            look = c.Tick(id="", by=c.SYSTEM, at=self.clock(), now=self.clock())
            yield tx, head, plan, StoreRows(tx, run), self.desk.around(tx, head, plan, look)

    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The trail of a run as it may be shown, from entry *after* + 1 on: no number tells of too few (R15)."""
        return [shown_entry(entry) for entry in self.stored_entries(run, after=after, limit=limit)]

    def stored_entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The trail as it is stored, for whoever verifies or replays it: show it to nobody, show `entries` (R15)."""
        with self.store.transaction(write=False) as tx:
            self.desk.head(tx, run)
            return [texts.read_entry(stored.body) for stored in tx.entries(run, after=after, limit=limit)]

    @staticmethod
    def _salt() -> str:
        return secrets.token_hex(16)

    # --- telling ------------------------------------------------------------------------------------------------------

    def relay(self, now: datetime | None = None, *, limit: int = 1000) -> RelayReport:
        """Tell the hooks what is in the outbox.

        Args:
            now: The instant to take for the present; by default the clock is read for each delivery.
            limit: At most so many attempts.
        """
        if self._relay is None:
            self._relay = _relay(self, None)
        return self._relay.run(now, limit)

    def dead_letters(
        self, *, hook: str | None = None, run: Run | str | None = None, limit: int | None = None
    ) -> list[Delivery]:
        """The deliveries that were given up, each with its error, in the order of their notices."""
        name = run.id if isinstance(run, Run) else run
        with self.store.transaction(write=False) as tx:
            return tx.deliveries(status="dead", hook=hook, run=name, limit=limit)

    def retry_dead(self, delivery: str) -> bool:
        """Have a dead delivery tried again, from now on and with fresh patience; False if none of this id is dead."""
        with self.store.transaction() as tx:
            return tx.revive(delivery, at=self.clock())

    def drop_dead(self, delivery: str, *, reason: str, by: str) -> bool:
        """Give a dead delivery up for good; who did so and why stays on it. False if none of this id is dead."""
        with self.store.transaction() as tx:
            return tx.discard(delivery, reason=f"dropped by {by}: {reason}", now=self.clock())


def _plugins(hooks: tuple[object, ...]) -> Plugins | None:
    if not hooks:
        return None
    from phaseflow.hooks import Plugins

    return Plugins(hooks)


def _relay(engine: Engine, plugins: Plugins | None) -> Relay:
    from phaseflow.relay import Relay

    return Relay(engine.store, plugins or (), manners=engine.manners, clock=lambda: engine.clock())
