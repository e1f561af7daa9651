"""How events about the run, its phases and its questions change the rows."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Any

from phaseflow.core.plan.model import Plan
from phaseflow.core.state.documents import move_due
from phaseflow.core.state.duties import disarm, move_term
from phaseflow.core.state.ledgers import carry_item, hush, move_item, wake
from phaseflow.core.state.polls import move_close
from phaseflow.core.state.renewing import renew
from phaseflow.core.state.rows import CAMPAIGN, Clock, Draft, Head, Question, Timer, VisitState, head_of, timer_key
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry


def _head(rows: Draft, **changes: Any) -> None:
    rows.put("head", renew(head_of(rows), **changes))


def run_started(_plan: Plan, rows: Draft, _entry: Entry, event: e.RunStarted) -> None:
    rows.put("head", Head(
        run=event.run, campaign=event.campaign, plan=event.plan, level=event.level, unit=event.unit,
        start=event.start, parent=event.parent, batch=event.batch, redeems=event.redeems,
        kind=event.kind, open=(f"{CAMPAIGN}/1",), visits={CAMPAIGN: 1},
    ))  # fmt: skip
    for path, days in event.windows.items():
        rows.put(f"window/{path}", days)
    for kind, count in event.bodies.items():
        rows.put(f"count/{kind}", count)


def phase_assumed(_plan: Plan, rows: Draft, _entry: Entry, event: e.PhaseAssumed) -> None:
    head = head_of(rows)
    _head(rows, assumed={**head.assumed, event.phase: event.basis})


def run_suspended(_plan: Plan, rows: Draft, entry: Entry, _event: e.RunSuspended) -> None:
    _head(rows, status="suspended", suspended_at=entry.at)


def run_resumed(_plan: Plan, rows: Draft, _entry: Entry, event: e.RunResumed) -> None:
    _head(rows, status="running", suspended_at=None)
    for key, term in sorted(event.moved.items()):
        move_item(rows, key, term) if key.startswith("item/") else move_term(rows, key, term)
    for key, days in sorted(event.windows.items()):
        rows.put(key, renew(rows.get(key), period=days) if key.startswith("duty/") else days)
    for key, closes in sorted(event.closes.items()):
        row, _, name = key.partition("#")
        move_close(rows, row.removeprefix("poll/"), closes) if not name else move_due(rows, row, name, closes)
    for key, dates in sorted(event.visits.items()):
        state: VisitState = rows.get(key)
        set_now = [timer for name in state.timers if (timer := rows.get(name)) is not None]
        left = {(timer.kind, timer.subject, timer.index) for timer in set_now}
        disarm(rows, state.timers)
        timers = arm_visit(rows, key.removeprefix("visit/"), dates, left)
        rows.put(key, renew(
            state, window=dates.window, ends=dates.ends, ladder=dates.ladder, steps=dates.steps, timers=timers
        ))  # fmt: skip


def run_cancelled(_plan: Plan, rows: Draft, _entry: Entry, _event: e.RunCancelled) -> None:
    _head(rows, status="cancelled")
    _drop_timers(rows)


def run_concluded(plan: Plan, rows: Draft, entry: Entry, event: e.RunConcluded) -> None:
    _head(rows, status="concluded", outcome=event.outcome, concluded=entry.seq, waiting=())
    for key, timer in list(rows.scan("scheduled/")):  # no phase opens any more; what survives keeps its clock (R10)
        rows.drop(timer)
        rows.drop(key)
    hush(plan, rows)


def run_reopened(plan: Plan, rows: Draft, entry: Entry, event: e.RunReopened) -> None:
    head = head_of(rows)
    owes = head.owes_redo and event.spawned == "stands"
    _head(rows, status="running", outcome="", concluded=0, owes_redo=owes)
    wake(plan, rows, entry.recorded_at)


def run_archived(_plan: Plan, rows: Draft, _entry: Entry, _event: e.RunArchived) -> None:
    _head(rows, status="archived")
    _drop_timers(rows)


def _drop_timers(rows: Draft) -> None:
    for key, _timer in list(rows.scan("timer/")):
        rows.drop(key)


def redo_owed(_plan: Plan, rows: Draft, _entry: Entry, event: e.RedoOwed) -> None:
    _head(rows, owes_redo=True, owes_outcome=event.outcome, owes_carry=event.carry)


def redo_redeemed(_plan: Plan, rows: Draft, _entry: Entry, event: e.RedoRedeemed) -> None:
    _head(rows, redeemed_by=event.run)


# --- phases -----------------------------------------------------------------------------------------------------------


def phase_scheduled(_plan: Plan, rows: Draft, _entry: Entry, event: e.PhaseScheduled) -> None:
    unschedule(rows, event.phase)
    key = timer_key(event.opens, "open", event.phase)
    rows.put(key, Timer(kind="phase_due", key=event.phase))
    rows.put(f"scheduled/{event.phase}", key)


def unschedule(rows: Draft, phase: str) -> None:
    """Take back that a phase opens on its date."""
    timer = rows.get(f"scheduled/{phase}")
    if timer is not None:
        rows.drop(timer)
        rows.drop(f"scheduled/{phase}")


def phase_due(_plan: Plan, rows: Draft, _entry: Entry, event: e.PhaseDue) -> None:
    unschedule(rows, event.phase)
    head = head_of(rows)
    if event.phase not in head.waiting:
        _head(rows, waiting=(*head.waiting, event.phase))


def phase_opened(plan: Plan, rows: Draft, entry: Entry, event: e.PhaseOpened) -> None:
    visit = f"{event.phase}/{event.visit}"
    unschedule(rows, event.phase)
    rows.put(f"happened/{event.phase}/opens", plan.calendar.day_of(entry.at))
    rows.put(f"visit/{visit}", VisitState(
        phase=event.phase, number=event.visit, opened=entry.at, window=event.window, ends=event.ends,
        steps=event.steps, ladder=event.ladder, timers=arm_visit(rows, visit, event),
    ))  # fmt: skip
    head = head_of(rows)
    _head(
        rows, open=(*head.open, visit), visits={**head.visits, event.phase: event.visit},
        waiting=tuple(name for name in head.waiting if name != event.phase),
    )  # fmt: skip


def arm_visit(
    rows: Draft, visit: str, dates: e.PhaseOpened | e.VisitDates, only: Container[tuple[str, str, int]] | None = None,
    *, after: datetime | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Set the timers of a visit: its steps, the end of its window, its ladder.

    Of these only *only*, if given, and only what lies behind *after*, if given.
    """
    timers: list[str] = []

    def put(at: datetime, rank: str, path: str, timer: Timer) -> None:
        wanted = only is None or (timer.kind, timer.subject, timer.index) in only
        if wanted and (after is None or at > after):
            key = timer_key(at, rank, path)
            rows.put(key, timer)
            timers.append(key)

    for step, (begins, ends) in sorted(dates.begins.items()):  # the same order when read back
        put(begins, "open", f"{visit}/{step}", Timer(kind="step_begins", key=visit, subject=step))
        put(ends, "close", f"{visit}/{step}", Timer(kind="step_ends", key=visit, subject=step))
    if dates.ends is not None:
        put(dates.ends, "close", visit, Timer(kind="window_ends", key=visit))
    for index, rung in enumerate(dates.ladder):
        rank = "remind" if rung.kind == "remind" else "escalate"
        put(rung.at, rank, f"{visit}#{index}", Timer(kind="phase_rung", key=visit, index=index))
    return tuple(timers)


