"""How events about duties change the rows: counters, parts and timers."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from fractions import Fraction
from typing import Any

from phaseflow.core.plan.model import Duty, Plan
from phaseflow.core.state.renewing import renew
from phaseflow.core.state.rows import Counted, Draft, DutyState, PartState, Rows, Timer, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term
from phaseflow.spec.duties import DutyBase
from phaseflow.spec.model import MakeUpSpec

NOTHING = PartState()
"""What a subject has done who has done nothing yet."""


def duty_of(rows: Draft, key: str) -> DutyState:
    """The row of a duty that is there."""
    state: DutyState = rows.get(f"duty/{key}")
    return state


def part_of(rows: Draft, key: str, subject: str) -> PartState:
    """What a subject has done towards a duty; an empty part where there is no row yet."""
    state: PartState | None = rows.get(f"part/{key}/{subject}")
    return state or NOTHING


def checking(plan: Plan, rule: Duty, state: DutyState | None) -> MakeUpSpec | DutyBase:
    """The rule whose ``checked_by`` says who confirms a duty: its own, or that of the make-up which ordered it."""
    make_up = plan.policy.make_up
    if state is not None and state.ordered and make_up is not None and make_up.checked_by:
        return make_up
    return rule.spec


def checkers_of(plan: Plan, rule: Duty, state: DutyState | None) -> tuple[str, ...]:
    """The roles that say a duty was done; none where it counts as soon as it is reported."""
    return tuple(map(str, checking(plan, rule, state).checked_by))


def records_of(rows: Rows, key: str, subject: str) -> list[Counted]:
    """What counts of all that a subject has recorded towards a duty, in the order of recording."""
    return [record for _key, record in rows.scan(f"record/{key}/{subject}/")]


def record_key(key: str, subject: str, seq: int) -> str:
    """The key of the row that an entry's record has while it counts."""
    return f"record/{key}/{subject}/{seq:08d}"


def _count(rows: Draft, key: str, subject: str, of: Entry, **what: Any) -> None:
    """Keep a record: whose work it is stands on its entry, who recorded it and for whom they acted."""
    by = (of.actor, of.on_behalf_of) if of.on_behalf_of else (of.actor,)
    rows.put(record_key(key, subject, of.seq), Counted(seq=of.seq, at=of.at, earliest=of.earliest, by=by, **what))


def _put(rows: Draft, key: str, subject: str, part: PartState) -> None:
    rows.put(f"part/{key}/{subject}", part)


