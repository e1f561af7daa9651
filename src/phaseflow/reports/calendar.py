"""The calendar of a policy for one start day: every window, step, due day, reminder and rung, and what is odd about it.

A fold over the plan, as a run would bind it at its start; nothing is printed, stored or looked up. What hangs on
something that has yet to happen has no day here, and says on what it hangs. What is odd is found in
`phaseflow.reports.oddities`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import attrs

from phaseflow.core import deadlines
from phaseflow.core.calendars import Calendar, periods
from phaseflow.core.plan.model import Duty, LevelPlan, Phase, Plan
from phaseflow.core.state import CAMPAIGN
from phaseflow.errors import Problem
from phaseflow.messages.events import Days, Term
from phaseflow.spec.phrases import PeriodPhrase


@attrs.frozen(kw_only=True)
class StepLine:
    """A step with its days; None where they hang on something."""

    name: str
    title: str
    first: date | None
    last: date | None


@attrs.frozen(kw_only=True)
class DutyLine:
    """A duty with its instants.

    *term* holds due, grace, lock and ladder as they are if the phase opens on the first day of its window; for a duty
    that comes again it is that of its first period, *periods* counts them, and *last* is the last due day. *note* says
    on what the due day hangs where there is none.
    """

    name: str
    title: str
    kind: str
    step: str
    who: tuple[str, ...]
    term: Term
    periods: int
    last: date | None
    note: str
    clause: tuple[str, ...]
    line: str


@attrs.frozen(kw_only=True)
class PhaseLine:
    """A phase with its planned days, steps and duties; the campaign itself comes first, as a phase of that name."""

    name: str
    title: str
    first: date | None
    last: date | None
    about: bool
    note: str
    steps: tuple[StepLine, ...]
    duties: tuple[DutyLine, ...]
    clause: tuple[str, ...]
    line: str


@attrs.frozen(kw_only=True)
class CalendarReport:
    """The resolved calendar of one level of a policy; *warnings* are sorted by position."""

    campaign: str
    level: str
    zone: str
    start: date
    phases: tuple[PhaseLine, ...]
    warnings: tuple[Problem, ...]


def calendar(plan: Plan, start: date, level: str = "unit") -> CalendarReport:
    """Resolve the calendar of *level* for a run that starts on *start*.

    Raises:
        PolicyError: A written day does not exist in its year (PF160).
        KeyError: The plan has no such level.
    """
    from phaseflow.reports.oddities import oddities

    bound = bind(plan, start, level)
    own = tuple(name for name, duty in bound.level.duties.items() if duty.phase == CAMPAIGN)
    days = bound.windows["campaign"]
    whole = PhaseLine(
        name=CAMPAIGN,
        title=str(plan.policy.title or plan.policy.campaign),
        first=days.first,
        last=days.last,
        about=days.about,
        note="",
        steps=(),
        duties=_duties(bound, own),
        clause=(),
        line=str(plan.policy.span_of("campaign")),
    )
    return CalendarReport(
        campaign=str(plan.policy.campaign),
        level=level,
        zone=plan.calendar.zone,
        start=start,
        phases=(whole, *(_phase(bound, phase) for phase in bound.level.phases.values())),
        warnings=oddities(bound),
    )


# --- a level bound to a start -----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Bound:
    """A level whose windows are bound to a start, and the questions both halves of the report ask of it."""

    plan: Plan
    level: LevelPlan
    start: date
    windows: Mapping[str, Days]
    anchors: Mapping[tuple[str, str], date]

    @property
    def calendar(self) -> Calendar:
        """The calendar of the plan."""
        return self.plan.calendar

    def window_of(self, duty: Duty) -> Days:
        """The window a duty is owed in: its step's, its phase's, or the campaign's."""
        own = self.windows.get(f"{duty.phase}/{duty.step}") if duty.step else None
        return own or self.windows.get(duty.phase) or Days(first=None, last=None)

    def opening(self, duty: Duty) -> datetime:
        """The instant at which the phase of a duty opens if all goes to plan."""
        first = self.windows.get(duty.phase, Days(first=None, last=None)).first
        return self.calendar.opens(first or self.start)

    def due_days(self, duty: Duty) -> tuple[date, ...]:
        """The due day of each time a duty is owed; none where it has no day yet."""
        window, every = self.window_of(duty), every_of(duty)
        if every is not None:
            if window.first is None or window.last is None:
                return ()
            return tuple(period.last for period in periods(every, window.first, window.last))
        phase = self.level.phases.get(duty.phase)
        steps = {
            name: days for name in (phase.steps if phase else ()) if (days := self.windows.get(f"{duty.phase}/{name}"))
        }
        whole = self.windows.get(duty.phase, Days(first=None, last=None))
        day = deadlines.due_day(duty, phase, 1, whole, steps, self.calendar, self.start, self.anchors)
        return () if day is None else (day,)

    def term(self, duty: Duty, day: date | None, not_before: datetime) -> Term:
        """The instants of a duty that is due on *day*, without rungs before *not_before*."""
        return deadlines.term(
            day, self.calendar, not_before, grace=duty.grace, lock=duty.lock, remind=duty.remind, overdue=duty.overdue
        )