def step_began(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.StepBegan) -> None:
    """Steps are windows, not states: nothing to keep (R7)."""


def step_ended(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.StepEnded) -> None:
    """Steps are windows, not states: nothing to keep (R7)."""


def window_ended(_plan: Plan, rows: Draft, _entry: Entry, event: e.WindowEnded) -> None:
    key = f"visit/{event.phase}/{event.visit}"
    rows.put(key, renew(rows.get(key), overdue=True))


def phase_reminded(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.PhaseReminded) -> None:
    """Its timer is gone; there is nothing else to keep."""


def phase_closed(plan: Plan, rows: Draft, entry: Entry, event: e.PhaseClosed) -> None:
    visit = f"{event.phase}/{event.visit}"
    state: VisitState = rows.get(f"visit/{visit}")
    for key in state.timers:
        rows.drop(key)
    for key, duty in list(rows.scan(f"duty/{visit}/")):
        rule = plan.levels[head_of(rows).level].duties.get(duty.name)
        if duty.timers and (rule is None or rule.kind not in ("document", "poll")):  # routes and polls go on
            for timer in duty.timers:
                rows.drop(timer)
            rows.put(key, renew(duty, timers=()))
    rows.put(f"visit/{visit}", renew(state, closed=entry.at, timers=()))
    rows.put(f"happened/{event.phase}/closes", plan.calendar.day_of(entry.at))
    head = head_of(rows)
    closed = head.closed if event.phase in head.closed else (*head.closed, event.phase)
    _head(rows, open=tuple(name for name in head.open if name != visit), closed=closed)


