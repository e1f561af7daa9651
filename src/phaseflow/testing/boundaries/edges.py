"""Where a policy changes its answer, derived from the plan alone: one boundary for each value or instant to look at.

A threshold is looked at one below, at, and one above; a deadline one second before, at, and one second after; a quota
at one less and exactly. Beside these stand the days that calendars stumble over, and the groups that may be empty.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import attrs

from phaseflow.core.counting import label
from phaseflow.core.plan.model import Duty, LevelPlan, Plan
from phaseflow.errors import Span
from phaseflow.spec.duties import Bands, PollDuty, Quorum
from phaseflow.spec.phrases import DayPhrase, LengthPhrase, SharePhrase
from phaseflow.testing.boundaries import gates, limits
from phaseflow.testing.boundaries.model import SIDES, Boundary, Kind
from phaseflow.testing.coverage.goals import has_deadline


def boundaries(plan: Plan) -> tuple[Boundary, ...]:
    """Every boundary of a plan, each once, in the order of the policy."""
    found: dict[str, Boundary] = {}
    for level in plan.levels.values():
        for boundary in _of_level(level, plan):
            found.setdefault(boundary.key, boundary)
    for boundary in _days(plan):
        found.setdefault(boundary.key, boundary)
    return tuple(found.values())


def _of_level(level: LevelPlan, plan: Plan) -> Iterator[Boundary]:
    for duty in level.duties.values():
        yield from _duty(duty, level, plan)
        yield from limits.boundaries(duty, level)
    for move in level.moves.values():
        yield from gates.boundaries(move, level, plan)
    for ledger in level.ledgers.values():
        for name, kind in ledger.spec.classes.items():
            if kind.within == "none":
                continue
            for side in SIDES:
                yield Boundary(kind="item", level=level.name, subject=ledger.name, side=side, detail=str(name),
                               span=kind.span, clauses=tuple(map(str, kind.clause)) or ledger.clause)  # fmt: skip


def _duty(duty: Duty, level: LevelPlan, plan: Plan) -> Iterator[Boundary]:
    def boundary(kind: Kind, side: str = "", detail: str = "", value: Fraction | None = None,
                 span: Span = duty.span, clauses: tuple[str, ...] = duty.clause) -> Boundary:  # fmt: skip
        return Boundary(kind=kind, level=level.name, subject=duty.name, side=side, detail=detail, value=value,
                        span=span, clauses=clauses)  # fmt: skip

    if has_deadline(duty, level) and duty.kind != "poll":
        for side in SIDES:
            yield boundary("deadline", side, span=duty.spec.span_of("due"))
    if duty.amount is not None and not duty.approximate:
        if duty.amount > 1:
            yield boundary("quota", "-1", value=duty.amount)
        yield boundary("quota", "=", value=duty.amount)
    if duty.kind == "checklist" and len(duty.spec.items) > 1:  # type: ignore[union-attr]
        yield boundary("checklist", "-1")
    if duty.subjects == "role":
        yield boundary("empty", detail=f"nobody is {duty.each}")
    if isinstance(duty.spec, PollDuty):
        spec = duty.spec
        yield boundary("empty", detail="nobody answers")
        if spec.tie is not None:
            yield boundary("tie", span=spec.span_of("tie"))
        if isinstance(spec.quorum, Quorum):
            for side in ("-1", "="):
                yield boundary("quorum", side, span=spec.span_of("quorum"), value=_quorum(spec.quorum))
        for bands in (spec.bands, *(edge.bands for edge in spec.edges.values())):
            for bound, span, clauses in _bounds(bands, plan):
                for side in ("-1", "=", "+1"):
                    yield boundary("threshold", side, _percent(bound), bound, span, clauses or duty.clause)


def _quorum(quorum: Quorum) -> Fraction:
    return quorum.share.value if quorum.share is not None else Fraction(quorum.count or 0)


def _percent(value: Fraction) -> str:
    return f"{float(value * 100):g} %"


def _bounds(bands: Bands | None, plan: Plan) -> Iterator[tuple[Fraction, Span, tuple[str, ...]]]:
    """Each bound of some bands, with the band it stands in; a parameter gives each of its values."""
    for band in (*bands.exclusive, *bands.cumulative) if bands is not None else ():
        assert label(band)
        for bound in (band.below, band.at_least):
            values: list[Fraction] = []
            if isinstance(bound, SharePhrase):
                values = [bound.value]
            elif bound is not None and str(bound) in plan.parameters:
                values = [value for _, value in plan.parameters[str(bound)].values]
            for value in values:
                yield value, band.span, tuple(map(str, band.clause))


# --- days -------------------------------------------------------------------------------------------------------------


def _days(plan: Plan) -> Iterator[Boundary]:
    """Days on which calendars err, where the policy can meet them."""
    span = plan.policy.span_of("zone")
    if len(plan.calendar.offsets) > 1 and _changes_now(plan):
        for detail in ("the clock goes forward", "the clock goes back"):
            yield Boundary(kind="day", level="", subject="calendar", detail=detail, span=span)
    if any(length.unit == "month" for length, _ in lengths(plan)):
        for length, place in lengths(plan):
            if length.unit == "month":
                yield Boundary(kind="day", level="", subject="calendar", span=place,
                               detail=f"{length} from the end of a long month")  # fmt: skip
    if _meets_february(plan):
        yield Boundary(kind="day", level="", subject="calendar", detail="29 February", span=span)


def _changes_now(plan: Plan) -> bool:
    """Whether the zone changes its clock in the years the campaign is written for."""
    year = plan.policy.year
    return bool(changes(plan, year)) if year is not None else bool(changes(plan, 2026))


def changes(plan: Plan, year: int) -> list[tuple[date, bool]]:
    """Days of a year on which the clock changes, and whether it goes forward."""
    found = []
    day = date(year, 1, 1)
    while day.year == year:
        length = plan.calendar.shuts(day) - plan.calendar.opens(day)
        if length != timedelta(days=1):
            found.append((day, length < timedelta(days=1)))
        day += timedelta(days=1)
    return found


def lengths(plan: Plan) -> Iterator[tuple[LengthPhrase, Span]]:
    """Every length that a policy writes, with its place."""
    from phaseflow.analysis.citing import walk

    for _path, shape, _above in walk(plan.policy):
        for field in attrs.fields(type(shape)):  # type: ignore[arg-type]
            value = getattr(shape, field.name)
            for part in value if isinstance(value, tuple) else (value, getattr(value, "length", None),
                                                                getattr(value, "offset", None)):  # fmt: skip
                if isinstance(part, LengthPhrase):
                    yield part, part.span if part.span.line else shape.span


BEFORE_LEAP, LEAP = 2023, 2024
"""Where the policy leaves its year open, a window may begin in a leap year or in the one before."""


def _meets_february(plan: Plan) -> bool:
    """Whether a window that the policy writes can hold 29 February: in its own year, or in any where it has none."""
    for level in plan.levels.values():
        for phase in level.phases.values():
            first, last = phase.window.first, phase.window.last
            if first is None or last is None or first.day is None or last.day is None:
                continue
            own = first.day.year or plan.policy.year
            years = (own,) if own is not None else (BEFORE_LEAP, LEAP)
            if any(_holds_leap_day(first.day, last.day, year) for year in years):
                return True
    return False


def _holds_leap_day(first: DayPhrase, last: DayPhrase, year: int) -> bool:
    try:
        begins, ends = first.bounds(year)[0], last.bounds(last.year or year)[1]
        if ends < begins:
            ends = last.bounds(year + 1)[1]
    except ValueError:  # an edge that is 29 February itself, in a year that has none
        return False
    return any(isleap(one) and begins <= date(one, 2, 29) <= ends for one in (begins.year, ends.year))
