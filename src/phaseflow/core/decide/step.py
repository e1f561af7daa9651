"""The workplace of one decision: the draft rows, the events so far, who acts, and how to refuse.

A `Step` is what the rooms beside this file work on. It emits events (each is folded at once, so that the next rule
sees it), and it refuses by raising `Refusal`, which undoes what the command had begun and nothing that was settled
before it. Nothing here knows a particular command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal, NoReturn

import attrs

from phaseflow.core.calendars import Calendar
from phaseflow.core.conditions import Requirement
from phaseflow.core.counting import Count
from phaseflow.core.gates import Sources
from phaseflow.core.plan.model import LevelPlan, Plan
from phaseflow.core.state.evolve import evolve
from phaseflow.core.state.rows import Clock, Draft, Head, Rows, VisitState
from phaseflow.errors import NOWHERE, Problem, Span
from phaseflow.messages.commands import SYSTEM, Command
from phaseflow.messages.events import Entry, Event

RefusalKind = Literal["illegal", "unknown", "not_entitled", "unmet", "crashed", "malformed"]


class Refusal(Exception):
    """A command is refused: what kind of no it is, and every reason."""

    def __init__(
        self, kind: RefusalKind, problems: Iterable[Problem], requirements: Iterable[Requirement] = ()
    ) -> None:
        self.kind = kind
        self.problems = tuple(problems)
        self.requirements = tuple(requirements)
        super().__init__("; ".join(problem.what for problem in self.problems))


def refuse(
    kind: RefusalKind, code: str, what: str, *, span: Span = NOWHERE, why: str, fix: str, clause: Iterable[str] = ()
) -> NoReturn:
    """Refuse for one reason."""
    raise Refusal(kind, [Problem(code=code, what=what, span=span, why=why, fix=fix, clause=", ".join(clause))])


def refuse_all(kind: RefusalKind, problems: Iterable[Problem]) -> None:
    """Refuse for all these reasons at once; go on where there is none."""
    found = tuple(problems)
    if found:
        raise Refusal(kind, found)


@attrs.frozen(kw_only=True)
class UnitFact:
    """What a census reads of one unit's run: the committed row, and its version (the number of its latest entry)."""

    run: str
    unit: str
    seq: int
    head: Head


@attrs.frozen(kw_only=True)
class Surroundings:
    """What a decision may look at outside its own run; all of it is read in the same transaction (R11, R19).

    *up* are the programme's rows, *units* gives the census of its units, *host* what the host's facts say, *box* counts
    the ballot box of an anonymous poll: its tally (by group too) and its root (R14). Only the room that closes a poll
    asks for a box. *plans* gives a kept plan by its digest, for an amendment (R21).
    """

    up: Rows | None = None
    units: Callable[[], Iterable[UnitFact]] | None = None
    host: Mapping[tuple[str, str], object] = attrs.field(factory=dict)
    box: Callable[[str], Count] | None = None
    plans: Callable[[str], Plan] | None = None


@attrs.frozen
class Actor:
    """Who acts, for whom, and by what authority."""

    person: str = SYSTEM
    on_behalf_of: str = ""
    authority: str = ""


NOBODY = Actor()
"""The actor of what nobody asked for."""


class Step:
    """One macrostep under way."""

    __slots__ = (
        "_level", "actor", "around", "at", "ballots", "command", "earliest", "entries", "now", "objections", "pending",
        "plan", "recorded_by", "requirements", "rows", "sealed", "timer", "verdict",
    )  # fmt: skip

    def __init__(
        self, plan: Plan, rows: Draft, around: Surroundings, *, at: datetime, now: datetime, command: str = ""
    ) -> None:
        self.plan = plan
        self._level: LevelPlan | None = None
        self.rows = rows
        self.around = around
        self.at = at
        self.now = now
        self.command = command
        self.actor = NOBODY
        self.timer = ""
        self.recorded_by = ""
        self.earliest: datetime | None = None
        self.entries: list[Entry] = []
        self.pending: list[Entry] = []
        self.verdict: Event | None = None
        self.requirements: tuple[Requirement, ...] = ()
        self.ballots: list[tuple[str, str]] = []  # (duty key, bare answer as JSON): they leave by this door only (R14)
        self.sealed: list[str] = []  # duty keys of polls whose box is closed
        self.objections: list[Refusal] | None = None

    def over(self, rows: Draft, command: Command) -> Step:
        """The same place for a command that may still be refused, on a draft of its own."""
        step = Step(self.plan, rows, self.around, at=command.at, now=self.now, command=command.id)
        step.actor = Actor(command.by, command.on_behalf_of)
        step.recorded_by = command.recorded_by
        step.earliest = command.earliest
        return step

    @property
    def head(self) -> Head:
        """The run's head as it is now."""
        head: Head = self.rows.get("head")
        return head

    @property
    def level(self) -> LevelPlan:
        """The plan of this run's level, which a run keeps for life."""
        if self._level is None:
            self._level = self.plan.levels[self.head.level]
        return self._level

    def adopt(self, plan: Plan) -> None:
        """Go on under another plan (R21)."""
        self.plan, self._level = plan, None

    @property
    def calendar(self) -> Calendar:
        """The plan's calendar."""
        return self.plan.calendar

    @property
    def day(self) -> date:
        """The day of `at` in the run's zone."""
        return self.calendar.day_of(self.at)

    @property
    def seq(self) -> int:
        """The number of the latest entry."""
        clock: Clock | None = self.rows.get("clock")
        return clock.seq if clock is not None else 0

    def object_to(self, refusal: Refusal) -> None:
        """Refuse; where every objection is asked for, note this one and go on."""
        if self.objections is None:
            raise refusal
        self.objections.append(refusal)

    def emit(self, event: Event) -> int:
        """Record an event, fold it at once, and give its number."""
        entry = Entry(
            seq=self.seq + 1, at=self.at, recorded_at=self.now, actor=self.actor.person,
            on_behalf_of=self.actor.on_behalf_of, authority=self.actor.authority, command=self.command,
            timer=self.timer, recorded_by=self.recorded_by, earliest=self.earliest, event=event,
        )  # fmt: skip
        self.timer = ""
        evolve(self.plan, self.rows, entry)
        self.entries.append(entry)
        self.pending.append(entry)
        return entry.seq

    def facts(self, phase: str = "", subject: str = "") -> Sources:
        """The facts as they stand now, for a condition of *phase* (of the whole campaign, if empty) about *subject*."""
        number = self.head.visits.get(phase) if phase else None
        visit: VisitState | None = self.rows.get(f"visit/{phase}/{number}") if number else None
        return Sources(
            plan=self.plan, rows=self.rows, up=self.around.up, units=self.around.units, host=self.around.host,
            day=self.day, opened=self.calendar.day_of(visit.opened) if visit is not None else None, subject=subject,
        )  # fmt: skip

    def get(self, key: str) -> Any:
        """A row of this run."""
        return self.rows.get(key)
