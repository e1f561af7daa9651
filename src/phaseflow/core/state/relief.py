"""How events about waivers and extensions change the rows.

Rows: ``waiver/<id>``, ``request/<duty key>/<subject>``, ``extension/<duty key>/<subject>`` (subject empty: everybody).
Who is excepted is not done: it is counted apart, and owed again when the waiver ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.duties import arm, disarm, duty_of, part_of, rearm
from phaseflow.core.state.rows import Draft, Timer, Waiver, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry, Term


@attrs.frozen(kw_only=True)
class ExtensionRequest:
    """A request for a later due day that nobody has answered yet."""

    type: str
    until: date
    reason: str
    by: str
    asked: datetime


@attrs.frozen(kw_only=True)
class ExtensionState:
    """How often a deadline was moved, and the term it had at first; that one is never overwritten."""

    original: Term
    count: int


def extension_of(rows: Draft, key: str, subject: str) -> ExtensionState | None:
    """What was moved for a subject ("" = for everybody), if anything was."""
    found: ExtensionState | None = rows.get(f"extension/{key}/{subject}")
    return found


def waiver_granted(_plan: Plan, rows: Draft, entry: Entry, event: e.WaiverGranted) -> None:
    timer = ""
    if event.expires is not None:
        timer = timer_key(event.expires, "expire", f"waiver/{event.waiver}")
        rows.put(timer, Timer(kind="waiver_ends", key=event.waiver))
    rows.put(f"waiver/{event.waiver}", Waiver(
        duty=event.duty, subject=event.subject, grounds=event.grounds, granted=entry.at, expires=event.expires,
        subjects=event.subjects, timer=timer,
    ))  # fmt: skip
    if event.subject:
        part = part_of(rows, event.duty, event.subject)
        disarm(rows, part.timers)
        rows.put(f"part/{event.duty}/{event.subject}", attrs.evolve(part, waived=event.waiver, timers=()))
    state = duty_of(rows, event.duty)
    exempt = state.exempt if event.subject else event.waiver
    state = attrs.evolve(state, waived=state.waived + event.subjects, exempt=exempt)
    if state.outstanding == 0:
        disarm(rows, state.timers)
        state = attrs.evolve(state, timers=())
    rows.put(f"duty/{event.duty}", state)


def waiver_ended(_plan: Plan, rows: Draft, entry: Entry, event: e.WaiverEnded) -> None:
    found: Waiver = rows.get(f"waiver/{event.waiver}")
    rows.drop(f"waiver/{event.waiver}")
    if found.timer:
        rows.drop(found.timer)
    if event.subject:
        part = part_of(rows, event.duty, event.subject)
        rows.put(f"part/{event.duty}/{event.subject}", attrs.evolve(part, waived=""))
    state = duty_of(rows, event.duty)
    exempt = state.exempt if event.subject else ""
    rows.put(f"duty/{event.duty}", attrs.evolve(state, waived=state.waived - event.subjects, exempt=exempt))
    if event.subjects:  # when it expires the run is settled up to that instant, when it is revoked up to its recording
        rearm(rows, event.duty, event.subject, entry.at if entry.timer else entry.recorded_at)


def extension_requested(_plan: Plan, rows: Draft, entry: Entry, event: e.ExtensionRequested) -> None:
    rows.put(f"request/{event.key}/{event.subject}", ExtensionRequest(
        type=event.type, until=event.until, reason=event.reason, by=entry.on_behalf_of or entry.actor, asked=entry.at
    ))  # fmt: skip


def extension_granted(_plan: Plan, rows: Draft, entry: Entry, event: e.ExtensionGranted) -> None:
    before = extension_of(rows, event.key, event.subject)
    first = before or extension_of(rows, event.key, "")
    rows.put(f"extension/{event.key}/{event.subject}", ExtensionState(
        original=first.original if first is not None else event.was, count=before.count + 1 if before is not None else 1
    ))  # fmt: skip
    rows.drop(f"request/{event.key}/{event.subject}")
    owner = part_of(rows, event.key, event.subject) if event.subject else duty_of(rows, event.key)
    disarm(rows, owner.timers)
    timers = arm(rows, event.term, event.key, event.subject, after=entry.recorded_at)
    path = f"part/{event.key}/{event.subject}" if event.subject else f"duty/{event.key}"
    rows.put(path, attrs.evolve(owner, term=event.term, timers=timers, fell_due=0, locked=False))


def extension_refused(_plan: Plan, rows: Draft, _entry: Entry, event: e.ExtensionRefused) -> None:
    rows.drop(f"request/{event.key}/{event.subject}")


APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {
    e.WaiverGranted: waiver_granted,
    e.WaiverEnded: waiver_ended,
    e.ExtensionRequested: extension_requested,
    e.ExtensionGranted: extension_granted,
    e.ExtensionRefused: extension_refused,
}
