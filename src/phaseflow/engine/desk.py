"""One command in one transaction: read, decide, write events, rows, wake-up, outbox and answer together (law 11).

Here is also what a decision may see outside its run: the programme's rows, a census of its units, host facts and the
counted box of a poll. Public names of the API do not belong here; see `phaseflow.engine.engine`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import attrs

from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.gates import Sources
from phaseflow.core.notices import notices
from phaseflow.core.plan import Plan
from phaseflow.core.reasons import Reason, reasons
from phaseflow.core.state.rows import Rows
from phaseflow.engine import texts
from phaseflow.engine.answers import Answer, CommandIdReused, Kept, Refused, UnknownRun
from phaseflow.engine.ballots import count_box
from phaseflow.engine.census import Censuses
from phaseflow.engine.consequences import follow
from phaseflow.engine.habits import Guess, Habits
from phaseflow.engine.inputs import checked
from phaseflow.engine.plans import PlanShelf
from phaseflow.engine.receipts import Told
from phaseflow.engine.rows import FIRST, StoreRows
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages.discretion import shown_entry
from phaseflow.messages.events import GateJudged, PlanAmended
from phaseflow.stores import codec
from phaseflow.stores.base import Answer as StoredAnswer
from phaseflow.stores.base import Ballot, Batch, Head, HeadQuery, PersonalValue, StoredNotice, Tx

HostFact = Callable[[str], object] | Told
"""Given a run id, says whether a fact of the host holds; pure, and registered with a version (R19)."""


@attrs.frozen
class Desk:
    """Carries out commands; it holds compiled plans and the host's facts, and nothing of any run."""

    plans: PlanShelf
    facts: Mapping[tuple[str, str], HostFact]
    habits: Habits = attrs.field(factory=Habits)
    censuses: Censuses = attrs.field(factory=Censuses)

    def execute(
        self, tx: Tx, run: str, command: c.Command, plan: Plan | None, personal: tuple[PersonalValue, ...]
    ) -> Answer:
        command = checked(command)
        guess = self.habits.guess(command) if tx.far else Guess()
        looked = tx.look(run, command_id=command.id, keys=guess.keys, prefixes=guess.prefixes, limit=FIRST)
        if looked is None and not isinstance(command, c.StartRun):
            raise self.unknown(tx, run)
        if looked is not None and looked.answer is not None:
            return self._again(tx, run, command, looked.answer)
        head = looked.head if looked is not None else None
        plan = plan or self.plans.load(tx, head.plan if head is not None else "")
        rows = StoreRows(tx, run, (looked, guess) if looked is not None else None)
        around = self.around(tx, head, plan, command)
        decision = decide(plan, rows, self.observe(tx, run, command), around)
        seq = head.seq if head is not None else 0
        if decision.entries or decision.accepted:
            self._commit(tx, run, head, seq, plan, command, decision, personal, rows, around)
            follow(self, tx, run, decision.entries)
        if tx.far:
            self.habits.learn(command, Guess(frozenset(rows.keys), frozenset(rows.prefixes)))
        if decision.refusal is not None:
            refused = self._refused(plan, decision)
            if head is None:
                raise refused
            raise Kept(refused)
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
        rows: StoreRows,
        around: Surroundings,
    ) -> None:
        if not decision.entries and isinstance(command, c.Tick):
            return
        bodies = [texts.write_entry(entry) for entry in decision.entries]
        previous = head.chain if head is not None else codec.genesis(run)
        entries = codec.link(run, previous, seq, bodies)
        state = decision.put.get("head") or rows.get("head")
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
                notices=self._notices(run, plan, decision, _After(rows, decision), around),
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
        self, run: str, plan: Plan, decision: Decision, rows: Rows, around: Surroundings
    ) -> tuple[StoredNotice, ...]:
        found = []
        history = bool(decision.entries) and decision.entries[0].seq == 1  # A first start is quiet (R27).
        for entry in decision.entries:
            if isinstance(entry.event, PlanAmended) and around.plans is not None:
                plan = around.plans(entry.event.plan)
            for number, notice in enumerate(notices(plan, rows, around.up, entry)):
                notice = attrs.evolve(notice, history=history) if history else notice
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
            run=run,
            entries=tuple(shown_entry(texts.read_entry(entry.body)) for entry in stored),
            verdict=verdict,
            again=True,
        )

    def _answer(
        self, plan: Plan, run: str, command: c.Command, decision: Decision, rows: StoreRows, around: Surroundings
    ) -> Answer:
        verdict = decision.verdict if isinstance(decision.verdict, GateJudged) else None
        told: tuple[Reason, ...] = ()
        if verdict is not None and verdict.verdict != "passed":
            sources = Sources(plan=plan, rows=rows, up=around.up, units=around.units, host=around.host)
            told = reasons(decision.requirements, sources, plan.calendar.day_of(command.now))
        entries = tuple(map(shown_entry, decision.entries[decision.settled :]))
        return Answer(run=run, entries=entries, verdict=verdict, reasons=told)

    def _refused(self, plan: Plan, decision: Decision) -> Refused:
        refusal = decision.refusal
        assert refusal is not None
        return Refused(refusal.kind, refusal.problems, self.plans.lines(plan))

    # --- what a decision may see --------------------------------------------------------------------------------------

    def around(self, tx: Tx, head: Head | None, plan: Plan, command: c.Command) -> Surroundings:
        parent = head.parent if head is not None else getattr(command, "parent", "")
        if parent and head is None and tx.head(parent) is None:
            raise self.unknown(tx, parent)
        up = StoreRows(tx, parent) if parent else None
        run = head.run if head is not None else ""
        return Surroundings(
            up=up,
            units=cache(lambda: self.censuses.take(tx, run)),  # once a decision: its numbers and its digest agree
            host=_Witnessed(self, tx, plan, run) if run else {},
            box=lambda name: count_box(tx.ballots(f"{run}:{name}")),
            plans=lambda digest: self.plans.load(tx, digest),
        )

    def witness(self, tx: Tx, key: tuple[str, str], run: str) -> object:
        """What a fact of the host says of a run now (R19)."""
        fact = self.facts[key]
        return fact.read(tx, run) if isinstance(fact, Told) else fact(run)

    def observe(self, tx: Tx, run: str, command: c.Command) -> c.Command:
        """Add what a command must be told: the event it corrects."""
        if isinstance(command, (c.Void, c.Correct)):
            found = tx.entries(run, after=command.seq - 1, limit=1) if command.seq > 0 else []
            event = texts.read_entry(found[0].body) if found and found[0].seq == command.seq else None
            return attrs.evolve(command, event=event)
        return command

    def head(self, tx: Tx, run: str) -> Head:
        head = tx.head(run)
        if head is None:
            raise self.unknown(tx, run)
        return head

    def unknown(self, tx: Tx, run: str) -> UnknownRun:
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


class _Witnessed(Mapping[tuple[str, str], object]):
    """The host's facts that a plan may ask for, each called when it is, and once."""

    def __init__(self, desk: Desk, tx: Tx, plan: Plan, run: str) -> None:
        self._desk, self._tx, self._run = desk, tx, run
        self._keys = [key for key in desk.plans.host_facts(plan) if key in desk.facts]
        self._said: dict[tuple[str, str], object] = {}

    def __getitem__(self, key: tuple[str, str]) -> object:
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._said:
            self._said[key] = self._desk.witness(self._tx, key, self._run)
        return self._said[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
