"""Moves of a level, and what their graph must not be: unreachable, a dead end, shadowed, a ring without a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phaseflow.core.plan.conditions import Scope, build
from phaseflow.core.plan.faults import named
from phaseflow.core.plan.model import Move, Phase
from phaseflow.errors import Span
from phaseflow.spec.model import OutcomeSpec, TransitionSpec


def phase_moves(phase: Phase) -> Iterable[Move]:
    """Opening and closing a phase: two moves, for they are two things (R5)."""
    opener = (phase.opens.name or "",) if phase.opens.kind == "role" and phase.opens.name != "transition" else ()
    if phase.opens.name != "transition":
        when = phase.entry if phase.opens.kind == "gate" else None
        yield _move(phase, "open", target=phase.name, by=opener, gate=phase.entry, when=when)
    closes = phase.closes
    closer = (phase.asks,) if closes is None else (closes.name or "",) if closes.kind == "role" else ()
    when = phase.gate if closes is not None and closes.kind == "gate" else None
    yield _move(phase, "close", source=phase.name, by=closer, gate=phase.gate, when=when)


def _move(phase: Phase, verb: str, *, source: str = "", target: str = "", **more: object) -> Move:
    return Move(
        name=f"{phase.name}.{verb}",
        kind="open" if verb == "open" else "close",
        source=source,
        target=target,
        outcome="",
        closes_source=verb == "close",
        max=None,
        otherwise="",
        window=None,
        duties=None,
        missing_only=False,
        span=phase.span,
        clause=phase.clause,
        **more,  # type: ignore[arg-type]
    )


def transition(name: str, spec: TransitionSpec, phases: Mapping[str, Phase], scope: Scope, reentered: bool) -> Move:
    """A transition as written becomes one move; *reentered* says that its target may have been open before."""
    for key, phase in (("from", spec.from_), ("to", spec.to)):
        if phase not in phases:
            scope.faults.unknown("phase", str(phase), spec.span_of(key), phases)
    if reentered:
        _check_second_visit(name, spec, scope)
    if isinstance(spec.max, int) and spec.otherwise is None:
        scope.faults.error(
            "PF223",
            f"'{name}' may be made {spec.max} times, and nothing is said of the next time",
            spec.span_of("max"),
            why="a limit without an 'otherwise' leaves the run without an answer",
            fix="add `otherwise: NAME`",
        )
    _check_askers(spec, scope)
    chosen = () if spec.duties in (None, "all", "missing") else named(spec, "duties")
    for duty, place in chosen:
        if duty not in scope.duties:
            scope.faults.unknown("duty", duty, place, scope.duties)
    duties = tuple(duty for duty, _ in chosen) if isinstance(spec.duties, tuple) else None
    return Move(
        name=name,
        kind="transition",
        source=str(spec.from_),
        target=str(spec.to),
        outcome="",
        closes_source=True,
        by=tuple(str(role) for role in spec.by),
        gate=_condition(spec.gate, scope),
        when=_condition(spec.when, scope),
        max=spec.max if isinstance(spec.max, int) else None,
        otherwise=str(spec.otherwise or ""),
        window=spec.window,
        duties=duties,
        missing_only=spec.duties == "missing",
        span=spec.span,
        clause=spec.clause,
    )


def _check_second_visit(name: str, spec: TransitionSpec, scope: Scope) -> None:
    for key in ("window", "duties", "max"):
        if getattr(spec, key) is None:
            scope.faults.error(
                "PF224",
                f"'{name}' can open '{spec.to}' a second time and leaves out '{key}'",
                spec.span,
                why="written dates bind the first visit only, so a later one states its own window, duties and limit",
                fix={
                    "window": "add `window: 30 days`, or `window: none`",
                    "duties": "add `duties: all`, `missing` or a list",
                    "max": "add `max: unlimited`, or a number with `otherwise`",
                }[key],
            )


def outcome(name: str, spec: OutcomeSpec, phases: Mapping[str, Phase], scope: Scope) -> Move:
    """An outcome becomes a move that ends the run."""
    if spec.from_ is not None and spec.from_ not in phases:
        scope.faults.unknown("phase", str(spec.from_), spec.span_of("from"), phases)
    _check_askers(spec, scope)
    if spec.owes is not None and spec.carry is None:
        scope.faults.error(
            "PF225",
            f"the outcome '{name}' owes a run and does not say what it takes over",
            spec.span,
            why="a redo with and without the open items are two different things",
            fix="add `carry: nothing` or `carry: open_items`",
        )
    return Move(
        name=name,
        kind="outcome",
        source=str(spec.from_ or ""),
        target="",
        outcome=name,
        closes_source=False,
        by=tuple(str(role) for role in spec.by),
        gate=_condition(spec.gate, scope),
        when=_condition(spec.when, scope),
        max=None,
        otherwise="",
        window=None,
        duties=None,
        missing_only=False,
        span=spec.span,
        clause=spec.clause,
    )


def _condition(tree: object, scope: Scope):  # type: ignore[no-untyped-def]
    return build(tree, scope) if tree is not None else None  # type: ignore[arg-type]


def _check_askers(spec: TransitionSpec | OutcomeSpec, scope: Scope) -> None:
    """Every role that may ask for a move must exist."""
    for role, place in named(spec, "by"):
        if role not in scope.roles:
            scope.faults.unknown("role", role, place, scope.roles)


def check_graph(
    phases: Mapping[str, Phase], moves: Iterable[Move], going: Mapping[str, tuple[str, Span]], scope: Scope
) -> None:
    """Find phases nobody can reach, runs that cannot end, and rings of moves that need no person.

    Args:
        phases: The phases of the level.
        moves: Its moves.
        going: What a band or an `otherwise` names: target to (where it is named, span).
        scope: Takes the faults.
    """
    if scope.faults.unknown_names:
        return
    moves = tuple(moves)
    targets = set(going) | {move.otherwise for move in moves if move.otherwise}
    _unreachable(phases, moves, targets, scope)
    _dead_end(phases, moves, targets, scope)
    _rings(phases, moves, scope)


def _alive(move: Move, named: set[str]) -> bool:
    return bool(move.by or move.when is not None or move.name in named)


def _unreachable(phases: Mapping[str, Phase], moves: tuple[Move, ...], named: set[str], scope: Scope) -> None:
    reached = {
        name
        for name, phase in phases.items()
        if phase.opens.name != "transition" and phase.opens.kind not in ("closes", "opens")
    }
    grown = True
    while grown:
        grown = False
        for name, phase in phases.items():
            if name not in reached and phase.opens.kind in ("closes", "opens") and phase.opens.name in reached:
                reached.add(name)
                grown = True
        for move in moves:
            usable = move.kind == "transition" and move.source in reached and _alive(move, named)
            if usable and move.target in phases and move.target not in reached:
                reached.add(move.target)
                grown = True
    for name, phase in phases.items():
        if name not in reached:
            scope.faults.error(
                "PF226",
                f"the phase '{name}' can never be opened",
                phase.span,
                why="no date, role, closing phase or transition leads to it",
                fix="give it an `opens:`, or name a transition to it in a band or with `by:`",
            )


def _dead_end(phases: Mapping[str, Phase], moves: tuple[Move, ...], named: set[str], scope: Scope) -> None:
    outcomes = [move for move in moves if move.kind == "outcome"]
    if outcomes and any(_alive(move, named) for move in outcomes):
        for move in outcomes:
            if not _alive(move, named):
                scope.faults.error(
                    "PF227",
                    f"the outcome '{move.name}' can never be reached",
                    move.span,
                    why="no role may ask for it, no condition makes it, and no band goes to it",
                    fix="add `by: ROLE`, `when: CONDITION`, or name it in a band",
                )
        return
    first = next(iter(phases.values()), None)
    scope.faults.error(
        "PF228",
        "a run of this policy can never end",
        outcomes[0].span if outcomes else first.span if first else Span(),
        why="no outcome can be reached, so every run stays open for ever",
        fix="add `outcomes: {completed: {by: ROLE, gate: …}}`",
    )


def _rings(phases: Mapping[str, Phase], moves: tuple[Move, ...], scope: Scope) -> None:
    """A ring of moves that all happen by themselves would never settle."""
    edges: dict[str, list[tuple[str, Move]]] = {}
    for move in moves:
        if move.kind == "transition" and move.when is not None:
            edges.setdefault(move.source, []).append((move.target, move))
    for start in edges:
        stack, seen = [start], set()
        while stack:
            for target, move in edges.get(stack.pop(), ()):
                if target == start:
                    scope.faults.error(
                        "PF229",
                        f"the automatic transition '{move.name}' closes a ring through '{start}'",
                        move.span,
                        why="every step of the ring happens by itself, so the run would never come to rest",
                        fix="let a person ask for one of them: `by: ROLE` instead of `when`",
                    )
                    return
                if target not in seen:
                    seen.add(target)
                    stack.append(target)


def shadowed(transitions: Mapping[str, TransitionSpec], scope: Scope) -> None:
    """Two automatic transitions of one phase with the same condition: the second can never be made."""
    seen: dict[tuple[str, str], str] = {}
    for name, spec in transitions.items():
        if spec.when is None:
            continue
        sign = (str(spec.from_), repr(spec.when))
        if sign in seen:
            scope.faults.error(
                "PF230",
                f"the transition '{name}' can never be made",
                spec.span,
                why=f"'{seen[sign]}' leaves '{spec.from_}' on the same condition and comes first",
                fix="drop one of them, or give them conditions that differ",
            )
        seen.setdefault(sign, name)
