"""Going through all states of a system, and what they say of a property.

A claim about every state is proved when no state of the over-approximation goes against it. That something can still
come about is refuted by a state from which no way of the over-approximation leads there, and proved only by ways that
people can surely go (`surely`). A way that goes against a claim is only a *suspicion* here: `replay` plays it through
the real `decide` before anybody is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import attrs

from phaseflow.analysis.explore.properties import Ended, Open, Property, Situation
from phaseflow.analysis.explore.states import State, Stimulus, blurred
from phaseflow.analysis.explore.surely import Surely
from phaseflow.analysis.explore.system import System

MOST_STATES = 20_000
"""States that are gone through; beyond it the answer is *bounded*."""

Way = tuple[tuple[Stimulus, State], ...]
"""What happens, one after the other, each with the state it leads to; the first comes from an initial state."""


@attrs.frozen(kw_only=True)
class Graph:
    """The states that were found. *before* tells for each how it was first reached; *whole* that none is missing."""

    system: System
    first: tuple[State, ...]
    steps: Mapping[State, tuple[tuple[Stimulus, tuple[State, ...]], ...]]
    before: Mapping[State, tuple[State, Stimulus] | None]
    whole: bool

    def way_to(self, state: State) -> tuple[State, Way]:
        """The shortest way to a state, and the initial state it begins in."""
        way: list[tuple[Stimulus, State]] = []
        step = self.before[state]
        while step is not None:
            way.append((step[1], state))
            state, step = step[0], self.before[step[0]]
        return state, tuple(reversed(way))


def explore(system: System, most: int = MOST_STATES) -> Graph:
    """Find every state, nearest first, up to *most* of them."""
    first = system.initial()
    before: dict[State, tuple[State, Stimulus] | None] = dict.fromkeys(first)
    steps: dict[State, tuple[tuple[Stimulus, tuple[State, ...]], ...]] = {}
    todo = deque(first)
    while todo:
        if len(steps) >= most:
            return Graph(system=system, first=first, steps=steps, before=before, whole=False)
        state = todo.popleft()
        steps[state] = tuple(system.steps(state))
        for stimulus, after in steps[state]:
            for one in after:
                if one not in before:
                    before[one] = (state, stimulus)
                    todo.append(one)
    return Graph(system=system, first=first, steps=steps, before=before, whole=True)


# --- what a state says ------------------------------------------------------------------------------------------------


def holds(situation: Situation, state: State) -> bool:
    """Whether a state is in a situation."""
    match situation:
        case Ended(ended=name):
            return bool(state.ended) and name in ("any", state.ended)
        case Open(open=name):
            return str(name) in state.open


def against(wanted: Property, state: State, system: System) -> bool:
    """Whether a state may go against a claim about every state."""
    if wanted.when is not None and not holds(wanted.when, state):
        return False
    if isinstance(wanted.claim, Ended | Open):
        return holds(wanted.claim, state)  # `never`: a situation cannot be claimed `always`
    truths = system.truths(wanted.claim, state)
    return True in truths if wanted.kind == "never" else truths != {True}


def reached(wanted: Property, state: State, system: System, *, surely: bool) -> bool:
    """Whether what can come about has come about in a state: for sure, or maybe."""
    if isinstance(wanted.claim, Ended | Open):
        return holds(wanted.claim, state)
    truths = system.truths(wanted.claim, state)
    return truths == {True} if surely else True in truths


# --- answers ----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Suspicion:
    """A state that goes against a claim, or from which nothing leads on; *way* is the shortest to it.

    *lost* are all states from which nothing leads on, without what cannot be read off a run.
    """

    state: State
    first: State
    way: Way
    lost: frozenset[State] = frozenset()
    doubt: bool = False


def suspicions(wanted: Property, graph: Graph) -> Iterator[Suspicion]:
    """Everything that speaks against a claim, nearest first; with *doubt* where it only is not sure."""
    if wanted.kind == "eventually":
        yield from _cannot(wanted, graph)
        return
    for state in graph.before:
        if against(wanted, state, graph.system):
            first, way = graph.way_to(state)
            yield Suspicion(state=state, first=first, way=way)


def _cannot(wanted: Property, graph: Graph) -> Iterator[Suspicion]:
    may = _back(graph, [state for state in graph.steps if reached(wanted, state, graph.system, surely=False)])
    lost = [state for state in graph.before if state in graph.steps and state not in may]
    surely_lost = frozenset(map(blurred, lost)) - frozenset(map(blurred, may))
    for state in lost:
        first, way = graph.way_to(state)
        yield Suspicion(state=state, first=first, way=way, lost=surely_lost)
    if lost or not graph.whole:
        return
    sure = Surely(graph.system).states(
        graph.steps, [state for state in graph.steps if reached(wanted, state, graph.system, surely=True)]
    )
    for state in graph.before:
        if state not in sure:
            first, way = graph.way_to(state)
            yield Suspicion(state=state, first=first, way=way, doubt=True)


def _back(graph: Graph, goals: Iterable[State]) -> set[State]:
    """Every state from which some way leads to one of the goals; states not gone through may lead anywhere."""
    into: dict[State, list[State]] = {}
    for state, steps in graph.steps.items():
        for _stimulus, after in steps:
            for one in after:
                into.setdefault(one, []).append(state)
    found = set(goals) | {state for state in graph.before if state not in graph.steps}
    todo = list(found)
    while todo:
        for state in into.get(todo.pop(), ()):
            if state not in found:
                found.add(state)
                todo.append(state)
    return found
