"""Spec to plan: names, levels, graph, totality, machine and digest; all faults of meaning at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

import attrs

from phaseflow.core.calendars import Calendar, build_calendar
from phaseflow.core.conditions import is_speakable, reads
from phaseflow.core.plan import duties as d
from phaseflow.core.plan.conditions import FACTS
from phaseflow.core.plan.expand import expand
from phaseflow.core.plan.faults import Faults, named
from phaseflow.core.plan.levels import compile_level
from phaseflow.core.plan.model import LevelPlan, Parameter, Plan, Role
from phaseflow.core.plan.references import check_references
from phaseflow.errors import PolicyError, Span
from phaseflow.spec import model as s
from phaseflow.spec.phrases import (
    RESERVED,
    AmountPhrase,
    DayPhrase,
    LengthPhrase,
    SharePhrase,
)
from phaseflow.spec.shape import Shape, Text

LANGUAGE_LEVEL = 1
"""Part of every digest: a change of meaning is a new level (R20)."""


def compile_policy(policy: s.Policy, texts: tuple[tuple[str, str], ...] = (), calendar: Calendar | None = None) -> Plan:
    """Compile a policy.

    Args:
        policy: The spec.
        texts: (file, text) of every source, kept for refusals that quote their line.
        calendar: The pinned calendar of a stored plan; built from the policy where it is left out.

    Raises:
        PolicyError: with every fault of meaning, sorted by position.
    """
    faults = Faults()
    policy = expand(policy, faults)
    calendar = calendar or _calendar(policy, faults)
    roles = _roles(policy, faults)
    parameters = _parameters(policy, faults)
    _names(policy, faults)
    check_references(policy, faults)
    levels = {
        name: compile_level(name, policy, roles, parameters, faults)
        for name in (("programme", "unit") if policy.programme is not None else ("unit",))
    }
    _no_clock(levels, parameters, faults)
    _ending(policy, levels, faults)
    if faults.errors or calendar is None:
        raise PolicyError(faults.errors)
    return Plan(
        digest=digest(policy, calendar),
        policy=policy,
        calendar=calendar,
        roles=MappingProxyType(roles),
        parameters=MappingProxyType(parameters),
        levels=MappingProxyType(levels),
        texts=texts,
        warnings=tuple(p for p in faults.problems if p.severity == "warning"),
    )


def _no_clock(levels: Mapping[str, LevelPlan], parameters: Mapping[str, Parameter], faults: Faults) -> None:
    """Nothing happens by itself because a day has come, unless a timer says so (R4)."""
    for level in levels.values():
        for move in level.automatic:
            for fact in reads(move.when) if move.when is not None else ():
                if fact.parameter and parameters[fact.name].as_of == "asked":
                    faults.error(
                        "PF252",
                        f"'{move.name}' follows by itself from '{fact.name}', whose value changes with the day",
                        fact.span,
                        why="the present day is read only in a gate that somebody asks",
                        fix=f"drop `as_of: asked` of '{fact.name}', or let somebody ask for '{move.name}'",
                    )


def _ending(policy: s.Policy, levels: Mapping[str, LevelPlan], faults: Faults) -> None:
    """What ends a version is something of the policy."""
    until = policy.amends.until if policy.amends is not None else None
    if policy.amends is not None and until is not None and until.anchor is not None:
        known = {name for level in levels.values() for name in (*level.phases, *level.duties)}
        if until.anchor.name.rsplit(".", 1)[-1] not in known:
            faults.unknown("phase or duty", until.anchor.name, policy.amends.span_of("until"), known)


def digest(policy: s.Policy, calendar: Calendar) -> str:
    """SHA-256 over the policy's meaning and the calendar's days; positions and comments do not count."""
    content = {"level": LANGUAGE_LEVEL, "policy": _plain(policy), "calendar": calendar.as_data()}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Shape):
        fields = (a for a in attrs.fields(type(value)) if a.eq)  # type: ignore[arg-type]  # every shape is attrs
        given = {a.name: _plain(getattr(value, a.name)) for a in fields if getattr(value, a.name) != a.default}
        return {"": type(value).__name__, **given}
    if isinstance(value, Text):
        return dict(value.texts)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _calendar(policy: s.Policy, faults: Faults) -> Calendar | None:
    spec = policy.calendar
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    try:
        return build_calendar(
            policy.zone,
            country=spec.country,
            subdivision=spec.subdivision,
            weekend=tuple(names.index(day) for day in spec.weekend),
            closed=tuple(day for phrase in spec.closed for day in _days(phrase)),
            extra=tuple(day for phrase in spec.extra for day in _days(phrase)),
        )
    except PolicyError as error:
        spans = {"zone": policy.span_of("zone"), "country": spec.span_of("country")}
        for problem in error.problems:
            key = "country" if "countr" in problem.what or "holiday" in problem.what else "zone"
            faults.problems.append(attrs.evolve(problem, span=spans[key]))
    except ValueError as error:
        faults.error(
            "PF209",
            f"a day of the calendar is not a day: {error}",
            spec.span,
            why="days off and extra working days are dates with a year",
            fix="write 2009-05-01",
        )
    return None


def _days(phrase: DayPhrase) -> Iterator[date]:
    """Every day that a phrase with a year names."""
    first, last = phrase.bounds()
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _roles(policy: s.Policy, faults: Faults) -> dict[str, Role]:
    known: Mapping[Any, s.RoleSpec] = policy.roles
    roles: dict[str, Role] = {}
    for name, spec in known.items():
        for key in ("is_a", "independent_of"):
            for other, place in named(spec, key):
                if other not in policy.roles:
                    faults.unknown("role", other, place, policy.roles)
        _check_held_for(str(name), spec, policy, faults)
        if policy.programme is not None and spec.of is None:
            faults.error(
                "PF210",
                f"the role '{name}' does not say where its holders stand",
                spec.span,
                why="in a programme a role belongs to the parent run or to each unit, and so do its duties",
                fix="add `of: programme` or `of: unit`",
            )
        closure = _closure(str(name), policy.roles)
        roles[str(name)] = Role(
            name=str(name),
            title=str(spec.title) if spec.title else str(name).replace("_", " "),
            level=(spec.of or "unit") if policy.programme is not None else "unit",
            closure=closure,
            kept_apart=tuple(known[role] for role in sorted(closure & known.keys()) if known[role].independent_of),
            spec=spec,
        )
    return roles


def _check_held_for(name: str, spec: s.RoleSpec, policy: s.Policy, faults: Faults) -> None:
    """A role is held for a unit, or for a body of a kind that there is (R38)."""
    if spec.for_ is None or spec.for_ in policy.bodies:
        return
    if spec.for_ != "unit":
        faults.unknown("kind of body", str(spec.for_), spec.span_of("for"), ("unit", *map(str, policy.bodies)))
    elif policy.programme is None or spec.of != "programme":
        faults.error(
            "PF238",
            f"the role '{name}' is held for a unit, and its holders do not stand above the units",
            spec.span_of("for"),
            why="whoever answers for some units and not for others is on the programme's roster",
            fix="add `of: programme`, or drop `for: unit`",
        )


def _closure(name: str, roles: Mapping[Any, s.RoleSpec]) -> frozenset[str]:
    found, stack = {name}, [name]
    while stack:
        spec = roles.get(stack.pop())
        for other in spec.is_a if spec else ():
            if other not in found:
                found.add(str(other))
                stack.append(str(other))
    return frozenset(found)


def _parameters(policy: s.Policy, faults: Faults) -> dict[str, Parameter]:
    found = {}
    for name, spec in policy.parameters.items():
        rows = [(None, spec.value)] if spec.value is not None else [(v.from_, v.value) for v in spec.values]
        values: list[tuple[date | None, Fraction]] = []
        for since, value in rows:
            day = None
            if since is not None:
                if since.year is None:
                    faults.error(
                        "PF211",
                        f"a value of '{name}' begins on a day without a year",
                        spec.span,
                        why="a dated value holds from one day of history on",
                        fix="write 2009-01-01",
                    )
                    continue
                day = since.bounds()[0]
            if values and values[-1][0] is not None and day is not None and day <= values[-1][0]:
                faults.error(
                    "PF212",
                    f"the values of '{name}' are not in the order of their days",
                    spec.span,
                    why="the latest value that has begun holds, so the order decides",
                    fix="sort them, earliest first",
                )
            values.append((day, _number(value)))
        kind: Literal["share", "number"] = (
            "share" if any(isinstance(value, SharePhrase) for _, value in rows) else "number"
        )
        found[str(name)] = Parameter(name=str(name), kind=kind, values=tuple(values), as_of=spec.as_of)
    return found


def _number(value: SharePhrase | AmountPhrase | LengthPhrase | int) -> Fraction:
    match value:
        case SharePhrase():
            return value.value
        case AmountPhrase():
            return value.count or Fraction(0)
        case LengthPhrase():
            return Fraction(value.count)
        case _:
            return Fraction(value)


def _names(policy: s.Policy, faults: Faults) -> None:
    """One name, one thing: phases, transitions and outcomes share one namespace, and duties another."""
    moves: dict[str, Span] = {}
    for noun, group in (("phase", policy.phases), ("transition", policy.transitions), ("outcome", policy.outcomes)):
        for name, spec in group.items():
            _once(str(name), noun, spec.span, moves, faults)
    seen: dict[str, Span] = {"campaign": policy.span}
    for place in d.places(policy):
        _once(place.name, "duty", place.span, seen, faults)
    for phase in policy.phases.values():
        for name, step in phase.steps.items():
            _once(str(name), "step", step.span, seen, faults)
    actors: dict[str, tuple[str, Span]] = {str(name): ("role", role.span) for name, role in policy.roles.items()}
    actors |= {str(name): ("kind of body", body.span) for name, body in policy.bodies.items()}
    if "unit" in actors:  # `each: unit`, `for: unit` and `subject: unit` mean the units of the programme
        _is_a_word("unit", *actors["unit"], faults)
    for name, parameter in policy.parameters.items():
        if name in FACTS or not is_speakable(str(name)):
            _is_a_word(str(name), "parameter", parameter.span, faults)


def _once(name: str, noun: str, span: Span, seen: dict[str, Span], faults: Faults) -> None:
    if name in RESERVED or (name in ("window", "campaign") and noun != "duty") or not is_speakable(name):
        _is_a_word(name, noun, span, faults)
    if name in seen:
        faults.error(
            "PF213",
            f"the name '{name}' of this {noun} is taken",
            span,
            why=f"gates, anchors and commands name things, so a name stands once; the first is at {seen[name]}",
            fix=f"give the {noun} another name",
        )
    seen.setdefault(name, span)


def _is_a_word(name: str, noun: str, span: Span, faults: Faults) -> None:
    faults.error(
        "PF232",
        f"the name '{name}' of this {noun} is a word of the language",
        span,
        why="a date, a window or a condition could not tell the name from the word",
        fix=f"give the {noun} another name",
    )
