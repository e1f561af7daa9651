"""What the scenarios of the small plans show of them, and which of their edges they pin."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseflow.testing.boundaries import pin
from phaseflow.testing.coverage import measure
from phaseflow.testing.scenarios.collect import results

EXAMPLES = Path(__file__).parents[2] / "examples"

SHOWN = ("rectification_review", "bureau_work_style", "sanitation_office", "health_bureau")


@pytest.mark.slow
@pytest.mark.parametrize("example", SHOWN)
def test_the_scenarios_show_all_that_can_happen_and_pin_every_edge(example: str) -> None:
    """Every phase, gate, reason, deadline, rung, band, item, waiver, outcome and clause; every bound and instant."""
    found = list(results((EXAMPLES / example,)))
    assert [result.name for result in found if result.state != "passed"] == []
    for coverage in measure(found):
        assert [str(goal) for goal in coverage.missing] == []
    for pinning in pin(found):
        assert [str(edge) for edge in pinning.open] == []
