"""The duty a command names, and what must hold before anything is recorded in it. No event is emitted here.

A duty belongs to the visit that was open when it was done; recording ends at the lock, judged by when it is recorded
(R2).
"""

from __future__ import annotations

from datetime import datetime

from phaseflow.core.decide.people import known, require, roles_of
from phaseflow.core.decide.step import Refusal, Step, refuse
from phaseflow.core.gates import Missing, judge, text_of
from phaseflow.core.plan.model import Duty
from phaseflow.core.state.duties import part_of
from phaseflow.core.state.rows import DutyState, PartState
from phaseflow.errors import Problem, did_you_mean
from phaseflow.messages import commands as c
from phaseflow.spec import duties as specs
from phaseflow.spec.shape import Text


def find(step: Step, name: str, at: datetime, kind: str = "") -> tuple[Duty, DutyState]:
    """The duty a command names, in the visit (and period) that was open at *at*.

    Raises:
        Refusal: unknown, not owed yet, of another kind, or its visit was not open then.
    """
    duty = step.level.duties.get(name)
    if duty is None:
        own = _own_action(step, name)
        if own is None:
            refuse(
                "unknown",
                "PF330",
                f"there is no duty '{name}' here",
                why="a duty is named by its policy; this one is not in the plan of this run",
                fix=did_you_mean(name, step.level.duties) or "look at `todo`",
            )
        return own
    if kind and duty.kind != kind:
        refuse(
            "illegal",
            "PF331",
            f"'{name}' is a {duty.kind}, not a {kind}",
            span=duty.span,
            why="each kind of duty is recorded in its own way",
            fix=HOW[duty.kind],
            clause=duty.clause,
        )
    state = _instance(step, duty, at)
    if state is None:
        refuse(
            "illegal",
            "PF332",
            f"'{name}' is not owed {_when(step, at)}",
            span=duty.span,
            why=f"it belongs to '{duty.phase}', which was not open then",
            fix="look at `allowed` for what is possible now",
            clause=duty.clause,
        )
    _check_alive(step, duty, state)
    return duty, state


HOW = {
    "task": "use `complete`", "quota": "use `record` with an amount", "checklist": "use `check`",
    "meeting": "use `hold`", "bulletin": "use `complete`",
    "document": "use `draft`, `judge` and the other acts of its route",
    "poll": "use `open_poll`, `cast`, `close_poll`",
}  # fmt: skip


def _when(step: Step, at: datetime) -> str:
    return "now" if at == step.now else f"on {step.calendar.day_of(at)}"


def _instance(step: Step, duty: Duty, at: datetime) -> DutyState | None:
    key = step.get(f"latest/{duty.name}")
    if key is None:
        return None
    state: DutyState = step.get(f"duty/{key}")
    if state.period is None:
        return state if state.opened <= at or duty.spec.from_ is not None else _earlier(step, duty, at)
    day, visit = step.calendar.day_of(at), key.rsplit("/", 1)[0]
    for _key, row in step.rows.scan(f"duty/{visit}/"):
        if row.period is not None and row.period.first <= day <= row.period.last:
            return row  # type: ignore[no-any-return]
    return None


def _earlier(step: Step, duty: Duty, at: datetime) -> DutyState | None:
    """The instance of an earlier visit that was open at *at*."""
    found = None
    for _key, row in step.rows.scan(f"duty/{duty.phase}/"):
        if row.name == duty.name and row.opened <= at:
            found = row
    return found


def _check_alive(step: Step, duty: Duty, state: DutyState) -> None:
    try:
        _refuse_the_dead(step, duty, state)
    except Refusal as refusal:
        step.object_to(refusal)


def _refuse_the_dead(step: Step, duty: Duty, state: DutyState) -> None:
    head = step.head
    if head.status in ("suspended", "cancelled", "archived"):
        refuse(
            "illegal",
            "PF321",
            f"the run is {head.status}",
            why="nothing is recorded in such a run",
            fix="resume it, or start another run",
            span=duty.span,
        )
    phase, visit = state.key.split("/")[:2]
    stay = step.get(f"visit/{phase}/{visit}")
    closed = stay.closed if stay is not None else None
    if closed is not None and step.at >= closed:
        refuse(
            "illegal",
            "PF333",
            f"'{duty.name}' belongs to '{phase}', which was closed on {step.calendar.day_of(closed)}",
            span=duty.span,
            why="a closed visit keeps its verdicts; what is missing is made up as a new duty",
            fix="order a make-up, or record with the day it happened",
            clause=duty.clause,
        )


def _own_action(step: Step, name: str) -> tuple[Duty, DutyState] | None:
    for visit in step.head.open:
        state = step.get(f"duty/{visit}/own/{name}")
        if state is not None:
            return _action_rules(state), state
    return None


def _action_rules(state: DutyState) -> Duty:
    spec = specs.TaskDuty(task=Text({"": state.title}), prescribed=False)
    phase = state.key.split("/", 1)[0]
    return Duty(
        name=state.name,
        kind="task",
        level="unit",
        phase=phase,
        step="",
        title=state.title,
        by=(),
        subjects="run",
        each="",
        due=None,
        grace=None,
        lock=None,
        remind=(),
        overdue={},
        needs=None,
        spec=spec,
        clause=(),
        span=spec.span,
    )


