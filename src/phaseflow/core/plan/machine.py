"""The machine: built once with `transitions`, which accepts or refuses the structure, then read out into a table.

Every string of a policy stays a label here: guards are never handed over as names, because `transitions` imports and
calls dotted strings. A phase that is not open is the state ``idle``; a move is seen from the one phase it is addressed
to, and the set of open phases is the caller's affair (R6). What a guard says is the caller's affair too: the machine
gets a callable that knows its move and asks the judge that is handed in with the trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from phaseflow.core.conditions import Condition
from phaseflow.core.plan.model import IDLE, Move, Row, Table

Judge = Callable[[Condition], bool]
"""Says whether a condition holds; handed to a trigger as ``judge=``."""

FINAL = "ended:"
"""Prefix of the states that stand for outcomes."""


@attrs.frozen
class Guard:
    """The guard of one move, as `transitions` calls it; by it, a row of the machine knows its move."""

    move: Move

    def __call__(self, event: Any) -> bool:
        """Ask the judge of this trigger; True where the move has no gate."""
        return self.move.gate is None or bool(event.kwargs["judge"](self.move.gate))


def build_machine(phases: Iterable[str], moves: Iterable[Move]) -> Any:
    """Build the `transitions.Machine` over phases and moves.

    Args:
        phases: Names of the phases.
        moves: All moves, in the order in which they are tried.

    Raises:
        ValueError: A move joins states that are not there; `transitions` would find out in the middle of a move.
    """
    from transitions import Machine

    moves = tuple(moves)
    outcomes = sorted({move.outcome for move in moves if move.outcome})
    states = [IDLE, *phases, *(FINAL + name for name in outcomes)]
    machine = Machine(model=None, states=states, initial=IDLE, auto_transitions=False, send_event=True, queued=False)
    known = set(states)
    for move in moves:
        source, target = ends(move)
        if source not in known or target not in known:
            raise ValueError(f"move {move.name!r} joins unknown states {source!r} and {target!r}")
        machine.add_transition(move.name, source, target, conditions=[Guard(move)])
    return machine


def ends(move: Move) -> tuple[str, str]:
    """The state of the machine a move starts from, and the one it leads to."""
    source = move.source or IDLE
    if move.outcome:
        return source, FINAL + move.outcome
    return source, move.target or IDLE


def compile_table(machine: Any) -> Table:
    """Read the machine out into rows, in its own order; what it did not accept is not in the table."""
    table: dict[tuple[str, str], tuple[Row, ...]] = {}
    for name, event in machine.events.items():
        # .items() on purpose: indexing this defaultdict would make any source valid
        for source, candidates in list(event.transitions.items()):
            rows = tuple(Row(source, guard_of(candidate).move, order) for order, candidate in enumerate(candidates))
            if rows:
                table[(source, name)] = rows
    return table


def guard_of(candidate: Any) -> Guard:
    """The guard of one row of the machine."""
    guard: Guard = candidate.conditions[0].func
    return guard
