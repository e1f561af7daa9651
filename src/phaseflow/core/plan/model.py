"""What a policy means once its names are resolved: roles, phases, duties, moves, and the table of the machine.

A plan is frozen and shared by all runs that are pinned to it. Compiled classes bear the plain name (`Phase`), what an
author writes is a `PhaseSpec`, what a run has is a `VisitState`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import attrs

from phaseflow.core.calendars import Calendar
from phaseflow.core.conditions import Condition
from phaseflow.errors import NOWHERE, Problem, Span
from phaseflow.spec import duties as specs
from phaseflow.spec import model as spec
from phaseflow.spec.model import ItemClass
from phaseflow.spec.phrases import ClosesPhrase, LengthPhrase, MomentPhrase, OpensPhrase, WindowPhrase

Kind = Literal["task", "quota", "checklist", "meeting", "bulletin", "document", "poll"]

CAMPAIGN = "campaign"
"""The phase name under which duties of the whole campaign are kept; its only visit is 1."""

IDLE = "idle"
"""The state of the machine in which a phase is not open; phases are opened from it."""


@attrs.frozen(kw_only=True)
class Role:
    """A role. *closure* holds the role itself and every role that its holders also have.

    *kept_apart* are the specs of those of them that name others they are independent of.
    """

    name: str
    title: str
    level: str
    closure: frozenset[str]
    kept_apart: tuple[spec.RoleSpec, ...]
    spec: spec.RoleSpec


@attrs.frozen(kw_only=True)
class Duty:
    """A duty, with what it inherits filled in. *subjects* says who owes it: the run, each holder, or each body."""

    name: str
    kind: Kind
    level: str
    phase: str
    step: str
    title: str
    by: tuple[str, ...]
    subjects: Literal["run", "role", "body"]
    each: str
    due: MomentPhrase | None
    grace: LengthPhrase | None
    lock: LengthPhrase | None
    remind: tuple[LengthPhrase, ...]
    overdue: Mapping[str, LengthPhrase]
    needs: Condition | None
    spec: specs.Duty
    clause: tuple[str, ...]
    span: Span
    route: tuple[RouteStep, ...] = ()

    def concerns(self, kind: str) -> bool:
        """Whether units of this kind owe it."""
        return not self.spec.units or kind in self.spec.units

    @property
    def amount(self) -> Fraction | None:
        """What each subject owes, for a quota."""
        return self.spec.quota.count if isinstance(self.spec, specs.QuotaDuty) else None

    @property
    def approximate(self) -> bool:
        """Whether its amount is only about so much (R40)."""
        return isinstance(self.spec, specs.QuotaDuty) and self.spec.quota.about

    @property
    def prescribed(self) -> bool:
        """Whether a gate that asks for ``duties`` counts it (R40: an approximate amount is advice)."""
        return self.spec.prescribed and not self.approximate and self.spec.opens == "with phase"

    def step_named(self, name: str) -> RouteStep | None:
        """The step of the route with this name."""
        return next((step for step in self.route if step.name == name), None)


@attrs.frozen(kw_only=True)
class RouteStep:
    """A step of a document's route. *act* is the verb, *roles* who does it or, for ``tell`` acts, who is told."""

    name: str
    index: int
    act: str
    family: Literal["write", "hear", "judge", "tell"]
    roles: tuple[str, ...]
    by: tuple[str, ...]
    blocking: bool
    returns_to: str
    silence: str
    asks: str
    when: Condition | None
    spec: specs.Step
    span: Span
    clause: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Step:
    """A nested window of a phase."""

    name: str
    title: str
    window: WindowPhrase
    span: Span


@attrs.frozen(kw_only=True)
class Phase:
    """A phase of one level, with the defaults filled in."""

    name: str
    level: str
    title: str
    window: WindowPhrase
    opens: OpensPhrase
    closes: ClosesPhrase | None
    asks: str
    clock: Literal["calendar", "unit"]
    remind: tuple[LengthPhrase, ...]
    overdue: Mapping[str, LengthPhrase]
    entry: Condition | None
    gate: Condition | None
    steps: Mapping[str, Step]
    duties: tuple[str, ...]
    own_actions: bool
    clause: tuple[str, ...]
    span: Span
    spec: spec.PhaseSpec


