"""What a rule finds, and what a rule may look at.

A `Finding` is a problem with an address in the policy, so that it can be accepted by name (`accepted`); a `View` is a
plan with its dates bound to a start. Rules are pure functions from a view to findings; they stand in rooms by theme,
and the table of all of them in `lint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

import attrs

from phaseflow.core.calendars import bind as bind_day
from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.errors import PolicyError, Problem, Severity, Span
from phaseflow.reports.calendar import Bound, bind
from phaseflow.spec.phrases import LengthPhrase, WindowPhrase
from phaseflow.spec.register import Register
from phaseflow.spec.shape import Shape

LEAP_YEAR = 2000
"""Stands in where no year is known: every day that can be written exists in it, and no weekday of it is told."""


@attrs.frozen(kw_only=True)
class Finding:
    """One finding: *at* is the address of the thing in the policy, such as ``duties.kickoff``."""

    at: str
    problem: Problem


@attrs.frozen(kw_only=True)
class View:
    """A plan as rules look at it.

    *bounds* holds the levels whose dates could be bound to *start*; *dated* says that the year is known, so that days
    of the week mean something. *register* is the register of clauses, where there is one at hand.
    """

    plan: Plan
    start: date
    dated: bool
    bounds: Mapping[str, Bound]
    register: Register | None = None

    @property
    def levels(self) -> Iterable[LevelPlan]:
        """Every level of the plan."""
        return self.plan.levels.values()

    def duties(self) -> Iterator[Duty]:
        """Every duty of every level."""
        for level in self.levels:
            yield from level.duties.values()


Rule = Callable[[View], Iterator[Finding]]


def view(plan: Plan, start: date | None = None, register: Register | None = None) -> View:
    """Look at a plan, with its dates bound to *start*, or to the first written day in the policy's own year.

    Raises:
        PolicyError: A written day does not exist in its year (PF160), where *start* was given.
    """
    first, written = (start, True) if start is not None else _first_day(plan)
    bounds = {}
    for name in plan.levels:
        try:
            bounds[name] = bind(plan, first, name)
        except PolicyError:
            if start is not None:
                raise
    return View(
        plan=plan, start=first, dated=written or plan.policy.year is not None, bounds=bounds,
        register=register,
    )  # fmt: skip


def _first_day(plan: Plan) -> tuple[date, bool]:
    """The first day that the campaign, or the first phase with a date, names, and whether its year is written."""
    base = date(plan.policy.year or LEAP_YEAR, 1, 1)
    windows = [plan.policy.window, *(phase.window for phase in plan.policy.phases.values())]
    for window in windows:
        day = window.first.day if window is not None and window.first is not None else None
        if day is not None:
            return bind_day(day, base).first, day.year is not None
    return base, False


def found(
    code: str, at: str, what: str, span: Span, *, why: str, fix: str, clause: Iterable[str] = (),
    severity: Severity = "warning",
) -> Finding:  # fmt: skip
    """A finding in four parts."""
    problem = Problem(code=code, what=what, span=span, why=why, fix=fix, severity=severity, clause=", ".join(clause))
    return Finding(at=at, problem=problem)


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind) if field.eq)


def parts_of(shape: Shape) -> Iterator[tuple[str, object]]:
    """(attribute, value) of everything that is written in a spec."""
    kind: Any = type(shape)
    for name in _names_of(kind):
        value = getattr(shape, name)
        if value is not None and value != ():
            yield name, value


def days_of(length: LengthPhrase) -> int:
    """About how many days a length has: for telling what cannot fit, never for a due day. Hours count as none."""
    unit = {"hour": 0, "day": 1, "business_day": 1, "week": 7, "month": 30}[length.unit]
    return length.count * unit


def days_in(window: WindowPhrase) -> int | None:
    """How many days a window that is a length has; None where it has dates, or none, or is counted in hours."""
    return days_of(window.length) if window.length is not None and window.length.unit != "hour" else None