def bind(plan: Plan, start: date, level: str) -> Bound:
    """Bind the written dates of a level to a start, as `StartRun` does."""
    rules = plan.levels[level]
    windows = deadlines.bind_windows(rules, plan.calendar, start, plan.policy.window)
    anchors = {**deadlines.anchors_of(windows), ("campaign", "start"): start}
    return Bound(plan=plan, level=rules, start=start, windows=windows, anchors=anchors)


def every_of(duty: Duty) -> PeriodPhrase | None:
    """The period in which a duty comes again; None where it comes once, or ``regularly``."""
    every = getattr(duty.spec, "every", None)
    return every if isinstance(every, PeriodPhrase) else None


# --- lines ------------------------------------------------------------------------------------------------------------


def _phase(bound: Bound, phase: Phase) -> PhaseLine:
    days = bound.windows.get(phase.name)
    return PhaseLine(
        name=phase.name,
        title=phase.title,
        first=days.first if days else None,
        last=days.last if days else None,
        about=bool(days and days.about),
        note="" if days else _hangs_on(phase),
        steps=tuple(_step(bound, phase, name) for name in phase.steps),
        duties=_duties(bound, phase.duties),
        clause=phase.clause,
        line=str(phase.span),
    )


def _hangs_on(phase: Phase) -> str:
    """How long a phase without days of its own lasts, and from when."""
    begins = f"opens {phase.opens}"
    return begins if phase.window.kind == "none" else f"{phase.window}, {begins}"


def _step(bound: Bound, phase: Phase, name: str) -> StepLine:
    days = bound.windows.get(f"{phase.name}/{name}")
    return StepLine(
        name=name, title=phase.steps[name].title, first=days.first if days else None, last=days.last if days else None
    )


def _duties(bound: Bound, names: tuple[str, ...]) -> tuple[DutyLine, ...]:
    return tuple(_duty(bound, bound.level.duties[name]) for name in names)


def _duty(bound: Bound, duty: Duty) -> DutyLine:
    days = bound.due_days(duty)
    return DutyLine(
        name=duty.name,
        title=duty.title,
        kind=duty.kind,
        step=duty.step,
        who=(duty.each,) if duty.each else duty.by,
        term=bound.term(duty, days[0] if days else None, bound.opening(duty)),
        periods=len(days) if every_of(duty) is not None else 0,
        last=days[-1] if days else None,
        note="" if days else _undated(duty),
        clause=duty.clause,
        line=str(duty.span),
    )


def _undated(duty: Duty) -> str:
    every = getattr(duty.spec, "every", None)
    return str(duty.due or every or "no due day")
