"""Settling a run: all timers up to an instant, one by one, each a whole macrostep (R1, R3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from phaseflow.core.decide import amendments, documents, ledgers, opening, owing, phases, polls, relief, roster, tallies
from phaseflow.core.decide.step import Step
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.rows import Delegation, DutyState, Timer, VisitState, timer_instant
from phaseflow.errors import PhaseflowError
from phaseflow.messages import events as e

LONGEST = 10_000
"""More timers or consequences than this in one decision is a ring that compilation should have refused."""


def settle(step: Step, until: datetime) -> None:
    """Process every timer up to *until* (included), in the order of instant, rank and path."""
    for _ in range(LONGEST):
        head = step.get("head")
        if head is None or head.status == "suspended":
            return
        found = step.rows.next_timer()
        if found is None or timer_instant(found[0]) > until:
            return
        key, timer = found
        step.at = max(step.at, timer_instant(key))
        step.timer = key
        FIRE[timer.kind](step, timer)
        if step.timer:  # nothing was said, so nothing was kept either: let the timer go with an empty note
            raise PhaseflowError(f"the timer {key!r} left no event; please report this")
        stabilise(step)
    raise PhaseflowError(f"more than {LONGEST} timers fell due at once; settle in smaller stretches with tick()")


def stabilise(step: Step) -> None:
    """Follow consequences and automatic moves until nothing changes."""
    for _ in range(LONGEST):
        while step.pending:
            event = step.pending.pop(0).event
            if isinstance(event, amendments.ENDING):
                amendments.end_if_over(step)
            react = REACTIONS.get(type(event))
            if react is not None:
                react(step, event)
        if not phases.automatic(step) and not step.pending:
            return
    raise PhaseflowError("the run does not come to rest; a ring of automatic moves was not refused at compile time")


def _phase_opened(step: Step, event: e.PhaseOpened) -> None:
    phases.after_phase(step, event.phase, "opens")
    opening.happened(step, event.phase, "opens")


def _phase_closed(step: Step, event: e.PhaseClosed) -> None:
    phases.after_phase(step, event.phase, "closes")
    opening.happened(step, event.phase, "closes")


def _joined(step: Step, event: e.PersonJoined | e.RoleBegan) -> None:
    owing.roster_changed(step, event.roles, event.person, joined=True)


def _left(step: Step, event: e.PersonLeft | e.RoleEnded) -> None:
    owing.roster_changed(step, event.roles, event.person, joined=False)


def _roles_changed(step: Step, event: e.RolesChanged) -> None:
    owing.roster_changed(step, event.gained, event.person, joined=True)
    owing.roster_changed(step, event.lost, event.person, joined=False)


def _listed(step: Step, event: e.BodyListed) -> None:
    owing.roster_changed(step, (event.kind,), event.body, joined=True)


def _undone(step: Step, event: e.DutyUndone) -> None:
    owing.undone(step, event.key, event.subject)


def _concluded(step: Step, _event: e.RunConcluded) -> None:
    ledgers.concluded(step)


def _counted(step: Step, event: e.PollCounted) -> None:
    phases.go(step, event.go, event.key)
    tallies.follow_units(step, event.key, event.results)


REACTIONS: Mapping[type[e.Event], Callable[[Step, Any], None]] = {
    e.PhaseOpened: _phase_opened,
    e.PhaseClosed: _phase_closed,
    e.PersonJoined: _joined,
    e.RoleBegan: _joined,
    e.PersonLeft: _left,
    e.RoleEnded: _left,
    e.RolesChanged: _roles_changed,
    e.BodyListed: _listed,
    e.DutyUndone: _undone,
    e.RunConcluded: _concluded,
    e.PollCounted: _counted,
}
"""What one event brings about in other rooms; most bring about nothing."""


# --- timers -----------------------------------------------------------------------------------------------------------


def _phase_due(step: Step, timer: Timer) -> None:
    phase = timer.key
    if phases.visit_of(step, phase) or step.head.status != "running":
        step.emit(e.PhaseDue(phase=phase))
        return
    phases.knock(step, phase)
    if step.timer:
        step.emit(e.PhaseDue(phase=phase))


def _visit(step: Step, key: str) -> tuple[str, int, VisitState]:
    phase, number = key.rsplit("/", 1)
    return phase, int(number), step.get(f"visit/{key}")


def _step_begins(step: Step, timer: Timer) -> None:
    phase, number, _state = _visit(step, timer.key)
    step.emit(e.StepBegan(phase=phase, visit=number, step=timer.subject))


def _step_ends(step: Step, timer: Timer) -> None:
    phase, number, _state = _visit(step, timer.key)
    step.emit(e.StepEnded(phase=phase, visit=number, step=timer.subject))


def _window_ends(step: Step, timer: Timer) -> None:
    phase, number, _state = _visit(step, timer.key)
    step.emit(e.WindowEnded(phase=phase, visit=number))
    closes = step.level.phases[phase].closes
    if closes is not None and closes.kind == "date":
        move = step.level.moves[f"{phase}.close"]
        if phases.verdict_if_gated(step, move):
            phases.make(step, move)


def _phase_rung(step: Step, timer: Timer) -> None:
    phase, number, state = _visit(step, timer.key)
    step.emit(e.PhaseReminded(phase=phase, visit=number, rung=state.ladder[timer.index]))


def _own(step: Step, timer: Timer) -> tuple[DutyState, Any, int]:
    """(the duty, whose term counts, how many still owe it): a subject with a term of its own counts alone."""
    state = duty_of(step.rows, timer.key)
    if timer.subject:
        part = part_of(step.rows, timer.key, timer.subject)
        return state, part, 0 if part.done or part.waived or state.exempt else 1
    apart = sum(
        1
        for _key, part in step.rows.scan(f"part/{timer.key}/")
        if part.term is not None and not part.done and not part.waived
    )
    return state, state, max(0, state.outstanding - apart)


def _duty_rung(step: Step, timer: Timer) -> None:
    state, owner, count = _own(step, timer)
    rung = owner.term.ladder[timer.index]
    step.emit(e.DutyReminded(key=state.key, rung=rung, outstanding=count, subject=timer.subject))


def _duty_due(step: Step, timer: Timer) -> None:
    state, _owner, count = _own(step, timer)
    step.emit(e.DutyFellDue(key=state.key, outstanding=count, subject=timer.subject))


def _duty_lock(step: Step, timer: Timer) -> None:
    state, _owner, count = _own(step, timer)
    step.emit(e.DutyLocked(key=state.key, outstanding=count, subject=timer.subject))


def _role_begins(step: Step, timer: Timer) -> None:
    roster.begin_role(step, timer.key, timer.subject)


def _role_ends(step: Step, timer: Timer) -> None:
    roster.end_role(step, timer.key, timer.subject)


def _delegation_ends(step: Step, timer: Timer) -> None:
    found: Delegation | None = step.get(f"delegation/{timer.key}")
    if found is not None:
        step.emit(e.DelegationEnded(delegation=timer.key))


def _duty_from(step: Step, timer: Timer) -> None:
    step.emit(e.DutyMayBegin(name=timer.key))
    opening.begin_early(step, timer.key)


FIRE: Mapping[str, Callable[[Step, Timer], None]] = {
    "phase_due": _phase_due,
    "step_begins": _step_begins,
    "step_ends": _step_ends,
    "window_ends": _window_ends,
    "phase_rung": _phase_rung,
    "duty_rung": _duty_rung,
    "duty_due": _duty_due,
    "duty_lock": _duty_lock,
    "duty_from": _duty_from,
    "role_begins": _role_begins,
    "role_ends": _role_ends,
    "delegation_ends": _delegation_ends,
    "amendment": amendments.fall_due,
    "amendment_ends": amendments.end,
    **documents.FIRE,
    **polls.FIRE,
    **ledgers.FIRE,
    **relief.FIRE,
}
"""What each kind of timer does when its moment comes; each emits at least one event."""
