"""Opening duties with their instants, and dating those that wait for an anchor. Nothing done in one is recorded here.

A duty is opened by its visit, by its own beginning (R40), by a band or a make-up (R32), or by the unit itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from phaseflow.core import deadlines
from phaseflow.core.calendars import Period, periods
from phaseflow.core.decide import documents, owing
from phaseflow.core.decide.people import known, require
from phaseflow.core.decide.step import Step, refuse, refuse_all
from phaseflow.core.plan.model import Duty, Phase
from phaseflow.core.state.duties import duty_of
from phaseflow.core.state.rows import CAMPAIGN, DutyState
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.messages import events as e
from phaseflow.messages.events import Days, Term
from phaseflow.spec import duties as specs


def open_all(
    step: Step, phase: Phase | None, visit: int, window: Days, steps: Mapping[str, Days], names: Iterable[str]
) -> None:
    """Open the duties of a visit (or, without a phase, those of the whole campaign)."""
    for name in names:
        duty = step.level.duties[name]
        if not duty.concerns(step.head.kind):
            continue
        if duty.spec.opens == "with phase" and not (visit == 1 and _has_own_beginning(step, duty)):
            open_one(step, step.level.duties[name], phase, visit, window, steps)


def _has_own_beginning(step: Step, duty: Duty) -> bool:
    """Whether a duty was begun before its phase, or is to begin later than it, by its `from:`."""
    if duty.spec.from_ is None or duty.phase == CAMPAIGN:
        return False
    day = deadlines.day_of_moment(duty.spec.from_, step.calendar, step.head.start, anchors(step), first=True)
    return step.get(f"latest/{duty.name}") is not None or (day is not None and day > step.day)


def schedule(step: Step) -> None:
    """At the start: duties that may be begun before their phase opens get a timer of their own (R40)."""
    for duty in step.level.duties.values():
        if duty.phase == CAMPAIGN or duty.spec.from_ is None or not duty.concerns(step.head.kind):
            continue
        day = deadlines.day_of_moment(duty.spec.from_, step.calendar, step.head.start, anchors(step), first=True)
        if day is not None:
            step.emit(e.DutyScheduled(name=duty.name, opens=step.calendar.opens(day)))


def begin_early(step: Step, name: str) -> None:
    """Open a duty before its phase, with the planned window of that phase; nothing happens if it is open already."""
    duty = step.level.duties[name]
    if step.get(f"latest/{name}") is not None:
        return
    phase = step.level.phases[duty.phase]
    window: Days = step.get(f"window/{phase.name}") or Days(first=None, last=None)
    steps = {key: days for key in phase.steps if (days := step.get(f"window/{phase.name}/{key}")) is not None}
    open_one(step, duty, phase, 1, window, steps)


def open_one(
    step: Step, duty: Duty, phase: Phase | None, visit: int, window: Days, steps: Mapping[str, Days],
    makes_up: str = "", floor: date | None = None,
) -> None:  # fmt: skip
    """Open one duty: one instance, or one for every period of its window; due no earlier than *floor*, if given."""
    base = f"{duty.phase}/{visit}/{duty.name}"
    every = getattr(duty.spec, "every", None)
    if every is None or every == "regularly":
        known = anchors(step) if duty.due is not None and duty.due.anchor is not None else {}
        day = deadlines.due_day(duty, phase, visit, window, steps, step.calendar, step.head.start, known)
        if day is not None and floor is not None:
            day = max(day, floor)
        about = deadlines.is_about(duty, phase, window, steps)
        _open(step, duty, base, term_of(step, duty, day, about=about), duty.amount, None, makes_up)
        return
    own = steps.get(duty.step, window) if duty.step else window
    if own.first is None or own.last is None:
        _open(step, duty, base, Term(), duty.amount, None, makes_up)
        return
    for period in periods(every, own.first, own.last):
        owed = _period_amount(duty, period)
        if owed == 0:
            continue
        days = Days(first=period.first, last=period.last)
        _open(
            step,
            duty,
            f"{base}/{period.index:03d}",
            term_of(step, duty, period.last, about=duty.approximate),
            owed,
            days,
            makes_up,
        )


def _period_amount(duty: Duty, period: Period) -> Fraction | None:
    amount = duty.amount
    rule = getattr(duty.spec, "partial_period", None)
    if period.whole or amount is None or rule == "full":
        return amount
    return Fraction(0) if rule == "waive" else amount * period.share


def _open(
    step: Step, duty: Duty, key: str, term: Term, amount: Fraction | None, period: Days | None, makes_up: str
) -> None:
    unit = duty.spec.quota.unit if isinstance(duty.spec, specs.QuotaDuty) else ""
    step.emit(e.DutyOpened(
        key=key, name=duty.name, owed=subjects_count(step, duty), term=term, amount=amount, unit=unit, period=period,
        makes_up=makes_up,
    ))  # fmt: skip
    owing.leave_to_tiers(step, duty, key)
    documents.begin(step, duty, key)
    due = term.grace or term.due
    if due is not None and due <= step.at:
        state = duty_of(step.rows, key)
        if state.outstanding > 0:
            step.emit(e.DutyFellDue(key=key, outstanding=state.outstanding, born=True))


def subjects_count(step: Step, duty: Duty) -> int:
    """How many owe a duty now: one for the run, the holders of a role, or the bodies of a kind."""
    return 1 if duty.subjects == "run" else int(step.get(f"count/{duty.each}") or 0)


def term_of(step: Step, duty: Duty, day: date | None, *, about: bool = False) -> Term:
    """The instants of a duty that is due on *day*."""
    return deadlines.term(
        day,
        step.calendar,
        step.at,
        grace=duty.grace,
        lock=duty.lock,
        remind=duty.remind,
        overdue=duty.overdue,
        about=about,
    )


def open_single(step: Step, name: str, because: str) -> None:
    """Owe one duty (again), because a band or a make-up asks for it; the new one is linked to the one before.

    It is due as the policy says where that hangs on something that happened, such as the rating that asks for it; owed
    again, only on what happened on this day. Days that are written, and planned edges, bind no such duty (R8).
    """
    duty = step.level.duties[name]
    if not duty.concerns(step.head.kind):
        return
    before = step.get(f"latest/{name}") or ""
    number = 1 + sum(1 for _ in step.rows.scan(f"duty/{duty.phase}/made_up/{name}"))
    key = f"{duty.phase}/made_up/{name}" if number == 1 else f"{duty.phase}/made_up/{name}_{number}"
    term = term_of(step, duty, _due_by_happening(step, duty, again=bool(before)))
    _open(step, duty, key, term, duty.amount, None, before or because)


def _due_by_happening(step: Step, duty: Duty, *, again: bool) -> date | None:
    """The due day of a duty that hangs on what has happened; None where it does not, or has not happened yet."""
    due = duty.due
    if due is None or due.anchor is None or due.undated or due.anchor.edge in ("start", "end"):
        return None
    known = anchors(step)
    if again and known.get((due.anchor.name, due.anchor.edge)) != step.day:
        return None
    return deadlines.day_of_moment(due, step.calendar, step.head.start, known)


def anchors(step: Step) -> dict[tuple[str, str], date]:
    """Every anchor whose day is known: planned edges of windows, and what has happened."""
    found = deadlines.anchors_of({key.removeprefix("window/"): days for key, days in step.rows.scan("window/")})
    found["campaign", "start"] = step.head.start
    for rows in (step.around.up, step.rows):
        if rows is not None:
            for key, day in rows.scan("happened/"):
                _, name, edge = key.split("/")
                found[name, edge] = day
    return found


def happened(step: Step, name: str, edge: str) -> None:
    """Something that a due day may hang on has happened: date the duties that waited for it."""
    for duty in step.level.duties.values():
        due = duty.due
        if due is None or due.anchor is None or due.undated or (due.anchor.name, due.anchor.edge) != (name, edge):
            continue
        key = step.get(f"latest/{duty.name}")
        state: DutyState | None = step.get(f"duty/{key}") if key else None
        if state is None or state.term.day is not None or state.period is not None:
            continue
        day = deadlines.day_of_moment(due, step.calendar, step.head.start, anchors(step))
        if day is not None:
            step.emit(e.DutyDated(key=state.key, term=term_of(step, duty, day)))


def add_action(step: Step, command: c.AddAction) -> None:
    phase = step.level.phases.get(command.phase)
    if phase is None:
        refuse(
            "unknown",
            "PF347",
            f"there is no phase '{command.phase}'",
            why="an action belongs to a phase",
            fix=did_you_mean(command.phase, step.level.phases),
        )
    if not phase.own_actions:
        refuse(
            "illegal",
            "PF348",
            f"'{command.phase}' takes no actions of one's own",
            span=phase.span,
            why="the policy does not offer them",
            fix="add `own_actions: true` to the phase",
            clause=phase.clause,
        )
    visit = next((name for name in step.head.open if name.rsplit("/", 1)[0] == command.phase), "")
    if not visit:
        refuse(
            "illegal",
            "PF332",
            f"'{command.phase}' is not open",
            span=phase.span,
            why="an action is added to an open phase",
            fix="wait until it opens",
        )
    if not known(step, step.actor.person):
        require(step, (), "add an action", span=phase.span)
    if step.get(f"duty/{visit}/own/{command.name}") is not None or command.name in step.level.duties:
        refuse(
            "illegal",
            "PF349",
            f"the name '{command.name}' is taken",
            why="a name stands once",
            fix="choose another name",
        )
    step.emit(e.ActionAdded(key=f"{visit}/own/{command.name}", title=command.title))


def order_make_up(step: Step, command: c.OrderMakeUp) -> None:
    """Judge duties one by one; those missing or poor are owed again as new duties (R32)."""
    spec = step.plan.policy.make_up
    if spec is None:
        refuse(
            "illegal",
            "PF350",
            "this policy knows no make-up",
            why="make-up is off unless the policy turns it on",
            fix="add `make_up:` to the policy",
        )
    require(step, map(str, spec.by), "order a make-up", span=spec.span_of("by"), clause=spec.clause)
    known_names = [
        name
        for name, duty in step.level.duties.items()
        if duty.kind != "poll" and (spec.of == "duties" or name in spec.of)
    ]
    problems = [
        Problem(
            code="PF330",
            what=f"there is no duty '{name}' to make up",
            why="only duties of this run are made up",
            fix=did_you_mean(name, known_names),
        )
        for name in command.judged
        if name not in known_names or step.get(f"latest/{name}") is None
    ]
    refuse_all("unknown", problems)
    orders = {name: step.get(f"latest/{name}") for name, found in sorted(command.judged.items()) if found != "present"}
    step.emit(e.MakeUpOrdered(judged=dict(command.judged), orders=orders))
    window = spec.window
    for name in orders:
        duty = step.level.duties[name]
        days = (
            deadlines.from_opening(window, step.calendar, step.day)
            if window is not None
            else Days(first=step.day, last=None)
        )
        number = sum(1 for _key, row in step.rows.scan(f"duty/{CAMPAIGN}/") if row.name == name and row.makes_up) + 1
        _open(
            step,
            duty,
            f"{CAMPAIGN}/1/{name}#{number}",
            term_of(step, duty, days.last),
            duty.amount,
            None,
            str(orders[name]),
        )
