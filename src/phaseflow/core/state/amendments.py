"""How an amendment changes the rows: dates and amounts that it lists, duties that it drops or calls otherwise."""

from __future__ import annotations

from typing import Any

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.duties import arm, disarm, duty_of
from phaseflow.core.state.rows import TIMER, Draft, DutyState, Head, Timer, VisitState, head_of, timer_key
from phaseflow.core.state.run import arm_visit, unschedule
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

AMENDED = "amended"
"""What excepts those who owed a duty that an amendment dropped; no waiver has this id."""


def _head(rows: Draft, **changes: Any) -> Head:
    head = attrs.evolve(head_of(rows), **changes)
    rows.put("head", head)
    return head


def amendment_adopted(_plan: Plan, rows: Draft, _entry: Entry, event: e.AmendmentAdopted) -> None:
    _forget_adopted(rows)
    _head(rows, amendment=event.plan)
    if event.takes_effect is not None:
        rows.put(timer_key(event.takes_effect, "open", "amendment"), Timer(kind="amendment", key=event.plan))


def _forget_adopted(rows: Draft) -> None:
    """A later amendment stands in the place of one that has not taken effect."""
    _forget(rows, "amendment")


def _forget(rows: Draft, kind: str) -> None:
    for key, timer in list(rows.scan(TIMER)):
        if timer.kind == kind:
            rows.drop(key)


def amendment_given_up(_plan: Plan, rows: Draft, _entry: Entry, _event: e.AmendmentGivenUp) -> None:
    _forget_adopted(rows)
    _head(rows, amendment="")


def plan_amended(plan: Plan, rows: Draft, entry: Entry, event: e.PlanAmended) -> None:
    _forget_adopted(rows)
    returns = head_of(rows).returns if isinstance(event, e.CalendarAmended) else event.returns
    head = _head(rows, plan=event.plan, amendment="", returns=returns)
    if not isinstance(event, e.CalendarAmended):
        _forget(rows, "amendment_ends")
    if event.ends is not None:
        rows.put(timer_key(event.ends, "open", "amendment_ends"), Timer(kind="amendment_ends", key=event.returns))
    level = plan.levels[head.level]
    for key, days in sorted(event.windows.items()):
        rows.put(key, days)
    for key, dates in sorted(event.visits.items()):
        state: VisitState = rows.get(key)
        disarm(rows, state.timers)
        timers = arm_visit(rows, key.removeprefix("visit/"), dates, after=entry.at)
        rows.put(key, attrs.evolve(
            state, window=dates.window, ends=dates.ends, ladder=dates.ladder, steps=dates.steps, timers=timers
        ))  # fmt: skip
    for key, term in sorted(event.moved.items()):
        owed: DutyState = rows.get(key)
        disarm(rows, owed.timers)
        rows.put(key, attrs.evolve(owed, term=term, timers=arm(rows, term, owed.key, after=entry.at)))
    for key, amount in sorted(event.amounts.items()):
        rows.put(key, attrs.evolve(rows.get(key), amount=amount))
    for key, _timer in list(rows.scan("scheduled/")):
        phase = level.phases.get(key.removeprefix("scheduled/"))
        if phase is None or phase.opens.kind != "date":
            unschedule(rows, key.removeprefix("scheduled/"))
    for key, timer in list(rows.scan(TIMER)):
        if timer.kind == "duty_from" and timer.key not in level.duties:
            rows.drop(key)


def duty_dropped(_plan: Plan, rows: Draft, _entry: Entry, event: e.DutyDropped) -> None:
    """Whoever had not done it owes it no more; timers of single subjects go with those of the duty."""
    state = duty_of(rows, event.key)
    disarm(rows, state.timers)
    for key, part in list(rows.scan(f"part/{event.key}/")):
        if part.timers:
            disarm(rows, part.timers)
            rows.put(key, attrs.evolve(part, timers=()))
    left = state.outstanding
    rows.put(f"duty/{event.key}", attrs.evolve(state, waived=state.waived + left, exempt=AMENDED, timers=()))


def duty_carried(plan: Plan, rows: Draft, entry: Entry, event: e.DutyCarried) -> None:
    """Parts and records are copied; who has done the old one has done the new one."""
    before, heir = duty_of(rows, event.key), duty_of(rows, event.into)
    for kind in ("part", "record", "pair"):
        for key, row in list(rows.scan(f"{kind}/{event.key}/")):
            if kind == "part":
                row = attrs.evolve(row, term=None, timers=(), fell_due=0, locked=False)
            rows.put(key.replace(f"{kind}/{event.key}/", f"{kind}/{event.into}/", 1), row)
    done = attrs.evolve(heir, done=before.done, waived=min(before.waived, heir.owed - before.done))
    if done.outstanding == 0:
        disarm(rows, done.timers)
        done = attrs.evolve(done, timers=())
    rows.put(f"duty/{event.into}", done)
    duty_dropped(plan, rows, entry, e.DutyDropped(key=event.key))
