"""One level of a policy, the programme's or a unit's: phases, duties, moves, ledgers, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from phaseflow.core.plan import duties as d
from phaseflow.core.plan import moves as m
from phaseflow.core.plan.conditions import Scope, build, reads_units
from phaseflow.core.plan.faults import Faults, named
from phaseflow.core.plan.machine import build_machine, compile_table
from phaseflow.core.plan.model import Duty, Ledger, LevelPlan, Move, Parameter, Phase, Role, Step
from phaseflow.core.plan.polls import bands_of, check_poll, names_of_units
from phaseflow.errors import Span
from phaseflow.spec import duties as ds
from phaseflow.spec import model as s
from phaseflow.spec.phrases import (
    ClosesPhrase,
    OpensPhrase,
    WindowPhrase,
)


def _phase_specs(level: str, policy: s.Policy) -> dict[str, tuple[s.PhaseSpec, s.PhaseSpec]]:
    """By name: (the spec that gives window, steps and title; the spec that gives entry, gate and closing)."""
    if level == "unit" or policy.programme is None:
        return {str(name): (spec, spec) for name, spec in policy.phases.items()}
    own = {str(name): spec for name, spec in policy.programme.phases.items()}
    found = {}
    for name, spec in policy.phases.items():
        opens = spec.opens or policy.defaults.phase.opens
        by_transition = opens is not None and opens.name == "transition"
        if str(name) in own or not by_transition:
            bare = s.PhaseSpec(span=spec.span, spans=spec.spans, opens=spec.opens)
            found[str(name)] = (spec, own.get(str(name), bare))
    return found | {name: (spec, spec) for name, spec in own.items() if name not in found}


def compile_level(
    level: str, policy: s.Policy, roles: dict[str, Role], parameters: dict[str, Parameter], faults: Faults
) -> LevelPlan:
    specs = _phase_specs(level, policy)
    placed = [
        (place, d.level_of(place, policy, Faults() if level == "programme" else faults)) for place in d.places(policy)
    ]
    scope = _scope(level, policy, specs, {p.name: lv for p, lv in placed}, placed, parameters, faults)
    duties = {
        place.name: d.compile_duty(place, level, policy, roles, scope)
        for place, where in placed
        if where == level and (place.phase in specs or place.phase == "campaign")
    }
    phases = {name: _phase(name, level, both, policy, duties, scope) for name, both in specs.items()}
    moves = _moves(level, policy, phases, duties, roles, scope)
    ledgers = _ledgers(level, policy, roles, scope)
    if faults.errors:
        return LevelPlan(
            name=level,
            phases=phases,
            duties=duties,
            ledgers=ledgers,
            moves={},
            automatic=(),
            table={},
            outcomes={},
            machine=None,
        )
    expanded = _expand_anywhere(moves, phases)
    machine = build_machine(phases, expanded)
    return LevelPlan(
        name=level,
        phases=MappingProxyType(phases),
        duties=MappingProxyType(duties),
        ledgers=MappingProxyType(ledgers),
        moves=MappingProxyType({move.name: move for move in moves}),
        automatic=tuple(move for move in moves if move.when is not None),
        table=compile_table(machine),
        machine=machine,
        outcomes=MappingProxyType(dict(_outcomes(level, policy))),
        watches_units=any(
            reads_units(condition)
            for condition in (*(move.when for move in moves), *(phase.entry for phase in phases.values()))
        ),
    )


def _expand_anywhere(moves: list[Move], phases: Mapping[str, Phase]) -> list[Move]:
    """An outcome without `from` is there from every phase, and while none is open."""
    found = []
    for move in moves:
        if move.kind == "outcome" and not move.source:
            found += [attrs.evolve(move, source=name) for name in phases]
        found.append(move)
    return found


def _scope(
    level: str,
    policy: s.Policy,
    specs: Mapping[str, Any],
    levels: dict[str, str],
    placed: list[tuple[d.Place, str]],
    parameters: dict[str, Parameter],
    faults: Faults,
) -> Scope:
    seen = {name: lv for name, lv in levels.items() if lv == level or lv == "programme"}
    documents = {
        place.name: tuple(str(step.as_ or step.__tag__) for step in place.spec.route)
        for place, where in placed
        if isinstance(place.spec, ds.DocumentDuty) and where in (level, "programme")
    }
    return Scope(
        faults=faults,
        level=level,
        duties=seen,
        phases={name: tuple(map(str, both[0].steps)) for name, both in specs.items()},
        routes=documents,
        ledgers={str(name): tuple(map(str, spec.classes)) for name, spec in policy.ledgers.items()},
        polls=tuple(place.name for place, where in placed if isinstance(place.spec, ds.PollDuty) and where == level),
        outcomes=tuple(map(str, policy.outcomes)),
        roles=tuple(map(str, policy.roles)),
        parameters={name: parameter.kind for name, parameter in parameters.items()},
        values={name: p.values[0][1] for name, p in parameters.items() if len(p.values) == 1},
    )


def _phase(
    name: str,
    level: str,
    both: tuple[s.PhaseSpec, s.PhaseSpec],
    policy: s.Policy,
    duties: dict[str, Duty],
    scope: Scope,
) -> Phase:
    outer, rules = both
    defaults = policy.defaults.phase
    opens = rules.opens or outer.opens or defaults.opens
    closes = rules.closes or (outer.closes if level == "unit" else None) or defaults.closes
    asking = next((one for one in (rules, outer, defaults) if one.asks is not None), defaults)
    asks = str(asking.asks or "")
    for key in ("opens", "closes"):
        _check_edge(rules if getattr(rules, key) else outer if getattr(outer, key) else defaults, key, scope)
    if asks and asks not in scope.roles:
        scope.faults.unknown("role", asks, asking.span_of("asks"), scope.roles)
    clock = rules.clock or outer.clock or defaults.clock
    window = rules.window or outer.window
    _check_phase(name, outer, rules, opens, closes, asks, clock, window, scope)
    mine = tuple(duty for duty in duties if duties[duty].phase == name)
    prescribed = tuple(
        (duty, duties[duty].span, ", ".join(duties[duty].clause)) for duty in mine if duties[duty].prescribed
    )
    here = attrs.evolve(scope, prescribed=prescribed)
    return Phase(
        name=name,
        level=level,
        title=str(outer.title) if outer.title else name.replace("_", " "),
        window=window or WindowPhrase(),
        opens=opens or OpensPhrase(kind="date"),
        closes=closes if isinstance(closes, ClosesPhrase) else None,
        asks=asks,
        clock=clock or "calendar",
        remind=rules.remind or outer.remind or defaults.remind,
        overdue=d.by_name(rules.overdue or outer.overdue or defaults.overdue),
        entry=build(rules.entry, here) if rules.entry is not None else None,
        gate=build(rules.gate, here) if rules.gate is not None else None,
        steps={
            str(key): Step(name=str(key), title=str(step.title or key), window=step.window, span=step.span)
            for key, step in outer.steps.items()
        },
        duties=mine,
        own_actions=outer.own_actions,
        clause=outer.clause,
        span=outer.span,
        spec=outer,
    )


def _check_phase(
    name: str,
    spec: s.PhaseSpec,
    rules: s.PhaseSpec,
    opens: Any,
    closes: Any,
    asks: str,
    clock: Any,
    window: Any,
    scope: Scope,
) -> None:
    missing = {
        "opens": opens is None,
        "closes": closes is None,
        "window": window is None,
        "clock": clock is None and opens is not None and (opens.kind == "gate" or rules.entry is not None),
    }
    fixes = {
        "opens": "`opens: on date`, `when PHASE closes`, `by ROLE` or `by transition`",
        "closes": "`closes: by ROLE`, `when gate`, `on date` or `unstated`",
        "window": "`window: 03-01 .. 04-30`, or `window: none`",
        "clock": "`clock: calendar` or `clock: unit`",
    }
    for key, absent in missing.items():
        if absent:
            scope.faults.error(
                "PF220",
                f"the phase '{name}' does not say its '{key}'",
                spec.span,
                why="how a phase opens, closes and counts is never a hidden default",
                fix=f"add {fixes[key]}, or write it once under `defaults: {{phase: …}}`",
            )
    if closes == "unstated" and not asks:
        scope.faults.error(
            "PF206",
            f"the phase '{name}' leaves its closing unstated and asks nobody",
            spec.span,
            why="where the document is silent the run holds and asks a named role",
            fix="add `asks: ROLE`",
        )
    if opens is not None and opens.kind == "gate" and rules.entry is None:
        scope.faults.error(
            "PF218",
            f"the phase '{name}' opens when its gate is met, and has none",
            rules.span,
            why="without an `entry:` there is nothing to be met",
            fix="add `entry: CONDITION`",
        )
    if closes is not None and closes != "unstated" and closes.kind == "gate" and rules.gate is None:
        scope.faults.error(
            "PF218",
            f"the phase '{name}' closes when its gate is met, and has none",
            rules.span,
            why="without a `gate:` there is nothing to be met",
            fix="add `gate: CONDITION`",
        )
    if opens is not None and opens.kind == "date" and window is not None and window.first is None:
        scope.faults.error(
            "PF219",
            f"the phase '{name}' opens on its date, and its window has none",
            spec.span,
            why="a phase opens 'on date' on the first day of its window",
            fix="give the window a first day, or another `opens:`",
        )
    if opens is not None and opens.kind in ("closes", "opens") and opens.name not in scope.phases:
        scope.faults.unknown("phase", str(opens.name), spec.span_of("opens"), scope.phases)


def _outcomes(level: str, policy: s.Policy) -> Mapping[str, s.OutcomeSpec]:
    group = policy.outcomes if level == "unit" or policy.programme is None else policy.programme.outcomes
    return {str(name): spec for name, spec in group.items()}


def _moves(
    level: str,
    policy: s.Policy,
    phases: dict[str, Phase],
    duties: dict[str, Duty],
    roles: dict[str, Role],
    scope: Scope,
) -> list[Move]:
    transitions = policy.transitions if level == "unit" or policy.programme is None else policy.programme.transitions
    m.shadowed({str(k): v for k, v in transitions.items()}, scope)
    opened = {name for name, phase in phases.items() if phase.opens.name != "transition"}
    made = [str(spec.to) for spec in transitions.values()]
    moves = [move for phase in phases.values() for move in m.phase_moves(phase)]
    for name, spec in transitions.items():
        reentered = str(spec.to) in opened or made.count(str(spec.to)) > 1
        here = attrs.evolve(scope, prescribed=_prescribed(spec.from_, phases, duties))
        moves.append(m.transition(str(name), spec, phases, here, reentered))
    for ending, out in _outcomes(level, policy).items():
        moves.append(
            m.outcome(ending, out, phases, attrs.evolve(scope, prescribed=_prescribed(out.from_, phases, duties)))
        )
    going = _going(duties, [move.name for move in moves], policy, roles, scope)
    m.check_graph(phases, moves, going, scope)
    return moves


def _check_edge(spec: s.PhaseDefaults, key: str, scope: Scope) -> None:
    """Whoever opens or closes a phase by hand is a role; `by transition` names nobody."""
    edge = getattr(spec, key)
    by_role = edge is not None and edge != "unstated" and edge.kind == "role" and edge.name != "transition"
    if by_role and edge.name not in scope.roles:
        scope.faults.unknown("role", edge.name, spec.span_of(key), scope.roles)


def _prescribed(
    phase: str | None, phases: Mapping[str, Phase], duties: Mapping[str, Duty]
) -> tuple[tuple[str, Span, str], ...] | None:
    """What the word ``duties`` means in a move out of a phase."""
    if phase is None:
        return None
    if phase not in phases:
        return ()  # told where the move is compiled; that `duties` means nothing would follow from it
    names = (name for name in phases[phase].duties if duties[name].prescribed)
    return tuple((name, duties[name].span, ", ".join(duties[name].clause)) for name in names)


def _going(
    duties: Mapping[str, Duty], moves: list[str], policy: s.Policy, roles: Mapping[str, Role], scope: Scope
) -> dict[str, tuple[str, Span]]:
    """Check the polls of a level and gather what bands go to: its own, and those of the programme about units."""
    going: dict[str, tuple[str, Span]] = {}
    targets = [name for name in moves if "." not in name] + list(duties)
    units = names_of_units(policy) if scope.level == "programme" else ()
    polls = [(name, duty.spec, False) for name, duty in duties.items() if isinstance(duty.spec, ds.PollDuty)]
    for name, spec, _ in polls:
        check_poll(name, spec, roles, targets, units, scope)
    if scope.level == "unit" and policy.programme is not None:
        polls += [(place.name, place.spec, True) for place in d.places(policy) if isinstance(place.spec, ds.PollDuty)]
    for name, spec, about_units in polls:
        for band in bands_of(spec, units=about_units):
            for target in (*band.go, *((band.otherwise,) if band.otherwise else ())):
                going[str(target)] = (name, band.span)
    return going


def _ledgers(level: str, policy: s.Policy, roles: Mapping[str, Role], scope: Scope) -> dict[str, Ledger]:
    found = {}
    for name, spec in policy.ledgers.items():
        if (spec.of or "unit") != level and policy.programme is not None:
            continue
        _check_ledger(str(name), spec, roles, scope)
        found[str(name)] = Ledger(
            name=str(name), level=level, title=str(spec.title or name), spec=spec, span=spec.span, clause=spec.clause
        )
    return found


def _check_ledger(name: str, spec: s.LedgerSpec, roles: Mapping[str, Role], scope: Scope) -> None:
    faults, close = scope.faults, spec.close
    for acting, place in (*named(spec, "opened_by"), *named(close, "by")):
        if acting not in roles and acting != "owner":
            faults.unknown("role", acting, place, roles)
    verified = close.verify not in ("none", "unstated")
    if verified and str(close.verify) not in roles:
        faults.unknown("role", str(close.verify), close.span_of("verify"), roles)
    if verified and close.poor is None:
        faults.error(
            "PF231",
            f"the ledger '{name}' does not say what a poor result means",
            close.span_of("verify"),
            why="somebody verifies, so somebody may find it poor",
            fix="add `poor: reopen` or `poor: make_up`",
        )
    if isinstance(close.max, int) and close.otherwise is None:
        faults.error(
            "PF223",
            f"an item of '{name}' may be reopened {close.max} times, and nothing is said of the next time",
            close.span_of("max"),
            why="a limit without an 'otherwise' leaves the item without an answer",
            fix="add `otherwise: ROLE`",
        )
    if "unstated" in (close.verify, spec.survives) and close.asks is None:
        faults.error(
            "PF206",
            f"the ledger '{name}' leaves something unstated and asks nobody",
            close.span,
            why="where the document is silent the run holds and asks a named role",
            fix="add `asks: ROLE` under `close:`",
        )
