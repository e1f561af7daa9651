"""Which phase can be open only after another one: what the ways between phases and their days say.

Used by the rules about gates. *After* is meant strictly: nothing of a later phase can be done before the earlier one
is closed (by the ways), or is planned to be (by the days).
"""

from __future__ import annotations

from collections.abc import Mapping

from phaseflow.analysis.findings import View
from phaseflow.core.plan.model import LevelPlan


def only_after(level: LevelPlan) -> Mapping[str, frozenset[str]]:
    """For each phase, the phases that must have been closed before it can first be opened."""
    names = frozenset(level.phases)
    before = dict.fromkeys(level.phases, names)
    changed = True
    while changed:
        changed = False
        for name in level.phases:
            found = _before(level, name, before)
            if found != before[name]:
                before[name] = found
                changed = True
    return before


def _before(level: LevelPlan, name: str, before: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What is closed on every way into a phase."""
    ways: list[frozenset[str]] = []
    phase = level.phases[name]
    other = phase.opens.name or ""
    match phase.opens.kind:
        case "closes":
            ways.append(before.get(other, frozenset()) | {other})
        case "opens":
            ways.append(before.get(other, frozenset()))
        case "role" if phase.opens.name == "transition":
            pass
        case _:
            ways.append(frozenset())
    ways += [
        before[move.source] | {move.source}
        for move in level.moves.values()
        if move.kind == "transition" and move.target == name and move.source in level.phases
    ]
    return frozenset.intersection(*ways) - {name} if ways else frozenset()


def later_by_date(view: View, level: LevelPlan) -> Mapping[str, frozenset[str]]:
    """For each phase, the phases whose windows are over before its own begins."""
    bound = view.bounds.get(level.name)
    found: dict[str, frozenset[str]] = {}
    for name in level.phases:
        mine = bound.windows.get(name) if bound is not None else None
        first = mine.first if mine is not None else None
        found[name] = frozenset(
            other
            for other in level.phases
            if (days := bound.windows.get(other) if bound is not None else None) is not None
            and days.last is not None and first is not None and days.last < first
        )  # fmt: skip
    return found
