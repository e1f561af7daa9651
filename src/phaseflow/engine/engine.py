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
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import attrs

from phaseflow.core.decide import Decision, Surroundings, UnitFact, decide
from phaseflow.core.gates import Sources
from phaseflow.core.notices import notices
from phaseflow.core.plan import Plan
from phaseflow.core.reasons import Reason, reasons
from phaseflow.engine import texts
from phaseflow.engine.answers import Answer, CommandIdReused, Refused, UnknownRun
from phaseflow.engine.ballots import count_box
from phaseflow.engine.plans import PlanShelf
from phaseflow.engine.roster import Roster, read_roster
from phaseflow.engine.rows import StoreRows
from phaseflow.engine.run import Run, happened_at
from phaseflow.errors import Problem
from phaseflow.messages import commands as c
from phaseflow.messages.events import Entry, GateJudged, RunStarted
from phaseflow.stores import codec, open_store
from phaseflow.stores.base import Answer as StoredAnswer
from phaseflow.stores.base import (
    Ballot,
    Batch,
    Conflict,
    Delivery,
    Head,
    HeadQuery,
    PersonalValue,
    Store,
    StoredNotice,
    Tx,
)

if TYPE_CHECKING:  # Imported on use: an engine without hooks does not load them.
    from phaseflow.hooks import Plugins
    from phaseflow.relay import Relay, RelayReport

HostFact = Callable[[str], object]
"""Given a run id, says whether a fact of the host holds; pure, and registered with a version (R19)."""


def utc_now() -> datetime:
    """The clock of the machine."""
    return datetime.now(UTC)


def new_id() -> str:
    """A command id that nobody else has."""
    return uuid.uuid4().hex


