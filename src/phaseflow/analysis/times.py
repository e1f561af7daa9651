"""Rules about time: what never rings, what cannot fit, and which days nobody has said.

What depends on the days of one start (overlaps, gaps, due days outside their window) is in `phaseflow.reports.oddities`
and told by `lint` too.

Codes: PF811 a ladder without a due day, PF812 a reminder longer than the time there is, PF813 recording ends before
the grace, PF814 a route longer than its window, PF815 a phase outside the campaign, PF816 business days without a
calendar, PF817 a period that never comes, PF818 a poll that outlasts its phase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from phaseflow.analysis.findings import Finding, View, days_in, days_of, found, parts_of
from phaseflow.core.calendars import periods
from phaseflow.core.plan.model import CAMPAIGN, Duty, Phase
from phaseflow.errors import Problem, Span
from phaseflow.reports.calendar import Bound, every_of
from phaseflow.reports.oddities import oddities
from phaseflow.spec import duties as specs
from phaseflow.spec.phrases import LengthPhrase
from phaseflow.spec.shape import Shape

NOTES = {"PF720": "note", "PF721": "note", "PF727": "note", "PF728": "note"}
"""Oddities that documents often mean."""

OF_WEEKDAYS = {"PF725", "PF727", "PF728"}
"""Oddities that depend on days of the week or on published days off, so on the year."""


def oddities_of_the_calendar(view: View) -> Iterator[Finding]:
    """What is odd about the days of this start."""
    for name, bound in view.bounds.items():
        for problem in oddities(bound):
            if view.dated or problem.code not in OF_WEEKDAYS:
                yield Finding(at=f"calendar.{_subject(problem) or name}", problem=_graded(problem))


def _subject(problem: Problem) -> str:
    """The first name that a problem speaks of."""
    quoted = problem.what.split("'")
    return quoted[1] if len(quoted) > 2 else ""


def _graded(problem: Problem) -> Problem:
    return attrs.evolve(problem, severity="note") if problem.code in NOTES else problem


# --- what never rings -------------------------------------------------------------------------------------------------


def rings_never(view: View) -> Iterator[Finding]:
    """Reminders, ladders, a grace or a lock that are written where nothing is ever due."""
    for duty in view.duties():
        if _never_due(duty):
            for key in ("remind", "overdue", "grace", "lock"):
                if getattr(duty.spec, key):
                    yield _never(f"duties.{duty.name}", f"'{duty.name}'", key, duty.spec.span_of(key), duty.clause)
    for level in view.levels:
        for phase in level.phases.values():
            for key in ("remind", "overdue"):
                if phase.window.kind == "none" and getattr(phase.spec, key):
                    yield _never(f"phases.{phase.name}", f"'{phase.name}'", key, phase.spec.span_of(key), phase.clause)


def _never_due(duty: Duty) -> bool:
    every = getattr(duty.spec, "every", None)
    return (duty.due is None or duty.due.undated) and (every is None or every == "regularly")


def _never(at: str, of: str, key: str, span: Span, clause: tuple[str, ...]) -> Finding:
    return found(
        "PF811", at, f"the `{key}` of {of} counts from a due day, and there is none", span, clause=clause,
        why="without a due day nothing is ever late, so this never happens",
        fix="give it a due day or a window, or delete this line",
    )  # fmt: skip


# --- what cannot fit --------------------------------------------------------------------------------------------------


def reminder_too_long(view: View) -> Iterator[Finding]:
    """A reminder that would come before the time it belongs to begins."""
    for name, bound in view.bounds.items():
        for phase in bound.level.phases.values():
            there = _days_of_phase(bound, phase)
            spec, at = _written(view, name, phase)
            yield from _too_long(
                phase.remind, there, at, f"'{phase.name}'", spec.span_of("remind"), phase.clause,
            )  # fmt: skip
    for level in view.levels:
        for duty in level.duties.values():
            yield from _too_long(
                duty.spec.remind, _days_until_due(duty), f"duties.{duty.name}", f"'{duty.name}'",
                duty.spec.span_of("remind"), duty.clause,
            )  # fmt: skip
        for ledger in level.ledgers.values():
            for kind, rule in ledger.spec.classes.items():
                within = None if rule.within == "none" or rule.within.unit == "hour" else days_of(rule.within)
                yield from _too_long(
                    rule.remind, within, f"ledgers.{ledger.name}.classes.{kind}", f"'{kind}' of '{ledger.name}'",
                    rule.span_of("remind"), rule.clause or ledger.clause,
                )  # fmt: skip


def _days_of_phase(bound: Bound, phase: Phase) -> int | None:
    days = bound.windows.get(phase.name)
    if days is None or days.first is None or days.last is None:
        return days_in(phase.window)
    return (days.last - days.first).days + 1


def _written(view: View, level: str, phase: Phase) -> tuple[Shape, str]:
    """Where the reminders of a phase are written, and its address."""
    own = view.plan.policy.programme.phases.get(phase.name) if view.plan.policy.programme else None  # type: ignore[call-overload]
    if level == "programme" and own is not None and own.remind:
        return own, f"programme.phases.{phase.name}"
    if phase.spec.remind:
        return phase.spec, f"phases.{phase.name}"
    return view.plan.policy.defaults.phase, "defaults.phase"


def _days_until_due(duty: Duty) -> int | None:
    """The days between the opening of a window and a duty that is due a length after it."""
    due = duty.due
    if due is None or due.anchor is None or due.offset is None or due.direction != "after":
        return None
    begins = due.anchor.name == "window" and due.anchor.edge in ("start", "begins")
    return days_of(due.offset) + 1 if begins and due.offset.unit != "hour" else None


def _too_long(
    remind: tuple[LengthPhrase, ...], there: int | None, at: str, of: str, span: Span, clause: tuple[str, ...]
) -> Iterator[Finding]:
    late = [length for length in remind if there is not None and days_of(length) >= there]
    if late:
        yield found(
            "PF812", at, f"{of} lasts {there} days, and a reminder is set {late[0]} before its end", span,
            clause=clause,
            why="no reminder is earlier than the beginning of what it belongs to, so it is never sent",
            fix="shorten the reminder",
        )  # fmt: skip


def lock_before_grace(view: View) -> Iterator[Finding]:
    """Recording ends before the grace does, so that the grace is worth nothing."""
    for duty in view.duties():
        if duty.lock is not None and duty.grace is not None and days_of(duty.lock) < days_of(duty.grace):
            yield found(
                "PF813", f"duties.{duty.name}",
                f"recording of '{duty.name}' ends {duty.lock} after the due day, and its grace only after {duty.grace}",
                duty.spec.span_of("lock"), clause=duty.clause,
                why="what cannot be recorded any more cannot count as in time", fix="lengthen the lock",
            )  # fmt: skip


def route_too_long(view: View) -> Iterator[Finding]:
    """The steps of a route may take longer than there is from the opening of its duty to its due day."""
    for bound in view.bounds.values():
        for duty in bound.level.duties.values():
            needed = sum(days_of(step.spec.within) for step in duty.route if step.spec.within is not None)
            days, opening = bound.due_days(duty), bound.opening(duty)
            if not needed or not days or (duty.phase == CAMPAIGN and duty.spec.from_ is None):
                continue
            there = (days[0] - bound.calendar.day_of(opening)).days + 1
            if duty.spec.from_ is None and needed > there:
                yield found(
                    "PF814", f"duties.{duty.name}.route",
                    f"the steps of '{duty.name}' may take {needed} days, and there are {there} until it is due",
                    duty.spec.span_of("route"), clause=duty.clause,
                    why="if everybody takes the time they are given, the document is late",
                    fix="shorten a `within`, or move the due day",
                )  # fmt: skip


def phase_outside_campaign(view: View) -> Iterator[Finding]:
    """A phase with days outside the window of the whole campaign."""
    window = view.plan.policy.window
    for bound in view.bounds.values() if window is not None else ():
        whole = bound.windows["campaign"]
        for phase in bound.level.phases.values():
            days = bound.windows.get(phase.name)
            if days is None or days.last is None or whole.last is None or days.last <= whole.last:
                continue
            yield found(
                "PF815", f"phases.{phase.name}",
                f"'{phase.name}' ends on {days.last}, after the campaign on {whole.last}",
                phase.spec.span_of("window"), clause=phase.clause,
                why="the campaign's own window is the frame of its phases", fix="change one of the two windows",
            )  # fmt: skip


def period_never_comes(view: View) -> Iterator[Finding]:
    """A quota of every month in a window of two weeks, where a part of a month owes nothing."""
    for bound in view.bounds.values():
        for duty in bound.level.duties.values():
            every, window = every_of(duty), bound.window_of(duty)
            waived = isinstance(duty.spec, specs.QuotaDuty) and duty.spec.partial_period == "waive"
            if every is None or not waived or window.first is None or window.last is None:
                continue
            if not any(period.whole for period in periods(every, window.first, window.last)):
                yield found(
                    "PF817", f"duties.{duty.name}",
                    f"'{duty.name}' is owed every {every}, and {window.first} .. {window.last} has no whole one",
                    duty.spec.span_of("every"), severity="error", clause=duty.clause,
                    why="with `partial_period: waive` a period cut short owes nothing, so nobody ever owes anything",
                    fix="write `partial_period: prorate`, or a shorter period",
                )  # fmt: skip


def poll_outlasts_phase(view: View) -> Iterator[Finding]:
    """A poll that is open for longer than its phase is."""
    for bound in view.bounds.values():
        for duty in bound.level.duties.values():
            phase = bound.level.phases.get(duty.phase)
            open_for = duty.spec.open_for if isinstance(duty.spec, specs.PollDuty) else None
            there = _days_of_phase(bound, phase) if phase is not None else None
            if open_for is not None and there is not None and days_of(open_for) > there:
                yield found(
                    "PF818", f"duties.{duty.name}",
                    f"'{duty.name}' is open for {open_for}, and '{duty.phase}' lasts {there} days",
                    duty.spec.span_of("open_for"), clause=duty.clause,
                    why="the poll still runs when its phase is over", fix="shorten `open_for`, or widen the window",
                )  # fmt: skip


# --- days of business -------------------------------------------------------------------------------------------------


def business_days_without_calendar(view: View) -> Iterator[Finding]:
    """Business days are counted, and the policy names no days off but weekends."""
    calendar = view.plan.policy.calendar
    if calendar.country is not None or calendar.closed or calendar.extra:
        return
    first = next(_business(view.plan.policy), None)
    if first is not None:
        yield found(
            "PF816", "calendar", f"'{first}' counts business days, and no country or day off is named", first.span,
            why="every public holiday then counts as a working day",
            fix="add `calendar: {country: …}`, or `closed: […]`",
        )  # fmt: skip


def _business(value: object) -> Iterator[LengthPhrase]:
    """Every length in business days, wherever it stands."""
    if isinstance(value, LengthPhrase):
        if value.unit == "business_day":
            yield value
    elif isinstance(value, Shape):
        for _key, part in parts_of(value):
            yield from _business(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _business(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _business(part)
    else:
        for name in ("offset", "length", "first", "last"):  # phrases that hold a length
            inner = getattr(value, name, None)
            if inner is not None and not isinstance(value, str | bytes):
                yield from _business(inner)
