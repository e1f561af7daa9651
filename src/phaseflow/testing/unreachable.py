"""What the exploration says of a goal, a boundary or a mutant: whether it is proved that the thing never happens.

A goal is put as something that happens to a phase or with a move (`analysis.explore.happenings`). What belongs to a
phase never happens if the phase is never entered. Of what a run does inside an open phase (who is reminded, when a duty
is done) the exploration knows nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from phaseflow.analysis.explore.happenings import Happening, Ruling, What, never
from phaseflow.analysis.findings import view
from phaseflow.core.plan.model import CAMPAIGN, LevelPlan, Plan
from phaseflow.testing.boundaries.model import Boundary
from phaseflow.testing.coverage.goals import Goal

SILENT = Ruling(proved=False, why="the exploration speaks of phases, moves, gates and outcomes, and not of this")


def of_goal(plan: Plan, goal: Goal) -> Ruling:
    """Whether a goal of coverage is proved never to be reached."""
    level = plan.levels.get(goal.level)
    if level is None:
        return SILENT
    held = goal.detail.removeprefix("held: ")
    match goal.kind:
        case "phase":
            return _never(plan, [_about(level, "entered" if goal.detail == "entered" else "left", goal.subject)])
        case "move":
            return _never(plan, [_about(level, "made" if goal.detail == "made" else "limit", goal.subject)])
        case "outcome":
            moves = [move.name for move in level.moves.values() if move.outcome == goal.subject]
            return _never(plan, [_about(level, "made", name) for name in moves])
        case "gate" if goal.detail == "passed":
            return _never(plan, [_about(level, "passed", goal.subject)])
        case "gate":
            return _never(plan, [Happening(level=level.name, what="held", name=goal.subject, reason=held)])
        case "deadline" if goal.subject in level.phases:
            return _never(plan, [_about(level, "left", goal.subject)])
        case _:
            return _of_phase(plan, level, goal.subject.split("/")[0])


def of_boundary(plan: Plan, boundary: Boundary) -> Ruling:
    """Whether a boundary is proved never to be met."""
    level = plan.levels.get(boundary.level)
    return SILENT if level is None else _of_phase(plan, level, boundary.subject)


def of_path(plan: Plan, path: Sequence[str | int]) -> Ruling:
    """Whether what stands under a path of the policy is proved never to happen."""
    words = [str(part) for part in path]
    name = "programme" if words[:1] == ["programme"] else "unit"
    level = plan.levels.get(name)
    match words[1:] if name == "programme" else words:
        case ["phases", phase, *_] if level is not None and phase in level.phases:
            return _never(plan, [_about(level, "entered", phase)])
        case ["transitions", move, *_] if level is not None and move in level.moves:
            return _never(plan, [_about(level, "made", move)])
        case ["outcomes", outcome, *_] if level is not None and outcome in level.outcomes:
            moves = [move.name for move in level.moves.values() if move.outcome == outcome]
            return _never(plan, [_about(level, "made", name) for name in moves])
        case _:
            return SILENT


def _about(level: LevelPlan, what: What, name: str) -> Happening:
    return Happening(level=level.name, what=what, name=name)


def _of_phase(plan: Plan, level: LevelPlan, name: str) -> Ruling:
    """What belongs to a phase, or to a duty of a phase, never happens if the phase is never entered."""
    duty = level.duties.get(name)
    phase = duty.phase if duty is not None else name
    if phase == CAMPAIGN or phase not in level.phases:
        return SILENT
    found = _never(plan, [_about(level, "entered", phase)])
    return found if found.proved else Ruling(
        proved=False, states=found.states,
        why=f"the phase '{phase}' may be entered, and the exploration does not speak of what happens in it",
    )  # fmt: skip


def _never(plan: Plan, wanted: Sequence[Happening]) -> Ruling:
    """Whether none of these ever happens; nothing is proved of nothing."""
    ruling = SILENT
    for one in wanted:
        ruling = never(view(plan), one)
        if not ruling.proved:
            return ruling
    return ruling
