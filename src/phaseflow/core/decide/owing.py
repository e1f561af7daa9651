"""Who owes what is open, when somebody joins or leaves. What they have done is recorded elsewhere, in `duties`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from phaseflow.core.decide import duties
from phaseflow.core.decide.people import roles_of
from phaseflow.core.decide.step import Step
from phaseflow.core.plan.model import Duty, Role
from phaseflow.core.state.duties import duty_of, part_of
from phaseflow.core.state.rows import DutyState
from phaseflow.messages import events as e
from phaseflow.spec.duties import QuotaDuty


def roster_changed(step: Step, roles: Iterable[str], subject: str, joined: bool) -> None:
    """Somebody joined or left, or a body was listed: correct the number of those who owe what is open."""
    touched = set(roles)
    early = [f"{d.phase}/1" for d in step.level.duties.values() if d.spec.from_ and d.phase not in step.head.visits]
    made_up = [f"{phase}/made_up" for phase in step.level.phases]
    for stay in dict.fromkeys((*step.head.open, *early, *made_up)):
        for _key, state in step.rows.scan(f"duty/{stay}/"):
            duty = step.level.duties.get(state.name)
            if duty is None or duty.each not in touched:
                continue
            change = _owed_change(step, duty, state, subject, joined)
            if change is None:
                continue
            step.emit(change)
            part = part_of(step.rows, state.key, subject)
            if not joined and part.owes and part.amount >= part.owes:
                duties.reported(step, duty, state.key, subject)

    for duty in step.level.duties.values():
        if any(tier.each in touched for tier in _tiers(step, duty)):
            _change_tier(step, duty, subject, joined)


def _tiers(step: Step, duty: Duty) -> tuple[Duty, ...]:
    """Duties that stand instead of this one for holders of a narrower role (R40)."""
    return tuple(
        other
        for other in step.level.duties.values()
        if isinstance(other.spec, QuotaDuty) and other.spec.instead_of == duty.name
    )


def leave_to_tiers(step: Step, duty: Duty, key: str) -> None:
    """Whoever has a tier of their own does not owe the wider duty: the most specific role wins, one quota a person."""
    if duty.subjects != "role":
        return
    for tier in _tiers(step, duty):
        for row, _ in list(step.rows.scan(f"holder/{tier.each}/")):
            _owes_nothing(step, duty, key, row.rsplit("/", 1)[1])


def _owes_nothing(step: Step, duty: Duty, key: str, subject: str) -> None:
    part = part_of(step.rows, key, subject)
    if duty.each in roles_of(step, subject) and not part.done and part.owes != 0:
        owed = duty_of(step.rows, key).owed - 1
        step.emit(e.DutyOwedBy(key=key, owed=owed, subject=subject, amount=Fraction(0)))


def _change_tier(step: Step, duty: Duty, subject: str, joined: bool) -> None:
    """Somebody entered or left a tier: the wider duty is theirs no more, or theirs again."""
    key = step.get(f"latest/{duty.name}")
    if key is None:
        return
    if joined:
        _owes_nothing(step, duty, key, subject)
        return
    state, part = duty_of(step.rows, key), part_of(step.rows, key, subject)
    if duty.each in roles_of(step, subject) and part.owes == 0 and not part.done:
        again = state.amount if state.amount is not None else Fraction(1)
        step.emit(e.DutyOwedBy(key=key, owed=state.owed + 1, subject=subject, amount=again))


def undone(step: Step, key: str, subject: str) -> None:
    """What somebody had done is taken back, or was not done: who has left since then owes of it what a leaver owes."""
    state = duty_of(step.rows, key)
    duty = step.level.duties.get(state.name)
    if duty is None or duty.subjects != "role" or duty.each in roles_of(step, subject):
        return
    change = _owed_change(step, duty, state, subject, joined=False)
    if change is not None:
        step.emit(change)


def _owed_change(step: Step, duty: Duty, state: DutyState, subject: str, joined: bool) -> e.DutyOwedBy | None:
    """Who owes a part of a duty is counted in it; who owes nothing has an amount of 0 and is not."""
    role = step.plan.roles.get(duty.each)
    part = part_of(step.rows, state.key, subject)
    if part.done:
        return None
    if role is None:
        return e.DutyOwedBy(key=state.key, owed=state.owed + 1, subject=subject) if joined else None
    owes, counted = _share(step, role, state, joined), part.owes is None or part.owes > 0
    if joined and part.owes is None:
        counted = False
    if not joined and not counted:
        return None
    change = (1 if owes != 0 else 0) - (1 if counted else 0)
    whole = joined and part.owes is None and owes == state.amount
    amount = None if whole else Fraction(1) if owes is None else owes
    return e.DutyOwedBy(key=state.key, owed=state.owed + change, subject=subject, amount=amount)


def _share(step: Step, role: Role, state: DutyState, joined: bool) -> Fraction | None:
    """What a joiner or a leaver owes: 0 for nothing, None for a duty that is owed whole and has no amount."""
    nothing, first, last = Fraction(0), *_span(step, state)
    if joined:
        over = state.period is not None and state.period.last is not None and state.period.last < step.day
        if role.spec.roster == "snapshot" or role.spec.joiners == "none" or over:
            return nothing
        rule, days = role.spec.joiners, (max(step.day, first), last)
    else:
        if role.spec.leavers == "none" or state.amount is None or step.day < first:
            return nothing
        rule, days = role.spec.leavers, (first, step.day if last is None else min(step.day, last))
    if state.amount is None or rule == "full" or last is None or last < first:
        return state.amount
    begins, ends = days
    return state.amount * Fraction(max(0, ((ends or begins) - begins).days + 1), (last - first).days + 1)


def _span(step: Step, state: DutyState) -> tuple[date, date | None]:
    """The days over which a duty is owed: its period, or from its opening to its due day."""
    if state.period is not None and state.period.first is not None:
        return state.period.first, state.period.last
    return step.calendar.day_of(state.opened), state.term.day
