"""The scenarios beside the examples: they pass, and between them they execute every clause that makes a rule."""

import pytest
from tests.examples.sources import EXAMPLES

from phaseflow.cli.trace import played, read_both, traced

WITH_SCENARIOS = sorted({path.parent.name for path in EXAMPLES.glob("*/*.scenario.yaml")})


WHOLE = (
    "bureau_work_style",
    "city_pilot",
    "education_bureau",
    "health_bureau",
    "rectification_review",
    "sanitation_office",
    "township_hospital_2010",
    "township_hospital_2011",
)
"""Examples whose scenarios execute every clause that makes a rule."""


@pytest.mark.slow  # the scenarios themselves are collected with the fast tests
@pytest.mark.parametrize("example", WITH_SCENARIOS)
def test_the_scenarios_of_an_example_pass_and_are_traced(example):
    """`phaseflow trace --scenarios` has nothing to complain of; duties that come again and undated steps count, too."""
    policy = str(EXAMPLES / example / "operating.yaml")
    reading, register = read_both(policy)
    found = traced(reading, register, None, played(policy))
    assert [str(one) for one in found.findings] == []
    assert found.unexecuted == () or example not in WHOLE
    assert any(row.scenarios for row in found.rows)
