"""`decide`: one function per command in one visible table, then sentries until nothing changes.

A decision settles the run first, so that the trail never depends on who ticked when (R1). What was settled stays, also
when the command itself is then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from phaseflow.core.conditions import Requirement
from phaseflow.core.decide import (
    amendments,
    consequences,
    corrections,
    documents,
    duties,
    ledgers,
    opening,
    phases,
    polls,
    relief,
    roster,
    run,
    succession,
)
from phaseflow.core.decide.settle import settle, stabilise
from phaseflow.core.decide.step import Refusal, Step, Surroundings, refuse
from phaseflow.core.plan.model import Plan
from phaseflow.core.state.rows import Clock, Draft, Head, Rows, timer_instant
from phaseflow.messages import commands as c
from phaseflow.messages.events import Entry, Event

HANDLERS: Mapping[type[c.Command], Callable[[Step, Any], None]] = {
    c.StartRun: run.start,
    c.Ask: phases.ask,
    c.Amend: amendments.amend,
    c.Suspend: run.suspend,
    c.Resume: run.resume,
    c.Cancel: run.cancel,
    c.Reopen: run.reopen,
    c.Archive: run.archive,
    c.RedeemRedo: run.redeem,
    c.Answer: run.answer,
    c.EnrolUnit: run.enrol,
    c.WithdrawUnit: run.withdraw,
    c.Record: duties.record,
    c.Complete: duties.complete,
    c.CheckOff: duties.check_off,
    c.HoldMeeting: duties.hold,
    c.Confirm: duties.confirm,
    c.AddAction: opening.add_action,
    c.OrderMakeUp: opening.order_make_up,
    c.Join: roster.join,
    c.Leave: roster.leave,
    c.Appoint: roster.appoint,
    c.Delegate: roster.delegate,
    c.EndDelegation: roster.end_delegation,
    c.Recuse: roster.recuse,
    c.ListBody: roster.list_body,
    c.ErasePerson: roster.erase_person,
    c.Void: corrections.void,
    c.Correct: corrections.correct,
    **documents.HANDLERS,
    **polls.HANDLERS,
    **ledgers.HANDLERS,
    **relief.HANDLERS,
    **consequences.HANDLERS,
    **succession.HANDLERS,
}


@attrs.frozen(kw_only=True)
class Decision:
    """The answer to a command: what now is true, or every reason why not.

    *entries* are the new lines of the trail, *put* and *drop* the rows they change, *due_at* the run's next instant.
    *refusal* is set where the command was refused; the entries then are what was settled before it. *verdict* is the
    judgement of a gate that was asked, *requirements* what stands in its way. *ballots* are bare answers for the box of
    an anonymous poll, by duty key; *sealed* names boxes that were closed.
    """

    entries: tuple[Entry, ...]
    put: Mapping[str, Any]
    drop: tuple[str, ...]
    due_at: datetime | None
    refusal: Refusal | None = None
    verdict: Event | None = None
    requirements: tuple[Requirement, ...] = ()
    ballots: tuple[tuple[str, str], ...] = ()
    sealed: tuple[str, ...] = ()
    settled: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the command itself was accepted."""
        return self.refusal is None

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the command itself and of what followed from it."""
        return tuple(entry.event for entry in self.entries[self.settled :])


def decide(plan: Plan, rows: Rows, command: c.Command, around: Surroundings = Surroundings()) -> Decision:  # noqa: B008 - frozen
    """Decide one command. A function of its arguments: no clock, no I/O, no chance.

    Args:
        plan: The plan the run is pinned to.
        rows: The run's rows; nothing is written to them.
        command: What is asked.
        around: What may be seen outside the run: the programme's rows, a census of units, host facts.
    """
    draft = Draft(rows)
    clock: Clock | None = rows.get("clock")
    mark = clock.watermark if clock is not None else command.now
    now = max(command.now, mark)
    ground = Step(plan, draft, around, at=mark, now=now, command=command.id)
    settle(ground, now)
    settled = len(ground.entries)
    refusal: Refusal | None = None
    step = ground
    if isinstance(command, c.Tick):
        if rows.get("head") is not None and ground.level.watches_units:
            ground.at = now
            stabilise(ground)  # the units may have moved meanwhile, and no timer tells of it (R11)
    else:
        step = ground.over(draft.fork(), command)
        try:
            check_times(step, command)
            HANDLERS[type(command)](step, command)
            if not isinstance(command, c.StartRun):  # a start that is recorded late goes on from when it happened
                step.at = max(step.at, now)
            step.earliest = None
            stabilise(step)
            settle(step, now)
        except Refusal as reason:
            refusal, step = reason, ground
        else:
            draft = step.rows
            ground.entries += step.entries
    put, drop = draft.delta()
    return Decision(
        entries=tuple(ground.entries),
        put=put,
        drop=drop,
        due_at=next_due(draft),
        refusal=refusal,
        verdict=step.verdict,
        requirements=step.requirements,
        ballots=tuple(step.ballots),
        sealed=tuple(dict.fromkeys(ground.sealed + step.sealed)),
        settled=settled,
    )


def next_due(rows: Draft) -> datetime | None:
    """The least instant of all timers of a run."""
    head = rows.get("head")
    if head is not None and head.status == "suspended":
        return None
    found = rows.next_timer()
    return timer_instant(found[0]) if found is not None else None


def check_times(step: Step, command: c.Command) -> None:
    """Nothing is recorded before it happened, before the run began, or later than the policy allows."""
    head: Head | None = step.get("head")
    if isinstance(command, c.StartRun):
        if head is not None:
            refuse(
                "illegal",
                "PF372",
                f"the run '{command.run}' has started",
                why="a run starts once",
                fix="choose another name",
            )
        _check_not_ahead(command)
        return
    if head is None:
        refuse(
            "unknown", "PF373", "this run has not started", why="every other command needs a run", fix="start it first"
        )
    _check_not_ahead(command)
    if command.earliest is not None and command.earliest > command.at:
        refuse("malformed", "PF478", "the stretch in which it happened ends before it begins",
               why="a stretch is written from its first day to its last", fix="swap the two days")  # fmt: skip
    if (command.earliest or command.at) < step.calendar.opens(head.start):
        refuse(
            "malformed",
            "PF375",
            f"{step.calendar.day_of(command.earliest or command.at)} is before the start of the run, {head.start}",
            why="a run has no facts before its start",
            fix="give a later day",
        )
    sent = isinstance(command, c.TakeOver) or type(command) in consequences.HANDLERS  # by another run: never too late
    recording = None if sent else step.plan.policy.recording
    if recording is not None and recording.late_by != "unlimited" and command.at < command.now:
        latest = step.calendar.shift_instant(command.at, recording.late_by, 1)
        if command.now > latest:
            refuse(
                "illegal",
                "PF376",
                f"{step.day} is too long ago to be recorded now",
                span=recording.span_of("late_by"),
                why=f"a fact may be recorded {recording.late_by} after it happened",
                fix="ask for a waiver, which is recorded as such",
                clause=recording.clause,
            )


def _check_not_ahead(command: c.Command) -> None:
    if command.at > command.now:
        refuse(
            "malformed",
            "PF374",
            f"{command.at:%Y-%m-%d %H:%M} UTC lies in the future",
            why="only what has happened is recorded",
            fix="give the time it happened, or record it then",
        )
