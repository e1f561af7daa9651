"""The table of events: which function keeps the books for which event, and `evolve`, which looks it up.

`evolve` refuses nothing and computes nothing that could come out differently tomorrow (law 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phaseflow.core.plan.model import Plan
from phaseflow.core.state import amendments, documents, duties, ledgers, people, polls, relief, run
from phaseflow.core.state.rows import Draft, MemoryRows
from phaseflow.messages import events as e
from phaseflow.messages.events import Entry

APPLIERS: Mapping[type[e.Event], Callable[[Plan, Draft, Entry, Any], None]] = {
    e.RunStarted: run.run_started,
    e.PhaseAssumed: run.phase_assumed,
    e.RunSuspended: run.run_suspended,
    e.RunResumed: run.run_resumed,
    e.AmendmentAdopted: amendments.amendment_adopted,
    e.AmendmentGivenUp: amendments.amendment_given_up,
    e.PlanAmended: amendments.plan_amended,
    e.CalendarAmended: amendments.plan_amended,
    e.DutyDropped: amendments.duty_dropped,
    e.DutyCarried: amendments.duty_carried,
    e.RolesChanged: people.roles_changed,
    e.RunCancelled: run.run_cancelled,
    e.RunConcluded: run.run_concluded,
    e.RunReopened: run.run_reopened,
    e.RunArchived: run.run_archived,
    e.RedoOwed: run.redo_owed,
    e.RedoRedeemed: run.redo_redeemed,
    e.PhaseScheduled: run.phase_scheduled,
    e.PhaseDue: run.phase_due,
    e.PhaseOpened: run.phase_opened,
    e.StepBegan: run.step_began,
    e.StepEnded: run.step_ended,
    e.WindowEnded: run.window_ended,
    e.PhaseReminded: run.phase_reminded,
    e.PhaseClosed: run.phase_closed,
    e.GateJudged: run.gate_judged,
    e.MoveMade: run.move_made,
    e.VerdictDoubted: run.verdict_doubted,
    e.QuestionAsked: run.question_asked,
    e.QuestionAnswered: run.question_answered,
    e.UnitEnrolled: run.unit_enrolled,
    e.UnitWithdrawn: run.unit_withdrawn,
    e.WithdrawnFromProgramme: run.withdrawn_from_programme,
    e.HandedOver: run.handed_over,
    e.TookOver: run.took_over,
    e.UnitsObliged: run.units_obliged,
    e.Obliged: run.obliged,
    e.ConsequenceRefused: run.consequence_refused,
    e.DutyOpened: duties.duty_opened,
    e.DutyScheduled: duties.duty_scheduled,
    e.DutyMayBegin: duties.duty_may_begin,
    e.DutyDated: duties.duty_dated,
    e.DutyOwedBy: duties.duty_owed_by,
    e.DutyReminded: duties.duty_reminded,
    e.DutyFellDue: duties.duty_fell_due,
    e.DutyLocked: duties.duty_locked,
    e.OverdueRescinded: duties.overdue_rescinded,
    e.AmountRecorded: duties.amount_recorded,
    e.EntryChecked: duties.entry_checked,
    e.TaskReported: duties.task_reported,
    e.MeetingHeld: duties.meeting_held,
    e.DutyConfirmed: duties.duty_confirmed,
    e.DutyFoundPoor: duties.duty_found_poor,
    e.DutyDone: duties.duty_done,
    e.DutyUndone: duties.duty_undone,
    e.ActionAdded: duties.action_added,
    e.MakeUpOrdered: duties.make_up_ordered,
    e.EventVoided: duties.event_voided,
    e.PersonJoined: people.person_joined,
    e.PersonLeft: people.person_left,
    e.RoleGiven: people.role_given,
    e.RoleBegan: people.role_began,
    e.RoleEnded: people.role_ended,
    e.AuthorityDelegated: people.authority_delegated,
    e.DelegationEnded: people.delegation_ended,
    e.PersonRecused: people.person_recused,
    e.BodyListed: people.body_listed,
    e.PersonErased: people.person_erased,
    **documents.APPLIERS,
    **polls.APPLIERS,
    **ledgers.APPLIERS,
    **relief.APPLIERS,
}


def evolve(plan: Plan, rows: Draft, entry: Entry) -> None:
    """Fold one entry into the rows; the timer whose moment it processed is gone with it."""
    if entry.timer:
        rows.drop(entry.timer)
    APPLIERS[type(entry.event)](plan, rows, entry, entry.event)
    run.advance(rows, entry)


def fold(plan: Plan, entries: Iterable[Entry], plans: Callable[[str], Plan] | None = None) -> MemoryRows:
    """The state of a run from its trail alone.

    Args:
        plan: The plan that the run began under.
        entries: The trail from its first entry on.
        plans: Gives the plan of a digest, where the trail has amendments (R21).
    """
    state = MemoryRows()
    for entry in entries:
        if isinstance(entry.event, e.PlanAmended) and plans is not None:
            plan = plans(entry.event.plan)
        draft = Draft(state)
        evolve(plan, draft, entry)
        state.take(draft)
    return state
