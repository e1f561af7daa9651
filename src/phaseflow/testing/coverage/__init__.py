"""Campaign coverage: what of a policy the scenarios have shown. See `measure`."""

from phaseflow.testing.coverage.goals import Goal, goals
from phaseflow.testing.coverage.measure import Coverage, clauses_by_scenario, measure

__all__ = ["Coverage", "Goal", "clauses_by_scenario", "goals", "measure"]
