"""The machine: built once with `transitions`, which accepts or refuses the structure, then read out into a table.

Every string of a policy stays a label here: guards are never handed over as names, because `transitions` imports and
calls dotted strings. A phase that is not open is the state ``idle``; a move is seen from the one phase it is addressed
to, and the set of open phases is the caller's affair (R6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phaseflow.core.plan.model import IDLE, Move, Row, Table

Guard = Callable[[Any], bool]

FINAL = "ended:"
"""Prefix of the states that stand for outcomes."""


def build_machine(phases: Iterable[str], moves: Iterable[Move], guards: Mapping[str, Guard] | None = None) -> Any:
    """Build the `transitions.Machine` over phases and moves.

    Args:
        phases: Names of the phases.
        moves: All moves, in the order in which they are tried.
        guards: By move name, a callable on the event data; without one a move is unguarded here.
    """
    from transitions import Machine

    moves = tuple(moves)
    outcomes = sorted({move.outcome for move in moves if move.outcome})
    states = [IDLE, *phases, *(FINAL + name for name in outcomes)]
    machine = Machine(
        model=None, states=states, initial=IDLE, auto_transitions=False, send_event=True, queued=False
    )
    known = set(states)
    for move in moves:
        source, target = ends(move)
        if source not in known or target not in known:  # transitions would accept it and fail in mid-move
            raise ValueError(f"move {move.name!r} joins unknown states {source!r} and {target!r}")
        guard = (guards or {}).get(move.name)
        machine.add_transition(move.name, source, target, conditions=[guard] if guard else None)
    return machine


def ends(move: Move) -> tuple[str, str]:
    """The state of the machine a move starts from, and the one it leads to."""
    source = move.source or IDLE
    if move.outcome:
        return source, FINAL + move.outcome
    return source, move.target or IDLE


def compile_table(machine: Any, moves: Iterable[Move]) -> Table:
    """Read the machine out into rows; what it did not accept is not in the table."""
    by_name: dict[str, list[Move]] = {}
    for move in moves:
        by_name.setdefault(move.name, []).append(move)
    table: dict[tuple[str, str], tuple[Row, ...]] = {}
    for name, event in machine.events.items():
        # .items() on purpose: indexing this defaultdict would make any source valid
        for source, candidates in list(event.transitions.items()):
            rows = []
            for order, candidate in enumerate(candidates):
                move = next(m for m in by_name[name] if ends(m) == (source, candidate.dest))
                rows.append(Row(source, move, order))
            if rows:
                table[(source, name)] = tuple(rows)
    return table
