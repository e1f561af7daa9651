"""The part of a level that can influence a property: its cone.

A phase is in the cone if it opens or closes something in it, or if a condition that is judged in the cone asks about
it. What lies outside may do anything at any time as far as the cone is concerned, so leaving it out only adds ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phaseflow.analysis.explore.properties import Ended, Open, Property
from phaseflow.analysis.findings import View
from phaseflow.core import conditions as c
from phaseflow.core.conditions import Read
from phaseflow.core.counting import every_target
from phaseflow.core.plan.model import LevelPlan, Move
from phaseflow.spec.duties import PollDuty


def cone(level: LevelPlan, wanted: Property) -> frozenset[str]:
    """The phases that can influence a property; all of them, where it says that something can come about."""
    if wanted.kind == "eventually":
        return frozenset(level.phases)
    return closure(level, _named(level, wanted), reopening=wanted.reopening)


def closure(level: LevelPlan, roots: Iterable[str], *, reopening: bool) -> frozenset[str]:
    """Some phases with all that have a say in them; *reopening* says whether ended runs may be reopened."""
    found: set[str] = set()
    todo = list(roots)
    for move in level.moves.values():  # what ends a run that can be reopened has a say in everything
        if reopening and move.outcome and level.outcomes[move.outcome].reopen:
            todo += of_move(move, level)
    while todo:
        name = todo.pop()
        if name in level.phases and name not in found:
            found.add(name)
            todo += _influences(level, name)
    return frozenset(found)


def _named(level: LevelPlan, wanted: Property) -> Iterator[str]:
    if wanted.condition is not None:
        yield from _phases_of(wanted.condition, level)
    for situation in wanted.situations:
        match situation:
            case Open(open=name):
                yield str(name)
            case Ended():
                for move in level.moves.values():
                    if move.kind == "outcome":
                        yield from of_move(move, level)


def _influences(level: LevelPlan, name: str) -> Iterator[str]:
    """The phases that have a say in when a phase opens and closes."""
    phase = level.phases[name]
    if phase.opens.kind in ("closes", "opens"):
        yield str(phase.opens.name)
    for condition in (phase.entry, phase.gate):
        if condition is not None:
            yield from _phases_of(condition, level)
    for move in level.moves.values():
        if name in (move.source, move.target) and move.kind != "outcome":
            yield from of_move(move, level)


def of_move(move: Move, level: LevelPlan) -> Iterator[str]:
    """What has a say in a move: both its ends, its conditions, the polls and moves that lead to it."""
    yield move.source
    yield move.target  # while it is open, the move is not possible
    for condition in (move.gate, move.when):
        if condition is not None:
            yield from _phases_of(condition, level)
    for duty in level.duties.values():
        if isinstance(duty.spec, PollDuty) and move.name in every_target(duty.spec):
            yield duty.phase
    for other in level.moves.values():
        if other.otherwise == move.name:
            yield other.source


def _phases_of(condition: c.Condition, level: LevelPlan) -> Iterator[str]:
    for fact in c.reads(condition):
        for key, value in fact.args:
            name = str(value.value)
            if key in ("duty", "document", "poll") and name in level.duties:
                yield level.duties[name].phase
            elif key == "phase":
                yield name


def dated(view: View, level: LevelPlan, phases: Iterable[str]) -> tuple[str, ...]:
    """The phases that open on their date, in the order in which their timers fire: by instant, then by name (R3)."""
    bound = view.bounds.get(level.name)
    found = []
    for name in phases:
        phase = level.phases[name]
        days = bound.windows.get(name) if bound is not None else None
        if phase.opens.kind == "date" and days is not None and days.first is not None:
            found.append((days.first, name))
    return tuple(name for _day, name in sorted(found))


def facts_of(conditions: Iterable[c.Condition]) -> tuple[Read, ...]:
    """Every fact that is read, parameters aside, sorted."""
    found = {fact for condition in conditions for fact in c.reads(condition) if not fact.parameter}
    return tuple(sorted(found, key=str))
