"""What is odd about a calendar: advice for the author and the office, never an error.

Everything here can be meant: documents do let phases overlap and meetings fall on a Sunday. Each oddity points at the
line it comes from. Nothing here changes what a run does.

Codes: PF720 windows overlap, PF721 days in no window, PF722 a step outside its phase, PF723 due outside the window,
PF724 due before what it needs, PF725 a quota of days that does not fit, PF726 a reminder that never comes, PF727 due on
a day off, PF728 days off not yet published.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from phaseflow.core.conditions import reads
from phaseflow.core.plan.model import Duty, Phase
from phaseflow.core.state import CAMPAIGN
from phaseflow.errors import Problem, Span, sort_problems
from phaseflow.messages.events import Days
from phaseflow.reports.calendar import Bound, every_of
from phaseflow.spec import duties as specs

DAY = timedelta(days=1)


def oddities(bound: Bound) -> tuple[Problem, ...]:
    """Everything odd, sorted by position."""
    found = [*_overlaps(bound), *_gaps(bound), *_steps_outside(bound), *_unpublished(bound)]
    for duty in bound.level.duties.values():
        days = bound.due_days(duty)
        found += [*_outside(bound, duty, days), *_too_early(bound, duty, days), *_too_much(bound, duty)]
        found += [*_silent_reminders(bound, duty, days), *_days_off(bound, duty, days)]
    return sort_problems(found)


def _odd(code: str, what: str, span: Span, why: str, fix: str, clause: tuple[str, ...] = ()) -> Problem:
    return Problem(code=code, what=what, span=span, why=why, fix=fix, severity="warning", clause=", ".join(clause))


# --- windows ----------------------------------------------------------------------------------------------------------


def _placed(bound: Bound) -> list[tuple[date, date, Phase]]:
    """Phases with both edges, in the order of their days."""
    found = []
    for phase in bound.level.phases.values():
        days = bound.windows.get(phase.name)
        if days is not None and days.first is not None and days.last is not None:
            found.append((days.first, days.last, phase))
    return sorted(found, key=lambda placed: placed[:2])


def _overlaps(bound: Bound) -> Iterator[Problem]:
    """Overlap is derived from the windows, and reported (R37)."""
    placed = _placed(bound)
    for place, (first, _last, phase) in enumerate(placed):
        for _, ended, before in placed[:place]:
            if first <= ended:
                yield _odd(
                    "PF720",
                    f"'{phase.name}' begins on {first}, before '{before.name}' ends on {ended}",
                    phase.spec.span_of("window"),
                    why="both phases are open in between",
                    fix="leave it if the document means it; else change one of the windows",
                    clause=phase.clause,
                )


def _gaps(bound: Bound) -> Iterator[Problem]:
    reach: date | None = None
    for first, last, phase in _placed(bound):
        if reach is not None and first > reach + DAY:
            yield _odd(
                "PF721",
                f"no phase has the days from {reach + DAY} to {first - DAY}, before '{phase.name}'",
                phase.spec.span_of("window"),
                why="nothing is open then, unless the phase before is closed late",
                fix="leave it if the document means it; else change one of the windows",
                clause=phase.clause,
            )
        reach = last if reach is None else max(reach, last)


def _steps_outside(bound: Bound) -> Iterator[Problem]:
    for phase in bound.level.phases.values():
        whole = bound.windows.get(phase.name)
        for step in phase.steps.values():
            own = bound.windows.get(f"{phase.name}/{step.name}")
            if whole is not None and own is not None and not (_inside(own.first, whole) and _inside(own.last, whole)):
                yield _odd(
                    "PF722",
                    f"the step '{step.name}' ({_range(own)}) reaches beyond '{phase.name}' ({_range(whole)})",
                    step.span,
                    why="a step is a stretch of its phase, and its duties are closed with the phase",
                    fix="change the window of one of them",
                    clause=phase.clause,
                )


def _inside(day: date | None, window: Days) -> bool:
    return day is None or (
        (window.first is None or day >= window.first) and (window.last is None or day <= window.last)
    )


def _range(days: Days) -> str:
    return f"{days.first} .. {days.last or 'open'}"


# --- due days ---------------------------------------------------------------------------------------------------------


def _outside(bound: Bound, duty: Duty, days: tuple[date, ...]) -> Iterator[Problem]:
    window = bound.windows.get(duty.phase)
    if not days or window is None or _inside(days[0], window):
        return
    where = "the campaign" if duty.phase == CAMPAIGN else f"'{duty.phase}'"
    yield _odd(
        "PF723",
        f"'{duty.name}' is due on {days[0]}, outside {where} ({_range(window)})",
        duty.spec.span_of("due"),
        why="a duty is opened and closed with its phase"
        if duty.phase != CAMPAIGN
        else "the campaign does not run then",
        fix="change the due day, or move the duty",
        clause=duty.clause,
    )


def _too_early(bound: Bound, duty: Duty, days: tuple[date, ...]) -> Iterator[Problem]:
    """A due day before the due day, or the phase, of what must come first."""
    for name, span in _first(duty):
        before = bound.level.duties.get(name) or _above(bound, name)
        if before is None or not days:
            continue
        known = bound.due_days(before)
        starts = bound.windows.get(before.phase, Days(first=None, last=None)).first
        if known and known[0] > days[0]:
            yield _early(duty, f"'{name}', which it needs, is due only on {known[0]}", days[0], span)
        elif not known and starts is not None and before.phase != CAMPAIGN and starts > days[0]:
            yield _early(duty, f"'{name}', which it needs, can be done only from {starts}", days[0], span)


def _early(duty: Duty, what: str, day: date, span: Span) -> Problem:
    return _odd(
        "PF724",
        f"'{duty.name}' is due on {day}, and {what}",
        span,
        why="whoever is on time with the one cannot be on time with the other",
        fix="move one of the two days",
        clause=duty.clause,
    )


def _first(duty: Duty) -> Iterator[tuple[str, Span]]:
    """Names of the duties that must come before this one."""
    if duty.needs is not None:
        for read in sorted(reads(duty.needs), key=str):
            arguments = {name: str(const.value) for name, const in read.args}
            for key in ("duty", "document", "poll"):
                if key in arguments:
                    yield arguments[key], duty.spec.span_of("needs")
    if isinstance(duty.spec, specs.DocumentDuty):
        for path in duty.spec.based_on:
            yield str(path).rsplit(".", 1)[-1], duty.spec.span_of("based_on")


def _above(bound: Bound, name: str) -> Duty | None:
    programme = bound.plan.programme
    return programme.duties.get(name) if programme is not None else None


def _silent_reminders(bound: Bound, duty: Duty, days: tuple[date, ...]) -> Iterator[Problem]:
    """Reminders that would come before the phase opens are never sent (R8)."""
    if not days or not duty.remind:
        return
    opening = bound.opening(duty)
    every = bound.term(duty, days[0], datetime.min.replace(tzinfo=opening.tzinfo)).ladder
    kept = bound.term(duty, days[0], opening).ladder
    lost = [rung for rung in every if rung not in kept and rung.kind == "remind"]
    if lost:
        named = ", ".join(str(bound.calendar.day_of(rung.at)) for rung in lost)
        again = " in its first period" if every_of(duty) is not None else ""
        begins = bound.calendar.day_of(opening)
        yield _odd(
            "PF726",
            f"'{duty.name}' would be reminded of on {named}{again}, before '{duty.phase}' opens on {begins}",
            duty.spec.span_of("remind"),
            why="no reminder is earlier than the opening it belongs to, so it is never sent",
            fix="shorten the reminder, or move the due day",
            clause=duty.clause,
        )


def _days_off(bound: Bound, duty: Duty, days: tuple[date, ...]) -> Iterator[Problem]:
    """One line a duty, however often it comes."""
    about = duty.due is not None and duty.due.about
    off = [day for day in days if not bound.calendar.is_working(day)]
    if off and not about and every_of(duty) is None and _own_day(duty):
        name = bound.calendar.name_of(off[0]) or off[0].strftime("%A")
        yield _odd(
            "PF727",
            f"'{duty.name}' is due on {off[0]}, a day off ({name})",
            duty.spec.span_of("due"),
            why="nothing moves a due day by itself",
            fix="leave it if the document means it; else name the working day before",
            clause=duty.clause,
        )


def _own_day(duty: Duty) -> bool:
    """Whether the due day is written for this duty; an inherited window end would repeat one advice for every duty."""
    return duty.spec.due is not None


# --- amounts and the calendar itself ----------------------------------------------------------------------------------


def _too_much(bound: Bound, duty: Duty) -> Iterator[Problem]:
    """A quota of days against the days there are; only the unit ``days`` is known to be a day of the calendar."""
    if (
        not isinstance(duty.spec, specs.QuotaDuty)
        or duty.spec.quota.unit != "days"
        or duty.amount is None
        or every_of(duty) is not None
    ):
        return
    window = bound.window_of(duty)
    if window.first is None or window.last is None:
        return
    there = (window.last - window.first).days + 1
    working = len(bound.calendar.working_days(window.first, window.last))
    if duty.amount > working:
        rest = (
            f"only {there} days" if duty.amount > there else f"{there} days, of which only {working} are working days"
        )
        yield _odd(
            "PF725",
            f"'{duty.name}' asks for {duty.amount} days, and {_range(window)} has {rest}",
            duty.spec.span_of("quota"),
            why="it cannot be met in the window" if duty.amount > there else "it can be met only with days off",
            fix="lower the amount, or widen the window",
            clause=duty.clause,
        )


def _unpublished(bound: Bound) -> Iterator[Problem]:
    """Days off that no country has announced yet: what is counted in working days may still move (R18)."""
    known = bound.calendar.known_until
    if known is None:
        return
    late = [name for name, days in bound.windows.items() if days.last is not None and days.last > known]
    late += [name for name, duty in bound.level.duties.items() if any(day > known for day in bound.due_days(duty))]
    if late:
        shown = ", ".join(dict.fromkeys(late[:6])) + (", …" if len(late) > 6 else "")
        yield _odd(
            "PF728",
            f"days off are published up to {known}, and this lies after it: {shown}",
            bound.plan.policy.span_of("calendar"),
            why="business days counted there are provisional until the days off are known",
            fix="look again when they are published",
        )
