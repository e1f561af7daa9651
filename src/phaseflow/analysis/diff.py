"""What changes between two policies, in the authors' words: a comparison of two compiled plans.

Compiled plans are compared and not texts, so two policies that mean the same show no difference: it does not matter
whether a value stands in a default, in an overlay or at the duty itself. Titles, clauses and comments change nothing
that a run does and are left out. What the change does to runs that have begun is another question, which this does not
answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Literal

import attrs

from phaseflow.core import conditions as c
from phaseflow.core.plan.model import Duty, LevelPlan, Move, Phase, Plan, RouteStep
from phaseflow.errors import NOWHERE, Span
from phaseflow.spec import duties as specs
from phaseflow.spec.shape import Shape, Text

CONDITIONS = (c.All, c.Any, c.AtLeast, c.Not, c.Compare, c.Read, c.Const)

WORDS = frozenset({"title", "clause", "span", "spans", "spec", "name", "level", "index"})
"""What says nothing about what a run does."""

INHERITED = frozenset({"due", "grace", "lock", "remind", "overdue", "needs", "by", "each", "route", "when", "asks"})
"""Keys of a spec that the compiled thing has with its defaults filled in."""


@attrs.frozen(kw_only=True)
class Change:
    """One difference: *at* is the address of the thing, *aspect* what of it changes (empty for the whole thing)."""

    kind: Literal["added", "removed", "changed"]
    at: str
    aspect: str = ""
    old: str = ""
    new: str = ""
    span: Span = NOWHERE

    def __str__(self) -> str:
        where = f"{self.at}.{self.aspect}" if self.aspect else self.at
        match self.kind:
            case "added":
                return f"+ {where}: {self.new}"
            case "removed":
                return f"- {where}: {self.old}"
            case "changed":
                return f"~ {where}: {self.old or 'nothing'} -> {self.new or 'nothing'}"


@attrs.frozen
class Thing:
    """A thing of a policy as it is compared: its aspects in words, and where it stands."""

    aspects: Mapping[str, str]
    span: Span

    def __str__(self) -> str:
        return ", ".join(f"{key} {value}" for key, value in self.aspects.items() if value)


def diff(old: Plan, new: Plan) -> tuple[Change, ...]:
    """Every difference in meaning, by address; none where both plans mean the same."""
    before, after = things(old), things(new)
    found: list[Change] = []
    for at in dict.fromkeys((*before, *after)):
        one, two = before.get(at), after.get(at)
        if one is None and two is not None:
            found.append(Change(kind="added", at=at, new=str(two), span=two.span))
        elif two is None and one is not None:
            found.append(Change(kind="removed", at=at, old=str(one), span=one.span))
        elif one is not None and two is not None:
            found += _changes(at, one, two)
    return tuple(found)


def _changes(at: str, one: Thing, two: Thing) -> Iterator[Change]:
    for aspect in dict.fromkeys((*one.aspects, *two.aspects)):
        old, new = one.aspects.get(aspect, ""), two.aspects.get(aspect, "")
        if old != new:
            yield Change(kind="changed", at=at, aspect=aspect, old=old, new=new, span=two.span)


# --- things -----------------------------------------------------------------------------------------------------------


def things(plan: Plan) -> dict[str, Thing]:
    """Everything of a plan that can change what a run does, by address."""
    found: dict[str, Thing] = {"campaign": Thing(_campaign(plan), plan.policy.span)}
    for name, role in plan.roles.items():
        found[f"roles.{name}"] = Thing({"of": role.level, **_of_spec(role.spec, frozenset({"of"}))}, role.spec.span)
    for name, body in plan.policy.bodies.items():
        found[f"bodies.{name}"] = Thing(_of_spec(body), body.span)
    for name, parameter in plan.parameters.items():
        share = parameter.kind == "share"
        values = {str(since or "value"): said(value) if share else str(value) for since, value in parameter.values}
        found[f"parameters.{name}"] = Thing(values, plan.policy.parameters[name].span)  # type: ignore[index]
    for level in plan.levels.values():
        found |= dict(_of_level(level, "programme." if level.name == "programme" else ""))
    for key in ("waivers", "extensions", "delegation", "make_up", "suspension", "recording"):
        spec = getattr(plan.policy, key)
        if spec is not None:
            found[key] = Thing(_of_spec(spec), spec.span)
    return found


def _campaign(plan: Plan) -> dict[str, str]:
    policy = plan.policy
    keys = ("zone", "window", "year", "batch", "appoints")
    return {key: said(getattr(policy, key)) for key in keys} | {"calendar": said(policy.calendar)}


def _of_level(level: LevelPlan, prefix: str) -> Iterator[tuple[str, Thing]]:
    for phase in level.phases.values():
        yield f"{prefix}phases.{phase.name}", Thing(_of_phase(phase), phase.span)
        for step in phase.steps.values():
            yield f"{prefix}phases.{phase.name}.{step.name}", Thing({"window": said(step.window)}, step.span)
    for duty in level.duties.values():
        yield f"duties.{duty.name}", Thing(_of_duty(duty), duty.span)
        for route in duty.route:
            yield f"duties.{duty.name}.route.{route.name}", Thing(_of_step(route), route.span)
        yield from _of_poll(duty)
    for move in level.moves.values():
        if move.kind in ("transition", "outcome"):
            yield f"{prefix}{move.kind}s.{move.name}", Thing(_of_move(move, level), move.span)
    for ledger in level.ledgers.values():
        rest = _of_spec(ledger.spec, frozenset({"classes", "of"}))
        yield f"ledgers.{ledger.name}", Thing({**rest, "kept": level.name}, ledger.span)
        for name, kind in ledger.spec.classes.items():
            yield f"ledgers.{ledger.name}.{name}", Thing(_of_spec(kind), kind.span)


def _of_phase(phase: Phase) -> dict[str, str]:
    closes = said(phase.closes) if phase.closes is not None else "unstated"
    keys = ("window", "opens", "asks", "clock", "entry", "gate", "remind", "overdue", "own_actions")
    return {"closes": closes, **{key: said(getattr(phase, key)) for key in keys}}


def _of_duty(duty: Duty) -> dict[str, str]:
    where = f"{duty.phase}, {duty.step}" if duty.step else duty.phase
    keys = ("kind", "by", "each", "due", "grace", "lock", "remind", "overdue", "needs")
    apart = {"bands", "edges"} if isinstance(duty.spec, specs.PollDuty) else set[str]()
    aside = INHERITED | apart | ({duty.kind} - {"quota"})  # the kind's own key is a title, but for a quota
    return {"in": where, **{key: said(getattr(duty, key)) for key in keys}, **_of_spec(duty.spec, frozenset(aside))}


def _of_step(step: RouteStep) -> dict[str, str]:
    keys = ("act", "roles", "by", "blocking", "returns_to", "silence", "asks", "when")
    aside = frozenset({*keys, step.act, "as_"})
    place = {"place": str(step.index + 1)}
    return {**place, **{key: said(getattr(step, key)) for key in keys}, **_of_spec(step.spec, aside)}


def _of_poll(duty: Duty) -> Iterator[tuple[str, Thing]]:
    if not isinstance(duty.spec, specs.PollDuty):
        return
    tables = {f"duties.{duty.name}.bands": duty.spec.bands}
    for name, edge in duty.spec.edges.items():
        yield f"duties.{duty.name}.edges.{name}", Thing(_of_spec(edge, frozenset({"bands"})), edge.span)
        tables[f"duties.{duty.name}.edges.{name}.bands"] = edge.bands
    for at, bands in tables.items():
        for kind in ("exclusive", "cumulative") if bands is not None else ():
            for number, band in enumerate(getattr(bands, kind), start=1):
                yield f"{at}.{number}", Thing({"kind": kind, **_of_spec(band)}, band.span)


def _of_move(move: Move, level: LevelPlan) -> dict[str, str]:
    keys = ("source", "target", "by", "gate", "when", "max", "otherwise", "window", "duties", "missing_only")
    found = {key: said(getattr(move, key)) for key in keys}
    if move.outcome:
        found |= _of_spec(level.outcomes[move.outcome], frozenset({"by", "from_", "gate", "when"}))
    return found


def _of_spec(spec: Shape, aside: frozenset[str] = frozenset()) -> dict[str, str]:
    """The keys of a spec that say something, in words."""
    names = (field.name for field in attrs.fields(type(spec)))  # type: ignore[arg-type]  # every shape is attrs
    return {name.rstrip("_"): said(getattr(spec, name)) for name in names if name not in WORDS | aside}


# --- words ------------------------------------------------------------------------------------------------------------


def said(value: Any) -> str:
    """A value as an author would say it; nothing is an empty text."""
    match value:
        case None | False | () | "":
            return ""
        case True:
            return "yes"
        case Text():
            return str(value)
        case Fraction():
            return f"{float(value * 100):g} %" if value <= 1 else f"{float(value):g}"
        case Mapping():
            return ", ".join(f"{key} {said(inner)}".strip() for key, inner in sorted(value.items()))
        case tuple():
            return ", ".join(map(said, value))
        case Shape():
            return ", ".join(f"{key} {text}" for key, text in _of_spec(value).items() if text)
        case _ if isinstance(value, CONDITIONS):
            return c.render(value)
        case _:
            return str(value)
