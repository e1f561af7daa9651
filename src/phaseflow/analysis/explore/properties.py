"""What authors claim of their policy: properties, in a file beside it, named after it (``NAME.properties.yaml``).

A property speaks of every state in which a run can come to rest: something *always* holds, *never* holds, or can
*eventually* come about from wherever a run may be. The file is no part of the policy: a claim changes nothing that a
run does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

import attrs

from phaseflow.core import conditions as c
from phaseflow.core.plan.conditions import Scope, build
from phaseflow.core.plan.faults import Faults
from phaseflow.core.plan.model import LevelPlan, Plan
from phaseflow.errors import PolicyError, Problem, Span
from phaseflow.spec.conditions import Condition
from phaseflow.spec.duties import Clauses, doc, one_or_many
from phaseflow.spec.shape import Name, Shape, Text, shape


@shape
class Ended(Shape):
    """The run has ended."""

    __tag__: ClassVar[str] = "ended"
    ended: Literal["any"] | Name = attrs.field(metadata=doc("With this outcome, or `any`."))


@shape
class Open(Shape):
    """A phase is open."""

    __tag__: ClassVar[str] = "open"
    open: Name = attrs.field(metadata=doc("The phase."))


Situation = Ended | Open


@shape
class PropertySpec(Shape):
    """One claim."""

    title: Text | None = attrs.field(default=None, metadata=doc("What it says, in the author's words."))
    always: Condition | None = attrs.field(default=None, metadata=doc("Holds in every state (of those in `when`)."))
    never: Condition | Ended | Open | None = attrs.field(default=None, metadata=doc("Holds in no state."))
    eventually: Condition | Ended | Open | None = attrs.field(
        default=None, metadata=doc("Can still come about, from wherever a run may be.")
    )
    when: Ended | Open | None = attrs.field(
        default=None, metadata=doc("Only states in which the run has ended so, or that phase is open.")
    )
    without: tuple[Literal["reopening"], ...] = attrs.field(
        default=(), metadata=one_or_many("What is assumed not to happen: `reopening` of an ended run.")
    )
    level: Literal["unit", "programme"] | None = attrs.field(
        default=None, metadata=doc("Whose runs it speaks of; the units' if left out.")
    )
    clause: Clauses = attrs.field(default=(), metadata=one_or_many("Clause of the source document."))

    def validate(self) -> Iterable[Problem]:
        given = [key for key in ("always", "never", "eventually") if getattr(self, key) is not None]
        if len(given) != 1:
            yield Problem(
                code="PF880", what="a property says one of 'always', 'never' and 'eventually'", span=self.span,
                why="each of them is proved and refuted in its own way", fix="write one of them; split what says two",
            )  # fmt: skip
        elif given == ["eventually"] and self.when is not None:
            yield Problem(
                code="PF880", what="'eventually' takes no 'when'", span=self.span_of("when"),
                why="it speaks of every state: that something can still come about from there",
                fix="drop `when`, or say `always` or `never`",
            )  # fmt: skip


@shape
class Properties(Shape):
    """All claims about a policy."""

    properties: Mapping[Name, PropertySpec] = attrs.field(metadata=doc("The claims, by name."))


# --- as meant ---------------------------------------------------------------------------------------------------------

Kind = Literal["always", "never", "eventually"]
Claim = c.Condition | Ended | Open


@attrs.frozen(kw_only=True)
class Property:
    """A claim with its names resolved: that *claim* holds always, never, or can eventually come about."""

    name: str
    kind: Kind
    claim: Claim
    when: Situation | None = None
    reopening: bool = True
    level: str = "unit"
    title: str = ""
    span: Span = attrs.field(factory=Span)
    clause: tuple[str, ...] = ()

    @property
    def condition(self) -> c.Condition | None:
        """The condition it speaks of, if it is no situation."""
        return None if isinstance(self.claim, Ended | Open) else self.claim

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The situations it speaks of."""
        found = (self.claim, self.when)
        return tuple(one for one in found if isinstance(one, Ended | Open))


def can_end(level: str) -> Property:
    """What is asked of every policy: from wherever a run may be, it can still end."""
    return Property(
        name="can_end", kind="eventually", claim=Ended(ended="any"), level=level, title="every run can still end"
    )


def compile_properties(spec: Properties, plan: Plan) -> tuple[Property, ...]:
    """Resolve the names in claims.

    Raises:
        PolicyError: with every name that nothing bears.
    """
    faults, found = Faults(), []
    for name, one in spec.properties.items():
        level = one.level or "unit"
        if level not in plan.levels:
            faults.unknown("level", level, one.span_of("level"), plan.levels)
            continue
        scope = scope_of(plan, plan.levels[level], faults)
        kinds: tuple[Kind, ...] = ("always", "never", "eventually")
        kind = next(key for key in kinds if getattr(one, key) is not None)
        claim = getattr(one, kind)
        for situation in (claim, one.when):
            _check(situation, plan.levels[level], faults)
        found.append(Property(
            name=str(name), kind=kind, claim=claim if isinstance(claim, Ended | Open) else build(claim, scope),
            when=one.when, reopening="reopening" not in one.without, level=level,
            title=str(one.title or str(name).replace("_", " ")), span=one.span, clause=one.clause,
        ))  # fmt: skip
    if faults.errors:
        raise PolicyError(faults.errors)
    return tuple(found)


def _check(situation: object, level: LevelPlan, faults: Faults) -> None:
    match situation:
        case Ended(ended=name) if name != "any" and name not in level.outcomes:
            faults.unknown("outcome", str(name), situation.span_of("ended"), level.outcomes)
        case Open(open=name) if name not in level.phases:
            faults.unknown("phase", str(name), situation.span_of("open"), level.phases)
        case _:
            return


def scope_of(plan: Plan, level: LevelPlan, faults: Faults) -> Scope:
    """The names that a claim about a level may use: those of its own gates."""
    seen = [one for one in plan.levels.values() if one.name in (level.name, "programme")]
    return Scope(
        faults=faults,
        level=level.name,
        duties={name: one.name for one in seen for name in one.duties},
        phases={name: tuple(phase.steps) for name, phase in level.phases.items()},
        routes={
            name: tuple(step.name for step in duty.route)
            for one in seen
            for name, duty in one.duties.items()
            if duty.kind == "document"
        },
        ledgers={name: tuple(map(str, ledger.spec.classes)) for one in seen for name, ledger in one.ledgers.items()},
        polls=tuple(name for name, duty in level.duties.items() if duty.kind == "poll"),
        outcomes=tuple(level.outcomes) if level.name == "unit" else tuple(plan.unit.outcomes),
        roles=tuple(plan.roles),
        parameters={name: parameter.kind for name, parameter in plan.parameters.items()},
        values={name: one.values[0][1] for name, one in plan.parameters.items() if len(one.values) == 1},
    )
