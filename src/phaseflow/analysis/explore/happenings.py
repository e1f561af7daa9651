"""That something never happens: a phase entered or left, a move made, a gate passed or held for one of its reasons.

Claims of authors speak of states in which a run rests (`properties`); these speak of what happens on the way, too. The
system notes what it does while all its states are gone through (`System.entered`, `System.made`), and what was not
noted happens in no run. Numbers, facts and time are as free as in every proof (docs/decisions/0016-exploration.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs

from phaseflow.analysis.explore.polls import TooWide
from phaseflow.analysis.explore.search import MOST_STATES, Graph, explore
from phaseflow.analysis.explore.slicing import closure, dated, of_move
from phaseflow.analysis.explore.states import State
from phaseflow.analysis.explore.system import System
from phaseflow.analysis.findings import View
from phaseflow.core import conditions as c
from phaseflow.core.plan.model import LevelPlan

What = Literal["entered", "left", "made", "limit", "passed", "held"]

CONDITIONS = (c.All, c.Any, c.AtLeast, c.Not, c.Compare, c.Read, c.Const)


@attrs.frozen(kw_only=True)
class Happening:
    """One thing that might happen on a level: to the phase, or with the move, called *name*.

    *reason* is the label of what holds the gate, for ``held``; ``limit`` is that a move is made as often as it may be.
    """

    level: str
    what: What
    name: str
    reason: str = ""


@attrs.frozen(kw_only=True)
class Ruling:
    """Whether it is proved that something never happens, and what stands behind that."""

    proved: bool
    why: str
    states: int = 0


def never(view: View, wanted: Happening, most: int = MOST_STATES) -> Ruling:
    """Prove that something never happens in any run, or say why that is not proved.

    Args:
        view: The plan, with its days bound to a start.
        wanted: What is claimed never to happen; its phase or move exists.
        most: States to go through.
    """
    level = view.plan.levels[wanted.level]
    phases = closure(level, tuple(_roots(level, wanted)), reopening=True)
    system = System(plan=view.plan, level=level, phases=phases, dated=dated(view, level, phases))
    try:
        graph = explore(system, most)
    except TooWide as reason:
        return Ruling(proved=False, why=f"not explored: {reason}")
    states = len(graph.before)
    if not graph.whole:
        return Ruling(proved=False, why=f"there are more than {states} states, and not all were gone through",
                      states=states)  # fmt: skip
    if _may(wanted, graph):
        return Ruling(proved=False, why=f"as far as the exploration can tell, it may happen ({states} states)",
                      states=states)  # fmt: skip
    return Ruling(proved=True, why=f"it happens in none of {states} states", states=states)


def _roots(level: LevelPlan, wanted: Happening) -> Iterator[str]:
    if wanted.what in ("entered", "left"):
        yield wanted.name
    else:
        yield from of_move(level.moves[wanted.name], level)


def _may(wanted: Happening, graph: Graph) -> bool:
    """Whether it happens somewhere in the over-approximation."""
    system, level = graph.system, graph.system.level
    match wanted.what:
        case "entered":
            return wanted.name in system.entered
        case "left":
            return any(wanted.name in state.closed for state in graph.before)
        case "made":
            return wanted.name in system.made
        case "limit":
            move = level.moves[wanted.name]
            place = system.limited.index(wanted.name)
            return any(state.counts[place] >= (move.max or 0) for state in graph.before)
        case "passed" | "held":
            gate = level.moves[wanted.name].gate
            return gate is not None and any(_judges(wanted, gate, state, system) for state in _asked(wanted, graph))


def _asked(wanted: Happening, graph: Graph) -> Iterator[State]:
    """Every state in which a gate may be judged: where a run rests and it may be asked about, and on the way."""
    system = graph.system
    move = system.level.moves[wanted.name]
    yield from (state for state in graph.before if not state.ended and system.allowed(move, state))
    some = next(iter(graph.before))
    for one, visited, closed, polls in system.judged:
        if one == id(move.gate):
            yield some._replace(visited=visited, closed=closed, polls=polls)


def _judges(wanted: Happening, gate: c.Condition, state: State, system: System) -> bool:
    if wanted.what == "passed":
        return True in system.truths(gate, state)
    parts = reason_in(gate, wanted.reason)
    return not parts or any(system.truths(part, state) != {True} for part in parts)


def reason_in(gate: c.Condition, label: str) -> tuple[c.Condition, ...]:
    """The parts of a gate that are told under a label where they hold it; all of them, if the gate says it twice.

    A part that stands within a part of the same label is left out: the outer one is what is asked.
    """
    found: list[c.Condition] = []

    def look(node: c.Node) -> None:
        if isinstance(node, CONDITIONS):
            told = c.explain(node, lambda _fact: None).requirements
            if [one.label for one in told] == [label]:
                found.append(node)
                return
        for child in c.children(node):
            look(child)

    look(gate)
    return tuple(found)