def gate_judged(_plan: Plan, rows: Draft, entry: Entry, event: e.GateJudged) -> None:
    rows.put(f"verdict/{entry.seq:08d}", event)


def move_made(_plan: Plan, rows: Draft, _entry: Entry, event: e.MoveMade) -> None:
    head = head_of(rows)
    _head(rows, moves={**head.moves, event.move: event.count})


# --- questions, units -------------------------------------------------------------------------------------------------


def verdict_doubted(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.VerdictDoubted) -> None:
    """The question that comes with it is what is kept."""


def question_asked(_plan: Plan, rows: Draft, entry: Entry, event: e.QuestionAsked) -> None:
    question = Question(role=event.role, about=event.about, text=event.text, asked=entry.at)
    rows.put(f"question/{event.question}", question)


def question_answered(_plan: Plan, rows: Draft, entry: Entry, event: e.QuestionAnswered) -> None:
    question: Question = rows.get(f"question/{event.question}")
    rows.put(
        f"question/{event.question}",
        renew(question, verdict=event.verdict, reason=event.reason, answered=entry.at),
    )


def unit_enrolled(_plan: Plan, rows: Draft, _entry: Entry, event: e.UnitEnrolled) -> None:
    rows.put(f"unit/{event.unit}", event.run)
    rows.put("count/units", (rows.get("count/units") or 0) + 1)


def unit_withdrawn(_plan: Plan, rows: Draft, _entry: Entry, event: e.UnitWithdrawn) -> None:
    rows.drop(f"unit/{event.unit}")
    rows.put("count/units", (rows.get("count/units") or 0) - 1)


def withdrawn_from_programme(_plan: Plan, rows: Draft, _entry: Entry, _event: e.WithdrawnFromProgramme) -> None:
    _head(rows, withdrawn=True)


def handed_over(_plan: Plan, rows: Draft, _entry: Entry, event: e.HandedOver) -> None:
    rows.put(f"heir/{event.to}", len(event.items))
    for item in event.items:
        carry_item(rows, item, event.to)
    if event.outcome:
        _head(rows, redeemed_by=event.to)


def took_over(_plan: Plan, rows: Draft, entry: Entry, event: e.TookOver) -> None:
    rows.put(f"origin/{event.source}", entry.seq)


def units_obliged(_plan: Plan, rows: Draft, entry: Entry, event: e.UnitsObliged) -> None:
    rows.put(f"obliged/{entry.seq:08d}", event)


def obliged(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.Obliged) -> None:
    """What it brings about has events of its own."""


def consequence_refused(_plan: Plan, _rows: Draft, _entry: Entry, _event: e.ConsequenceRefused) -> None:
    """The question that comes with it is what is kept."""


def advance(rows: Draft, entry: Entry) -> None:
    """Move the run's clock on to an entry."""
    clock: Clock | None = rows.get("clock")
    mark = entry.recorded_at if clock is None or entry.recorded_at > clock.watermark else clock.watermark
    rows.put("clock", Clock(entry.seq, mark))
