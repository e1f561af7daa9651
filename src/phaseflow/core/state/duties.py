"""How events about duties change the rows: counters, parts and timers."""

from __future__ import annotations

from fractions import Fraction

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.rows import Draft, DutyState, PartState, Timer, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term


def duty_of(rows: Draft, key: str) -> DutyState:
    """The row of a duty that is there."""
    state: DutyState = rows.get(f"duty/{key}")
    return state


def part_of(rows: Draft, key: str, subject: str) -> PartState:
    """What a subject has done towards a duty; an empty part where there is no row yet."""
    state: PartState | None = rows.get(f"part/{key}/{subject}")
    return state or PartState()


def _put(rows: Draft, key: str, subject: str, part: PartState) -> None:
    rows.put(f"part/{key}/{subject}", part)


def arm(rows: Draft, term: Term, key: str, subject: str = "", kind: str = "duty") -> tuple[str, ...]:
    """Set the timers of a term and give their keys. Only what has an instant gets a timer."""
    path = f"{kind}/{key}" + (f"/{subject}" if subject else "")
    timers: list[str] = []

    def put(rank: str, suffix: str, timer: Timer, at: object) -> None:
        name = timer_key(at, rank, path + suffix)  # type: ignore[arg-type]
        rows.put(name, timer)
        timers.append(name)

    due = term.grace or term.due
    if due is not None:
        put("due", "", Timer(kind=f"{kind}_due", key=key, subject=subject), due)
    if term.lock is not None:
        put("lock", "", Timer(kind=f"{kind}_lock", key=key, subject=subject), term.lock)
    for index, rung in enumerate(term.ladder):
        rank = "remind" if rung.kind == "remind" else "escalate"
        put(rank, f"#{index}", Timer(kind=f"{kind}_rung", key=key, subject=subject, index=index), rung.at)
    return tuple(timers)


def disarm(rows: Draft, timers: tuple[str, ...]) -> None:
    """Drop timers."""
    for key in timers:
        rows.drop(key)


def duty_opened(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyOpened) -> None:
    rows.put(f"duty/{event.key}", DutyState(
        key=event.key, name=event.name, opened=entry.at, owed=event.owed, term=event.term, amount=event.amount,
        unit=event.unit, period=event.period, makes_up=event.makes_up, timers=arm(rows, event.term, event.key),
    ))  # fmt: skip
    rows.put(f"latest/{event.name}", event.key)


def duty_dated(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyDated) -> None:
    state = duty_of(rows, event.key)
    disarm(rows, state.timers)
    rows.put(f"duty/{event.key}", attrs.evolve(state, term=event.term, timers=arm(rows, event.term, event.key)))


def duty_owed_by(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyOwedBy) -> None:
    state = duty_of(rows, event.key)
    rows.put(f"duty/{event.key}", attrs.evolve(state, owed=event.owed))
    if event.amount is not None and event.subject:
        _put(rows, event.key, event.subject, attrs.evolve(part_of(rows, event.key, event.subject), owes=event.amount))


def duty_reminded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.DutyReminded) -> None:
    """Its timer is gone; there is nothing else to keep."""


def duty_fell_due(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyFellDue) -> None:
    if event.subject:
        part = part_of(rows, event.key, event.subject)
        _put(rows, event.key, event.subject, attrs.evolve(part, fell_due=entry.seq))
    else:
        rows.put(f"duty/{event.key}", attrs.evolve(duty_of(rows, event.key), fell_due=entry.seq))


def duty_locked(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyLocked) -> None:
    if event.subject:
        part = part_of(rows, event.key, event.subject)
        _put(rows, event.key, event.subject, attrs.evolve(part, locked=True))
    else:
        rows.put(f"duty/{event.key}", attrs.evolve(duty_of(rows, event.key), locked=True))


def overdue_rescinded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.OverdueRescinded) -> None:
    """What was recorded stands in the trail; the rescinding event beside it is the correction (R2)."""


def amount_recorded(_plan: Plan, rows: Draft, _entry: Entry, event: e.AmountRecorded) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, attrs.evolve(part, amount=part.amount + event.amount))


def entry_checked(_plan: Plan, rows: Draft, _entry: Entry, event: e.EntryChecked) -> None:
    part = part_of(rows, event.key, event.subject)
    if event.entry not in part.entries:
        _put(rows, event.key, event.subject, attrs.evolve(part, entries=(*part.entries, event.entry)))


def task_reported(_plan: Plan, rows: Draft, _entry: Entry, event: e.TaskReported) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, attrs.evolve(part, reported=True))


def meeting_held(_plan: Plan, rows: Draft, _entry: Entry, event: e.MeetingHeld) -> None:
    _put(rows, event.key, "", attrs.evolve(part_of(rows, event.key, ""), reported=True))


def duty_confirmed(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyConfirmed) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, attrs.evolve(part, confirmed=True))


def duty_found_poor(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyFoundPoor) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, attrs.evolve(part, reported=False, confirmed=False, entries=(), amount=Fraction(0)))


def duty_done(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyDone) -> None:
    part = part_of(rows, event.key, event.subject)
    disarm(rows, part.timers)
    _put(rows, event.key, event.subject, attrs.evolve(part, done=True, timers=()))
    state = duty_of(rows, event.key)
    timers = state.timers
    if event.rest == 0:
        disarm(rows, timers)
        timers = ()
    rows.put(f"duty/{event.key}", attrs.evolve(state, done=state.done + 1, timers=timers))


def duty_undone(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyUndone) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, attrs.evolve(part, done=False))
    state = duty_of(rows, event.key)
    rows.put(f"duty/{event.key}", attrs.evolve(state, done=state.done - 1, timers=state.timers or arm(rows, state.term, event.key)))


def action_added(_plan: Plan, rows: Draft, entry: Entry, event: e.ActionAdded) -> None:
    name = event.key.rsplit("/", 1)[1]
    rows.put(f"duty/{event.key}", DutyState(key=event.key, name=name, opened=entry.at, owed=1, title=event.title))


def make_up_ordered(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.MakeUpOrdered) -> None:
    """The new duties have events of their own; the old ones keep their verdict (R32)."""


def event_voided(_plan: Plan, rows: Draft, _entry: Entry, event: e.EventVoided) -> None:
    if not event.key:
        return
    part = part_of(rows, event.key, event.subject)
    if event.amount is not None:
        part = attrs.evolve(part, amount=part.amount - event.amount)
    elif event.entry:
        part = attrs.evolve(part, entries=tuple(entry for entry in part.entries if entry != event.entry))
    else:
        part = attrs.evolve(part, reported=False, confirmed=False)
    _put(rows, event.key, event.subject, part)
