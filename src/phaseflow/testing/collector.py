"""Scenario files as pytest sees them: a file with an item for each case. Imported when the first file is met."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from phaseflow.core.plan import Plan
from phaseflow.errors import PolicyError, Problem, show
from phaseflow.testing.scenarios.collect import Plans, nothing, of_case
from phaseflow.testing.scenarios.play import Preludes
from phaseflow.testing.scenarios.reader import Case, ScenarioFile, read_scenarios

PLANS: pytest.StashKey[Plans] = pytest.StashKey()


class Failed(Exception):
    """A scenario, or its file, is not as it should be; *problems* say how."""

    def __init__(self, problems: tuple[Problem, ...], found: ScenarioFile) -> None:
        self.problems, self.found = problems, found
        super().__init__("\n".join(show(problem, found.line_of) for problem in problems))


class ScenarioCollector(pytest.File):
    """A file of scenarios."""

    def collect(self) -> Iterator[pytest.Item]:
        """Read the file; one item for each case."""
        found = read_scenarios(os.path.relpath(self.path))
        if found.problems:
            raise Failed(found.problems, found)
        if not found.cases or found.policy is None:
            raise Failed((nothing((self.path,)),), found)
        plans = self.session.stash.setdefault(PLANS, Plans())
        try:
            plan = plans.load(found.policy)
        except PolicyError as error:
            raise Failed(error.problems, found) from None
        preludes = Preludes()
        for case in found.cases:
            item: ScenarioItem = ScenarioItem.from_parent(self, name=case.name, case=case, plan=plan, found=found)
            item.preludes = preludes
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Problems as they are, without a traceback."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """One case of a scenario."""

    preludes: Preludes | None = None

    def __init__(self, *, case: Case, plan: Plan, found: ScenarioFile, **more: Any) -> None:
        super().__init__(**more)
        self.case, self.plan, self.found = case, plan, found
        if case.spec.todo:
            self.add_marker(pytest.mark.skip(reason=f"todo: {case.spec.todo}"))
        elif case.spec.unconfirmed:
            self.add_marker(pytest.mark.xfail(reason=f"unconfirmed: {case.spec.unconfirmed}", strict=False))

    def runtest(self) -> None:
        """Play it."""
        result = of_case(self.case, self.plan, self.preludes)
        if result.problems:
            raise Failed(result.problems, self.found)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Problems as they are, without a traceback."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the scenario stands."""
        return self.path, self.case.span.line - 1, self.case.name
