"""Goals held against what scenarios have shown: for each goal the scenarios that reach it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from phaseflow.core.plan import Plan
from phaseflow.testing.coverage.goals import KINDS, Goal, goals
from phaseflow.testing.coverage.observe import clauses, observed
from phaseflow.testing.scenarios.collect import Result
from phaseflow.testing.scenarios.play import Played


@attrs.frozen(kw_only=True)
class Coverage:
    """How much of one policy was shown.

    *by* gives for each goal's key the scenarios that reach it; *accepted* are the names of goals that none needs to.
    """

    plan: Plan = attrs.field(repr=False)
    goals: tuple[Goal, ...]
    by: Mapping[str, tuple[str, ...]]
    scenarios: int
    accepted: frozenset[str] = frozenset()

    @property
    def covered(self) -> tuple[Goal, ...]:
        """What at least one scenario has shown."""
        return tuple(goal for goal in self.goals if goal.key in self.by)

    @property
    def missing(self) -> tuple[Goal, ...]:
        """What no scenario has shown, and nobody accepted."""
        return tuple(goal for goal in self.goals if goal.key not in self.by and goal.name not in self.accepted)

    @property
    def percent(self) -> float:
        """The part of all goals that is covered or accepted, in per cent; 100 where there is nothing to cover."""
        return 100.0 * (len(self.goals) - len(self.missing)) / len(self.goals) if self.goals else 100.0

    def of_kind(self, kind: str) -> tuple[int, int]:
        """How many goals of a kind are covered, and how many there are."""
        mine = [goal for goal in self.goals if goal.kind == kind]
        return sum(goal.key in self.by for goal in mine), len(mine)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which the policy has any goal."""
        return tuple(kind for kind in KINDS if self.of_kind(kind)[1])


def measure(found: Iterable[Result]) -> tuple[Coverage, ...]:
    """Coverage of each policy that scenarios were played on. Failed and unconfirmed scenarios show nothing."""
    plans: dict[str, Plan] = {}
    shown: dict[str, dict[str, list[str]]] = {}
    count: dict[str, int] = {}
    for result in found:
        if result.played is None:
            continue
        plan = result.played.plan
        plans.setdefault(plan.digest, plan)
        if result.state != "passed":
            continue
        count[plan.digest] = count.get(plan.digest, 0) + 1
        for one in observed(result.played):
            shown.setdefault(plan.digest, {}).setdefault(one, []).append(result.name)
    return tuple(_coverage(plan, shown.get(digest, {}), count.get(digest, 0)) for digest, plan in plans.items())


def _coverage(plan: Plan, shown: Mapping[str, list[str]], scenarios: int) -> Coverage:
    wanted = goals(plan)
    keys = {goal.key for goal in wanted}
    by = {key: tuple(names) for key, names in shown.items() if key in keys}
    return Coverage(plan=plan, goals=wanted, by=by, scenarios=scenarios)


def clauses_by_scenario(found: Iterable[Result]) -> dict[str, tuple[str, ...]]:
    """For every scenario that passed the clauses it executed, for `trace --executed`; by its name."""
    told: dict[str, tuple[str, ...]] = {}
    for result in found:
        played: Played | None = result.played
        if played is not None and result.state == "passed":
            told[result.name] = clauses(played)
    return told