def subject_of(step: Step, duty: Duty, subject: str, act: str, key: str = "") -> str:
    """For whom something is recorded: checked against who owes the duty, and against who may act.

    With *key*, somebody who has left and still owes a part of that instance is a subject too.
    """
    span, clause = duty.span, duty.clause
    if duty.subjects == "run":
        if subject:
            refuse(
                "illegal",
                "PF334",
                f"'{duty.name}' is owed by the run as a whole, not by '{subject}'",
                span=span,
                why="it has no `each`",
                fix="leave the subject out",
                clause=clause,
            )
        if duty.by:
            require(step, duty.by, act, span=duty.spec.span_of("by"), clause=clause, subject=duty.name)
        elif not known(step, step.actor.person):
            require(step, (), act, span=span, clause=clause)
        return ""
    if duty.subjects == "body":
        if not subject or step.get(f"body/{duty.each}/{subject}") is None:
            refuse(
                "unknown",
                "PF335",
                f"no '{duty.each}' is listed under '{subject or '(nothing)'}'",
                span=span,
                why=f"'{duty.name}' is owed for every '{duty.each}' on the list",
                fix="name one that is listed, or list it first",
                clause=clause,
            )
        acting = (f"{role}@{subject}" if _held_for(step, role, duty.each) else role for role in duty.by)
        require(step, acting, act, span=duty.spec.span_of("by"), clause=clause, subject=duty.name)
        return subject
    principal = step.actor.on_behalf_of or step.actor.person
    subject = subject or principal
    if duty.each not in roles_of(step, subject) and not (key and part_of(step.rows, key, subject).owes):
        refuse(
            "illegal",
            "PF336",
            f"'{subject}' does not owe '{duty.name}'",
            span=duty.spec.span_of("each"),
            why=f"it is owed by every '{duty.each}'",
            fix=f"give '{subject}' that role, or name somebody who has it",
            clause=clause,
        )
    roles = duty.by if subject != principal else (duty.each,)
    require(step, roles, act, span=span, clause=clause, subject=duty.name)
    return subject


def _held_for(step: Step, role: str, kind: str) -> bool:
    """Whether a role is held for bodies of this kind, so that only the holder for one of them acts for it (R38)."""
    return step.plan.roles[role].spec.for_ == kind


def check_needs(step: Step, duty: Duty, act: str, subject: str = "") -> None:
    """Refuse, with every reason, what comes before its conditions."""
    try:
        _check_needs(step, duty, act, subject)
    except Refusal as refusal:
        step.object_to(refusal)


def _check_needs(step: Step, duty: Duty, act: str, subject: str) -> None:
    if duty.needs is None:
        return
    try:
        judged = judge(duty.needs, step.facts(duty.phase, subject))
    except Missing as missing:
        refuse(
            "crashed",
            "PF323",
            f"what '{duty.name}' needs cannot be judged: {missing}",
            span=duty.span,
            why="a fact that the host supplies is missing",
            fix="register the host's fact, then try again",
            clause=duty.clause,
        )
    if judged.value is True:
        return
    raise Refusal("unmet", [
        Problem(
            code="PF337", what=f"cannot {act}: {requirement.label} is not met ({text_of(requirement.measured)})",
            span=requirement.span if requirement.span.line else duty.span,
            clause=requirement.clause or ", ".join(duty.clause),
            why=f"'{duty.name}' needs it first", fix="do that first; `todo` says who owes it",
        )
        for requirement in judged.requirements
    ], judged.requirements)  # fmt: skip


def check_lock(step: Step, duty: Duty, state: DutyState, part: PartState) -> None:
    """Recording ends at the lock, judged by when it is recorded."""
    try:
        _check_lock(step, duty, state, part)
    except Refusal as refusal:
        step.object_to(refusal)


def _check_lock(step: Step, duty: Duty, state: DutyState, part: PartState) -> None:
    term = part.term or state.term
    if term.lock is not None and step.now >= term.lock:
        refuse(
            "illegal",
            "PF338",
            f"recording of '{duty.name}' ended {step.calendar.day_of(term.lock)}",
            span=duty.spec.span_of("lock"),
            why="the policy locks it so long after its due day",
            fix="ask for an extension or a waiver",
            clause=duty.clause,
        )


def check_evidence(duty: Duty, given: tuple[c.Evidence, ...]) -> None:
    """Every kind of evidence that the policy asks for must be there."""
    if not duty.spec.evidence:
        return
    kinds = {evidence.kind for evidence in given}
    missing = [str(kind) for kind in duty.spec.evidence if kind not in kinds]
    if missing:
        span = duty.spec.span_of("evidence")
        raise Refusal("unmet", [
            Problem(code="PF339", what=f"'{duty.name}' needs evidence of kind '{kind}'", span=span,
                    why="the policy asks for it", fix=f"add evidence: {kind}=REFERENCE", clause=", ".join(duty.clause))
            for kind in missing
        ])  # fmt: skip
