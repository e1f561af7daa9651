"""`prove`: one claim, answered as proved, refuted with the shortest counterexample that replays, or bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Literal

import attrs

from phaseflow.analysis.explore.acts import Deed
from phaseflow.analysis.explore.polls import TooWide
from phaseflow.analysis.explore.properties import Property
from phaseflow.analysis.explore.replay import Played, replay
from phaseflow.analysis.explore.search import MOST_STATES, Graph, Suspicion, explore, suspicions
from phaseflow.analysis.explore.slicing import cone, dated, facts_of
from phaseflow.analysis.explore.states import Stimulus
from phaseflow.analysis.explore.system import System
from phaseflow.analysis.findings import View
from phaseflow.core.conditions import render

TRIES = 12
"""Suspicions that are replayed, nearest first, before the answer is *bounded*."""

Verdict = Literal["proved", "refuted", "bounded"]


@attrs.frozen(kw_only=True)
class Answer:
    """The answer to one claim.

    *slice* are the phases that can influence it, *facts* what is read there and left free, *states* how many states
    were gone through. *way* tells a counterexample in words, *commands* are it for the engine, *open* and *ended* say
    where it leads; all are empty unless the claim is refuted. *why* says what stands behind the verdict.
    """

    name: str
    title: str
    level: str
    verdict: Verdict
    why: str
    slice: tuple[str, ...]
    facts: tuple[str, ...]
    states: int
    start: datetime | None = None
    way: tuple[str, ...] = ()
    commands: tuple[Deed, ...] = ()
    open: tuple[str, ...] = ()
    ended: str = ""


def prove(view: View, wanted: Property, most: int = MOST_STATES) -> Answer:
    """Prove or refute a claim about every run of a level.

    Args:
        view: The plan, with its days bound to a start: the order of the dates is that of this start.
        wanted: The claim.
        most: States to go through; beyond it the answer is bounded.
    """
    level = view.plan.levels[wanted.level]
    phases = cone(level, wanted)
    system = System(
        plan=view.plan, level=level, phases=phases, dated=dated(view, level, phases),
        more=() if wanted.condition is None else (wanted.condition,), reopening=wanted.reopening,
    )  # fmt: skip
    base = Answer(
        name=wanted.name, title=wanted.title, level=wanted.level, verdict="bounded", why="", states=0,
        slice=tuple(name for name in level.phases if name in phases),
        facts=tuple(render(fact) for fact in facts_of(system.conditions)),
    )  # fmt: skip
    try:
        graph = explore(system, most)
    except TooWide as reason:
        return attrs.evolve(base, why=f"not explored: {reason}")
    return _answer(view, wanted, graph, attrs.evolve(base, states=len(graph.before)))


def _answer(view: View, wanted: Property, graph: Graph, base: Answer) -> Answer:
    failed = ""
    for suspicion in islice(suspicions(wanted, graph), TRIES):
        if suspicion.doubt:
            return attrs.evolve(
                base, why=f"no way is blocked, but it is not sure that people can go on {_where(suspicion)}"
            )
        played = replay(suspicion, wanted, graph.system, view)
        if not played.failed:
            return _refuted(base, wanted, suspicion, played)
        failed = failed or f"{_where(suspicion)}: {played.failed}"
    if failed:
        return attrs.evolve(base, why=f"a way against it was found and could not be played for real, {failed}")
    if not graph.whole:
        return attrs.evolve(base, why=f"nothing against it in {len(graph.steps)} states; there are more")
    return attrs.evolve(base, verdict="proved", why=_proof(wanted))


def _where(suspicion: Suspicion) -> str:
    state = suspicion.state
    return (
        f"where the run has ended as '{state.ended}'"
        if state.ended
        else (
            f"while {' and '.join(sorted(state.open))} {'is' if len(state.open) == 1 else 'are'} open"
            if state.open
            else "while no phase is open"
        )
    )


def _refuted(base: Answer, wanted: Property, suspicion: Suspicion, played: Played) -> Answer:
    why = "from there no way leads on" if wanted.kind == "eventually" else "it is not so " + _where(suspicion)
    way = tuple(_told(suspicion))
    return attrs.evolve(
        base, verdict="refuted", why=why, start=played.start, way=way, commands=played.commands, open=played.open,
        ended=played.ended,
    )  # fmt: skip


def _proof(wanted: Property) -> str:
    if wanted.kind == "eventually":
        return "from every state people who do what they owe can bring it about"
    return "no state that a run can be in goes against it"


def _told(suspicion: Suspicion) -> Iterator[str]:
    """A way in words, one line for each thing that happens."""
    before = suspicion.first
    for stimulus, state in suspicion.way:
        opened, closed = sorted(state.open - before.open), sorted(before.open - state.open)
        told = [f"{name} closes" for name in closed] + [f"{name} opens" for name in opened]
        if state.ended and state.ended != before.ended:
            told.append(f"the run ends as {state.ended}")
        yield f"{_words(stimulus)}: {', '.join(told) or 'nothing opens or closes'}"
        before = state


def _words(stimulus: Stimulus) -> str:
    match stimulus.kind:
        case "ask":
            return f"somebody asks for {stimulus.name}"
        case "date":
            return f"the date of {stimulus.name} comes"
        case "ends":
            return f"the window of {stimulus.name} ends"
        case "facts":
            return "what was waited for is done"
        case "count" | "stale":
            result = f" with {float(stimulus.share * 100):g} %" if stimulus.share is not None else " without a result"
            return f"{stimulus.name} is counted{result}"
        case "reopen":
            return f"the run is reopened in {stimulus.name}"
        case "outside":
            return f"a poll of the programme leads to {stimulus.name}"