@attrs.frozen(kw_only=True)
class Move:
    """One way to change the configuration: close *source* if given, then open *target* or conclude with *outcome*."""

    name: str
    kind: Literal["open", "close", "transition", "outcome"]
    source: str
    target: str
    outcome: str
    closes_source: bool
    by: tuple[str, ...]
    gate: Condition | None
    when: Condition | None
    max: int | None
    otherwise: str
    window: WindowPhrase | None
    duties: tuple[str, ...] | None
    missing_only: bool
    span: Span
    clause: tuple[str, ...]


@attrs.frozen
class Row:
    """One row of the compiled table: in phase *source* (or idle), on *move*, guarded, in order."""

    source: str
    move: Move
    order: int


Table = Mapping[tuple[str, str], tuple[Row, ...]]
"""(phase or ``idle``, move name) to the rows that may be taken, in order."""


@attrs.frozen(kw_only=True)
class Ledger:
    """A compiled ledger. One whose policy names no classes has a single one, without a name and without a clock."""

    name: str
    level: str
    title: str
    spec: spec.LedgerSpec
    span: Span
    clause: tuple[str, ...]

    @property
    def classes(self) -> Mapping[str, ItemClass]:
        """The classes of its items, by name."""
        return {str(name): rule for name, rule in self.spec.classes.items()} or {"": ItemClass()}


@attrs.frozen(kw_only=True)
class LevelPlan:
    """What holds on one level: the programme's own run, or a unit's run.

    *watches_units*: something that happens by itself here hangs on how far the units have got (R11).
    """

    name: str
    phases: Mapping[str, Phase]
    duties: Mapping[str, Duty]
    ledgers: Mapping[str, Ledger]
    moves: Mapping[str, Move]
    automatic: tuple[Move, ...]
    table: Table
    outcomes: Mapping[str, spec.OutcomeSpec]
    machine: Any = attrs.field(eq=False, repr=False)
    watches_units: bool = False


@attrs.frozen(kw_only=True)
class Parameter:
    """A named number: what holds from which day on; a value without a day always held."""

    name: str
    kind: Literal["share", "number"]
    as_of: Literal["opening", "asked"]
    values: tuple[tuple[date | None, Fraction], ...]

    def on(self, day: date) -> Fraction | None:
        """The value on a day, or None before the first dated one."""
        found = None
        for since, value in self.values:
            if since is None or since <= day:
                found = value
        return found


@attrs.frozen(kw_only=True)
class Plan:
    """A policy as meant. *digest* is over everything that can change a decision."""

    digest: str
    policy: spec.Policy
    calendar: Calendar
    roles: Mapping[str, Role]
    parameters: Mapping[str, Parameter]
    levels: Mapping[str, LevelPlan]
    texts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def programme(self) -> LevelPlan | None:
        """The parent's level, where the campaign runs over units."""
        return self.levels.get("programme")

    @property
    def unit(self) -> LevelPlan:
        """The level of a unit's run (or of the only run)."""
        return self.levels["unit"]

    def closure(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """These roles and all they imply, sorted; a role held for somebody (``leader@north``) implies it for them."""
        found: set[str] = set()
        for role in roles:
            name, _, whom = role.partition("@")
            implied = self.roles[name].closure if name in self.roles else {role}
            found |= implied
            if whom:
                found |= {f"{other}@{whom}" for other in implied if self.roles[other].spec.for_ is not None}
        return tuple(sorted(found))

    @cached_property
    def held_for(self) -> frozenset[str]:
        """The roles that are held for some units and not for others (R38)."""
        return frozenset(name for name, role in self.roles.items() if role.spec.for_ == "unit")

    def line(self, file: str, number: int) -> str | None:
        """The text of one line of a source file, for showing a problem."""
        for name, text in self.texts:
            if name == file:
                lines = text.split("\n")
                return lines[number - 1] if 0 < number <= len(lines) else None
        return None


__all__ = [
    "IDLE", "NOWHERE", "Duty", "Kind", "Ledger", "LevelPlan", "Move", "Parameter", "Phase", "Plan", "Role",
    "RouteStep", "Row", "Step", "Table",
]  # fmt: skip
