"""The beginning that all trials of a simulation share: who takes part, and every run as it stands when it was started.

A start is decided by the real `decide` and depends on nothing that is drawn, so it is done once and copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from phaseflow.analysis.explore.acts import host_of
from phaseflow.analysis.simulation.habits import Habits
from phaseflow.core.decide import Decision, Surroundings, decide
from phaseflow.core.plan.model import LevelPlan, Plan
from phaseflow.core.state import MemoryRows
from phaseflow.core.state.people import prefix_above
from phaseflow.errors import PolicyError
from phaseflow.messages import commands as m
from phaseflow.messages.events import Entry

PROGRAMME = "programme"

Timers = tuple[tuple[str, Any], ...]


@attrs.frozen(kw_only=True)
class Begun:
    """A run that was started: its rows, its trail so far, and the timers that were set."""

    name: str
    unit: str
    level: LevelPlan
    rows: MemoryRows
    entries: tuple[Entry, ...]
    put: Mapping[str, Any]


@attrs.frozen(kw_only=True, eq=False)
class Scene:
    """A plan, the habits of its people, and the runs of one trial as they begin.

    *roster* gives the holders of each role by run: those of the run itself, then those of the programme.
    """

    plan: Plan
    habits: Habits
    begins: datetime
    host: Mapping[tuple[str, str], object]
    runs: tuple[Begun, ...]
    roster: Mapping[str, Mapping[str, tuple[str, ...]]]
    names: dict[int, tuple[str, ...]] = attrs.field(factory=dict)
    """Names in a condition of the plan, by its identity, once they were looked for."""

    @property
    def units(self) -> int:
        """How many units a trial has."""
        return sum(run.level.name == "unit" for run in self.runs)


def prepare(plan: Plan, habits: Habits) -> Scene:
    """Start the runs of a trial: a unit, or a programme with its units.

    Raises:
        PolicyError: The policy's own rules refuse the start.
    """
    begins = plan.calendar.at(habits.start, 8)
    host = {key: value for level in plan.levels.values() for key, value in host_of(level).items()}
    cast = _Cast(plan, habits, begins)
    begun: dict[str, Begun] = {}
    if plan.programme is None:
        begun["unit"] = cast.start(plan.unit, "unit", "", None)
    else:
        above = cast.start(plan.programme, PROGRAMME, "", None)
        for number in range(1, habits.units + 1):
            name = f"unit_{number}"
            begun[name] = cast.start(plan.unit, name, name, above.rows, _turn(habits.kinds, number))
            above = cast.enrol(above, name)
        begun[PROGRAMME] = above
    return Scene(
        plan=plan, habits=habits, begins=begins, host=host, runs=tuple(begun.values()),
        roster={run.name: dict(_holders(plan, run, begun.get(PROGRAMME))) for run in begun.values()},
    )  # fmt: skip


def _turn(kinds: tuple[str, ...], number: int) -> str:
    return kinds[(number - 1) % len(kinds)] if kinds else ""


def _holders(plan: Plan, run: Begun, above: Begun | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = {key.split("/")[1] for key, _ in run.rows.scan("holder/")} | set(plan.roles)
    for role in sorted(names):
        found = [key.rsplit("/", 1)[1] for key, _ in run.rows.scan(f"holder/{role}/")]
        if above is not None and above is not run and role in plan.roles:
            found += [key.rsplit("/", 1)[1] for key, _ in above.rows.scan(prefix_above(plan, role, run.unit))]
        yield role, tuple(dict.fromkeys(found))


@attrs.frozen
class _Cast:
    plan: Plan
    habits: Habits
    begins: datetime

    def start(
        self, level: LevelPlan, name: str, unit: str, above: MemoryRows | None, kind: str = ""
    ) -> Begun:
        policy = self.plan.policy
        command = m.StartRun(
            id="start", by=m.SYSTEM, at=self.begins, now=self.begins, run=name, campaign=str(policy.campaign),
            plan=self.plan.digest, level=level.name, unit=unit, start=self.habits.start,
            parent=PROGRAMME if unit else "", batch=policy.batch, kind=kind,
            persons=tuple(self.persons(level)), bodies=dict(self.bodies(level)),
        )  # fmt: skip
        rows = MemoryRows()
        decision = self.decided(rows, command, above)
        return Begun(
            name=name, unit=unit, level=level, rows=rows, entries=decision.entries, put=dict(decision.put)
        )  # fmt: skip

    def enrol(self, above: Begun, unit: str) -> Begun:
        command = m.EnrolUnit(id=f"enrol {unit}", by=m.SYSTEM, at=self.begins, now=self.begins, unit=unit, run=unit)
        decision = self.decided(above.rows, command, None)
        return attrs.evolve(above, entries=above.entries + decision.entries, put={**above.put, **decision.put})

    def decided(self, rows: MemoryRows, command: m.Command, above: MemoryRows | None) -> Decision:
        decision = decide(self.plan, rows, command, Surroundings(up=above))
        if decision.refusal is not None:
            raise PolicyError(decision.refusal.problems)
        rows.write(decision.put, decision.drop)
        return decision

    def _here(self, level: LevelPlan, of: str) -> bool:
        return self.plan.programme is None or of == level.name

    def persons(self, level: LevelPlan) -> Iterator[m.Person]:
        """Holders of every role of the level; a role that is held for somebody is held for each of them in turn."""
        for name, role in self.plan.roles.items():
            if not self._here(level, role.level):
                continue
            for number in range(1, self.habits.people[name] + 1):
                yield m.Person(id=f"{name}_{number}", roles=tuple(self.held(name, level)))

    def held(self, role: str, level: LevelPlan) -> Iterator[str]:
        whom = self.plan.roles[role].spec.for_
        if whom is None:
            yield role
        elif whom == "unit":
            yield from (f"{role}@unit_{number}" for number in range(1, self.habits.units + 1))
        else:
            yield from (f"{role}@{whom}_{number}" for number in range(1, self.habits.bodies.get(str(whom), 0) + 1))

    def bodies(self, level: LevelPlan) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, spec in self.plan.policy.bodies.items():
            if self._here(level, spec.of or "unit"):
                count = self.habits.bodies[str(name)]
                yield str(name), tuple(f"{name}_{number}" for number in range(1, count + 1))
