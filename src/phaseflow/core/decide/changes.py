"""What another plan moves in a run that has begun: windows, visits, due days, amounts (R21); nothing is emitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Literal

from phaseflow.core import deadlines
from phaseflow.core.decide import opening, phases
from phaseflow.core.decide.step import Step
from phaseflow.core.plan.model import CAMPAIGN, Duty, Plan
from phaseflow.core.state.rows import DutyState, VisitState
from phaseflow.messages.events import Days, Term, VisitDates

Binds = Literal["at_once", "favourable"]


def open_duties(step: Step) -> Iterator[DutyState]:
    """The instances of duties that can still change: those of open visits and of the whole campaign."""
    for visit in step.head.open:
        for _key, state in step.rows.scan(f"duty/{visit}/"):
            if not state.exempt:
                yield state


class Change:
    """What another plan moves, worked out on a draft of its own before anything is said."""

    def __init__(self, step: Step, new: Plan, binds: Binds, floor: date | None, named: Mapping[str, str]) -> None:
        self.step, self.new, self.binds, self.floor, self.named = step, new, binds, floor, named
        self.before = step.plan
        self.trial = Step(new, step.rows.fork(), step.around, at=step.at, now=step.now)
        bound = deadlines.bind_windows(
            new.levels[step.head.level], new.calendar, step.head.start, new.policy.window
        )
        for path, days in bound.items():
            self.trial.rows.put(f"window/{path}", days)
        self._bound = bound
        self._visits = dict(self._moved_visits())

    def windows(self) -> dict[str, Days]:
        """Bound windows that are new or have other days; those of phases that the run has seen stay as they were."""
        seen = self.step.head.visits
        return {
            f"window/{path}": days
            for path, days in self._bound.items()
            if path.split("/")[0] not in seen and self.step.get(f"window/{path}") != days
        }

    def visits(self) -> dict[str, VisitDates]:
        """Open visits whose window moves."""
        return {key: dates for key, (_state, dates) in self._visits.items()}

    def _moved_visits(self) -> Iterator[tuple[str, tuple[VisitState, VisitDates]]]:
        for visit in self.step.head.open:
            state: VisitState | None = self.step.get(f"visit/{visit}")
            if state is None or state.overdue or state.number > 1:
                continue
            self.trial.at = state.opened
            dates = phases.dates_of(self.trial, self.trial.level.phases[state.phase], 1, None)
            self.trial.at = self.step.at
            if dates.window != state.window and self._wanted(state.window.last, dates.window.last):
                yield f"visit/{visit}", (state, dates)

    def _wanted(self, before: date | None, after: date | None) -> bool:
        later = after is None or (before is not None and after > before)
        return later if self.binds == "favourable" else after is None or self.floor is None or after >= self.floor

    def terms(self) -> dict[str, Term]:
        """New terms of duties that have not fallen due; an extension keeps what it gave."""
        return {f"duty/{state.key}": term for state, term in self._moved_terms()}

    def _moved_terms(self) -> Iterator[tuple[DutyState, Term]]:
        for state in open_duties(self.step):
            duty = self.new.levels[self.step.head.level].duties.get(state.name)
            keeps = state.fell_due or state.period is not None or state.makes_up or state.name in self.named
            if duty is None or keeps or self.step.get(f"extension/{state.key}/") is not None:
                continue
            term = self._term(state, duty)
            same_day = term.day == state.term.day
            if term != state.term and (same_day or self._wanted_day(state.term.day, term.day)):
                yield state, term

    def _wanted_day(self, before: date | None, after: date | None) -> bool:
        return self.binds == "at_once" or after is None or (before is not None and after > before)

    def _term(self, state: DutyState, duty: Duty) -> Term:
        visit = "/".join(state.key.split("/")[:2])
        found: VisitState | None = self.step.get(f"visit/{visit}")
        window, steps = self._stretch(visit, found)
        phase = None if found is None else self.new.levels[self.step.head.level].phases[found.phase]
        number = 1 if found is None else found.number
        trial = self.trial
        day = deadlines.due_day(
            duty, phase, number, window, steps, trial.calendar, self.step.head.start, opening.anchors(trial)
        )
        if day is not None and self.floor is not None and state.term.day != day:
            day = max(day, self.floor)
        return opening.term_of(trial, duty, day, about=deadlines.is_about(duty, phase, window, steps))

    def _stretch(self, visit: str, state: VisitState | None) -> tuple[Days, Mapping[str, Days]]:
        if state is None:
            return self.trial.get(f"window/{CAMPAIGN}"), {}
        moved = self._visits.get(f"visit/{visit}")
        return (moved[1].window, moved[1].steps) if moved is not None else (state.window, state.steps)

    def amounts(self) -> dict[str, Fraction]:
        """Quotas that ask for another amount, of those who have not done them."""
        found = {}
        for state in open_duties(self.step):
            duty = self.new.levels[self.step.head.level].duties.get(state.name)
            if duty is None or duty.amount is None or state.period is not None or duty.amount == state.amount:
                continue
            if self.binds == "at_once" or (state.amount is not None and duty.amount < state.amount):
                found[f"duty/{state.key}"] = duty.amount
        return found