def arm(
    rows: Draft, term: Term, key: str, subject: str = "", kind: str = "duty", *,
    after: datetime | None = None, only: Container[tuple[str, int]] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Set the timers of a term and give their keys. Only what has an instant gets a timer.

    Args:
        rows: Where the timers are put.
        term: The instants.
        key: What the timers are of; *subject* of whom, *kind* what sort of obligation it is.
        subject: Empty where the term is everybody's.
        kind: ``duty`` or ``item``.
        after: Leave out what is not after this instant, because its moment has been processed.
        only: Leave out what is not one of these (kind of timer, index).
    """
    path = f"{kind}/{key}" + (f"/{subject}" if subject else "")
    timers: list[str] = []

    def put(rank: str, timer: Timer, at: datetime | None) -> None:
        if at is None or (after is not None and at <= after):
            return
        if only is not None and (timer.kind, timer.index) not in only:
            return
        name = timer_key(at, rank, path + (f"#{timer.index}" if timer.kind.endswith("_rung") else ""))
        rows.put(name, timer)
        timers.append(name)

    put("due", Timer(kind=f"{kind}_due", key=key, subject=subject), term.grace or term.due)
    put("lock", Timer(kind=f"{kind}_lock", key=key, subject=subject), term.lock)
    for index, rung in enumerate(term.ladder):
        rank = "remind" if rung.kind == "remind" else "escalate"
        put(rank, Timer(kind=f"{kind}_rung", key=key, subject=subject, index=index), rung.at)
    return tuple(timers)


def rearm(rows: Draft, key: str, subject: str, after: datetime) -> None:
    """A subject owes a duty again: set what is still ahead of its own term, and of the duty's where nothing is set."""
    part = part_of(rows, key, subject)
    if subject and part.term is not None and not part.timers:
        _put(rows, key, subject, renew(part, timers=arm(rows, part.term, key, subject, after=after)))
    state = duty_of(rows, key)
    if not state.timers and state.outstanding > 0:
        rows.put(f"duty/{key}", renew(state, timers=arm(rows, state.term, key, after=after)))


def move_term(rows: Draft, row: str, term: Term) -> None:
    """A halted clock goes on: give a duty, or a subject with a term of its own, the term that it now has.

    Only timers that are still set are set anew; *row* is the key of the row, ``duty/…`` or ``part/…``.
    """
    owner: DutyState | PartState = rows.get(row)
    left = [timer for name in owner.timers if (timer := rows.get(name)) is not None]
    disarm(rows, owner.timers)
    timers: tuple[str, ...] = ()
    if left:
        only = {(timer.kind, timer.index) for timer in left}
        timers = arm(rows, term, left[0].key, left[0].subject, only=only)
    rows.put(row, renew(owner, term=term, timers=timers))


def disarm(rows: Draft, timers: tuple[str, ...]) -> None:
    """Drop timers."""
    for key in timers:
        rows.drop(key)


def duty_opened(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyOpened) -> None:
    rows.put(f"duty/{event.key}", DutyState(
        key=event.key, name=event.name, opened=entry.at, owed=event.owed, term=event.term, amount=event.amount,
        unit=event.unit, period=event.period, makes_up=event.makes_up,
        timers=arm(rows, _ahead(event.term, entry.at), event.key),
    ))  # fmt: skip
    rows.put(f"latest/{event.name}", event.key)


def _ahead(term: Term, at: datetime) -> Term:
    """A term without what was past when it began: one event says the duty was born overdue, and nothing fires (R9)."""
    due = term.grace or term.due
    if due is not None and due <= at:
        term = renew(term, due=None, grace=None, ladder=())
    return renew(term, lock=None) if term.lock is not None and term.lock <= at else term


def duty_scheduled(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyScheduled) -> None:
    rows.put(timer_key(event.opens, "open", f"from/{event.name}"), Timer(kind="duty_from", key=event.name))


def duty_may_begin(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.DutyMayBegin) -> None:
    """The duty's own event follows, if it is not open already."""


def duty_dated(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyDated) -> None:
    state = duty_of(rows, event.key)
    disarm(rows, state.timers)
    timers = () if state.exempt else arm(rows, event.term, event.key)
    rows.put(f"duty/{event.key}", renew(state, term=event.term, timers=timers))


def duty_owed_by(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyOwedBy) -> None:
    state, part = duty_of(rows, event.key), part_of(rows, event.key, event.subject)
    excepted = (part.waived or state.exempt) and not part.done
    waived = state.waived + (event.owed - state.owed if excepted else 0)
    rows.put(f"duty/{event.key}", renew(state, owed=event.owed, waived=waived))
    if event.amount is not None and event.subject:
        _put(rows, event.key, event.subject, renew(part, owes=event.amount))
    if event.owed > state.owed:
        rearm(rows, event.key, event.subject, entry.at)


def duty_reminded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.DutyReminded) -> None:
    """Its timer is gone; there is nothing else to keep."""


def duty_fell_due(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyFellDue) -> None:
    if event.subject:
        part = part_of(rows, event.key, event.subject)
        _put(rows, event.key, event.subject, renew(part, fell_due=entry.seq))
    else:
        rows.put(f"duty/{event.key}", renew(duty_of(rows, event.key), fell_due=entry.seq))


def duty_locked(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyLocked) -> None:
    if event.subject:
        part = part_of(rows, event.key, event.subject)
        _put(rows, event.key, event.subject, renew(part, locked=True))
    else:
        rows.put(f"duty/{event.key}", renew(duty_of(rows, event.key), locked=True))


def overdue_rescinded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.OverdueRescinded) -> None:
    """What was recorded stands in the trail; the rescinding event beside it is the correction (R2)."""


def amount_recorded(_plan: Plan, rows: Draft, entry: Entry, event: e.AmountRecorded) -> None:
    part = part_of(rows, event.key, event.subject)
    _count(rows, event.key, event.subject, entry, amount=event.amount)
    _put(rows, event.key, event.subject, renew(part, amount=part.amount + event.amount))
    if event.pair:
        rows.put(f"pair/{event.key}/{event.pair}", event.subject)


