"""The pytest plugin: ``*.scenario.yaml`` files are tests, and three fixtures for tests in Python.

It is loaded by every pytest of an environment that has phaseflow, so nothing of phaseflow is imported before a
scenario file is met or a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from phaseflow.engine import Run
    from phaseflow.testing.campaign import Campaign
    from phaseflow.testing.stage import Clock


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take up scenario files."""
    if not file_path.name.endswith((".scenario.yaml", ".scenario.yml")):
        return None
    from phaseflow.testing.collector import ScenarioCollector

    found: pytest.Collector = ScenarioCollector.from_parent(parent, path=file_path)
    return found


@pytest.fixture
def campaign() -> Iterator[Callable[..., Campaign]]:
    """Sets up a campaign on a policy: ``campaign("policy.yaml", start="2009-03-01", people={"wang": "unit_lead"})``."""
    from phaseflow.testing.campaign import Campaign

    made: list[Campaign] = []

    def make(policy: object, **cast: object) -> Campaign:
        made.append(Campaign(policy, **cast))  # type: ignore[arg-type]
        return made[-1]

    make.made = made  # type: ignore[attr-defined]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def run(campaign: Callable[..., Campaign]) -> Callable[[], Run]:
    """The run of the campaign that the test has set up last: ``run().status()``."""
    return lambda: campaign.made[-1].run  # type: ignore[attr-defined]


@pytest.fixture
def clock(campaign: Callable[..., Campaign]) -> Callable[[], Clock]:
    """The clock of the campaign that the test has set up last: ``clock().now``."""
    return lambda: campaign.made[-1].clock  # type: ignore[attr-defined]
