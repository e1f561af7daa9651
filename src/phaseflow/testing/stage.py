"""A campaign on a clock that only moves when it is told to: an engine in memory, its programme, its units, its people.

Scenarios are played on it, and Python tests may use it directly (`phaseflow.testing.Campaign` builds on it). It knows
who was named in which unit, and which run an act belongs to.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from phaseflow.core.plan import Plan
from phaseflow.core.plan.model import LevelPlan
from phaseflow.engine import Engine, Run
from phaseflow.engine.views import item_id
from phaseflow.messages.commands import SYSTEM
from phaseflow.messages.events import Entry
from phaseflow.stores.memory import MemoryStore

PROGRAMME = "programme"


class Clock:
    """Gives the instant it was set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _numbered(first: int) -> Callable[[], str]:
    """Ids of commands, one after the other."""
    numbers = itertools.count(first)
    return lambda: f"c{next(numbers)}"


class Stage:
    """Runs of one plan, in memory if nothing else is said.

    Args:
        plan: The plan.
        start: The first day of the campaign; the clock begins at eight in the morning of it.
        people: Roles by person; a person whose roles are of the programme belongs there, others to the unit.
        bodies: Names by kind of body.
        units: People by unit, where there are several; *people* and *bodies* of units are given to each of them.
        groups: Poll groups by person.
        kinds: Kinds of units, by unit, where the programme tells kinds apart.
        url: The store; in memory if left out.
    """

    def __init__(
        self,
        plan: Plan,
        start: date,
        people: Mapping[str, tuple[str, ...]],
        *,
        bodies: Mapping[str, tuple[str, ...]] | None = None,
        units: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        unit: str = "unit",
        kinds: Mapping[str, str] | None = None,
        url: str = "memory:",
    ) -> None:
        self.plan = plan
        self.clock = Clock(plan.calendar.at(start, 8))
        self.engine = Engine(url, clock=self.clock, ids=_numbered(0))
        self.kinds = dict(kinds or {})
        self.groups = dict(groups or {})
        self.runs: dict[str, Run] = {}
        self.home: dict[str, str] = {}
        """The run that each person was named in, by its name here."""
        self.staff: set[str] = set()
        """Those who are not only invited; nobody else owes anything."""
        crews = {name: dict(crew) for name, crew in (units or {unit: {}}).items()}
        shared = {person: roles for person, roles in people.items() if not self._of_programme(roles)}
        bodies = bodies or {}
        above = plan.programme is not None
        if above:
            own = {person: roles for person, roles in people.items() if person not in shared}
            self._begin(PROGRAMME, "", start, own, self._bodies(bodies, PROGRAMME))
        for name, crew in crews.items():
            named = {person: roles for person, roles in crew.items() if not self._of_programme(roles)}
            self._begin(name, name if above else "", start, {**shared, **named}, self._bodies(bodies, "unit"))

    def _of_programme(self, roles: Iterable[str]) -> bool:
        if self.plan.programme is None:
            return False
        names = [role.partition("@")[0] for role in roles]
        known = [self.plan.roles[name] for name in names if name in self.plan.roles]
        return bool(known) and all(role.level == PROGRAMME for role in known)

    def _bodies(self, bodies: Mapping[str, tuple[str, ...]], level: str) -> dict[str, tuple[str, ...]]:
        if self.plan.programme is None:
            return dict(bodies)
        specs = self.plan.policy.bodies
        return {
            kind: names
            for kind, names in bodies.items()
            if (getattr(specs.get(kind), "of", None) or "unit") == level  # type: ignore[call-overload]
        }

    def _begin(
        self, name: str, unit: str, start: date, crew: Mapping[str, tuple[str, ...]], bodies: dict[str, tuple[str, ...]]
    ) -> None:
        roster = [
            {"id": person, "roles": list(roles), "groups": list(self.groups.get(person, ()))}
            for person, roles in crew.items()
        ]
        programme = self.runs.get(PROGRAMME) if name != PROGRAMME else None
        self.runs[name] = self.engine.start(
            self.plan, unit=unit, start=start, roster=roster, bodies=bodies, programme=programme,
            kind=self.kinds.get(name, ""),
        )  # fmt: skip
        for person, roles in crew.items():
            self.home.setdefault(person, name)
            held = [self.plan.roles.get(role.partition("@")[0]) for role in roles]
            if any(role is not None and not role.spec.invited for role in held):
                self.staff.add(person)

    def fork(self) -> Stage:
        """Another stage in memory on which everything stands as on this one; from here on they go their own ways."""
        assert isinstance(self.engine.store, MemoryStore), "only what is in memory is copied"
        other = copy.copy(self)
        other.clock = Clock(self.clock.now)
        other.engine = copy.copy(self.engine)
        other.engine.store, other.engine.clock = self.engine.store.copy(), other.clock
        other.engine.ids = _numbered(1 + int(self.engine.ids().removeprefix("c")))
        other.runs = {name: Run(other.engine, run.id) for name, run in self.runs.items()}
        other.home, other.groups, other.staff = dict(self.home), dict(self.groups), set(self.staff)
        return other

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now

    def to(self, instant: datetime) -> None:
        """Let time pass up to *instant*, and settle every run."""
        self.clock.now = instant
        self.engine.tick()

    def later(self, length: timedelta) -> None:
        """Let some time pass."""
        self.to(self.clock.now + length)

    # --- who and where ------------------------------------------------------------------------------------------------

    @property
    def units(self) -> dict[str, Run]:
        """The runs of units, by name."""
        return {name: run for name, run in self.runs.items() if name != PROGRAMME}

    def level(self, name: str) -> LevelPlan:
        """The level of the plan that a run is on."""
        return self.plan.levels[PROGRAMME if name == PROGRAMME else "unit"]

    def knows(self, name: str, about: str) -> bool:
        """Whether *about* (a duty, phase, ledger, move or item) is something of the run."""
        level = self.level(name)
        first = about.split("/")[0].split(".")[0]
        return any(
            word in table
            for word in (about, first)
            for table in (level.duties, level.ledgers, level.phases, level.moves, level.outcomes)
        )

    def place(self, person: str, about: str) -> str:
        """The run in which somebody acts on something; empty where that is not clear.

        A person's own run goes first; a person of the programme acts in the only unit on what the programme has not.
        """
        if len(self.runs) == 1:
            return next(iter(self.runs))
        home = self.home.get(person, "")
        units = list(self.units)
        if home and (not about or self.knows(home, about)):
            return home
        if home and home != PROGRAMME:
            return PROGRAMME if self.knows(PROGRAMME, about) else home
        if len(units) == 1:
            return units[0] if not about or self.knows(units[0], about) or not home else home
        return "" if not about or self.knows(units[0], about) else PROGRAMME

    def people(self, name: str) -> list[str]:
        """Everybody who may act in a run: its own people, then those of the programme."""
        own = [person for person, home in self.home.items() if home == name]
        above = [person for person, home in self.home.items() if home == PROGRAMME and name != PROGRAMME]
        return [*own, *above]

    def holders(self, name: str, role: str) -> list[str]:
        """Who holds a role in a run or above it, by id."""
        found: dict[str, None] = {}
        for run in dict.fromkeys((name, PROGRAMME)):
            if run in self.runs:
                found.update((key.rsplit("/", 1)[1], None) for key, _ in self.rows(run, f"holder/{role}/"))
        return list(found)

    # --- what is there ------------------------------------------------------------------------------------------------

    def rows(self, name: str, prefix: str) -> list[tuple[str, Any]]:
        """The rows of a run under a prefix."""
        with self.engine.reading(self.runs[name].id) as (_tx, _head, _plan, rows, _around):
            return list(rows.scan(prefix))

    def row(self, name: str, key: str) -> Any:
        """One row of a run, or None."""
        with self.engine.reading(self.runs[name].id) as (_tx, _head, _plan, rows, _around):
            return rows.get(key)

    def entries(self, name: str, after: int = 0) -> list[Entry]:
        """The trail of a run, with all its numbers: whoever stages a run has made up its votes."""
        return self.engine.stored_entries(self.runs[name].id, after=after)

    def seq(self, name: str) -> int:
        """How long the trail of a run is."""
        with self.engine.reading(self.runs[name].id) as (_tx, head, _plan, _rows, _around):
            return head.seq

    def items(self, name: str) -> Iterator[tuple[str, Any]]:
        """Every item of a run's ledgers, by id."""
        return ((item_id(key), row) for key, row in self.rows(name, "item/"))

    def close(self) -> None:
        """Give everything up."""
        self.engine.close()


__all__ = ["PROGRAMME", "SYSTEM", "Clock", "Stage"]
