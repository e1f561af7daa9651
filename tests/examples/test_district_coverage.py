"""What the district's scenarios show of its plan, and which of its edges they pin."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseflow.testing.boundaries import pin
from phaseflow.testing.coverage import measure
from phaseflow.testing.scenarios.collect import results

FOLDER = Path(__file__).parents[2] / "examples" / "district_campaign"

UNREACHED = {"rating.close: made", "rating.close: passed"}
"""A poll that is counted always leads somewhere, so nobody is left to close its phase by hand."""


@pytest.mark.slow
def test_the_scenarios_show_all_that_can_happen_and_pin_every_edge() -> None:
    """Every phase, gate, reason, deadline, rung, band, item, waiver, outcome and clause; every bound and instant."""
    found = list(results((FOLDER,)))
    assert [result.name for result in found if result.state != "passed"] == []
    (coverage,) = measure(found)
    assert {str(goal) for goal in coverage.missing} == UNREACHED
    (pinning,) = pin(found)
    assert pinning.open == ()
