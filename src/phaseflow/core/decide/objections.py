"""Why somebody cannot do something now: every objection, not only the first that a refusal would name.

An act is decided on a draft that nobody keeps. Whoever may act, what must come first, what is locked and what has
ended is noted, and the act goes on as if it were not so; what it then stumbles over is noted too.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from phaseflow.core.decide import finding, phases
from phaseflow.core.decide.people import require
from phaseflow.core.decide.settle import settle
from phaseflow.core.decide.step import Refusal, RefusalKind, Step, Surroundings
from phaseflow.core.decide.table import HANDLERS, check_times
from phaseflow.core.plan.model import Plan
from phaseflow.core.reasons import Reason, reasons
from phaseflow.core.state.rows import Clock, Draft, Rows
from phaseflow.errors import Problem
from phaseflow.messages import commands as c

ObjectionKind: TypeAlias = RefusalKind | Literal["held"]
"""What kind of no it is; ``held`` is a gate, which answers and does not refuse (R24)."""

LACKS_PROOF = ("PF339", "PF512")
"""The refusals for want of evidence, of a duty and of an item."""

PROOF = "phaseflow:any"
"""The evidence that is taken for granted once its lack was noted."""


@attrs.frozen(kw_only=True)
class Objection:
    """One thing that stands against an act.

    *problem* is what a refusal would say, with its line and clause; *reason* is set where a gate is held.
    """

    kind: ObjectionKind
    problem: Problem
    reason: Reason | None = None


def objections(
    plan: Plan, rows: Rows, command: c.Command, around: Surroundings = Surroundings()  # noqa: B008 - frozen
) -> tuple[Objection, ...]:
    """Everything that stands against a command now; nothing where it would be accepted, and a gate would pass."""
    draft = Draft(rows)
    clock: Clock | None = rows.get("clock")
    mark = clock.watermark if clock is not None else command.now
    now = max(command.now, mark)
    ground = Step(plan, draft, around, at=mark, now=now, command=command.id)
    settle(ground, now)
    found: list[Objection] = []
    while True:
        step = ground.over(draft.fork(), command)
        step.objections = []
        last = _attempt(step, command)
        refusals = [*step.objections, *([last] if last is not None else [])]
        found += [objection for one in refusals for objection in _objections(step, one)]
        found += _held(step, command)
        proven = _with_proof(step, command, last)
        if proven is None:
            return tuple({(one.problem.code, one.problem.what): one for one in found}.values())
        command = proven


def _objections(step: Step, refusal: Refusal) -> list[Objection]:
    """A refusal, problem by problem; where it stands for unmet requirements, with what was measured."""
    told: tuple[Reason | None, ...] = reasons(refusal.requirements, step.facts(), step.day)
    if len(told) != len(refusal.problems):
        told = (None,) * len(refusal.problems)
    return [
        Objection(kind=refusal.kind, problem=problem, reason=reason)
        for problem, reason in zip(refusal.problems, told, strict=True)
    ]


def _attempt(step: Step, command: c.Command) -> Refusal | None:
    """Do it; the refusal at which it could not go on."""
    try:
        check_times(step, command)
        if isinstance(command, c.Ask):
            move = phases.find_move(step, command.move)
            require(step, move.by, f"ask for '{move.name}'", span=move.span, clause=move.clause)
        else:
            HANDLERS[type(command)](step, command)
    except Refusal as refusal:
        _not_owed_yet(step, command, refusal)
        return refusal
    return None


def _not_owed_yet(step: Step, command: c.Command, last: Refusal) -> None:
    """Of a duty that is not owed now, who may act and what it needs can be said all the same."""
    rule = step.level.duties.get(getattr(command, "duty", "") or getattr(command, "document", ""))
    if rule is None or isinstance(command, c.Confirm) or all(problem.code != "PF332" for problem in last.problems):
        return
    act = f"act on '{rule.name}'"
    try:
        subject = finding.subject_of(step, rule, getattr(command, "subject", ""), act)
        finding.check_needs(step, rule, act, subject)
    except Refusal as refusal:
        step.object_to(refusal)


def _held(step: Step, command: c.Command) -> list[Objection]:
    """The gate of a move, reason by reason; also where the move is not possible now."""
    move = step.level.moves.get(command.move) if isinstance(command, c.Ask) else None
    if move is None:
        return []
    try:
        judged = phases.examine(step, move)
    except Refusal as refusal:
        return [Objection(kind=refusal.kind, problem=problem) for problem in refusal.problems]
    if judged is None or judged.value is True:
        return []
    told = reasons(judged.requirements, step.facts(move.source or move.target), step.day)
    return [Objection(kind="held", problem=one.problem(), reason=one) for one in told if one.met is not True]


def _with_proof(step: Step, command: c.Command, last: Refusal | None) -> c.Command | None:
    """The command with the evidence that it lacked, to see what else stands against it."""
    given: tuple[c.Evidence, ...] | None = getattr(command, "evidence", None)
    if last is None or given is None or any(one.ref == PROOF for one in given):
        return None
    if not any(problem.code in LACKS_PROOF for problem in last.problems):
        return None
    rule = step.level.duties.get(getattr(command, "duty", "") or getattr(command, "document", ""))
    kinds = tuple(map(str, rule.spec.evidence)) if rule is not None else ("any",)
    proof = tuple(c.Evidence(kind=kind, ref=PROOF) for kind in kinds)
    return attrs.evolve(command, evidence=(*given, *proof))  # type: ignore[call-arg]
