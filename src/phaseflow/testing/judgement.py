"""One policy judged by its scenarios: what they show and pin, what they notice, and what was accepted beside it.

`judge` brings the measures together with the file of `accepted`; a strict judgement wants every goal and boundary shown
or accepted, and every scenario played and confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from phaseflow.errors import Problem, sort_problems
from phaseflow.policies import load_policy, read_tree
from phaseflow.testing import unreachable
from phaseflow.testing.accepted import Acceptance, Accepted, Measure, beside, sift, unequal, unproved
from phaseflow.testing.boundaries import Pinning, pin
from phaseflow.testing.boundaries.model import Boundary
from phaseflow.testing.coverage import Coverage, measure
from phaseflow.testing.coverage.goals import Goal
from phaseflow.testing.mutation.operators import Mutant, mutants
from phaseflow.testing.mutation.trial import Verdict, mutated
from phaseflow.testing.scenarios.collect import Result


@attrs.frozen(kw_only=True)
class Judgement:
    """What the scenarios of one policy are worth. *problems* are faults of the entries that were accepted."""

    policy: Path
    coverage: Coverage
    pinning: Pinning
    accepted: Accepted
    problems: tuple[Problem, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything is shown and pinned, or accepted for good."""
        return not (self.problems or self.coverage.missing or self.pinning.open)


def judge(found: Iterable[Result]) -> tuple[Judgement, ...]:
    """Judge every policy that scenarios were played on.

    Raises:
        PolicyError: A file of accepted entries cannot be read.
    """
    by: dict[Path, list[Result]] = {}
    for result in found:
        if result.policy is not None:
            by.setdefault(result.policy, []).append(result)
    return tuple(
        _judged(policy, coverage, pinning)
        for policy, results in by.items()
        for coverage, pinning in zip(measure(results), pin(results), strict=True)
    )


def _judged(policy: Path, coverage: Coverage, pinning: Pinning) -> Judgement:
    accepted = beside(policy)
    goals = sift(accepted, _goals(coverage))
    edges = sift(accepted, _boundaries(pinning))
    return Judgement(
        policy=policy,
        coverage=attrs.evolve(coverage, accepted=goals.names),
        pinning=attrs.evolve(pinning, accepted=edges.names),
        accepted=accepted,
        problems=sort_problems([*goals.problems, *edges.problems]),
    )


def _goals(coverage: Coverage) -> Measure[Goal]:
    def prove(entry: Acceptance, goal: Goal) -> Problem | None:
        ruling = unreachable.of_goal(coverage.plan, goal)
        return None if ruling.proved else unproved(entry, ruling.why)

    shown = frozenset(goal.name for goal in coverage.covered)
    return Measure(noun="goal", items={goal.name: goal for goal in coverage.goals}, shown=shown, prove=prove)


def _boundaries(pinning: Pinning) -> Measure[Boundary]:
    def prove(entry: Acceptance, boundary: Boundary) -> Problem | None:
        ruling = unreachable.of_boundary(pinning.plan, boundary)
        return None if ruling.proved else unproved(entry, ruling.why)

    shown = frozenset(one.name for one in pinning.boundaries if one.key in pinning.by)
    return Measure(noun="boundary", items={one.name: one for one in pinning.boundaries}, shown=shown, prove=prove)


def of_mutants(
    policy: Path, verdicts: Sequence[Verdict], accepted: Accepted
) -> tuple[tuple[Verdict, ...], tuple[Problem, ...]]:
    """The verdicts with those mutants *accepted* whose reason holds, and what is wrong with the entries for mutants."""
    tree, plan = read_tree(policy), load_policy(policy)

    def prove(entry: Acceptance, mutant: Mutant) -> Problem | None:
        new = mutated(mutant, tree, plan)
        if new is None:
            return unproved(entry, "it does not compile, and counts for nothing")
        if entry.equivalent:
            return unequal(entry, plan, new)
        for one in (plan, new):
            ruling = unreachable.of_path(one, mutant.path)
            if not ruling.proved:
                return unproved(entry, ruling.why)
        return None

    shown = frozenset(one.mutant.name for one in verdicts if one.fate != "survived")
    items = {mutant.name: mutant for mutant in mutants(tree)}
    sifted = sift(accepted, Measure(noun="mutant", items=items, shown=shown, prove=prove))
    return tuple(
        attrs.evolve(one, fate="accepted") if one.mutant.name in sifted.names else one for one in verdicts
    ), sifted.problems