class Engine:
    """Runs of campaigns on one store.

    Args:
        store: A URL (``memory:``, ``sqlite:///campaigns.db``) or a store.
        hooks: Plugins that are told what happened; see `phaseflow.hooks`.
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
        self._relay = _relay(self.store, plugins, lambda: self.clock()) if self.hooks else None

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
        self._check_place(plan, level, parent)
        now = self.clock()
        name = run or "/".join(part for part in (str(plan.policy.campaign), unit) if part)
        debtor = redeems.id if isinstance(redeems, Run) else redeems
        persons, personal = read_roster(roster, self._salt)
        command = c.StartRun(
            id=id or self.ids(),
            by=by,
            at=self._instant(at, plan, now),
            now=now,
            run=name,
            campaign=str(plan.policy.campaign),
            plan=plan.digest,
            level=level,
            unit=unit,
            start=_day(start),
            parent=parent,
            recorded_by=self.recorder,
            batch=batch if batch is not None else plan.policy.batch,
            redeems=debtor,
            persons=persons,
            bodies={kind: tuple(names) for kind, names in (bodies or {}).items()},
            at_phase=at_phase,
            assumed=dict(assume or {}),
        )
        try:
            with self.store.transaction() as tx:
                self.plans.keep(tx, plan)
                self._execute(tx, name, command, plan, personal)
                if parent:
                    enrol = c.EnrolUnit(id=f"{command.id}:enrol", by=c.SYSTEM, at=now, now=now, unit=unit, run=name)
                    self._execute(tx, parent, enrol, None, ())
                if debtor:
                    redeem = c.RedeemRedo(id=f"{command.id}:redeem", by=c.SYSTEM, at=now, now=now, run=name)
                    self._execute(tx, debtor, redeem, None, ())
        except (
            _Kept
        ) as kept:  # nothing is kept: the run, its place in the programme and its debt stand or fall together
            raise kept.refused from None
        return Run(self, name)

    def _check_place(self, plan: Plan, level: str, parent: str) -> None:
        if level == "unit" and plan.programme is not None and not parent:
            raise Refused(
                "malformed",
                (
                    Problem(
                        code="PF380",
                        what="this policy runs as a programme, and the unit's programme is not named",
                        span=plan.policy.span_of("programme"),
                        why="roles, duties and meetings of the programme stand in the programme's own run",
                        fix="start the programme first, then pass programme=…",
                    ),
                ),
                self.plans.lines(plan),
            )

    def run(self, run: str) -> Run:
        """A handle of a run.

        Raises:
            UnknownRun: There is no run of this id.
        """
        with self.store.transaction(write=False) as tx:
            self._head(tx, run)
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
        for _ in range(20):
            try:
                with self.store.transaction() as tx:
                    found = self._attempt(tx, run, command, personal)
                if isinstance(found, Refused):
                    raise found
                return found
            except Conflict:
                continue
        raise Conflict(f"the run {run!r} was changed by others twenty times in a row")

    def preview(self, run: str, command: c.Command) -> Decision:
        """What a command would do now; nothing is written."""
        with self.store.transaction(write=False) as tx:
            head = self._head(tx, run)
            plan = self.plans.load(tx, head.plan)
            rows = StoreRows(tx, run)
            return decide(plan, rows, self._observe(tx, run, command), self._around(tx, head, plan, command))

    def tick(self, now: datetime | str | None = None, *, limit: int | None = None) -> int:
        """Process what is due in every run.

        Args:
            now: The instant to settle to; the clock's by default.
            limit: At most so many runs.

        Returns:
            How many runs had something due.
        """
        until = now if isinstance(now, datetime) else (datetime.fromisoformat(now) if now else self.clock())
        count = 0
        while limit is None or count < limit:
            with self.store.transaction(write=False) as tx:
                due = tx.heads(HeadQuery(due_by=until, order="due", limit=min(100, limit - count if limit else 100)))
            if not due:
                return count
            for head in due:
                self.execute(head.run, c.Tick(id=self.ids(), by=c.SYSTEM, at=until, now=until))
                count += 1
        return count

    # --- one command --------------------------------------------------------------------------------------------------

    def _attempt(self, tx: Tx, run: str, command: c.Command, personal: tuple[PersonalValue, ...]) -> Answer | Refused:
        try:
            child = (
                StoreRows(tx, run).get(f"unit/{command.unit}")
                if isinstance(command, c.WithdrawUnit) and command.unit
                else ""
            )
            answer = self._execute(tx, run, command, None, personal)
            if child:  # what the programme decides obliges the unit's run, in the same transaction (R13)
                obliged = attrs.evolve(command, id=f"{command.id}:{child}", by=c.SYSTEM, on_behalf_of="")
                self._execute(tx, child, obliged, None, ())
            return answer
        except _Kept as kept:
            return kept.refused

    def _execute(
        self, tx: Tx, run: str, command: c.Command, plan: Plan | None, personal: tuple[PersonalValue, ...]
    ) -> Answer:
        head = tx.head(run)
        if head is None and not isinstance(command, c.StartRun):
            raise self._unknown(tx, run)
        known = tx.answer(run, command.id) if head is not None else None
        if known is not None:
            return self._again(tx, run, command, known)
        plan = plan or self.plans.load(tx, head.plan if head is not None else "")
        rows = StoreRows(tx, run)
        around = self._around(tx, head, plan, command)
        decision = decide(plan, rows, self._observe(tx, run, command), around)
        seq = head.seq if head is not None else 0
        if decision.entries or decision.accepted:
            self._commit(tx, run, head, seq, plan, command, decision, personal, around)
        if decision.refusal is not None:
            refused = self._refused(plan, decision)
            if head is None:
                raise refused
            raise _Kept(refused)
        return self._answer(plan, run, command, decision, StoreRows(tx, run), around)

    def _commit(
        self,
        tx: Tx,
        run: str,
        head: Head | None,
        seq: int,
        plan: Plan,
        command: c.Command,
        decision: Decision,
        personal: tuple[PersonalValue, ...],
        around: Surroundings,
    ) -> None:
        if not decision.entries:
            if isinstance(command, c.Tick):
                return
        bodies = [texts.write_entry(entry) for entry in decision.entries]
        previous = head.chain if head is not None else codec.genesis(run)
        entries = codec.link(run, previous, seq, bodies)
        state = decision.put.get("head") or StoreRows(tx, run).get("head")
        new = Head(
            run=run,
            campaign=state.campaign,
            level=state.level,
            unit=state.unit,
            parent=state.parent or None,
            plan=state.plan,
            seq=seq + len(entries),
            due_at=decision.due_at,
            status=state.status,
            chain=entries[-1].hash if entries else previous,
        )
        accepted = decision.accepted and not isinstance(command, c.Tick)
        answer = (
            StoredAnswer(
                command_id=command.id,
                digest=texts.content_of(command),
                seq_first=seq + decision.settled + 1,
                seq_last=seq + len(entries),
                body=codec.encode(decision.verdict) if isinstance(decision.verdict, GateJudged) else "{}",
            )
            if accepted
            else None
        )
        erase = (command.person,) if isinstance(command, c.ErasePerson) and decision.accepted else ()
        tx.commit(
            Batch(
                head=new,
                expected_seq=seq,
                entries=tuple(entries),
                put={key: texts.write_row(row) for key, row in decision.put.items()},
                drop=decision.drop,
                answer=answer,
                notices=self._notices(tx, run, plan, decision, around),
                personal=personal if decision.accepted else (),
                erase=erase,
                ballots=self._ballots(run, decision),
            )
        )
        for poll in decision.sealed:
            tx.seal_ballots(f"{run}:{poll}")

    def _ballots(self, run: str, decision: Decision) -> tuple[Ballot, ...]:
        return tuple(
            Ballot(poll=f"{run}:{poll}", id=secrets.token_hex(16), body=body) for poll, body in decision.ballots
        )

    def _notices(
        self, tx: Tx, run: str, plan: Plan, decision: Decision, around: Surroundings
    ) -> tuple[StoredNotice, ...]:
        rows = _After(StoreRows(tx, run), decision)
        found = []
        for entry in decision.entries:
            for number, notice in enumerate(notices(plan, rows, around.up, entry)):
                found.append(
                    StoredNotice(
                        id=f"{run}:{entry.seq}:{number}",
                        run=run,
                        seq=entry.seq,
                        body=texts.write_notice(notice),
                        available_at=entry.recorded_at,
                        useless_after=notice.useless_after,
                        coalesce=notice.coalesce or None,
                    )
                )
        return tuple(found)

    def _again(self, tx: Tx, run: str, command: c.Command, known: StoredAnswer) -> Answer:
        """The recorded answer (law 4)."""
        if known.digest != texts.content_of(command):
            raise CommandIdReused(
                "malformed",
                (
                    Problem(
                        code="PF381",
                        what=f"the command id '{command.id}' was used for another command",
                        why="an id stands for one command for ever",
                        fix="give every command an id of its own",
                    ),
                ),
            )
        stored = (
            tx.entries(run, after=known.seq_first - 1, limit=max(0, known.seq_last - known.seq_first + 1) or None)
            if known.seq_last >= known.seq_first
            else []
        )
        verdict = None if known.body == "{}" else codec.decode(known.body, texts.event_classes())
        return Answer(
            run=run, entries=tuple(texts.read_entry(entry.body) for entry in stored), verdict=verdict, again=True
        )

    def _answer(
        self, plan: Plan, run: str, command: c.Command, decision: Decision, rows: StoreRows, around: Surroundings
    ) -> Answer:
        verdict = decision.verdict if isinstance(decision.verdict, GateJudged) else None
        told: tuple[Reason, ...] = ()
        if verdict is not None and verdict.verdict != "passed":
            sources = Sources(plan=plan, rows=rows, up=around.up, units=around.units, host=around.host)
            told = reasons(decision.requirements, sources, plan.calendar.day_of(command.now))
        return Answer(run=run, entries=decision.entries[decision.settled :], verdict=verdict, reasons=told)

    def _refused(self, plan: Plan, decision: Decision) -> Refused:
        refusal = decision.refusal
        assert refusal is not None
        return Refused(refusal.kind, refusal.problems, self.plans.lines(plan))

    # --- what a decision may see --------------------------------------------------------------------------------------

    def _around(self, tx: Tx, head: Head | None, plan: Plan, command: c.Command) -> Surroundings:
        parent = head.parent if head is not None else getattr(command, "parent", "")
        if parent and head is None and tx.head(parent) is None:
            raise self._unknown(tx, parent)
        up = StoreRows(tx, parent) if parent else None
        run = head.run if head is not None else ""
        return Surroundings(
            up=up,
            units=lambda: self._census(tx, run),
            host=self._host(plan, run) if run else {},
            box=lambda name: count_box(tx.ballots(f"{run}:{name}")),
        )

    def _census(self, tx: Tx, programme: str) -> Iterator[UnitFact]:
        """Committed rows of a programme's units (R11)."""
        for head in tx.heads(HeadQuery(parent=programme)):
            yield UnitFact(run=head.run, unit=head.unit, seq=head.seq, head=StoreRows(tx, head.run).get("head"))

    def _host(self, plan: Plan, run: str) -> dict[tuple[str, str], object]:
        """What the host's facts say of a run, for the few policies that ask (R19)."""
        return {key: self.facts[key](run) for key in self.plans.host_facts(plan) if key in self.facts}

    def _observe(self, tx: Tx, run: str, command: c.Command) -> c.Command:
        """Add what a command must be told: the event it corrects."""
        if isinstance(command, (c.Void, c.Correct)):
            found = tx.entries(run, after=command.seq - 1, limit=1) if command.seq > 0 else []
            event = texts.read_entry(found[0].body) if found and found[0].seq == command.seq else None
            return attrs.evolve(command, event=event)
        return command

    # --- reading ------------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self, run: str) -> Iterator[tuple[Tx, Head, Plan, StoreRows, Surroundings]]:
        """A read-only look at a run, for views."""
        with self.store.transaction(write=False) as tx:
            head = self._head(tx, run)
            plan = self.plans.load(tx, head.plan)
            look = c.Tick(id="", by=c.SYSTEM, at=self.clock(), now=self.clock())
            yield tx, head, plan, StoreRows(tx, run), self._around(tx, head, plan, look)

    def _head(self, tx: Tx, run: str) -> Head:
        head = tx.head(run)
        if head is None:
            raise self._unknown(tx, run)
        return head

    def _unknown(self, tx: Tx, run: str) -> UnknownRun:
        from phaseflow.errors import did_you_mean

        known = [head.run for head in tx.heads(HeadQuery(limit=1000))]
        return UnknownRun(
            "unknown",
            (
                Problem(
                    code="PF382",
                    what=f"there is no run '{run}'",
                    why="a run is named by the id it was started with",
                    fix=did_you_mean(run, known) or "start it first",
                ),
            ),
        )

    def entries(self, run: str, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The trail of a run, from entry *after* + 1 on."""
        with self.store.transaction(write=False) as tx:
            self._head(tx, run)
            return [texts.read_entry(stored.body) for stored in tx.entries(run, after=after, limit=limit)]

    def _instant(self, at: str | datetime | None, plan: Plan, now: datetime) -> datetime:
        if at is None:
            return now
        return at if isinstance(at, datetime) else happened_at(at, plan.calendar, now)

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
            self._relay = _relay(self.store, None, lambda: self.clock())
        return self._relay.run(now, limit)

    def dead_letters(self, *, limit: int | None = None) -> list[Delivery]:
        """The deliveries that were given up, each with its error, in the order of their notices."""
        with self.store.transaction(write=False) as tx:
            return tx.deliveries(status="dead", limit=limit)

    def retry_dead(self, delivery: str) -> bool:
        """Have a dead delivery tried again, from now on and with fresh patience; False if none of this id is dead."""
        with self.store.transaction() as tx:
            return tx.revive(delivery, at=self.clock())


def _plugins(hooks: tuple[object, ...]) -> Plugins | None:
    if not hooks:
        return None
    from phaseflow.hooks import Plugins

    return Plugins(hooks)


def _relay(store: Store, plugins: Plugins | None, clock: Callable[[], datetime]) -> Relay:
    from phaseflow.relay import Relay

    return Relay(store, plugins or (), clock=clock)


class _Kept(Exception):
    """A refusal whose settled entries are to be committed before it is raised."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused


class _After:
    """The rows as they are after a decision."""

    def __init__(self, rows: StoreRows, decision: Decision) -> None:
        self._rows, self._put, self._drop = rows, decision.put, frozenset(decision.drop)

    def get(self, key: str) -> Any:
        if key in self._put:
            return self._put[key]
        return None if key in self._drop else self._rows.get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        found = {key: row for key, row in self._rows.scan(prefix) if key not in self._drop}
        found |= {key: row for key, row in self._put.items() if key.startswith(prefix)}
        return iter(sorted(found.items()))


def _day(day: str | date) -> date:
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise Refused(
            "malformed",
            (
                Problem(
                    code="PF383",
                    what=f"'{day}' is not a day",
                    why="a start is one day of the calendar",
                    fix="write it as 2009-03-01",
                ),
            ),
        ) from None


__all__ = ["Engine", "HostFact", "RunStarted", "new_id", "utc_now"]
