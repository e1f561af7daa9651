"""From phrases to instants: windows, due days, ladders. What is found here goes into an event and is never found again.

A due day counts to its end: the instant is the beginning of the next day in the run's zone. No reminder and no
escalation is set before the opening of the visit it belongs to (R8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import attrs

from phaseflow.core.calendars import Calendar, bind
from phaseflow.core.plan.model import Duty, LevelPlan, Phase
from phaseflow.messages.events import Days, Rung, Term
from phaseflow.spec.phrases import LengthPhrase, MomentPhrase, WindowPhrase

Anchors = Mapping[tuple[str, str], date]
"""(name, edge) to a day that is known."""


def bind_windows(level: LevelPlan, calendar: Calendar, start: date, whole: WindowPhrase | None) -> dict[str, Days]:
    """Resolve every dated window of a level once, at the start of a run (R30); what has no date yet is left out.

    The keys are ``campaign``, phase names, and ``phase/step``.
    """
    found: dict[str, Days] = {"campaign": Days(first=start, last=None)}
    if whole is not None and (days := written(whole, calendar, start, {})):
        found["campaign"] = attrs.evolve(days, first=start if days.about else min(start, days.first or start))
    for phase in level.phases.values():
        known = {("campaign", "start"): start, **anchors_of(found)}
        days = written(phase.window, calendar, start, known)
        if days is None:
            continue
        found[phase.name] = days
        for step in phase.steps.values():
            inner = written(step.window, calendar, days.first or start, {**known, **anchors_of(found)})
            if inner is not None:
                found[f"{phase.name}/{step.name}"] = inner
    return found


def anchors_of(windows: Mapping[str, Days]) -> dict[tuple[str, str], date]:
    """The planned edges of windows, as anchors; a step answers to its own name."""
    found: dict[tuple[str, str], date] = {}
    for path, days in windows.items():
        name = path.rsplit("/", 1)[-1]
        if days.first is not None:
            found[name, "start"] = found[name, "begins"] = days.first
        if days.last is not None:
            found[name, "end"] = found[name, "ends"] = days.last
    return found


def written(window: WindowPhrase, calendar: Calendar, not_before: date, anchors: Anchors) -> Days | None:
    """A window with two edges as days; None where it has none, or hangs on something that has not happened."""
    if window.first is None or window.last is None:
        return None
    first = day_of_moment(window.first, calendar, not_before, anchors, first=True)
    if first is None:
        return None
    last = day_of_moment(window.last, calendar, first, anchors, first=False)
    return Days(first=first, last=last, about=window.first.about or window.last.about)


def day_of_moment(
    moment: MomentPhrase, calendar: Calendar, not_before: date, anchors: Anchors, *, first: bool = False
) -> date | None:
    """The day a moment names; of a stretch (a month) its first day with *first*, else its last."""
    if moment.day is not None:
        found = bind(moment.day, not_before)
        return found.first if first else found.last
    if moment.anchor is None or moment.undated:
        return None
    day = anchors.get((moment.anchor.name, moment.anchor.edge))
    if day is None or moment.offset is None:
        return day
    return shift(day, moment.offset, calendar, -1 if moment.direction == "before" else 1)


def shift(day: date, length: LengthPhrase, calendar: Calendar, sign: int) -> date:
    """Move a day by a length; hours are for instants and leave a day as it is."""
    return day if length.unit == "hour" else calendar.shift(day, length, 1 if sign > 0 else -1)


def from_opening(window: WindowPhrase, calendar: Calendar, opened: date) -> Days:
    """A window that is a length from its opening day; open at the end where it is no length."""
    if window.length is None:
        return Days(first=opened, last=None)
    found = calendar.window(opened, window.length)
    return Days(first=found.first, last=found.last)


def instant_after(instant: datetime, length: LengthPhrase, calendar: Calendar, sign: int = 1) -> datetime:
    """Move an instant by a length, keeping the wall clock for days and longer."""
    return calendar.shift_instant(instant, length, 1 if sign > 0 else -1)


def term(
    day: date | None,
    calendar: Calendar,
    not_before: datetime,
    *,
    grace: LengthPhrase | None = None,
    lock: LengthPhrase | None = None,
    remind: Iterable[LengthPhrase] = (),
    overdue: Mapping[str, LengthPhrase] | None = None,
    about: bool = False,
) -> Term:
    """All instants of an obligation that is due on *day* (included).

    An approximate day (*about*) reminds and is never missed: it has no due instant, no lock and no escalation (R40).

    A rung before *not_before* (the opening of the visit) is left out; if the due instant itself is past then, the
    whole ladder is, and the one event of a born overdue stands for it (R9).
    """
    if day is None:
        return Term()
    if about:
        grace, lock, overdue = None, None, {}
    due = calendar.shuts(day)
    rungs = [Rung(at=calendar.opens(shift(day, before, calendar, -1)), kind="remind") if before.unit != "hour"
             else Rung(at=instant_after(due, before, calendar, -1), kind="remind") for before in remind]  # fmt: skip
    rungs += [
        Rung(at=instant_after(due, after, calendar), kind="escalate", role=str(role))
        for role, after in (overdue or {}).items()
    ]
    lengths = [length for length in (grace, lock, *remind, *(overdue or {}).values()) if length is not None]
    business = any(length.unit == "business_day" for length in lengths)
    return Term(
        day=day, due=None if about else due,
        grace=instant_after(due, grace, calendar) if grace is not None else None,
        lock=instant_after(due, lock, calendar) if lock is not None else None,
        ladder=ladder(rungs, not_before) if due > not_before else (),
        provisional=business and calendar.provisional(day),
    )  # fmt: skip


def ladder(rungs: Iterable[Rung], not_before: datetime) -> tuple[Rung, ...]:
    """Rungs in the order of their instants, without those before the opening."""
    kept = (rung for rung in rungs if rung.at >= not_before)
    return tuple(sorted(kept, key=lambda rung: (rung.at, rung.kind == "escalate", rung.role)))


def due_day(
    duty: Duty, phase: Phase | None, visit: int, window: Days, steps: Mapping[str, Days], calendar: Calendar,
    start: date, anchors: Anchors,
) -> date | None:  # fmt: skip
    """The due day of a duty in one visit, or None: undated, or hanging on what has not happened.

    A day written in the policy binds the first visit only (R8).
    """
    due = duty.due
    if due is None:
        return None
    if due.day is not None and visit > 1:
        return None
    own = steps.get(duty.step, window) if duty.step else window
    known = dict(anchors)
    for edge, day in (("start", own.first), ("end", own.last)):
        if day is not None:
            known["window", edge] = day
        else:
            known.pop(("window", edge), None)
    if phase is not None and visit > 1:  # a later visit's own edges, never those of the first
        known = {key: day for key, day in known.items() if key[0] not in (phase.name, *phase.steps)}
        if window.last is not None:
            known[phase.name, "end"] = window.last
    return day_of_moment(due, calendar, start, known)


def is_about(duty: Duty, phase: Phase | None, window: Days, steps: Mapping[str, Days]) -> bool:
    """Whether a duty's due day, or its amount, is only approximate, so that nothing can be missed by it (R40)."""
    due = duty.due
    if due is None:
        return False
    own = steps.get(duty.step, window) if duty.step else window
    name = due.anchor.name if due.anchor is not None else ""
    edges = {"window": own, duty.step: own, phase.name if phase is not None else "campaign": window}
    return due.about or duty.approximate or (bool(name) and name in edges and edges[name].about)
