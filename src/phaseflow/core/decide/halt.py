"""What a halt moves when the clock stops: every date that was still ahead, by the whole days of the halt.

Terms of duties, of single subjects and of items, windows that are bound or open, periods of quotas, phases that are
scheduled to open, polls, and steps of documents that have a time limit. What was past when the run was halted stays
where it was. Waivers, delegations and appointments are about days of the calendar and do not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from phaseflow.core.decide.step import Step
from phaseflow.core.state.rows import VisitState, timer_instant
from phaseflow.messages import events as e
from phaseflow.messages.events import Days, Rung, Term, VisitDates
from phaseflow.spec.phrases import LengthPhrase

T = TypeVar("T")


@attrs.frozen
class Halt:
    """A halt of whole *days*, which began at *since*."""

    step: Step
    since: datetime
    days: int

    def instant(self, instant: datetime) -> datetime:
        """The same wall clock so many days later; an instant that was past stays."""
        if instant <= self.since:
            return instant
        return self.step.calendar.shift_instant(instant, LengthPhrase(count=self.days, unit="day"), 1)

    def maybe(self, instant: datetime | None) -> datetime | None:
        return self.instant(instant) if instant is not None else None

    def window(self, days: Days) -> Days:
        """A window whose edges are still ahead moves; one that had begun only ends later."""
        calendar, later = self.step.calendar, timedelta(days=self.days)
        first, last = days.first, days.last
        if first is not None and calendar.opens(first) > self.since:
            first += later
        if last is not None and calendar.shuts(last) > self.since:
            last += later
        return attrs.evolve(days, first=first, last=last)

    def rungs(self, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        return tuple(Rung(self.instant(rung.at), rung.kind, rung.role) for rung in ladder)

    def term(self, term: Term) -> Term:
        """Every instant that was still ahead; the day moves with the due instant."""
        moves = term.day is not None and term.due is not None and term.due > self.since
        day = term.day + timedelta(days=self.days) if moves and term.day is not None else term.day
        return attrs.evolve(
            term, day=day, due=self.maybe(term.due), grace=self.maybe(term.grace), lock=self.maybe(term.lock),
            ladder=self.rungs(term.ladder),
        )  # fmt: skip

    def visit(self, state: VisitState) -> VisitDates:
        """The window of an open visit, with its steps and its ladder."""
        calendar = self.step.calendar
        begins = {
            name: (self.instant(calendar.opens(days.first)), self.instant(calendar.shuts(days.last)))
            for name, days in state.steps.items()
            if days.first is not None and days.last is not None
        }
        return VisitDates(
            window=self.window(state.window), ends=self.maybe(state.ends), ladder=self.rungs(state.ladder),
            steps={name: self.window(days) for name, days in state.steps.items()}, begins=begins,
        )  # fmt: skip


def resumed(step: Step, days: int) -> e.RunResumed:
    """The event that ends a halt of *days* whole days; with 0 days nothing moves."""
    since = step.head.suspended_at
    if days <= 0 or since is None:
        return e.RunResumed()
    halt = Halt(step, since, days)
    visits = {f"visit/{name}": step.get(f"visit/{name}") for name in step.head.open}
    return e.RunResumed(
        moved=_changed({key: (term, halt.term(term)) for key, term in _terms(step).items()}),
        windows=_changed({key: (window, halt.window(window)) for key, window in _windows(step).items()}),
        visits={key: halt.visit(state) for key, state in visits.items() if state is not None},
        closes=_changed({key: (instant, halt.instant(instant)) for key, instant in _closes(step).items()}),
    )  # fmt: skip


def reschedule(step: Step, days: int, since: datetime) -> None:
    """Phases that were to open on a date after the halt began open so much later."""
    halt = Halt(step, since, days)
    for key, timer in list(step.rows.scan("scheduled/")):
        opens = timer_instant(timer)
        if halt.instant(opens) != opens:
            step.emit(e.PhaseScheduled(phase=key.removeprefix("scheduled/"), opens=halt.instant(opens)))


def _changed(pairs: Mapping[str, tuple[T, T]]) -> dict[str, T]:
    return {key: after for key, (before, after) in pairs.items() if after != before}


def _terms(step: Step) -> dict[str, Term]:
    """Every term of the run, by the key of its row."""
    found = {key: state.term for prefix in ("duty/", "item/") for key, state in step.rows.scan(prefix)}
    return found | {key: part.term for key, part in step.rows.scan("part/") if part.term is not None}


def _closes(step: Step) -> dict[str, datetime]:
    """When polls and steps of documents end, where that is still to come."""
    polls = {key: state.closes for key, state in step.rows.scan("poll/") if step.get(state.timer or "-") is not None}
    steps = {
        f"{key}#{name}": timer_instant(timer)
        for key, state in step.rows.scan("document/")
        for name, timer in state.timers.items()
        if step.get(timer) is not None
    }
    return polls | steps


def _windows(step: Step) -> dict[str, Days]:
    found = dict(step.rows.scan("window/"))
    return found | {key: state.period for key, state in step.rows.scan("duty/") if state.period is not None}