def entry_checked(_plan: Plan, rows: Draft, entry: Entry, event: e.EntryChecked) -> None:
    part = part_of(rows, event.key, event.subject)
    if event.entry not in part.entries:
        _count(rows, event.key, event.subject, entry, entry=event.entry)
        _put(rows, event.key, event.subject, renew(part, entries=(*part.entries, event.entry)))


def task_reported(_plan: Plan, rows: Draft, entry: Entry, event: e.TaskReported) -> None:
    _count(rows, event.key, event.subject, entry)
    _put(rows, event.key, event.subject, renew(part_of(rows, event.key, event.subject), reported=True))


def meeting_held(plan: Plan, rows: Draft, entry: Entry, event: e.MeetingHeld) -> None:
    _count(rows, event.key, event.subject, entry)
    _put(rows, event.key, event.subject, renew(part_of(rows, event.key, event.subject), reported=True))
    rows.put(f"happened/{duty_of(rows, event.key).name}/held", plan.calendar.day_of(entry.at))


def duty_confirmed(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyConfirmed) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, renew(part, confirmed=True))


def duty_found_poor(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyFoundPoor) -> None:
    part = part_of(rows, event.key, event.subject)
    for record in records_of(rows, event.key, event.subject):
        rows.drop(record_key(event.key, event.subject, record.seq))
    changed = renew(part, reported=False, confirmed=False, entries=(), amount=Fraction(0))
    _put(rows, event.key, event.subject, changed)


def duty_done(plan: Plan, rows: Draft, entry: Entry, event: e.DutyDone) -> None:
    part = part_of(rows, event.key, event.subject)
    disarm(rows, part.timers)
    done = renew(part, done=True, in_time=event.in_time, done_by=entry.seq, timers=())
    _put(rows, event.key, event.subject, done)
    state = duty_of(rows, event.key)
    timers = state.timers
    if event.rest == 0:
        disarm(rows, timers)
        timers = ()
        rows.put(f"happened/{state.name}/done", plan.calendar.day_of(entry.at))
    waived = state.waived - (1 if part.waived or state.exempt else 0)  # who does it after all is no longer excepted
    rows.put(f"duty/{event.key}", renew(state, done=state.done + 1, waived=waived, timers=timers))


def duty_undone(_plan: Plan, rows: Draft, entry: Entry, event: e.DutyUndone) -> None:
    part = part_of(rows, event.key, event.subject)
    _put(rows, event.key, event.subject, renew(part, done=False, in_time=None, done_by=0))
    state = duty_of(rows, event.key)
    waived = state.waived + (1 if part.waived or state.exempt else 0)
    rows.put(f"duty/{event.key}", renew(state, done=state.done - 1, waived=waived))
    rows.drop(f"happened/{state.name}/done")
    rearm(rows, event.key, event.subject, entry.recorded_at)


def action_added(_plan: Plan, rows: Draft, entry: Entry, event: e.ActionAdded) -> None:
    name = event.key.rsplit("/", 1)[1]
    rows.put(f"duty/{event.key}", DutyState(key=event.key, name=name, opened=entry.at, owed=1, title=event.title))


def make_up_ordered(_plan: Plan, rows: Draft, _entry: Entry, event: e.MakeUpOrdered) -> None:
    """The new duties have events of their own; the old ones keep their verdict and ring no more (R32)."""
    for key in event.orders.values():
        state = duty_of(rows, key)
        disarm(rows, state.timers)
        rows.put(f"duty/{key}", renew(state, timers=()))


def event_voided(_plan: Plan, rows: Draft, entry: Entry, event: e.EventVoided) -> None:
    part = part_of(rows, event.key, event.subject)
    rows.drop(record_key(event.key, event.subject, event.seq))
    entries = tuple(name for name in part.entries if name != event.entry)
    part = renew(part, amount=part.amount - (event.amount or 0), entries=entries)
    if event.short:
        part = renew(part, reported=False, confirmed=False)
    _put(rows, event.key, event.subject, part)
    rows.put(f"voided/{event.seq:08d}", entry.seq)
    if event.pair:
        rows.drop(f"pair/{event.key}/{event.pair}")
    if event.edge:
        rows.drop(f"happened/{duty_of(rows, event.key).name}/{event.edge}")
